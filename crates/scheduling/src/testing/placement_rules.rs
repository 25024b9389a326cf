//! What random pods say about where they want to be.

use serde_json::{Value, json};

use super::dice::Dice;
use super::vocabulary::{
    DISK, EFFECTS, GENERATION, NAMESPACES, TAINT_KEYS, ZONE, label_selector, namespace_selector, node_name,
    topology_key,
};

/// Adds tolerations, node selector, affinities and spread constraints to a pod spec.
pub(crate) fn add(dice: &mut Dice, spec: &mut Value) {
    if dice.chance(35) {
        let n = dice.between(1, 2);
        spec["tolerations"] = (0..n).map(|_| toleration(dice)).collect();
    }
    if dice.chance(10) {
        spec["nodeSelector"] = json!({DISK: dice.pick(&["ssd", "hdd"])});
    }
    let mut affinity = json!({});
    if dice.chance(28) {
        affinity["nodeAffinity"] = node_affinity(dice);
    }
    if dice.chance(25) {
        affinity["podAffinity"] = pod_affinity(dice);
    }
    if dice.chance(30) {
        affinity["podAntiAffinity"] = pod_affinity(dice);
    }
    if affinity.as_object().is_some_and(|affinity| !affinity.is_empty()) {
        spec["affinity"] = affinity;
    }
    if dice.chance(35) {
        let n = dice.weighted(&[0, 70, 25, 5]);
        spec["topologySpreadConstraints"] = (0..n).map(|_| spread(dice)).collect();
    }
}

fn toleration(dice: &mut Dice) -> Value {
    let effect = dice.pick(&["", EFFECTS[0], EFFECTS[1], EFFECTS[2]]);
    match dice.below(4) {
        0 => json!({"operator": "Exists", "effect": effect}),
        1 => json!({"key": dice.pick(&TAINT_KEYS), "operator": "Exists", "effect": effect}),
        2 => json!({"key": dice.pick(&TAINT_KEYS), "value": dice.pick(&["", "a", "b"]), "effect": effect}),
        _ => json!({"key": dice.pick(&TAINT_KEYS), "operator": "Equal", "value": "a", "effect": effect,
                    "tolerationSeconds": 60}),
    }
}

fn node_affinity(dice: &mut Dice) -> Value {
    let mut affinity = json!({});
    let kind = dice.below(3);
    if kind != 0 {
        let n = dice.weighted(&[3, 67, 30]);
        let terms: Value = (0..n).map(|_| node_term(dice)).collect();
        affinity["requiredDuringSchedulingIgnoredDuringExecution"] = json!({"nodeSelectorTerms": terms});
    }
    if kind != 1 {
        let n = dice.between(1, 3);
        let weighted =
            |dice: &mut Dice| json!({"weight": dice.pick(&[1, 10, 50, 100]), "preference": node_term(dice)});
        affinity["preferredDuringSchedulingIgnoredDuringExecution"] =
            (0..n).map(|_| weighted(dice)).collect();
    }
    affinity
}

fn node_term(dice: &mut Dice) -> Value {
    let label = |key: &str, operator: &str, values: Value| json!({"matchExpressions": [{"key": key, "operator": operator, "values": values}]});
    let named = |operator: &str, n: usize| json!({"matchFields": [{"key": "metadata.name", "operator": operator, "values": [node_name(n)]}]});
    let zone = format!("z{}", dice.below(3));
    match dice.weighted(&[20, 15, 10, 10, 12, 12, 8, 8, 2, 2, 3]) {
        0 => label(ZONE, "In", json!([zone])),
        1 => label(ZONE, "NotIn", json!([zone, "z9"])),
        2 => label(DISK, "Exists", json!([])),
        3 => label(DISK, "DoesNotExist", json!([])),
        4 => label(GENERATION, "Gt", json!([dice.pick(&["0", "1", "2"])])),
        5 => label(GENERATION, "Lt", json!([dice.pick(&["2", "3"])])),
        6 => named("In", dice.below(8)),
        7 => named("NotIn", dice.below(8)),
        8 => json!({}),
        // Malformed: Gt needs one integer.
        9 => label(GENERATION, "Gt", json!(["young"])),
        _ => json!({
            "matchFields": [{"key": "metadata.name", "operator": "In", "values": [node_name(dice.below(8))]}],
            "matchExpressions": [{"key": ZONE, "operator": "In", "values": [zone]}],
        }),
    }
}

fn pod_affinity(dice: &mut Dice) -> Value {
    let mut affinity = json!({});
    let kind = dice.below(3);
    if kind != 0 {
        let n = dice.weighted(&[3, 75, 22]);
        affinity["requiredDuringSchedulingIgnoredDuringExecution"] = (0..n).map(|_| pod_term(dice)).collect();
    }
    if kind != 1 {
        let n = dice.between(1, 2);
        let weighted =
            |dice: &mut Dice| json!({"weight": dice.pick(&[1, 10, 100]), "podAffinityTerm": pod_term(dice)});
        affinity["preferredDuringSchedulingIgnoredDuringExecution"] =
            (0..n).map(|_| weighted(dice)).collect();
    }
    affinity
}

fn pod_term(dice: &mut Dice) -> Value {
    let mut term = json!({"topologyKey": topology_key(dice), "labelSelector": label_selector(dice)});
    match dice.weighted(&[65, 15, 15, 5]) {
        1 => term["namespaces"] = json!([dice.pick(&NAMESPACES)]),
        2 => term["namespaceSelector"] = namespace_selector(dice),
        3 => {
            term["namespaces"] = json!([dice.pick(&NAMESPACES)]);
            term["namespaceSelector"] = namespace_selector(dice);
        }
        _ => {}
    }
    // Malformed: an operator that does not exist takes the whole list of terms with it.
    if dice.chance(2) {
        term["labelSelector"] = json!({"matchExpressions": [{"key": "app", "operator": "Near"}]});
    }
    term
}

fn spread(dice: &mut Dice) -> Value {
    let is_hard = dice.chance(55);
    let when = if is_hard { "DoNotSchedule" } else { "ScheduleAnyway" };
    let mut constraint = json!({
        "maxSkew": dice.pick(&[1, 1, 1, 2, 3]),
        "topologyKey": topology_key(dice),
        "whenUnsatisfiable": when,
        "labelSelector": label_selector(dice),
    });
    if is_hard && dice.chance(25) {
        constraint["minDomains"] = json!(dice.between(1, 4));
    }
    if dice.chance(20) {
        constraint["nodeAffinityPolicy"] = json!(dice.pick(&["Honor", "Ignore"]));
    }
    if dice.chance(25) {
        constraint["nodeTaintsPolicy"] = json!(dice.pick(&["Honor", "Ignore"]));
    }
    if dice.chance(20) {
        constraint["matchLabelKeys"] = json!([dice.pick(&["version", "run"])]);
    }
    constraint
}
