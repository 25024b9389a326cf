//! The few words that random worlds are made of. Few, so that they meet.

use serde_json::{Value, json};

use super::dice::Dice;

pub(crate) const HOSTNAME: &str = "kubernetes.io/hostname";
pub(crate) const ZONE: &str = "topology.kubernetes.io/zone";
pub(crate) const REGION: &str = "topology.kubernetes.io/region";
pub(crate) const RACK: &str = "example.com/rack";
/// A label that no node has.
const MISSING: &str = "example.com/missing";
pub(crate) const DISK: &str = "example.com/disk";
/// A label whose values are mostly integers.
pub(crate) const GENERATION: &str = "example.com/generation";
pub(crate) const GPU: &str = "example.com/gpu";

pub(crate) const NAMESPACES: [&str; 4] = ["default", "team-a", "team-b", "team-c"];
pub(crate) const TAINT_KEYS: [&str; 3] =
    ["example.com/dedicated", "example.com/maintenance", "node.kubernetes.io/not-ready"];
pub(crate) const EFFECTS: [&str; 3] = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
pub(crate) const IMAGES: [&str; 5] = ["app:1", "app:2", "db:1", "web", "registry.example.com:5000/tool"];

const APPS: [&str; 3] = ["a", "b", "c"];
const VERSIONS: [&str; 2] = ["1", "2"];

/// Labels of a pod.
pub(crate) fn pod_labels(dice: &mut Dice) -> Value {
    let mut labels = json!({});
    if dice.chance(92) {
        labels["app"] = json!(dice.pick(&APPS));
    }
    if dice.chance(50) {
        labels["tier"] = json!(dice.pick(&["front", "back"]));
    }
    if dice.chance(40) {
        labels["version"] = json!(dice.pick(&VERSIONS));
    }
    // No selector names these, so they come and go with their pods.
    if dice.chance(30) {
        labels["run"] = json!(format!("run-{}", dice.below(60)));
    }
    labels
}

/// Labels of a namespace.
pub(crate) fn namespace_labels(dice: &mut Dice) -> Value {
    match dice.below(4) {
        0 => json!({}),
        1 => json!({"team": "x"}),
        2 => json!({"team": "y"}),
        _ => json!({"team": "x", "app": "a"}),
    }
}

/// A selector of pods (or of namespaces, whose labels overlap a little); `null` selects nothing.
pub(crate) fn label_selector(dice: &mut Dice) -> Value {
    let app = dice.pick(&APPS);
    let expression = |key: &str, operator: &str, values: Value| json!({"matchExpressions": [{"key": key, "operator": operator, "values": values}]});
    match dice.weighted(&[60, 8, 4, 10, 5, 5, 6, 2]) {
        0 => json!({"matchLabels": {"app": app}}),
        1 => json!({}),
        2 => Value::Null,
        3 => expression("app", "NotIn", json!([app])),
        4 => expression("tier", "DoesNotExist", json!([])),
        5 => expression("tier", "Exists", json!([])),
        6 => json!({"matchLabels": {"tier": "front"}, "matchExpressions": [
            {"key": "app", "operator": "In", "values": [app, "b"]}]}),
        _ => expression("version", "NotIn", json!(["2", app])),
    }
}

/// A selector of namespaces.
pub(crate) fn namespace_selector(dice: &mut Dice) -> Value {
    match dice.below(4) {
        0 => json!({}),
        1 => json!({"matchLabels": {"team": "x"}}),
        2 => json!({"matchExpressions": [{"key": "team", "operator": "NotIn", "values": ["x"]}]}),
        _ => json!({"matchExpressions": [{"key": "team", "operator": "Exists"}]}),
    }
}

/// A topology key, now and then one that no node has.
pub(crate) fn topology_key(dice: &mut Dice) -> &'static str {
    [HOSTNAME, ZONE, RACK, MISSING][dice.weighted(&[35, 40, 20, 5])]
}

/// The name of a node; some of these never exist.
pub(crate) fn node_name(n: usize) -> String {
    format!("n{n}")
}
