//! What happens to pods that are there.

use serde_json::{Value, json};
use wire::Pod;

use super::dice::Dice;

/// Marks a pod as terminating.
pub(crate) fn terminate(pod: &mut Pod) {
    pod.metadata.deletion_timestamp =
        serde_json::from_value(json!("2026-01-02T00:00:00Z")).expect("a timestamp");
}

/// The kubelet runs it.
pub(crate) fn start(dice: &mut Dice, pod: &mut Pod) {
    pod.status.phase = "Running".into();
    let time = format!("2026-01-01T00:00:{:02}Z", dice.below(4));
    pod.status.start_time = serde_json::from_value(json!(time)).expect("a timestamp");
}

/// Somebody asks for other amounts, or the kubelet says how far it has got with that.
pub(crate) fn resize(dice: &mut Dice, pod: &mut Pod, requests: fn(&mut Dice) -> Value) {
    let read = "drawn in the right form";
    let amounts = requests(dice);
    let name = pod.spec.containers[0].name.clone();
    if pod.spec.node_name.is_empty() || dice.chance(40) {
        pod.spec.containers[0].resources.requests = serde_json::from_value(amounts).expect(read);
        pod.metadata.generation += 1;
        return;
    }
    pod.status.container_statuses = match dice.below(3) {
        0 => Vec::new(),
        1 => serde_json::from_value(json!([{"name": name, "resources": {"requests": amounts}}])).expect(read),
        _ => serde_json::from_value(json!([{"name": name, "allocatedResources": amounts,
            "resources": {"requests": requests(dice)}}]))
        .expect(read),
    };
    pod.status.conditions.retain(|condition| condition.r#type != "PodResizePending");
    if dice.chance(30) {
        let reason = dice.pick(&["Infeasible", "Deferred"]);
        let pending = json!({"type": "PodResizePending", "status": "True", "reason": reason});
        pod.status.conditions.push(serde_json::from_value(pending).expect(read));
    }
}

/// Sets the condition of a type.
pub(crate) fn set_condition(pod: &mut Pod, r#type: &str, status: &str, reason: &str) {
    let condition = json!({"type": r#type, "status": status, "reason": reason});
    pod.status.conditions.retain(|known| known.r#type != r#type);
    pod.status.conditions.push(serde_json::from_value(condition).expect("a condition"));
}
