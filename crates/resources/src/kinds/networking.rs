//! Networks: `networking.k8s.io`.

use apimachinery::meta::Meta;
use serde_json::Value;

use crate::defaults;
use crate::kind::{Context, Generation, Hooks, Kind, SPEC_AND_METADATA, Subresource, Versions};
use crate::kinds::{name_rules, status_update};

const VERSIONS: Versions = &[("networking.k8s.io", "v1")];

/// `IngressClass`.
pub(super) static INGRESS_CLASS: Kind = Kind {
    versions: VERSIONS,
    is_namespaced: false,
    generation: Generation::Of(&["spec"]),
    strategy: &Hooks { set_defaults: defaults::networking::ingress_class, ..Hooks::NONE },
    ..Kind::named("networking.k8s.io", "IngressClass", "ingressclass", "ingressclasses")
};

/// `Ingress`.
pub(super) static INGRESS: Kind = Kind {
    versions: VERSIONS,
    short_names: &["ing"],
    key_prefix: "ingress",
    subresources: &[Subresource::status("Ingress")],
    generation: Generation::Of(&["spec"]),
    has_status: true,
    strategy: &Hooks { warnings: ingress_warnings, ..Hooks::NONE },
    ..Kind::named("networking.k8s.io", "Ingress", "ingress", "ingresses")
};

/// `IPAddress`.
pub(super) static IP_ADDRESS: Kind = Kind {
    versions: VERSIONS,
    short_names: &["ip"],
    is_namespaced: false,
    name_rule: name_rules::IP_ADDRESS,
    ..Kind::named("networking.k8s.io", "IPAddress", "ipaddress", "ipaddresses")
};

/// `NetworkPolicy`.
pub(super) static NETWORK_POLICY: Kind = Kind {
    versions: VERSIONS,
    short_names: &["netpol"],
    generation: Generation::Of(&["spec"]),
    strategy: &Hooks { set_defaults: defaults::networking::network_policy, ..Hooks::NONE },
    ..Kind::named("networking.k8s.io", "NetworkPolicy", "networkpolicy", "networkpolicies")
};

/// `ServiceCIDR`.
pub(super) static SERVICE_CIDR: Kind = Kind {
    versions: VERSIONS,
    is_namespaced: false,
    subresources: &[Subresource::status("ServiceCIDR")],
    has_status: true,
    reset_fields: &[("status", SPEC_AND_METADATA)],
    strategy: &Hooks { prepare_for_update: status_update::keeps_metadata, ..Hooks::NONE },
    ..Kind::named("networking.k8s.io", "ServiceCIDR", "servicecidr", "servicecidrs")
};

fn ingress_warnings(_context: Context<'_>, object: &Value, old: Option<&Value>) -> Vec<String> {
    const ANNOTATION: &str = "kubernetes.io/ingress.class";
    let has_class = object["spec"].get("ingressClassName").is_some_and(|class| !class.is_null());
    if old.is_some() || has_class || Meta::of(object).annotation(ANNOTATION).is_none() {
        return Vec::new();
    }
    vec![format!("annotation \"{ANNOTATION}\" is deprecated, please use 'spec.ingressClassName' instead")]
}
