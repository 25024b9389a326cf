//! NodeUnschedulable: no pod goes to a cordoned node unless it tolerates that.

use base::Symbol;
use wire::config::ExtensionPoint;

use crate::framework::{Cycle, Filter, FilterPlan, Plugin, Reason, Registration, Scope, Status};
use crate::model::{Effect, Pod, Taint};
use crate::snapshot::NodeInfo;

const NAME: &str = "NodeUnschedulable";

/// The row of this plugin.
pub static REGISTRATION: Registration = Registration {
    points: &[ExtensionPoint::Filter],
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
}

impl Filter for RefuseCordoned {
    fn filter(&self, node: &NodeInfo) -> Result<(), Status> {
        if node.node.is_unschedulable {
            return Err(Status::unresolvable(NAME, Reason::fixed("node(s) were unschedulable")));
        }
        Ok(())
    }
}
