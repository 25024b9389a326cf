//! Between `autoscaling/v1` and `autoscaling/v2`.
//!
//! The annotations hold metrics and statuses in the form of the former `v2beta1`, where targets and values are fields of
//! the source: `targetAverageUtilization` rather than `target.averageUtilization`.

mod annotation;

use serde_json::{Value, json};

use self::annotation::text;
use crate::document::{Members as _, Object, members_of};

const METRICS: &str = "autoscaling.alpha.kubernetes.io/metrics";
const CURRENT_METRICS: &str = "autoscaling.alpha.kubernetes.io/current-metrics";
const CONDITIONS: &str = "autoscaling.alpha.kubernetes.io/conditions";
const BEHAVIOR: &str = "autoscaling.alpha.kubernetes.io/behavior";
const UP_TOLERANCE: &str = "autoscaling.alpha.kubernetes.io/scale-up-tolerance";
const DOWN_TOLERANCE: &str = "autoscaling.alpha.kubernetes.io/scale-down-tolerance";

const ANNOTATIONS: [&str; 6] = [METRICS, CURRENT_METRICS, CONDITIONS, BEHAVIOR, UP_TOLERANCE, DOWN_TOLERANCE];

const SOURCES: [&str; 5] = ["object", "pods", "resource", "containerResource", "external"];

/// Turns an autoscaler of `v2` into one of `v1`.
pub(super) fn from_v2(object: &mut Value) {
    let object = members_of(object);
    let mut annotations = Vec::new();
    let spec = object.members_made("spec");
    let mut metrics = taken_list(spec, "metrics");
    if let Some(cpu) = metrics.iter().find(|metric| is_cpu_utilization(metric)) {
        spec.put("targetCPUUtilizationPercentage", cpu["resource"]["target"]["averageUtilization"].clone());
    }
    metrics.retain(|metric| !is_cpu_utilization(metric));
    if !metrics.is_empty() {
        metrics.iter_mut().for_each(|metric| flatten(metric, "target", "target"));
        annotations.push((METRICS, text(&metrics.into())));
    }
    if let Some(mut behavior) = spec.remove("behavior").filter(Value::is_object) {
        for (direction, annotation) in [("scaleUp", UP_TOLERANCE), ("scaleDown", DOWN_TOLERANCE)] {
            let rules = behavior.get_mut(direction).and_then(Value::as_object_mut);
            if let Some(Value::String(tolerance)) = rules.and_then(|rules| rules.remove("tolerance")) {
                annotations.push((annotation, tolerance));
            }
        }
        annotations.push((BEHAVIOR, text(&behavior)));
    }
    let status = object.members_made("status");
    let mut current = taken_list(status, "currentMetrics");
    let cpu = current
        .iter()
        .find(|metric| is_cpu(metric) && metric["resource"]["current"]["averageUtilization"].is_number());
    if let Some(cpu) = cpu {
        let value = cpu["resource"]["current"]["averageUtilization"].clone();
        status.put("currentCPUUtilizationPercentage", value);
    }
    if !current.is_empty() {
        current.iter_mut().for_each(|metric| flatten(metric, "current", "current"));
        annotations.push((CURRENT_METRICS, text(&current.into())));
    }
    let conditions = taken_list(status, "conditions");
    if !conditions.is_empty() {
        annotations.push((CONDITIONS, text(&conditions.into())));
    }
    if !annotations.is_empty() {
        let all = object.members_made("metadata").members_made("annotations");
        for (key, value) in annotations {
            all.put(key, value);
        }
    }
}

/// Turns an autoscaler of `v1` into one of `v2`. Annotations that are no JSON are dropped without a word, as upstream
/// does.
pub(super) fn into_v2(object: &mut Value) {
    let object = members_of(object);
    let mut read = |annotation: &str| {
        let annotations = object.members("metadata")?.members("annotations")?;
        annotations.get(annotation)?.as_str().map(str::to_owned)
    };
    let json = |text: Option<String>| serde_json::from_str::<Value>(&text?).ok();
    let [metrics, current, conditions, behavior] =
        [METRICS, CURRENT_METRICS, CONDITIONS, BEHAVIOR].map(|annotation| json(read(annotation)));
    let tolerances = [UP_TOLERANCE, DOWN_TOLERANCE].map(&mut read);
    let metadata = object.members_made("metadata");
    if let Some(annotations) = metadata.members_mut("annotations") {
        annotations.retain(|key, _| !ANNOTATIONS.contains(&key.as_str()));
        if annotations.is_empty() {
            metadata.remove("annotations");
        }
    }
    let spec = object.members_made("spec");
    let mut all: Vec<_> =
        list(metrics).into_iter().map(|metric| unflatten(metric, "target", "target")).collect();
    if let Some(target) = spec.remove("targetCPUUtilizationPercentage").filter(|target| !target.is_null()) {
        let target = json!({ "type": "Utilization", "averageUtilization": target });
        all.push(json!({ "type": "Resource", "resource": { "name": "cpu", "target": target } }));
    }
    if !all.is_empty() {
        spec.put("metrics", all);
    }
    if let Some(Value::Object(mut behavior)) = behavior {
        for (direction, tolerance) in ["scaleUp", "scaleDown"].into_iter().zip(tolerances) {
            if let (Some(rules), Some(tolerance)) = (behavior.members_mut(direction), tolerance) {
                rules.put("tolerance", tolerance);
            }
        }
        spec.put("behavior", behavior);
    }
    let status = object.members_made("status");
    let cpu = status.remove("currentCPUUtilizationPercentage").filter(|value| !value.is_null());
    let mut current: Vec<_> =
        list(current).into_iter().map(|metric| unflatten(metric, "current", "current")).collect();
    // The annotation says more than the field.
    if let (Some(value), true) = (cpu, current.is_empty()) {
        let value = json!({ "averageUtilization": value });
        current.push(json!({ "type": "Resource", "resource": { "name": "cpu", "current": value } }));
    }
    if !current.is_empty() {
        status.put("currentMetrics", current);
    }
    let conditions = list(conditions);
    if !conditions.is_empty() {
        status.put("conditions", conditions);
    }
}

fn list(value: Option<Value>) -> Vec<Value> {
    match value {
        Some(Value::Array(items)) => items.into_iter().filter(Value::is_object).collect(),
        _ => Vec::new(),
    }
}

fn taken_list(of: &mut Object, name: &str) -> Vec<Value> {
    list(of.remove(name))
}

fn is_cpu(metric: &Value) -> bool {
    metric["type"] == "Resource" && metric["resource"]["name"] == "cpu"
}

fn is_cpu_utilization(metric: &Value) -> bool {
    is_cpu(metric) && metric["resource"]["target"]["averageUtilization"].is_number()
}

/// `<of>AverageValue`, or for the one value of objects and external metrics `<of>Value`.
fn member(of: &str, name: &str, source: &str) -> String {
    let name = match (name, of, source) {
        ("value", "target", "object") => return "targetValue".to_owned(),
        ("averageValue", _, "object") => return "averageValue".to_owned(),
        ("value", ..) => "Value",
        ("averageValue", ..) => "AverageValue",
        _ => "AverageUtilization",
    };
    format!("{of}{name}")
}

const VALUES: [&str; 3] = ["value", "averageValue", "averageUtilization"];

/// Makes the members of `target` or `current` members of the source.
fn flatten(metric: &mut Value, from: &str, of: &str) {
    let metric = members_of(metric);
    for source in SOURCES {
        let Some(fields) = metric.members_mut(source) else { continue };
        let values = fields.remove(from);
        for name in VALUES {
            let value = values.as_ref().and_then(|values| values.get(name)).filter(|value| !value.is_null());
            if let Some(value) = value {
                fields.put(&member(of, name, source), value.clone());
            }
        }
        // These are no pointers upstream.
        let printed = match (of, source) {
            ("target", "object") => Some("targetValue"),
            ("target", "pods") => Some("targetAverageValue"),
            ("current", "object" | "external") => Some("currentValue"),
            ("current", _) => Some("currentAverageValue"),
            _ => None,
        };
        if let Some(name) = printed {
            fields.fill_absent(name, "0");
        }
        if let Some(Value::Object(identifier)) = fields.remove("metric") {
            let (name, selector) = match source {
                "object" | "pods" => ("metricName", "selector"),
                _ => ("metricName", "metricSelector"),
            };
            fields.put(name, identifier.text("name"));
            if let Some(labels) = identifier.get("selector") {
                fields.put(selector, labels.clone());
            }
        }
        if source == "object"
            && let Some(object) = fields.remove("describedObject")
        {
            fields.put("target", object);
        }
    }
}

/// The other way round.
fn unflatten(mut metric: Value, into: &str, of: &str) -> Value {
    let members = members_of(&mut metric);
    for source in SOURCES {
        let Some(fields) = members.members_mut(source) else { continue };
        if source == "object"
            && let Some(object) = fields.remove("target")
        {
            fields.put("describedObject", object);
        }
        let mut values = Object::new();
        for name in VALUES {
            if let Some(value) = fields.remove(&member(of, name, source)) {
                values.put(name, value);
            }
        }
        if of == "target" {
            // The one that was given says what kind of target it is.
            let ty = match (values.has("averageUtilization"), values.has("averageValue")) {
                (true, _) => "Utilization",
                (_, true) => "AverageValue",
                _ => "Value",
            };
            if ty == "AverageValue" && source == "object" {
                values.remove("value");
            }
            values.put("type", ty);
        }
        fields.put(into, values);
        let selector = fields.remove("selector").or_else(|| fields.remove("metricSelector"));
        if let Some(name) = fields.remove("metricName") {
            let identifier = fields.members_made("metric");
            identifier.put("name", name);
            if let Some(selector) = selector {
                identifier.put("selector", selector);
            }
        }
    }
    metric
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{BEHAVIOR, CONDITIONS, METRICS, UP_TOLERANCE, from_v2, into_v2};

    #[test]
    fn what_v1_has_no_field_for_is_in_annotations() {
        let v2 = json!({
            "metadata": { "annotations": { "own": "x" } },
            "spec": {
                "maxReplicas": 3,
                "metrics": [
                    { "type": "Pods", "pods": {
                        "metric": { "name": "rate", "selector": { "matchLabels": { "type": "x", "a": "b" } } },
                        "target": { "type": "AverageValue", "averageValue": "3" },
                    } },
                    { "type": "Object", "object": {
                        "describedObject": { "kind": "Service", "name": "s" },
                        "metric": { "name": "hits" },
                        "target": { "type": "Value", "value": "10" },
                    } },
                    { "type": "Resource", "resource": {
                        "name": "cpu", "target": { "type": "Utilization", "averageUtilization": 60 },
                    } },
                ],
                "behavior": { "scaleUp": { "selectPolicy": "Max", "tolerance": "50m" } },
            },
            "status": {
                "desiredReplicas": 1,
                "conditions": [{ "type": "AbleToScale", "status": "True" }],
            },
        });
        let mut object = v2.clone();
        from_v2(&mut object);
        assert_eq!(object["spec"], json!({ "maxReplicas": 3, "targetCPUUtilizationPercentage": 60 }));
        assert_eq!(object["status"], json!({ "desiredReplicas": 1 }));
        let annotations = &object["metadata"]["annotations"];
        assert_eq!(
            annotations[METRICS],
            concat!(
                r#"[{"type":"Pods","pods":{"metricName":"rate","targetAverageValue":"3","#,
                r#""selector":{"matchLabels":{"a":"b","type":"x"}}}},"#,
                r#"{"type":"Object","object":{"target":{"kind":"Service","name":"s"},"metricName":"hits","#,
                r#""targetValue":"10"}}]"#
            )
        );
        assert_eq!(annotations[BEHAVIOR], r#"{"scaleUp":{"selectPolicy":"Max"}}"#);
        assert_eq!(annotations[CONDITIONS], r#"[{"type":"AbleToScale","status":"True"}]"#);
        assert_eq!(annotations[UP_TOLERANCE], "50m");
        assert_eq!(annotations["own"], "x");
        into_v2(&mut object);
        assert_eq!(object, v2);
    }

    #[test]
    fn annotations_that_are_no_json_are_dropped() {
        let mut object = json!({ "metadata": { "annotations": { METRICS: "{" } }, "spec": {}, "status": {} });
        into_v2(&mut object);
        assert_eq!(object, json!({ "metadata": {}, "spec": {}, "status": {} }));
    }
}
