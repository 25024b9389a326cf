//! HorizontalPodAutoscaler, Scale.

use serde_json::Value;

use super::cell::{age, at, list, name, number, text, with_more};
use super::{AGE, NAME, integer, string};
use crate::kind::{Column, Columns};

const UNKNOWN: &str = "<unknown>";

/// How many metrics are shown.
const METRICS_MAX: usize = 2;

/// HorizontalPodAutoscaler.
pub const HORIZONTAL_POD_AUTOSCALER: Columns = Columns {
    columns: &[
        NAME,
        string("Reference", "D:HorizontalPodAutoscalerSpec.scaleTargetRef"),
        string("Targets", "D:HorizontalPodAutoscalerSpec.metrics"),
        string("MinPods", "D:HorizontalPodAutoscalerSpec.minReplicas"),
        string("MaxPods", "D:HorizontalPodAutoscalerSpec.maxReplicas"),
        string("Replicas", "D:HorizontalPodAutoscalerStatus.currentReplicas"),
        AGE,
    ],
    cells: |object, now| {
        let target = at(object, "/spec/scaleTargetRef").unwrap_or(&Value::Null);
        let min = at(object, "/spec/minReplicas").map_or("<unset>".to_owned(), Value::to_string);
        vec![
            name(object),
            format!("{}/{}", text(target, "/kind"), text(target, "/name")).into(),
            metrics(object).into(),
            min.into(),
            number(object, "/spec/maxReplicas").into(),
            number(object, "/status/currentReplicas").into(),
            age(object, now),
        ]
    },
};

fn metrics(autoscaler: &Value) -> String {
    let specs = list(autoscaler, "/spec/metrics");
    if specs.is_empty() {
        return "<none>".to_owned();
    }
    let current = list(autoscaler, "/status/currentMetrics");
    let shown = specs.iter().take(METRICS_MAX).enumerate();
    let shown: Vec<String> = shown.map(|(i, spec)| metric(spec, current.get(i))).collect();
    with_more(&shown, ", ", specs.len())
}

/// Where the metric is and where it should be.
fn metric(spec: &Value, status: Option<&Value>) -> String {
    let member = match text(spec, "/type") {
        "Resource" => "resource",
        "ContainerResource" => "containerResource",
        "Pods" => "pods",
        "Object" => "object",
        "External" => "external",
        _ => return "<unknown type>".to_owned(),
    };
    let target = &spec[member]["target"];
    let source = status.map(|status| &status[member]).filter(|source| source.is_object());
    let amount = |of: &str| {
        let current = source.and_then(|source| source["current"][of].as_str()).unwrap_or(UNKNOWN);
        format!("{current}/{}", target[of].as_str().unwrap_or("<nil>"))
    };
    let has_average = target["averageValue"].is_string();
    match member {
        "pods" => amount("averageValue"),
        "object" | "external" if has_average => format!("{} (avg)", amount("averageValue")),
        "object" | "external" => amount("value"),
        _ if has_average => format!("{}: {}", text(&spec[member], "/name"), amount("averageValue")),
        _ => {
            let percent = |value: &Value| value.as_i64().map(|percent| format!("{percent}%"));
            let current = source.and_then(|source| percent(&source["current"]["averageUtilization"]));
            let wanted = percent(&target["averageUtilization"]);
            format!(
                "{}: {}/{}",
                text(&spec[member], "/name"),
                current.as_deref().unwrap_or(UNKNOWN),
                wanted.as_deref().unwrap_or("<auto>")
            )
        }
    }
}

/// Scale: the subresource of kinds that have replicas.
pub const SCALE: Columns = Columns {
    columns: &[
        Column { format: "", ..NAME },
        integer("Desired", "D:ScaleSpec.replicas"),
        integer("Available", "D:ScaleStatus.replicas"),
        AGE,
    ],
    cells: |object, now| {
        vec![
            name(object),
            number(object, "/spec/replicas").into(),
            number(object, "/status/replicas").into(),
            age(object, now),
        ]
    },
};
