//! Which services need ports of nodes.

use serde_json::Value;

use crate::document::{Members as _, at};

/// Whether the ports of a service are opened on every node.
pub fn needs_node_ports(object: &Value) -> bool {
    let Some(spec) = at(object, &["spec"]) else { return false };
    match spec.text("type") {
        "NodePort" => true,
        "LoadBalancer" => spec.get("allocateLoadBalancerNodePorts").and_then(Value::as_bool).unwrap_or(true),
        _ => false,
    }
}

/// Whether a load balancer asks nodes on a port of its own whether they have endpoints.
pub fn needs_health_check_port(object: &Value) -> bool {
    at(object, &["spec"]).is_some_and(|spec| {
        spec.text("type") == "LoadBalancer" && spec.text("externalTrafficPolicy") == "Local"
    })
}
