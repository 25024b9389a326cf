//! Services.

use serde_json::{Value, json};

use crate::document::{Members as _, Object, at_mut};

const AFFINITY_SECONDS: i32 = 10_800;

/// A Service. What needs an allocator is not here: addresses, families of addresses, node ports.
pub(crate) fn service(object: &mut Value) {
    let Some(spec) = at_mut(object, &["spec"]) else { return };
    spec.fill_empty("sessionAffinity", "None");
    match spec.text("sessionAffinity") {
        "None" => {
            spec.remove("sessionAffinityConfig");
        }
        "ClientIP" => {
            let client = spec.members_made("sessionAffinityConfig").members_made("clientIP");
            client.fill_absent("timeoutSeconds", AFFINITY_SECONDS);
        }
        _ => {}
    }
    spec.fill_empty("type", "ClusterIP");
    spec.for_each("ports", |port| {
        port.fill_empty("protocol", "TCP");
        if let Some(number) = port.get("port").cloned() {
            port.fill_empty("targetPort", number);
        }
    });
    if is_externally_accessible(spec) {
        spec.fill_empty("externalTrafficPolicy", "Cluster");
    }
    let ty = spec.text("type").to_owned();
    if matches!(ty.as_str(), "ClusterIP" | "NodePort" | "LoadBalancer") {
        spec.fill_absent("internalTrafficPolicy", "Cluster");
    }
    if ty != "LoadBalancer" {
        return;
    }
    spec.fill_absent("allocateLoadBalancerNodePorts", true);
    if let Some(balancer) = at_mut(object, &["status", "loadBalancer"]) {
        balancer.for_each("ingress", |ingress| {
            if !ingress.text("ip").is_empty() {
                ingress.fill_absent("ipMode", json!("VIP"));
            }
        });
    }
}

/// Whether a service is reached from outside of the cluster.
pub(crate) fn is_externally_accessible(spec: &Object) -> bool {
    match spec.text("type") {
        "LoadBalancer" | "NodePort" => true,
        "ClusterIP" => !spec.items("externalIPs").is_empty(),
        _ => false,
    }
}
