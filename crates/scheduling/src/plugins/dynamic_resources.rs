//! DynamicResources: devices for pods (KEP-4381).
//!
//! Decides about pods that need no device, as upstream does, down to what its PostFilter adds to their
//! messages. Pods that need one, by a resource claim or by an extended resource that a device class serves,
//! are refused by name.

use wire::config::ExtensionPoint;

use crate::framework::{
    Cycle, FilterPlan, Plugin, PostFilterCycle, PostFilterResult, Reason, Registration, Scope, ScorePlan,
    Status,
};
use crate::model::Pod;
use crate::snapshot::NodeInfo;

const NAME: &str = "DynamicResources";

/// The row of this plugin.
pub static REGISTRATION: Registration = Registration {
    points: &[
        ExtensionPoint::PreEnqueue,
        ExtensionPoint::PreFilter,
        ExtensionPoint::Filter,
        ExtensionPoint::PostFilter,
        ExtensionPoint::Score,
        ExtensionPoint::Reserve,
        ExtensionPoint::PreBind,
    ],
    filter_scope: Some(Scope::Cluster),
    score_scope: Some(Scope::Cluster),
    ..Registration::named(NAME, |_| Ok(Box::new(DynamicResources)))
};

struct DynamicResources;

impl Plugin for DynamicResources {
    fn filter<'a>(&'a self, cycle: Cycle<'a>, pod: &'a Pod) -> FilterPlan<'a> {
        let needed = needed_devices(cycle, pod);
        if needed.is_empty() {
            return FilterPlan::skip();
        }
        FilterPlan::reject(Status::not_supported(NAME, &format!("devices ({})", needed.join(", "))))
    }

    fn post_filter(&self, cycle: &mut PostFilterCycle<'_, '_>) -> Option<PostFilterResult> {
        // Upstream reads what PreFilter left behind; what it says when there is nothing reaches the user, and
        // when PreFilter was not reached at all, it fails and so keeps preemption from running.
        let status = if cycle.reached.contains(&NAME) {
            Status::unschedulable(NAME, Reason::fixed("no new claims to deallocate"))
        } else {
            Status::error(NAME, "not found")
        };
        Some(PostFilterResult { status: Err(status), nomination: None, preemption: None })
    }

    fn score<'a>(&'a self, _cycle: Cycle<'a>, _pod: &'a Pod, _feasible: &[&'a NodeInfo]) -> ScorePlan<'a> {
        ScorePlan { skip: false, score: Ok(None) }
    }
}

/// The claims and device-backed extended resources of a pod.
fn needed_devices(cycle: Cycle<'_>, pod: &Pod) -> Vec<String> {
    let claims = pod.shape.needs.resource_claims.iter().map(|name| format!("resource claim {name}"));
    let resources = pod.shape.requests.fit.scalars.iter().filter(|(_, amount)| *amount > 0);
    let served = resources.filter_map(|(name, _)| {
        let text = cycle.symbols.resolve(name);
        let class = cycle.cluster.device_class_of(name, text)?;
        Some(format!("{text} of device class {class}"))
    });
    claims.chain(served).collect()
}
