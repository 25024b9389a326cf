//! Fields that lists and watches can select by.

use std::borrow::Cow;

use serde_json::Value;

/// A field that objects can be selected by.
#[derive(Clone, Copy)]
pub struct SelectableField {
    /// `spec.nodeName`.
    pub label: &'static str,
    /// Its value in an object of the storage version.
    pub value: fn(&Value) -> Cow<'_, str>,
    /// In which (group, version) it can be used; `None`: in all that serve the kind.
    pub only_in: Option<(&'static str, &'static str)>,
}

/// What is said about a field that a kind cannot be selected by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownField {
    /// `"<l>" is not a known field selector: only "metadata.name", "metadata.namespace"`.
    OnlyMetadata,
    /// `field label not supported: <l>`.
    NotSupported,
    /// `field label "<l>" not supported for <kind>`.
    NotSupportedForKind,
    /// `field label not supported for <group>/<version>, Kind=<kind>: <l>`.
    NotSupportedForVersion,
}
