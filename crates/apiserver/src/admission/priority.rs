//! Priority: the priority of pods by their class; one default class at most.

use std::sync::Arc;

use apimachinery::Status;
use serde_json::{Value, json};

use super::{Operation, Plugin, Request, text};

const GROUP: &str = "scheduling.k8s.io";
const PREEMPT_LOWER_PRIORITY: &str = "PreemptLowerPriority";

pub(super) struct Priority;

impl Plugin for Priority {
    fn name(&self) -> &'static str {
        "Priority"
    }

    fn admit(&self, request: &Request<'_>, object: Option<&mut Value>) -> Result<(), Box<Status>> {
        let Some(pod) = object.filter(|_| request.is_of("", "pods")) else { return Ok(()) };
        match request.operation {
            Operation::Create => set_priority(request, &mut pod["spec"]),
            Operation::Update => {
                // Clients that do not know the fields leave them out.
                for member in ["priority", "preemptionPolicy"] {
                    let old = request.old.map_or(&Value::Null, |old| &old["spec"][member]);
                    if pod["spec"][member].is_null() && !old.is_null() {
                        pod["spec"][member] = old.clone();
                    }
                }
                Ok(())
            }
            Operation::Delete | Operation::Connect => Ok(()),
        }
    }

    fn validate(&self, request: &Request<'_>, object: Option<&Value>) -> Result<(), Box<Status>> {
        let Some(class) = object.filter(|_| request.is_of(GROUP, "priorityclasses")) else { return Ok(()) };
        if class["globalDefault"] != true {
            return Ok(());
        }
        let Some(default) = default_class(request) else { return Ok(()) };
        let name = text(&default, "/metadata/name");
        let is_same = request.operation == Operation::Update && text(class, "/metadata/name") == name;
        if is_same {
            return Ok(());
        }
        Err(request.forbidden(format!(
            "PriorityClass {name} is already marked as default. Only one default can exist"
        )))
    }
}

fn value(class: &Value) -> i64 {
    class["value"].as_i64().unwrap_or_default()
}

/// The default class; of several the one with the lowest value.
fn default_class(request: &Request<'_>) -> Option<Arc<Value>> {
    let classes = request.list(GROUP, "priorityclasses").into_iter();
    classes.filter(|class| class["globalDefault"] == true).min_by_key(|class| value(class))
}

fn set_priority(request: &Request<'_>, spec: &mut Value) -> Result<(), Box<Status>> {
    let name = text(spec, "/priorityClassName").to_owned();
    let class = if name.is_empty() {
        default_class(request)
    } else {
        let class = request.get(GROUP, "priorityclasses", "", &name);
        Some(class.ok_or_else(|| request.forbidden(format!("no PriorityClass with name {name} was found")))?)
    };
    let (priority, policy) = match &class {
        Some(class) => (value(class), class["preemptionPolicy"].as_str().unwrap_or(PREEMPT_LOWER_PRIORITY)),
        None => (0, PREEMPT_LOWER_PRIORITY),
    };
    if let Some(own) = spec["priority"].as_i64().filter(|own| *own != priority) {
        return Err(request.forbidden(format!(
            "the integer value of priority ({own}) must not be provided in pod spec; priority admission controller \
             computed {priority} from the given PriorityClass name"
        )));
    }
    if let Some(own) = spec["preemptionPolicy"].as_str().filter(|own| *own != policy) {
        return Err(request.forbidden(format!(
            "the string value of PreemptionPolicy ({own}) must not be provided in pod spec; priority admission \
             controller computed {policy} from the given PriorityClass name"
        )));
    }
    if let Some(class) = class.as_deref().filter(|_| name.is_empty()) {
        spec["priorityClassName"] = class["metadata"]["name"].clone();
    }
    spec["priority"] = json!(priority);
    spec["preemptionPolicy"] = json!(policy);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::test_request::Trial;
    use super::*;

    fn class(name: &str, value: i64, is_default: bool) -> (&'static str, Value) {
        let class = json!({
            "metadata": {"name": name},
            "value": value,
            "globalDefault": is_default,
            "preemptionPolicy": "Never",
        });
        ("priorityclasses.scheduling.k8s.io", class)
    }

    fn pod(spec: Value) -> Value {
        json!({"metadata": {"name": "p"}, "spec": spec})
    }

    #[test]
    fn pods_get_the_priority_of_their_class() {
        let create = || Trial::new(Operation::Create, "pods", "ns");
        let none = create().with([class("a", 5, false)]);
        let some = create().with([class("high", 9, true), class("low", 7, true), class("a", 5, false)]);
        let start = "pods \"p\" is forbidden: ";
        for (trial, spec, expected) in [
            (&none, json!({}), Ok(json!({"priority": 0, "preemptionPolicy": "PreemptLowerPriority"}))),
            (
                &some,
                json!({}),
                Ok(json!({"priority": 7, "preemptionPolicy": "Never", "priorityClassName": "low"})),
            ),
            (
                &some,
                json!({"priorityClassName": "a", "priority": 5}),
                Ok(json!({"priority": 5, "preemptionPolicy": "Never", "priorityClassName": "a"})),
            ),
            (
                &some,
                json!({"priorityClassName": "b"}),
                Err((403, format!("{start}no PriorityClass with name b was found"))),
            ),
            (
                &some,
                json!({"priorityClassName": "a", "priority": 1}),
                Err((
                    403,
                    format!(
                        "{start}the integer value of priority (1) must not be provided in pod spec; priority admission \
                         controller computed 5 from the given PriorityClass name"
                    ),
                )),
            ),
            (
                &none,
                json!({"preemptionPolicy": "Never"}),
                Err((
                    403,
                    format!(
                        "{start}the string value of PreemptionPolicy (Never) must not be provided in pod spec; priority \
                         admission controller computed PreemptLowerPriority from the given PriorityClass name"
                    ),
                )),
            ),
        ] {
            assert_eq!(trial.run(&Priority, pod(spec.clone())), expected.map(pod), "{spec}");
        }
        let status = Trial::new(Operation::Update, "pods/status", "ns");
        assert_eq!(status.run(&Priority, pod(json!({}))), Ok(pod(json!({}))));
        let update = Trial::new(Operation::Update, "pods", "ns").over(pod(json!({"priority": 3})));
        assert_eq!(update.run(&Priority, pod(json!({}))).unwrap()["spec"]["priority"], 3);
    }

    #[test]
    fn one_class_is_the_default() {
        let (resource, stored) = class("a", 5, true);
        let (_, other) = class("b", 5, true);
        let run = |operation, class: &Value| {
            let trial = Trial::new(operation, resource, "").with([(resource, stored.clone())]);
            trial.run(&Priority, class.clone()).map(|_| ())
        };
        let text = "priorityclasses.scheduling.k8s.io \"b\" is forbidden: PriorityClass a is already marked as default. \
                    Only one default can exist";
        assert_eq!(run(Operation::Create, &other), Err((403, text.to_owned())));
        assert_eq!(run(Operation::Update, &other), Err((403, text.to_owned())));
        assert_eq!(run(Operation::Update, &stored), Ok(()));
    }
}
