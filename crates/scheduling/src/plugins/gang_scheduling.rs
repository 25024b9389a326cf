//! GangScheduling: places the pods of a group together or not at all (KEP-4671).
//!
//! Behind a gate that is off by default. Pods without a group pass as upstream's do; a pod that belongs to one
//! is refused by name before it is looked at, whether or not a profile has this plugin.

use wire::config::ExtensionPoint;

use crate::framework::{Plugin, Registration, Status};
use crate::model::Pod;

const NAME: &str = "GangScheduling";

/// The row of this plugin.
pub static REGISTRATION: Registration = Registration {
    points: &[ExtensionPoint::PreEnqueue, ExtensionPoint::Permit],
    ..Registration::named(NAME, |_| Ok(Box::new(GangScheduling)))
};

struct GangScheduling;

impl Plugin for GangScheduling {}

/// Refuses pods that belong to a pod group.
pub fn refuse_group_member(pod: &Pod) -> Result<(), Status> {
    match &pod.shape.needs.pod_group {
        None => Ok(()),
        Some(group) => Err(Status::not_supported(NAME, &format!("pod groups ({group})"))),
    }
}
