//! NodePorts: no two pods share a host port.

use wire::config::ExtensionPoint;

use crate::framework::{Cycle, Filter, FilterPlan, Plugin, Reason, Registration, Scope, Status, Value};
use crate::model::{HostPort, Pod};
use crate::snapshot::NodeInfo;

const NAME: &str = "NodePorts";

/// The row of this plugin.
pub static REGISTRATION: Registration = Registration {
    points: &[ExtensionPoint::PreFilter, ExtensionPoint::Filter],
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
                Err(Status::unschedulable(NAME, reason))
            }
        }
    }
}
