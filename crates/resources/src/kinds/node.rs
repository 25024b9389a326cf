//! How containers are run: `node.k8s.io`.

use crate::defaults;
use crate::kind::{Hooks, Kind, Versions};

const VERSIONS: Versions = &[("node.k8s.io", "v1")];

/// `RuntimeClass`.
pub(super) static RUNTIME_CLASS: Kind = Kind {
    versions: VERSIONS,
    is_namespaced: false,
    creates_on_update: true,
    allows_unconditional_update: false,
    strategy: &Hooks { set_defaults: defaults::core::runtime_class, ..Hooks::NONE },
    ..Kind::named("node.k8s.io", "RuntimeClass", "runtimeclass", "runtimeclasses")
};
