//! Networks.

use serde_json::{Value, json};

use crate::document::{Members as _, at_mut};

/// A NetworkPolicy.
pub(crate) fn network_policy(object: &mut Value) {
    let Some(spec) = at_mut(object, &["spec"]) else { return };
    let types =
        if spec.items("egress").is_empty() { json!(["Ingress"]) } else { json!(["Ingress", "Egress"]) };
    spec.fill_empty("policyTypes", types);
    for list in ["ingress", "egress"] {
        spec.for_each(list, |rule| rule.for_each("ports", |port| port.fill_absent("protocol", "TCP")));
    }
}

/// An IngressClass.
pub(crate) fn ingress_class(object: &mut Value) {
    if let Some(parameters) = at_mut(object, &["spec", "parameters"]) {
        parameters.fill_absent("scope", "Cluster");
    }
}
