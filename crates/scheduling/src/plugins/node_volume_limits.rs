//! NodeVolumeLimits: keeps nodes within the number of volumes they can attach.
//!
//! Decides about pods that need nothing of it, as upstream does: it skips them. Pods that do are refused by
//! name.

use wire::config::ExtensionPoint;

use crate::framework::{Cycle, FilterPlan, Plugin, Registration, Scope, Status};
use crate::model::Pod;

const NAME: &str = "NodeVolumeLimits";

/// The row of this plugin.
pub static REGISTRATION: Registration = Registration {
    points: &[ExtensionPoint::PreFilter, ExtensionPoint::Filter],
    filter_scope: Some(Scope::Occupancy),
    ..Registration::named(NAME, |_| Ok(Box::new(NodeVolumeLimits)))
};

struct NodeVolumeLimits;

impl Plugin for NodeVolumeLimits {
    fn filter<'a>(&'a self, _cycle: Cycle<'a>, pod: &'a Pod) -> FilterPlan<'a> {
        match pod.shape.needs.attached_disks.as_ref() {
            [] => FilterPlan::skip(),
            names => FilterPlan::reject(Status::not_supported(
                NAME,
                &format!("volumes that count against attach limits ({})", names.join(", ")),
            )),
        }
    }
}
