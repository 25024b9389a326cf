//! The core group: `v1`.

mod endpoints;
mod event;
mod namespace;
mod node;
mod persistent_volume;
mod pod;
mod resource_quota;
mod secret;
pub mod service;
mod service_account;

use apimachinery::meta::{Meta, MetaMut};
use apimachinery::names::NameRule;
use serde_json::Value;

use crate::defaults;
use crate::kind::{Context, Deletion, Generation, Hooks, Kind, Subresource, UnknownField, Verbs, Versions};
use crate::kinds::{name_rules, name_warnings, selectable};

const VERSIONS: Versions = &[("", "v1")];

/// `Binding`.
pub(super) static BINDING: Kind =
    Kind { versions: VERSIONS, verbs: Verbs::CREATE, ..Kind::named("", "Binding", "binding", "bindings") };

/// `ComponentStatus`.
pub(super) static COMPONENT_STATUS: Kind = Kind {
    versions: VERSIONS,
    short_names: &["cs"],
    is_namespaced: false,
    verbs: Verbs::GET.or(Verbs::LIST),
    deprecation: "v1 ComponentStatus is deprecated in v1.19+",
    ..Kind::named("", "ComponentStatus", "componentstatus", "componentstatuses")
};

/// `ConfigMap`.
pub(super) static CONFIG_MAP: Kind = Kind {
    versions: VERSIONS,
    short_names: &["cm"],
    ..Kind::named("", "ConfigMap", "configmap", "configmaps")
};

/// `Endpoints`.
pub(super) static ENDPOINTS: Kind = Kind {
    versions: VERSIONS,
    short_names: &["ep"],
    key_prefix: "services/endpoints",
    creates_on_update: true,
    deprecation: "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
    strategy: &Hooks {
        set_defaults: defaults::core::endpoints,
        warnings: endpoints::warnings,
        ..Hooks::NONE
    },
    ..Kind::named("", "Endpoints", "endpoints", "endpoints")
};

/// `Event`.
pub(super) static EVENT: Kind = Kind {
    name_rule: NameRule::PathSegment,
    name_rule_elsewhere: Some(NameRule::Dns1123Subdomain),
    versions: &[("", "v1"), ("events.k8s.io", "v1")],
    short_names: &["ev"],
    creates_on_update: true,
    deletion: Deletion { collects_garbage: false, ..Deletion::PLAIN },
    expires: true,
    is_cached: false,
    selectable_fields: selectable::EVENT,
    unknown_field: UnknownField::NotSupported,
    strategy: &event::Event,
    ..Kind::named("", "Event", "event", "events")
};

/// `LimitRange`.
pub(super) static LIMIT_RANGE: Kind = Kind {
    versions: VERSIONS,
    short_names: &["limits"],
    creates_on_update: true,
    strategy: &Hooks {
        set_defaults: defaults::core::limit_range,
        prepare_for_create: name_after_uid,
        ..Hooks::NONE
    },
    ..Kind::named("", "LimitRange", "limitrange", "limitranges")
};

/// `Namespace`.
pub(super) static NAMESPACE: Kind = Kind {
    versions: VERSIONS,
    short_names: &["ns"],
    is_namespaced: false,
    verbs: Verbs::ALL.without(Verbs::DELETE_COLLECTION),
    subresources: &[
        Subresource { verbs: Verbs::UPDATE, ..Subresource::of_kind("Namespace", "finalize") },
        Subresource::status("Namespace"),
    ],
    name_rule: NameRule::Dns1123Label,
    has_status: true,
    reset_fields: &[("finalize", &[&["status"]])],
    deletion: Deletion::WITH_OBJECT,
    selectable_fields: &[selectable::PHASE],
    unknown_field: UnknownField::NotSupported,
    strategy: &namespace::STRATEGY,
    ..Kind::named("", "Namespace", "namespace", "namespaces")
};

/// `Node`.
pub(super) static NODE: Kind = Kind {
    versions: VERSIONS,
    short_names: &["no"],
    is_namespaced: false,
    key_prefix: "minions",
    subresources: &[
        Subresource { verbs: Verbs::PROXY, ..Subresource::of_kind("NodeProxyOptions", "proxy") },
        Subresource::status("Node"),
    ],
    has_status: true,
    keeps_status_on_create: true,
    selectable_fields: selectable::NODE,
    unknown_field: UnknownField::NotSupported,
    strategy: &node::STRATEGY,
    ..Kind::named("", "Node", "node", "nodes")
};

/// `PersistentVolumeClaim`.
pub(super) static PERSISTENT_VOLUME_CLAIM: Kind = Kind {
    versions: VERSIONS,
    short_names: &["pvc"],
    subresources: &[Subresource::status("PersistentVolumeClaim")],
    has_status: true,
    deletion: Deletion::WITH_OBJECT,
    strategy: &persistent_volume::CLAIM,
    ..Kind::named("", "PersistentVolumeClaim", "persistentvolumeclaim", "persistentvolumeclaims")
};

/// `PersistentVolume`.
pub(super) static PERSISTENT_VOLUME: Kind = Kind {
    versions: VERSIONS,
    short_names: &["pv"],
    is_namespaced: false,
    subresources: &[Subresource::status("PersistentVolume")],
    has_status: true,
    deletion: Deletion::WITH_OBJECT,
    strategy: &persistent_volume::VOLUME,
    ..Kind::named("", "PersistentVolume", "persistentvolume", "persistentvolumes")
};

/// `Pod`.
pub(super) static POD: Kind = Kind {
    versions: VERSIONS,
    short_names: &["po"],
    categories: &["all"],
    subresources: &[
        Subresource {
            verbs: Verbs::CREATE.or(Verbs::GET),
            ..Subresource::of_kind("PodAttachOptions", "attach")
        },
        Subresource { verbs: Verbs::CREATE, ..Subresource::of_kind("Binding", "binding") },
        Subresource::of_kind("Pod", "ephemeralcontainers"),
        Subresource {
            name: "eviction",
            kind: "Eviction",
            group_version: Some(("policy", "v1")),
            verbs: Verbs::CREATE,
        },
        Subresource { verbs: Verbs::CREATE.or(Verbs::GET), ..Subresource::of_kind("PodExecOptions", "exec") },
        Subresource { verbs: Verbs::GET, ..Subresource::of_kind("Pod", "log") },
        Subresource {
            verbs: Verbs::CREATE.or(Verbs::GET),
            ..Subresource::of_kind("PodPortForwardOptions", "portforward")
        },
        Subresource { verbs: Verbs::PROXY, ..Subresource::of_kind("PodProxyOptions", "proxy") },
        Subresource::of_kind("Pod", "resize"),
        Subresource::status("Pod"),
    ],
    generation: Generation::Of(&["spec"]),
    has_status: true,
    reset_fields: pod::RESET_FIELDS,
    deletion: Deletion { returns_object: true, is_graceful: true, ..Deletion::PLAIN },
    selectable_fields: selectable::POD,
    unknown_field: UnknownField::NotSupported,
    strategy: &pod::STRATEGY,
    ..Kind::named("", "Pod", "pod", "pods")
};

/// `PodTemplate`.
pub(super) static POD_TEMPLATE: Kind = Kind {
    versions: VERSIONS,
    generation: Generation::Of(&["template"]),
    deletion: Deletion::WITH_OBJECT,
    strategy: &Hooks { set_defaults: defaults::core::pod_template, ..Hooks::NONE },
    ..Kind::named("", "PodTemplate", "podtemplate", "podtemplates")
};

/// `ReplicationController`.
pub(super) static REPLICATION_CONTROLLER: Kind = Kind {
    name_rule: name_rules::LONG_NAME,
    versions: VERSIONS,
    short_names: &["rc"],
    categories: &["all"],
    key_prefix: "controllers",
    subresources: &[Subresource::SCALE, Subresource::status("ReplicationController")],
    generation: Generation::Of(&["spec"]),
    has_status: true,
    deletion: Deletion { orphans_by_default: true, ..Deletion::PLAIN },
    selectable_fields: selectable::REPLICATION_CONTROLLER,
    unknown_field: UnknownField::NotSupported,
    strategy: &Hooks {
        set_defaults: defaults::core::replication_controller,
        warnings: name_warnings::of_workload,
        ..Hooks::NONE
    },
    ..Kind::named("", "ReplicationController", "replicationcontroller", "replicationcontrollers")
};

/// `ResourceQuota`.
pub(super) static RESOURCE_QUOTA: Kind = Kind {
    versions: VERSIONS,
    short_names: &["quota"],
    subresources: &[Subresource::status("ResourceQuota")],
    has_status: true,
    deletion: Deletion::WITH_OBJECT,
    strategy: &resource_quota::STRATEGY,
    ..Kind::named("", "ResourceQuota", "resourcequota", "resourcequotas")
};

/// `Secret`.
pub(super) static SECRET: Kind = Kind {
    versions: VERSIONS,
    selectable_fields: selectable::SECRET,
    unknown_field: UnknownField::NotSupported,
    strategy: &secret::STRATEGY,
    ..Kind::named("", "Secret", "secret", "secrets")
};

/// `ServiceAccount`.
pub(super) static SERVICE_ACCOUNT: Kind = Kind {
    versions: VERSIONS,
    short_names: &["sa"],
    subresources: &[Subresource {
        name: "token",
        kind: "TokenRequest",
        group_version: Some(("authentication.k8s.io", "v1")),
        verbs: Verbs::CREATE,
    }],
    deletion: Deletion::WITH_OBJECT,
    strategy: &service_account::STRATEGY,
    ..Kind::named("", "ServiceAccount", "serviceaccount", "serviceaccounts")
};

/// `Service`.
pub(super) static SERVICE: Kind = Kind {
    versions: VERSIONS,
    short_names: &["svc"],
    categories: &["all"],
    key_prefix: "services/specs",
    subresources: &[
        Subresource { verbs: Verbs::PROXY, ..Subresource::of_kind("ServiceProxyOptions", "proxy") },
        Subresource::status("Service"),
    ],
    name_rule: NameRule::Dns1123Label,
    creates_on_update: true,
    has_status: true,
    deletion: Deletion::WITH_OBJECT,
    selectable_fields: selectable::SERVICE,
    unknown_field: UnknownField::NotSupported,
    strategy: &service::STRATEGY,
    ..Kind::named("", "Service", "service", "services")
};

/// A LimitRange without a name is called by its uid.
fn name_after_uid(_context: Context<'_>, object: &mut Value) {
    let meta = Meta::of(object);
    if meta.name().is_empty() && meta.generate_name().is_empty() {
        let uid = meta.uid().to_owned();
        MetaMut::of(object).set_name(&uid);
    }
}
