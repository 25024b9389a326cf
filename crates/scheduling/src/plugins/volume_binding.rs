//! VolumeBinding: keeps pods where their volumes can be reached, and finds volumes for claims that wait for a pod.
//!
//! What is decided about claims here is carried out by the engine, after the pod has been given its node and before
//! it is bound there (KEP-490, KEP-1472).

mod hint;
mod score;

use wire::config::{ExtensionPoint, Gate, PluginArgs};

use super::node_volume_limits::not_owner;
use super::volume_restrictions::claim_not_found;
use crate::framework::{
    Actions, Changed, ClusterEvent, Code, Cycle, Filter, FilterPlan, Hint, Plugin, Reason, Registration,
    Resource, Scope, ScorePlan, Status,
};
use crate::model::Pod;
use crate::snapshot::NodeInfo;
use crate::storage::find::{Misfit, PodClaims};
use score::{Curve, Utilization};

/// The name of this plugin.
pub(crate) const NAME: &str = "VolumeBinding";

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
    events: &[
        ClusterEvent::new(Resource::StorageClass, Actions::ADD.or(Actions::UPDATE)),
        ClusterEvent::new(Resource::PersistentVolumeClaim, Actions::ADD.or(Actions::UPDATE)),
        ClusterEvent::new(Resource::PersistentVolume, Actions::ADD.or(Actions::UPDATE)),
        ClusterEvent::new(Resource::Node, Actions::ADD.or(Actions::UPDATE_NODE_LABEL)),
        ClusterEvent::new(Resource::CsiNode, Actions::ADD.or(Actions::UPDATE)),
        ClusterEvent::new(Resource::CsiDriver, Actions::UPDATE),
        ClusterEvent::new(Resource::CsiStorageCapacity, Actions::ADD.or(Actions::UPDATE)),
    ],
    filter_scope: Some(Scope::Node),
    score_scope: Some(Scope::Cluster),
    filter_without_pre_filter: Some("not found"),
    ..Registration::named(NAME, |build| {
        let curve = match build.args {
            Some(PluginArgs::VolumeBinding(args))
                if build.compiler.gates.enabled(Gate::StorageCapacityScoring) =>
            {
                Some(Curve::new(&args.shape))
            }
            _ => None,
        };
        let bind_timeout_seconds = match build.args {
            Some(PluginArgs::VolumeBinding(args)) => args.bind_timeout_seconds,
            _ => 600,
        };
        Ok(Box::new(VolumeBinding { curve, bind_timeout_seconds }))
    })
};

struct VolumeBinding {
    /// How utilization becomes a score; `None` if volumes are not scored.
    curve: Option<Curve>,
    bind_timeout_seconds: i64,
}

impl Plugin for VolumeBinding {
    fn filter<'a>(&'a self, cycle: Cycle<'a>, pod: &'a Pod) -> FilterPlan<'a> {
        if pod.shape.claims.is_empty() {
            return FilterPlan::skip();
        }
        if let Err(status) = check_claims(cycle, pod) {
            return FilterPlan::reject(status);
        }
        match cycle.cluster.storage().pod_claims(pod, cycle.symbols) {
            Err(text) => FilterPlan::reject(Status::error(NAME, text)),
            Ok(claims) if claims.has_immediate => {
                let reason = Reason::fixed("pod has unbound immediate PersistentVolumeClaims");
                FilterPlan::reject(Status::unresolvable(NAME, reason))
            }
            Ok(claims) => FilterPlan::check(Reach { cycle, claims }),
        }
    }

    fn hint(&self, cycle: Cycle<'_>, pod: &Pod, _event: ClusterEvent, changed: Changed<'_>) -> Hint {
        Hint::queue_if(hint::may_help(cycle, pod, changed))
    }

    fn score<'a>(&'a self, cycle: Cycle<'a>, pod: &'a Pod, _feasible: &[&'a NodeInfo]) -> ScorePlan<'a> {
        let Some(curve) = &self.curve else { return ScorePlan::skip() };
        if pod.shape.claims.is_empty() {
            return ScorePlan { skip: false, score: Ok(None) };
        }
        match cycle.cluster.storage().pod_claims(pod, cycle.symbols) {
            Err(text) => ScorePlan::fail(Status::error(NAME, text)),
            Ok(claims) => ScorePlan::with(Utilization { cycle, claims, curve }),
        }
    }

    fn bind_timeout_seconds(&self) -> Option<i64> {
        Some(self.bind_timeout_seconds)
    }
}

/// Whether the claims of a pod can be used at all.
fn check_claims(cycle: Cycle<'_>, pod: &Pod) -> Result<(), Status> {
    let refuse = |reason| Err(Status::unresolvable(NAME, reason));
    for mounted in &pod.shape.claims {
        let name = &*mounted.name;
        let Some(claim) = cycle.cluster.storage().mounted(pod.shape.namespace, mounted) else {
            return refuse(match mounted.made_for {
                None => claim_not_found(name),
                Some(_) => Reason::text(format!(
                    "waiting for ephemeral volume controller to create the persistentvolumeclaim {name:?}"
                )),
            });
        };
        if claim.is_lost {
            let volume = claim.volume_name.as_deref().unwrap_or_default();
            return refuse(Reason::text(format!(
                "persistentvolumeclaim {name:?} bound to non-existent persistentvolume {volume:?}"
            )));
        }
        if claim.is_terminating {
            return refuse(Reason::text(format!("persistentvolumeclaim {name:?} is being deleted")));
        }
        if let Some(owner) = mounted.made_for.as_ref().filter(|_| !claim.is_for(mounted)) {
            let namespace = cycle.symbols.resolve(pod.shape.namespace);
            return refuse(Reason::text(not_owner(namespace, name, &owner.name)));
        }
    }
    Ok(())
}

struct Reach<'a> {
    cycle: Cycle<'a>,
    claims: PodClaims<'a>,
}

impl Filter for Reach<'_> {
    fn filter(&self, node: &NodeInfo) -> Result<(), Status> {
        match self.cycle.cluster.storage().find(&self.claims, &node.node, self.cycle.symbols) {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(misfit)) => Err(refusal(misfit)),
            Err(text) => Err(Status::error(NAME, text)),
        }
    }
}

fn refusal(misfit: Misfit) -> Status {
    let reasons = [
        (misfit.is_out_of_reach, "node(s) didn't match PersistentVolume's node affinity"),
        (misfit.has_no_volume, "node(s) didn't find available persistent volumes to bind"),
        (misfit.has_no_room, "node(s) did not have enough free storage"),
        (
            misfit.lacks_bound_volume,
            "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)",
        ),
    ];
    let said = reasons.into_iter().filter(|(holds, _)| *holds).map(|(_, text)| Reason::fixed(text));
    Status { code: Code::UnschedulableAndUnresolvable, plugin: NAME, reasons: said.collect() }
}
