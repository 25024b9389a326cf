//! NodePorts: no two pods share a host port.

use wire::config::ExtensionPoint;

use crate::framework::{
    Actions, Changed, ClusterEvent, Cycle, Filter, FilterPlan, Hint, Plugin, Reason, Registration, Resource,
    Scope, Status, Value,
};
use crate::model::{HostPort, Pod};
use crate::snapshot::NodeInfo;

const NAME: &str = "NodePorts";

/// The row of this plugin.
pub static REGISTRATION: Registration = Registration {
    points: &[ExtensionPoint::PreFilter, ExtensionPoint::Filter],
    events: &[
        ClusterEvent::new(Resource::Pod, Actions::DELETE),
        ClusterEvent::new(Resource::Node, Actions::ADD),
    ],
    filter_scope: Some(Scope::Occupancy),
    filter_without_pre_filter: Some("reading \"PreFilterNodePorts\" from cycleState: not found"),
    ..Registration::named(NAME, |_| Ok(Box::new(NodePorts)))
};

struct NodePorts;

struct WantedPorts<'a>(&'a [HostPort]);

impl Plugin for NodePorts {
    fn filter<'a>(&'a self, _cycle: Cycle<'a>, pod: &'a Pod) -> FilterPlan<'a> {
        match &pod.shape.host_ports {
            ports if ports.is_empty() => FilterPlan::skip(),
            ports => FilterPlan::check(WantedPorts(ports)),
        }
    }

    fn hint(&self, _cycle: Cycle<'_>, pod: &Pod, _event: ClusterEvent, changed: Changed<'_>) -> Hint {
        match changed {
            Changed::Node { .. } => Hint::Queue,
            Changed::Pod { old: Some(gone), new: None } if gone.has_place() => {
                let wanted = &pod.shape.host_ports;
                let frees = |port: &HostPort| wanted.iter().any(|wanted| wanted.conflicts(port));
                Hint::queue_if(gone.shape.host_ports.iter().any(frees))
            }
            Changed::Pod { .. } | Changed::Storage { .. } => Hint::Skip,
        }
    }
}

impl Filter for WantedPorts<'_> {
    fn filter(&self, node: &NodeInfo) -> Result<(), Status> {
        let used = node.used_ports();
        match self.0.iter().find(|wanted| used.iter().any(|used| used.conflicts(wanted))) {
            None => Ok(()),
            Some(taken) => {
                let reason = Reason::fixed("node(s) didn't have free ports for the requested pod ports")
                    .with("port", Value::Count(i64::from(taken.port)))
                    .with("protocol", Value::Name(taken.protocol));
                let reason = match taken.ip {
                    Some(ip) => reason.with("ip", Value::Name(ip)),
                    None => reason,
                };
                Err(Status::unschedulable(NAME, reason))
            }
        }
    }
}
