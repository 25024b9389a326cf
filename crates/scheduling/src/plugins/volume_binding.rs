//! VolumeBinding: binds claims to volumes and keeps pods where their volumes can be reached.
//!
//! Decides about pods that need nothing of it, as upstream does: it skips them. Pods that do are refused by
//! name.

use wire::config::ExtensionPoint;

use crate::framework::{Cycle, FilterPlan, Plugin, Registration, Scope, Status};
use crate::model::Pod;

const NAME: &str = "VolumeBinding";

/// The row of this plugin.
pub static REGISTRATION: Registration = Registration {
    points: &[
        ExtensionPoint::PreFilter,
        ExtensionPoint::Filter,
        ExtensionPoint::PreScore,
        ExtensionPoint::Score,
        ExtensionPoint::Reserve,
        ExtensionPoint::PreBind,
    ],
    filter_scope: Some(Scope::Cluster),
    score_scope: Some(Scope::Cluster),
    ..Registration::named(NAME, |_| Ok(Box::new(VolumeBinding)))
};

struct VolumeBinding;

impl Plugin for VolumeBinding {
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
