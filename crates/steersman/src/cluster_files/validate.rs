//! What an API server would refuse, refused here in its stead: a scheduler never sees such objects, and would
//! give an answer about a cluster that cannot be.
//!
//! Objects with a resourceVersion have been accepted by an API server, perhaps one that knows more than this
//! program, or accepted it when rules were laxer. Of them only those words are checked that the scheduler
//! would have to understand to give the right answer.

mod affinity;
mod budget;
mod container;
mod fault;
mod labels;
mod names;
mod node;
mod pod;
mod priority_class;
mod resources;
mod spread;
mod storage;
mod toleration;

use anyhow::{Result, bail};
use wire::Object;
use wire::decode::Sourced;

use super::describe;
use fault::{Checked, Within};

/// Who vouches for an object.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Author {
    /// Somebody typed it, or a program that is no API server wrote it.
    Hand,
    /// An API server accepted it.
    ApiServer,
}

/// Refuses the first object that an API server would refuse.
pub(super) fn refuse_invalid(objects: &[Sourced]) -> Result<()> {
    for sourced in objects {
        if let Err(fault) = check(&sourced.object) {
            bail!("{}: {}: {}: {}", sourced.origin, describe(&sourced.object), fault.field, fault.problem);
        }
    }
    Ok(())
}

fn check(object: &Object) -> Checked {
    let is_stored = !object.meta().resource_version.is_empty();
    let author = if is_stored { Author::ApiServer } else { Author::Hand };
    if author == Author::Hand {
        names::check(object)?;
    }
    match object {
        Object::Pod(pod) => pod::check(pod, author),
        Object::Node(node) => node::check(node, author),
        Object::PodDisruptionBudget(budget) => budget::check(budget, author),
        Object::PriorityClass(class) => priority_class::check(class, author),
        Object::ReplicaSet(set) => {
            labels::selector(set.spec.selector.as_ref(), "spec.selector", author)?;
            pod::check_template(&set.spec.template, author).within("spec.template")
        }
        Object::StatefulSet(set) => {
            labels::selector(set.spec.selector.as_ref(), "spec.selector", author)?;
            pod::check_template(&set.spec.template, author).within("spec.template")
        }
        Object::ReplicationController(controller) => match &controller.spec.template {
            Some(template) => pod::check_template(template, author).within("spec.template"),
            None => Ok(()),
        },
        Object::PersistentVolume(volume) => storage::check_volume(volume, author),
        Object::StorageClass(class) => storage::check_class(class),
        _ => Ok(()),
    }
}
