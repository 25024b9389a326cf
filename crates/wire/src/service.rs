//! Services, whose selectors say which pods belong together.

use std::collections::BTreeMap;

use crate::ObjectMeta;
use crate::object_macro::wire_struct;

wire_struct! {
    /// A service.
    pub struct Service {
        /// Name, labels and so on.
        metadata: ObjectMeta,
        /// What it selects.
        spec: ServiceSpec,
    }

    /// What a service selects.
    pub struct ServiceSpec {
        /// Labels of its pods; absent means that its endpoints are managed by somebody else.
        selector: Option<BTreeMap<String, String>>,
    }
}
