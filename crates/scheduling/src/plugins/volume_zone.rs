//! VolumeZone: keeps pods in the zones of their bound volumes.
//!
//! Decides about pods that need nothing of it, as upstream does: it skips them. Pods that do are refused by
//! name.

use wire::config::ExtensionPoint;

use crate::framework::{Cycle, FilterPlan, Plugin, Registration, Scope, Status};
use crate::model::Pod;

const NAME: &str = "VolumeZone";

/// The row of this plugin.
pub static REGISTRATION: Registration = Registration {
    points: &[ExtensionPoint::PreFilter, ExtensionPoint::Filter],
    filter_scope: Some(Scope::Node),
    ..Registration::named(NAME, |_| Ok(Box::new(VolumeZone)))
};

struct VolumeZone;

impl Plugin for VolumeZone {
    fn filter<'a>(&'a self, _cycle: Cycle<'a>, pod: &'a Pod) -> FilterPlan<'a> {
        match pod.shape.needs.claimed_volumes.as_ref() {
            [] => FilterPlan::skip(),
            names => FilterPlan::reject(Status::not_supported(
                NAME,
                &format!("volumes with claims ({})", names.join(", ")),
            )),
        }
    }
}
