//! Random nodes and what happens to them.

use serde_json::{Value, json};
use wire::Node;

use super::dice::Dice;
use super::vocabulary::{
    DISK, EFFECTS, GENERATION, GPU, HOSTNAME, IMAGES, RACK, REGION, TAINT_KEYS, ZONE, node_name,
};

/// The node with this number.
pub(crate) fn draw(dice: &mut Dice, n: usize) -> Node {
    let name = node_name(n);
    let node = json!({
        "metadata": {"name": name, "uid": format!("node-{name}"), "labels": labels(dice, &name)},
        "spec": {"unschedulable": dice.chance(6), "taints": taints(dice)},
        "status": {
            "allocatable": allocatable(dice),
            "images": images(dice),
            "declaredFeatures": features(dice),
        },
    });
    serde_json::from_value(node).expect("a node")
}

/// Changes one thing about a node; now and then nothing.
pub(crate) fn change(dice: &mut Dice, node: &mut Node) {
    let name = node.metadata.name.clone();
    let read = "drawn in the right form";
    match dice.below(7) {
        0 => node.metadata.labels = serde_json::from_value(labels(dice, &name)).expect(read),
        1 => node.spec.taints = serde_json::from_value(taints(dice)).expect(read),
        2 => node.spec.unschedulable = !node.spec.unschedulable,
        3 => node.status.allocatable = serde_json::from_value(allocatable(dice)).expect(read),
        4 => node.status.images = serde_json::from_value(images(dice)).expect(read),
        5 => node.status.declared_features = serde_json::from_value(features(dice)).expect(read),
        _ => {}
    }
}

fn labels(dice: &mut Dice, name: &str) -> Value {
    let mut labels = json!({});
    let zone = dice.below(3);
    if dice.chance(95) {
        labels[HOSTNAME] = json!(name);
    }
    if dice.chance(88) {
        labels[ZONE] = json!(format!("z{zone}"));
    }
    if dice.chance(20) {
        labels[REGION] = json!("r");
    }
    if dice.chance(80) {
        labels[RACK] = json!(format!("rack{}", dice.below(8)));
    }
    if dice.chance(70) {
        labels[DISK] = json!(dice.pick(&["ssd", "hdd"]));
    }
    if dice.chance(70) {
        labels[GENERATION] = json!(dice.pick(&["1", "2", "3", "old"]));
    }
    labels
}

fn taints(dice: &mut Dice) -> Value {
    let mut taints = Vec::new();
    let n = dice.weighted(&[70, 22, 8]);
    for _ in 0..n {
        let effect = EFFECTS[dice.weighted(&[35, 45, 20])];
        let value = dice.pick(&["", "a", "b"]);
        taints.push(json!({"key": dice.pick(&TAINT_KEYS), "value": value, "effect": effect}));
    }
    json!(taints)
}

/// Small, so that nodes fill up. Now and then something is missing.
fn allocatable(dice: &mut Dice) -> Value {
    let mut amounts = json!({
        "cpu": dice.pick(&["500m", "1", "2", "2", "4", "1", "2", "2", "4", "0"]),
        // More than floating-point numbers hold exactly, once in a while.
        "memory": dice.pick(&["1Gi", "2Gi", "4Gi", "1Gi", "2Gi", "4Gi", "2Gi", "64Ti"]),
        "pods": dice.pick(&["2", "4", "6", "20", "110"]),
    });
    if dice.chance(80) {
        amounts["ephemeral-storage"] = json!(dice.pick(&["512Mi", "2Gi"]));
    }
    if dice.chance(40) {
        amounts[GPU] = json!(dice.pick(&["0", "1", "2"]));
    }
    amounts
}

fn images(dice: &mut Dice) -> Value {
    let mut images = Vec::new();
    for name in IMAGES {
        if dice.chance(35) {
            let size: i64 = dice.pick(&[10_000_000, 40_000_000, 300_000_000, 2_000_000_000]);
            let tagged =
                if name.ends_with("tool") || name == "web" { format!("{name}:latest") } else { name.into() };
            images.push(json!({"names": [tagged, format!("{name}@sha256:0")], "sizeBytes": size}));
        }
    }
    json!(images)
}

fn features(dice: &mut Dice) -> Value {
    match dice.below(4) {
        0 => json!(["RestartAllContainersOnContainerExits", "UserNamespacesHostNetworkSupport"]),
        1 => json!(["UserNamespacesHostNetworkSupport"]),
        _ => json!([]),
    }
}
