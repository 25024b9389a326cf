//! VolumeRestrictions: keeps pods apart that cannot share a volume.
//!
//! Decides about pods that need nothing of it, as upstream does: it skips them. Pods that do are refused by
//! name.

use wire::config::ExtensionPoint;

use crate::framework::{Cycle, FilterPlan, Plugin, Registration, Scope, Status};
use crate::model::Pod;

const NAME: &str = "VolumeRestrictions";

/// The row of this plugin.
pub static REGISTRATION: Registration = Registration {
    points: &[ExtensionPoint::PreFilter, ExtensionPoint::Filter],
    filter_scope: Some(Scope::Cluster),
    ..Registration::named(NAME, |_| Ok(Box::new(VolumeRestrictions)))
};

struct VolumeRestrictions;

impl Plugin for VolumeRestrictions {
    fn filter<'a>(&'a self, _cycle: Cycle<'a>, pod: &'a Pod) -> FilterPlan<'a> {
        match pod.shape.needs.exclusive_disks.as_ref() {
            [] => FilterPlan::skip(),
            names => FilterPlan::reject(Status::not_supported(
                NAME,
                &format!("volumes that exclude each other ({})", names.join(", ")),
            )),
        }
    }
}
