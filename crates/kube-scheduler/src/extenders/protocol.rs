//! The messages: JSON with the names of Go's fields, read whatever their case, as Go does.

use scheduling::framework::extender::{Candidate, Chosen, Filtered};
use scheduling::model::PodKey;
use serde::Deserialize as _;
use serde_json::{Map, Value, json};

use super::objects::Objects;

/// A text as JSON.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// ExtenderArgs: the pod, and nodes by name for those who know them, or with everything in them.
pub(super) fn args(
    pod: &str,
    nodes: &[&str],
    knows_nodes: bool,
    objects: &Objects,
) -> Result<Vec<u8>, String> {
    let mut text = format!("{{\"Pod\":{pod},\"Nodes\":");
    if knows_nodes {
        text.push_str("null,\"NodeNames\":");
        text.push_str(&json!(nodes).to_string());
    } else {
        text.push_str("{\"metadata\":{},\"items\":[");
        for (place, name) in nodes.iter().enumerate() {
            let node = objects.node(name).ok_or_else(|| format!("node {name} is not known any more"))?;
            if place > 0 {
                text.push(',');
            }
            text.push_str(&node);
        }
        text.push_str("]},\"NodeNames\":null");
    }
    text.push('}');
    Ok(text.into_bytes())
}

/// ExtenderFilterResult.
pub(super) fn read_filtered(
    answer: &[u8],
    asked: &[&str],
    knows_nodes: bool,
    url: &str,
) -> Result<Filtered, String> {
    let result = object(answer)?;
    fail(&result)?;
    let names = field(&result, "NodeNames").and_then(Value::as_array);
    let nodes = match (knows_nodes, names, field(&result, "Nodes")) {
        (true, Some(names), _) => {
            let names: Vec<String> =
                names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect();
            if let Some(stranger) = names.iter().find(|name| !asked.contains(&name.as_str())) {
                return Err(format!(
                    "extender {url:?} claims a filtered node {stranger:?} which is not found in the input node list"
                ));
            }
            names
        }
        (_, _, Some(Value::Object(list))) => {
            let items = field(list, "items").and_then(Value::as_array).into_iter().flatten();
            items.filter_map(|node| node.pointer("/metadata/name")?.as_str().map(str::to_owned)).collect()
        }
        _ => Vec::new(),
    };
    let reasons = |name: &str| -> Vec<(String, String)> {
        let reasons = field(&result, name).and_then(Value::as_object).into_iter().flatten();
        reasons.map(|(node, why)| (node.clone(), why.as_str().unwrap_or_default().to_owned())).collect()
    };
    Ok(Filtered {
        nodes,
        failed: reasons("FailedNodes"),
        failed_and_unresolvable: reasons("FailedAndUnresolvableNodes"),
    })
}

/// HostPriorityList.
pub(super) fn read_scores(answer: &[u8]) -> Result<Vec<(String, i64)>, String> {
    let value = first_value(answer)?;
    let Some(entries) = value.as_array() else {
        return Err("the answer is no list of hosts and scores".to_owned());
    };
    let entry = |entry: &Value| {
        let entry = entry.as_object()?;
        let host = field(entry, "Host")?.as_str()?.to_owned();
        Some((host, field(entry, "Score").and_then(Value::as_i64).unwrap_or(0)))
    };
    Ok(entries.iter().filter_map(entry).collect())
}

/// ExtenderPreemptionArgs: victims by UID for those who know nodes, or with everything in them.
pub(super) fn preemption(
    pod: &str,
    candidates: &[Candidate<'_>],
    knows_nodes: bool,
    objects: &Objects,
) -> Result<Vec<u8>, String> {
    let mut map = String::from("{");
    for (place, candidate) in candidates.iter().enumerate() {
        let victims: Vec<String> = if knows_nodes {
            candidate.victims.iter().map(|victim| json!({ "UID": &*victim.uid }).to_string()).collect()
        } else {
            let text = |uid: &str| objects.pod(uid).map(|text| text.to_string());
            let known = candidate.victims.iter().map(|victim| {
                text(&victim.uid).ok_or_else(|| format!("pod {} is not known any more", victim.key))
            });
            known.collect::<Result<_, _>>()?
        };
        if place > 0 {
            map.push(',');
        }
        map.push_str(&format!(
            "{}:{{\"Pods\":[{}],\"NumPDBViolations\":{}}}",
            quoted(candidate.node),
            victims.join(","),
            candidate.n_pdb_violations
        ));
    }
    map.push('}');
    let (victims, meta) = if knows_nodes { ("null", map.as_str()) } else { (map.as_str(), "null") };
    let text = format!("{{\"Pod\":{pod},\"NodeNameToVictims\":{victims},\"NodeNameToMetaVictims\":{meta}}}");
    Ok(text.into_bytes())
}

/// ExtenderPreemptionResult.
pub(super) fn read_preemption(answer: &[u8]) -> Result<Vec<Chosen>, String> {
    let result = object(answer)?;
    let nodes = field(&result, "NodeNameToMetaVictims").and_then(Value::as_object).into_iter().flatten();
    let chosen = |(node, victims): (&String, &Value)| {
        let empty = Map::new();
        let victims = victims.as_object().unwrap_or(&empty);
        let pods = field(victims, "Pods").and_then(Value::as_array).into_iter().flatten();
        let uid = |pod: &Value| field(pod.as_object()?, "UID")?.as_str().map(str::to_owned);
        Chosen {
            node: node.clone(),
            victims: pods.filter_map(uid).collect(),
            n_pdb_violations: field(victims, "NumPDBViolations").and_then(Value::as_i64).unwrap_or(0),
        }
    };
    Ok(nodes.map(chosen).collect())
}

/// ExtenderBindingArgs.
pub(super) fn binding(pod: &PodKey, uid: &str, node: &str) -> Vec<u8> {
    let binding = json!({
        "PodName": &*pod.name, "PodNamespace": &*pod.namespace, "PodUID": uid, "Node": node,
    });
    binding.to_string().into_bytes()
}

/// ExtenderBindingResult.
pub(super) fn read_binding(answer: &[u8]) -> Result<(), String> {
    fail(&object(answer)?)
}

fn fail(result: &Map<String, Value>) -> Result<(), String> {
    match field(result, "Error").and_then(Value::as_str) {
        Some(error) if !error.is_empty() => Err(error.to_owned()),
        _ => Ok(()),
    }
}

/// The first value; what follows it is not looked at, as Go's decoder does not.
fn first_value(answer: &[u8]) -> Result<Value, String> {
    let mut reader = serde_json::Deserializer::from_slice(answer);
    Value::deserialize(&mut reader).map_err(|error| format!("the answer is not understood: {error}"))
}

fn object(answer: &[u8]) -> Result<Map<String, Value>, String> {
    match first_value(answer)? {
        Value::Object(object) => Ok(object),
        Value::Null => Ok(Map::new()),
        _ => Err("the answer is not understood: an object is expected".to_owned()),
    }
}

/// A field by its name, whatever the case; null is no field.
fn field<'v>(object: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    let found = object
        .get(name)
        .or_else(|| object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value));
    found.filter(|value| !value.is_null())
}
