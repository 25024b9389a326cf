//! RuntimeClass: what a runtime costs, and where it is.

use std::sync::Arc;

use apimachinery::Status;
use serde_json::Value;

use super::{Operation, Plugin, Request, items, text};

pub(super) struct RuntimeClass;

impl Plugin for RuntimeClass {
    fn name(&self) -> &'static str {
        "RuntimeClass"
    }

    fn admit(&self, request: &Request<'_>, object: Option<&mut Value>) -> Result<(), Box<Status>> {
        let is_new = request.operation == Operation::Create && request.is_of("", "pods");
        let Some(pod) = object.filter(|_| is_new) else { return Ok(()) };
        let Some(class) = class_of(request, pod)? else { return Ok(()) };
        let fixed = &class["overhead"]["podFixed"];
        if !class["overhead"].is_null() {
            if !pod["spec"]["overhead"].is_null() && pod["spec"]["overhead"] != *fixed {
                return Err(mismatch(request));
            }
            pod["spec"]["overhead"] = fixed.clone();
        }
        if !class["scheduling"].is_null() {
            select_nodes(request, &class["scheduling"], pod)?;
        }
        Ok(())
    }

    fn validate(&self, request: &Request<'_>, object: Option<&Value>) -> Result<(), Box<Status>> {
        let is_new = request.operation == Operation::Create && request.is_of("", "pods");
        let Some(pod) = object.filter(|_| is_new) else { return Ok(()) };
        let class = class_of(request, pod)?;
        let overhead = &pod["spec"]["overhead"];
        match class.as_deref().map(|class| &class["overhead"]).filter(|overhead| !overhead.is_null()) {
            Some(own) if own["podFixed"] != *overhead => Err(mismatch(request)),
            None if !overhead.is_null() => Err(request.forbidden(
                "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead",
            )),
            _ => Ok(()),
        }
    }
}

fn mismatch(request: &Request<'_>) -> Box<Status> {
    request.forbidden("pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead")
}

fn class_of(request: &Request<'_>, pod: &Value) -> Result<Option<Arc<Value>>, Box<Status>> {
    let Some(name) = pod["spec"]["runtimeClassName"].as_str() else { return Ok(None) };
    let class = request.get("node.k8s.io", "runtimeclasses", "", name);
    let missing = || request.forbidden(format!("pod rejected: RuntimeClass {name:?} not found"));
    class.map(Some).ok_or_else(missing)
}

fn select_nodes(request: &Request<'_>, scheduling: &Value, pod: &mut Value) -> Result<(), Box<Status>> {
    for (key, value) in scheduling["nodeSelector"].as_object().into_iter().flatten() {
        let own = &pod["spec"]["nodeSelector"][key];
        if !own.is_null() && own != value {
            let (own, value) = (own.as_str().unwrap_or_default(), value.as_str().unwrap_or_default());
            return Err(request.forbidden(format!(
                "conflict: runtimeClass.scheduling.nodeSelector[{key}] = {value}; pod.spec.nodeSelector[{key}] = {own}"
            )));
        }
        pod["spec"]["nodeSelector"][key] = value.clone();
    }
    let all: Vec<Value> =
        items(pod, "/spec/tolerations").chain(items(scheduling, "/tolerations")).cloned().collect();
    let merged = merge_tolerations(&all);
    if !merged.is_empty() {
        pod["spec"]["tolerations"] = merged.into();
    }
    Ok(())
}

/// Tolerations without those that another one makes needless; of equal ones the first stays.
fn merge_tolerations(all: &[Value]) -> Vec<Value> {
    let mut merged: Vec<Value> = Vec::new();
    for (place, toleration) in all.iter().enumerate() {
        let is_needless = merged.iter().any(|other| tolerates_all_of(other, toleration))
            || all[place + 1..]
                .iter()
                .any(|other| other != toleration && tolerates_all_of(other, toleration));
        if !is_needless {
            merged.push(toleration.clone());
        }
    }
    merged
}

fn tolerates_all_of(wide: &Value, narrow: &Value) -> bool {
    let of = |toleration: &'_ Value, member: &str| toleration[member].as_str().unwrap_or_default().to_owned();
    if wide == narrow {
        return true;
    }
    let exists = of(wide, "operator") == "Exists";
    if of(narrow, "key") != of(wide, "key") && !(of(wide, "key").is_empty() && exists) {
        return false;
    }
    if of(narrow, "effect") != of(wide, "effect") && !of(wide, "effect").is_empty() {
        return false;
    }
    if of(wide, "effect") == "NoExecute"
        && let Some(most) = wide["tolerationSeconds"].as_i64()
        && narrow["tolerationSeconds"].as_i64().is_none_or(|seconds| seconds > most)
    {
        return false;
    }
    match of(wide, "operator").as_str() {
        "" | "Equal" => {
            of(narrow, "operator") == of(wide, "operator") && text(narrow, "/value") == text(wide, "/value")
        }
        "Exists" => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::test_request::Trial;
    use super::*;

    fn run(spec: Value) -> Result<Value, String> {
        let class = json!({
            "metadata": {"name": "c"},
            "overhead": {"podFixed": {"cpu": "100m"}},
            "scheduling": {
                "nodeSelector": {"a": "b"},
                "tolerations": [{"key": "k", "operator": "Exists"}],
            },
        });
        let bare = json!({"metadata": {"name": "bare"}});
        let trial = Trial::new(Operation::Create, "pods", "ns")
            .with([class, bare].map(|class| ("runtimeclasses.node.k8s.io", class)));
        let admitted = trial.run(&RuntimeClass, json!({"metadata": {"name": "p"}, "spec": spec}));
        admitted.map(|pod| pod["spec"].clone()).map_err(|(_, text)| text)
    }

    #[test]
    fn pods_get_what_their_class_says() {
        let narrow = json!({"key": "k", "operator": "Equal", "value": "v", "effect": "NoSchedule"});
        let other = json!({"key": "x", "operator": "Exists"});
        let spec =
            run(json!({"runtimeClassName": "c", "nodeSelector": {"x": "y"}, "tolerations": [narrow, other]}));
        let expected = json!({
            "runtimeClassName": "c",
            "overhead": {"cpu": "100m"},
            "nodeSelector": {"a": "b", "x": "y"},
            "tolerations": [other, {"key": "k", "operator": "Exists"}],
        });
        assert_eq!(spec, Ok(expected));
        assert_eq!(run(json!({"runtimeClassName": "bare"})), Ok(json!({"runtimeClassName": "bare"})));
        assert_eq!(run(json!({})), Ok(json!({})));
    }

    #[test]
    fn refuses_in_upstreams_words() {
        let overhead = json!({"cpu": "1"});
        for (spec, text) in [
            (json!({"runtimeClassName": "x"}), "pod rejected: RuntimeClass \"x\" not found"),
            (
                json!({"runtimeClassName": "c", "overhead": overhead}),
                "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead",
            ),
            (
                json!({"overhead": overhead}),
                "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead",
            ),
            (
                json!({"runtimeClassName": "c", "nodeSelector": {"a": "z"}}),
                "conflict: runtimeClass.scheduling.nodeSelector[a] = b; pod.spec.nodeSelector[a] = z",
            ),
        ] {
            assert_eq!(run(spec), Err(format!("pods \"p\" is forbidden: {text}")));
        }
    }
}
