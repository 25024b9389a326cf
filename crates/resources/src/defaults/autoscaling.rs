//! HorizontalPodAutoscalers of both versions.

use serde_json::{Value, json};

use crate::document::{Members as _, Object, at_mut};

/// A HorizontalPodAutoscaler of `autoscaling/v1`.
pub(crate) fn v1(object: &mut Value) {
    if let Some(spec) = at_mut(object, &["spec"]) {
        spec.fill_absent("minReplicas", 1);
    }
}

/// A HorizontalPodAutoscaler of `autoscaling/v2`.
pub(crate) fn v2(object: &mut Value) {
    let Some(spec) = at_mut(object, &["spec"]) else { return };
    spec.fill_absent("minReplicas", 1);
    spec.fill_empty(
        "metrics",
        json!([{
            "type": "Resource",
            "resource": { "name": "cpu", "target": { "type": "Utilization", "averageUtilization": 80 } },
        }]),
    );
    let Some(behavior) = spec.members_mut("behavior") else { return };
    let up = behavior.members_made("scaleUp");
    up.fill_absent("stabilizationWindowSeconds", 0);
    let pods = json!({ "type": "Pods", "value": 4, "periodSeconds": 15 });
    let percent = json!({ "type": "Percent", "value": 100, "periodSeconds": 15 });
    complete(up, json!([pods, percent.clone()]));
    complete(behavior.members_made("scaleDown"), json!([percent]));
}

fn complete(rules: &mut Object, policies: Value) {
    rules.fill_absent("selectPolicy", "Max");
    // An empty list is somebody's wish that validation refuses; only none is filled.
    rules.fill_absent("policies", policies);
}
