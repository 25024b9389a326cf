//! IPAddress, Ingress, IngressClass, NetworkPolicy, ServiceCIDR.

use apimachinery::GroupKind;
use apimachinery::GroupResource;
use serde_json::Value;

use super::cell::{age, annotation, at, joined, list, load_balancer, name, selector, text, text_or, texts};
use super::{AGE, NAME, string};
use crate::kind::Columns;

/// How many hosts are shown.
const HOSTS_MAX: usize = 3;

/// IPAddress. Its rows have a third cell, the age, which no column declares; so have upstream's.
pub const IP_ADDRESS: Columns = Columns {
    columns: &[NAME, string("ParentRef", "D:IPAddressSpec.parentRef")],
    cells: |object, now| vec![name(object), parent(object).into(), age(object, now)],
};

fn parent(object: &Value) -> String {
    let Some(parent) = at(object, "/spec/parentRef") else { return "<none>".to_owned() };
    let resource = GroupResource::new(text(parent, "/group"), text(parent, "/resource")).to_string();
    let mut text_form = resource.to_lowercase();
    for part in [text(parent, "/namespace"), text(parent, "/name")] {
        if !part.is_empty() {
            text_form = format!("{text_form}/{part}");
        }
    }
    text_form
}

/// Ingress.
pub const INGRESS: Columns = Columns {
    columns: &[
        NAME,
        string(
            "Class",
            "The name of the IngressClass resource that should be used for additional configuration",
        ),
        string("Hosts", "Hosts that incoming requests are matched against before the ingress rule"),
        string("Address", "Address is a list containing ingress points for the load-balancer"),
        string("Ports", "Ports of TLS configurations that open"),
        AGE,
    ],
    cells: |object, now| {
        let ports = if list(object, "/spec/tls").is_empty() { "80" } else { "80, 443" };
        vec![
            name(object),
            at(object, "/spec/ingressClassName").and_then(Value::as_str).unwrap_or("<none>").into(),
            hosts(object).into(),
            joined(load_balancer(object), ",").into(),
            ports.into(),
            age(object, now),
        ]
    },
};

/// Rules count as left out once three hosts are shown, also those without a host.
fn hosts(ingress: &Value) -> String {
    let rules = list(ingress, "/spec/rules");
    let (mut shown, mut is_cut) = (Vec::new(), false);
    for rule in rules {
        is_cut |= shown.len() == HOSTS_MAX;
        let host = text(rule, "/host");
        if !is_cut && !host.is_empty() {
            shown.push(host);
        }
    }
    match shown.join(",") {
        hosts if hosts.is_empty() => "*".to_owned(),
        hosts if is_cut => format!("{hosts} + {} more...", rules.len() - HOSTS_MAX),
        hosts => hosts,
    }
}

/// IngressClass.
pub const INGRESS_CLASS: Columns = Columns {
    columns: &[
        NAME,
        string("Controller", "Controller that is responsible for handling this class"),
        string("Parameters", "A reference to a resource with additional parameters"),
        AGE,
    ],
    cells: |object, now| {
        let is_default = annotation(object, "ingressclass.kubernetes.io/is-default-class") == "true";
        vec![
            with_default(object, is_default),
            text(object, "/spec/controller").into(),
            parameters(object).into(),
            age(object, now),
        ]
    },
};

/// The name, marked where the object is the one that is used if nobody names another.
pub(super) fn with_default(object: &Value, is_default: bool) -> Value {
    if is_default { format!("{} (default)", text(object, "/metadata/name")).into() } else { name(object) }
}

fn parameters(class: &Value) -> String {
    let Some(parameters) = at(class, "/spec/parameters") else { return "<none>".to_owned() };
    let kind = GroupKind::new(text_or(parameters, "/apiGroup", ""), text(parameters, "/kind"));
    format!("{kind}/{}", text(parameters, "/name"))
}

/// NetworkPolicy.
pub const NETWORK_POLICY: Columns = Columns {
    columns: &[NAME, string("Pod-Selector", "D:NetworkPolicySpec.podSelector"), AGE],
    cells: |object, now| vec![name(object), selector(object, "/spec/podSelector").into(), age(object, now)],
};

/// ServiceCIDR.
pub const SERVICE_CIDR: Columns = Columns {
    columns: &[NAME, string("CIDRs", "D:ServiceCIDRSpec.cidrs"), AGE],
    cells: |object, now| {
        vec![name(object), joined(texts(object, "/spec/cidrs"), ",").into(), age(object, now)]
    },
};
