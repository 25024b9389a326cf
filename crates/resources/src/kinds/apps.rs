//! Workloads: `apps`.

mod daemon_set;
mod deployment;
mod stateful_set;

use apimachinery::names::NameRule;

use crate::defaults;
use crate::kind::{Generation, Hooks, Kind, Subresource, Versions};
use crate::kinds::name_warnings;

const VERSIONS: Versions = &[("apps", "v1")];

/// `ControllerRevision`.
pub(super) static CONTROLLER_REVISION: Kind = Kind {
    versions: VERSIONS,
    ..Kind::named("apps", "ControllerRevision", "controllerrevision", "controllerrevisions")
};

/// `DaemonSet`.
pub(super) static DAEMON_SET: Kind = Kind {
    versions: VERSIONS,
    short_names: &["ds"],
    categories: &["all"],
    subresources: &[Subresource::status("DaemonSet")],
    generation: Generation::Of(&["spec"]),
    has_status: true,
    strategy: &daemon_set::STRATEGY,
    ..Kind::named("apps", "DaemonSet", "daemonset", "daemonsets")
};

/// `Deployment`.
pub(super) static DEPLOYMENT: Kind = Kind {
    versions: VERSIONS,
    short_names: &["deploy"],
    categories: &["all"],
    subresources: &[Subresource::SCALE, Subresource::status("Deployment")],
    generation: Generation::Own,
    has_status: true,
    reset_fields: &[("status", &[&["spec"], &["metadata", "labels"]])],
    strategy: &deployment::STRATEGY,
    ..Kind::named("apps", "Deployment", "deployment", "deployments")
};

/// `ReplicaSet`.
pub(super) static REPLICA_SET: Kind = Kind {
    versions: VERSIONS,
    short_names: &["rs"],
    categories: &["all"],
    subresources: &[Subresource::SCALE, Subresource::status("ReplicaSet")],
    generation: Generation::Of(&["spec"]),
    has_status: true,
    strategy: &Hooks {
        set_defaults: defaults::apps::replica_set,
        warnings: name_warnings::of_workload,
        ..Hooks::NONE
    },
    ..Kind::named("apps", "ReplicaSet", "replicaset", "replicasets")
};

/// `StatefulSet`.
pub(super) static STATEFUL_SET: Kind = Kind {
    versions: VERSIONS,
    short_names: &["sts"],
    categories: &["all"],
    subresources: &[Subresource::SCALE, Subresource::status("StatefulSet")],
    name_rule: NameRule::Dns1123Label,
    generation: Generation::Of(&["spec"]),
    has_status: true,
    strategy: &stateful_set::STRATEGY,
    ..Kind::named("apps", "StatefulSet", "statefulset", "statefulsets")
};
