//! Roles and who has them: `rbac.authorization.k8s.io`.

use apimachinery::names::NameRule;

use crate::defaults;
use crate::kind::{Hooks, Kind, Versions};

const VERSIONS: Versions = &[("rbac.authorization.k8s.io", "v1")];

/// `ClusterRoleBinding`.
pub(super) static CLUSTER_ROLE_BINDING: Kind = Kind {
    versions: VERSIONS,
    is_namespaced: false,
    name_rule: NameRule::PathSegment,
    creates_on_update: true,
    strategy: &Hooks { set_defaults: defaults::rbac::binding, ..Hooks::NONE },
    ..Kind::named(
        "rbac.authorization.k8s.io",
        "ClusterRoleBinding",
        "clusterrolebinding",
        "clusterrolebindings",
    )
};

/// `ClusterRole`.
pub(super) static CLUSTER_ROLE: Kind = Kind {
    versions: VERSIONS,
    is_namespaced: false,
    name_rule: NameRule::PathSegment,
    creates_on_update: true,
    ..Kind::named("rbac.authorization.k8s.io", "ClusterRole", "clusterrole", "clusterroles")
};

/// `RoleBinding`.
pub(super) static ROLE_BINDING: Kind = Kind {
    versions: VERSIONS,
    name_rule: NameRule::PathSegment,
    creates_on_update: true,
    strategy: &Hooks { set_defaults: defaults::rbac::binding, ..Hooks::NONE },
    ..Kind::named("rbac.authorization.k8s.io", "RoleBinding", "rolebinding", "rolebindings")
};

/// `Role`.
pub(super) static ROLE: Kind = Kind {
    versions: VERSIONS,
    name_rule: NameRule::PathSegment,
    creates_on_update: true,
    ..Kind::named("rbac.authorization.k8s.io", "Role", "role", "roles")
};
