//! Nodes and their taints.

use wire::{Node, Taint};

use super::fault::{Checked, Within, fault, one_of};
use super::{Author, names, resources};

/// What a taint can do.
pub(super) const TAINT_EFFECTS: [&str; 3] = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

/// Checks a node.
pub(super) fn check(node: &Node, author: Author) -> Checked {
    let taints = &node.spec.taints;
    for (i, taint) in taints.iter().enumerate() {
        check_taint(taint, &taints[..i], author).within_item("spec.taints", i)?;
    }
    if author == Author::ApiServer {
        return Ok(());
    }
    resources::node_amounts(&node.status.capacity).within("status.capacity")?;
    resources::node_amounts(&node.status.allocatable).within("status.allocatable")
}

fn check_taint(taint: &Taint, before: &[Taint], author: Author) -> Checked {
    one_of("effect", &taint.effect, &TAINT_EFFECTS)?;
    if author == Author::ApiServer {
        return Ok(());
    }
    if taint.key.is_empty() {
        return fault("key", "is missing: a taint needs a key that tolerations can name");
    }
    names::label_key("key", &taint.key)?;
    if before.iter().any(|other| (&other.key, &other.effect) == (&taint.key, &taint.effect)) {
        return fault("", format!("{}:{} is there twice; remove one", taint.key, taint.effect));
    }
    Ok(())
}
