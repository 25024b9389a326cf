//! The core group: `v1`.

use apimachinery::names::NameRule;

use crate::kind::{Deletion, Generation, Kind, Subresource, Verbs, Versions};

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
    ..Kind::named("", "Endpoints", "endpoints", "endpoints")
};

/// `Event`.
pub(super) static EVENT: Kind = Kind {
    versions: &[("", "v1"), ("events.k8s.io", "v1")],
    short_names: &["ev"],
    creates_on_update: true,
    deletion: Deletion { collects_garbage: false, ..Deletion::PLAIN },
    expires: true,
    is_cached: false,
    ..Kind::named("", "Event", "event", "events")
};

/// `LimitRange`.
pub(super) static LIMIT_RANGE: Kind = Kind {
    versions: VERSIONS,
    short_names: &["limits"],
    creates_on_update: true,
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
    deletion: Deletion::WITH_OBJECT,
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
    ..Kind::named("", "Node", "node", "nodes")
};

/// `PersistentVolumeClaim`.
pub(super) static PERSISTENT_VOLUME_CLAIM: Kind = Kind {
    versions: VERSIONS,
    short_names: &["pvc"],
    subresources: &[Subresource::status("PersistentVolumeClaim")],
    has_status: true,
    deletion: Deletion::WITH_OBJECT,
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
    deletion: Deletion { returns_object: true, is_graceful: true, ..Deletion::PLAIN },
    ..Kind::named("", "Pod", "pod", "pods")
};

/// `PodTemplate`.
pub(super) static POD_TEMPLATE: Kind = Kind {
    versions: VERSIONS,
    generation: Generation::Of(&["template"]),
    deletion: Deletion::WITH_OBJECT,
    ..Kind::named("", "PodTemplate", "podtemplate", "podtemplates")
};

/// `ReplicationController`.
pub(super) static REPLICATION_CONTROLLER: Kind = Kind {
    versions: VERSIONS,
    short_names: &["rc"],
    categories: &["all"],
    key_prefix: "controllers",
    subresources: &[Subresource::SCALE, Subresource::status("ReplicationController")],
    generation: Generation::Of(&["spec"]),
    has_status: true,
    deletion: Deletion { orphans_by_default: true, ..Deletion::PLAIN },
    ..Kind::named("", "ReplicationController", "replicationcontroller", "replicationcontrollers")
};

/// `ResourceQuota`.
pub(super) static RESOURCE_QUOTA: Kind = Kind {
    versions: VERSIONS,
    short_names: &["quota"],
    subresources: &[Subresource::status("ResourceQuota")],
    has_status: true,
    deletion: Deletion::WITH_OBJECT,
    ..Kind::named("", "ResourceQuota", "resourcequota", "resourcequotas")
};

/// `Secret`.
pub(super) static SECRET: Kind =
    Kind { versions: VERSIONS, ..Kind::named("", "Secret", "secret", "secrets") };

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
    ..Kind::named("", "Service", "service", "services")
};
