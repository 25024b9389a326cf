//! Namespaces.

use crate::ObjectMeta;
use crate::object_macro::wire_struct;

wire_struct! {
    /// A namespace.
    pub struct Namespace {
        /// Name, labels and so on.
        metadata: ObjectMeta,
        /// Whether it is going away.
        status: NamespaceStatus,
    }

    /// The state of a namespace.
    pub struct NamespaceStatus {
        /// `Active` or `Terminating`.
        phase: String,
    }
}
