//! NodeDeclaredFeatures: a pod that uses a feature goes where the kubelet declares it (KEP-5328).

use wire::config::ExtensionPoint;

use crate::framework::{
    Actions, Changed, ClusterEvent, Cycle, Filter, FilterPlan, Hint, Plugin, Reason, Registration, Resource,
    Scope, Status, Value,
};
use crate::model::Pod;
use crate::model::features::Features;
use crate::snapshot::NodeInfo;

const NAME: &str = "NodeDeclaredFeatures";

/// The row of this plugin.
pub static REGISTRATION: Registration = Registration {
    points: &[ExtensionPoint::PreFilter, ExtensionPoint::Filter],
    events: &[
        ClusterEvent::new(Resource::Node, Actions::ADD.or(Actions::UPDATE_NODE_DECLARED_FEATURE)),
        ClusterEvent::new(Resource::Pod, Actions::UPDATE),
    ],
    filter_scope: Some(Scope::Node),
    filter_without_pre_filter: Some(
        "error reading \"PreFilterNodeDeclaredFeatures\" from cycle-state: not found",
    ),
    ..Registration::named(NAME, |_| Ok(Box::new(NodeDeclaredFeatures)))
};

struct NodeDeclaredFeatures;

struct Required(Features);

impl Plugin for NodeDeclaredFeatures {
    fn filter<'a>(&'a self, _cycle: Cycle<'a>, pod: &'a Pod) -> FilterPlan<'a> {
        match pod.shape.required_features {
            none if none.is_empty() => FilterPlan::skip(),
            required => FilterPlan::check(Required(required)),
        }
    }

    fn hint(&self, _cycle: Cycle<'_>, pod: &Pod, _event: ClusterEvent, changed: Changed<'_>) -> Hint {
        match changed {
            Changed::Node { old: None, new: Some(_) } => Hint::Queue,
            Changed::Node { old: Some(old), new: Some(new) } => Hint::queue_if(old.features != new.features),
            Changed::Pod { old: Some(old), new: Some(new) } => Hint::queue_if(
                changed.is_pod(pod) && old.shape.required_features != new.shape.required_features,
            ),
            _ => Hint::Skip,
        }
    }
}

impl Filter for Required {
    fn filter(&self, node: &NodeInfo) -> Result<(), Status> {
        let declared = node.node.features;
        if declared.includes(self.0) {
            return Ok(());
        }
        let missing: Vec<_> = self.0.missing_from(declared).collect();
        let reason = Reason::fixed("node(s) didn't match Pod's required features")
            .with("missing", Value::Text(missing.join(", ").into()));
        Err(Status::unresolvable(NAME, reason))
    }
}
