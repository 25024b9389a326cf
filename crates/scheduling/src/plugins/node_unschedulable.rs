//! NodeUnschedulable: no pod goes to a cordoned node unless it tolerates that.

use base::Symbol;
use wire::config::ExtensionPoint;

use crate::framework::{
    Actions, Changed, ClusterEvent, Cycle, Filter, FilterPlan, Hint, Plugin, Reason, Registration, Resource,
    Scope, Status,
};
use crate::model::{Effect, Pod, Taint};
use crate::snapshot::{NodeInfo, Row, Snapshot};

const NAME: &str = "NodeUnschedulable";

/// The row of this plugin.
pub static REGISTRATION: Registration = Registration {
    points: &[ExtensionPoint::Filter],
    events: &[
        ClusterEvent::new(Resource::Node, Actions::ADD.or(Actions::UPDATE_NODE_TAINT)),
        ClusterEvent::new(Resource::Pod, Actions::UPDATE_POD_TOLERATION),
    ],
    filter_scope: Some(Scope::Node),
    ..Registration::named(NAME, |build| {
        let key = build.compiler.symbol("node.kubernetes.io/unschedulable");
        Ok(Box::new(NodeUnschedulable { taint: Taint::new(key, Symbol::EMPTY, Effect::NoSchedule) }))
    })
};

struct NodeUnschedulable {
    /// The taint that a pod must tolerate to run on a cordoned node.
    taint: Taint,
}

struct RefuseCordoned;

impl Plugin for NodeUnschedulable {
    fn filter<'a>(&'a self, _cycle: Cycle<'a>, pod: &'a Pod) -> FilterPlan<'a> {
        if pod.shape.tolerations.iter().any(|toleration| toleration.tolerates(&self.taint)) {
            FilterPlan::skip()
        } else {
            FilterPlan::check(RefuseCordoned)
        }
    }

    fn hint(&self, _cycle: Cycle<'_>, pod: &Pod, _event: ClusterEvent, changed: Changed<'_>) -> Hint {
        match changed {
            Changed::Node { old, new: Some(new) } => {
                Hint::queue_if(!new.is_unschedulable && old.is_none_or(|old| old.is_unschedulable))
            }
            Changed::Node { .. } | Changed::Storage { .. } => Hint::Skip,
            Changed::Pod { new, .. } => {
                let tolerates = |pod: &Pod| pod.shape.tolerations.iter().any(|t| t.tolerates(&self.taint));
                Hint::queue_if(changed.is_pod(pod) && new.is_some_and(tolerates))
            }
        }
    }
}

impl Filter for RefuseCordoned {
    fn filter(&self, node: &NodeInfo) -> Result<(), Status> {
        if node.node.is_unschedulable {
            return Err(Status::unresolvable(NAME, Reason::fixed("node(s) were unschedulable")));
        }
        Ok(())
    }

    fn kind(&self, _node: &NodeInfo) -> Option<u64> {
        Some(0)
    }

    fn refuse_all(&self, snapshot: &Snapshot, refuse: &mut dyn FnMut(Row, Option<Status>)) {
        snapshot.columns().cordoned().iter().for_each(|row| refuse(*row, None));
    }
}
