//! Documents as texts of annotations, with members in the order in which upstream writes them.

use serde_json::Value;

/// Members in upstream's order, over all the types that annotations hold.
const ORDER: [&str; 38] = [
    "kind",
    "type",
    "status",
    "lastTransitionTime",
    "reason",
    "message",
    "object",
    "pods",
    "resource",
    "containerResource",
    "external",
    "target",
    "metricName",
    "name",
    "apiVersion",
    "metricSelector",
    "targetValue",
    "currentValue",
    "targetAverageUtilization",
    "targetAverageValue",
    "currentAverageUtilization",
    "currentAverageValue",
    "container",
    "selector",
    "averageValue",
    "matchLabels",
    "matchExpressions",
    "key",
    "operator",
    "values",
    "scaleUp",
    "scaleDown",
    "stabilizationWindowSeconds",
    "selectPolicy",
    "policies",
    "value",
    "periodSeconds",
    "tolerance",
];

/// The text of a document.
pub(super) fn text(value: &Value) -> String {
    let mut text = String::new();
    write(value, false, &mut text);
    text
}

fn write(value: &Value, is_by_name: bool, text: &mut String) {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            if !is_by_name {
                members.sort_by_key(|(name, _)| {
                    ORDER.iter().position(|known| known == name).unwrap_or(ORDER.len())
                });
            }
            text.push('{');
            for (i, (name, value)) in members.into_iter().enumerate() {
                if i > 0 {
                    text.push(',');
                }
                text.push_str(&apimachinery::go::compact_json(&Value::from(name.as_str())));
                text.push(':');
                // Labels are named by users.
                write(value, name == "matchLabels", text);
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    text.push(',');
                }
                write(item, false, text);
            }
            text.push(']');
        }
        scalar => text.push_str(&apimachinery::go::compact_json(scalar)),
    }
}
