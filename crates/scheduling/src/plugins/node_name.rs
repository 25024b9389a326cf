//! NodeName: a pod that names its node goes there or nowhere.

use base::Symbol;
use wire::config::ExtensionPoint;

use crate::framework::{
    Actions, ClusterEvent, Cycle, Filter, FilterPlan, Plugin, Reason, Registration, Resource, Scope, Status,
    Value,
};
use crate::model::Pod;
use crate::snapshot::NodeInfo;

const NAME: &str = "NodeName";

/// The row of this plugin.
pub static REGISTRATION: Registration = Registration {
    points: &[ExtensionPoint::Filter],
    events: &[ClusterEvent::new(Resource::Node, Actions::ADD)],
    filter_scope: Some(Scope::Node),
    ..Registration::named(NAME, |_| Ok(Box::new(NodeName)))
};

struct NodeName;

struct OnlyNode(Symbol);

impl Plugin for NodeName {
    fn filter<'a>(&'a self, _cycle: Cycle<'a>, pod: &'a Pod) -> FilterPlan<'a> {
        pod.node_name.map_or(FilterPlan::skip(), |name| FilterPlan::check(OnlyNode(name)))
    }
}

impl Filter for OnlyNode {
    fn filter(&self, node: &NodeInfo) -> Result<(), Status> {
        if node.node.name == self.0 {
            return Ok(());
        }
        let reason = Reason::fixed("node(s) didn't match the requested node name");
        Err(Status::unresolvable(NAME, reason.with("requested", Value::Name(self.0))))
    }
}
