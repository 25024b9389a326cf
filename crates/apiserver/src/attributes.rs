//! What is asked, as far as the path and the method say (upstream's RequestInfo).

use std::fmt;

/// What a request does with what: what authorization and admission decide about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`; of other paths the method in
    /// lower case.
    pub verb: String,
    /// Whether it is about a resource at all.
    pub is_resource: bool,
    /// The path as it was asked for, without the query.
    pub path: String,
    /// `api` or `apis`.
    pub prefix: String,
    /// The group; empty for the core group.
    pub group: String,
    /// The version.
    pub version: String,
    /// The plural: `pods`.
    pub resource: String,
    /// `status`; empty for the object itself.
    pub subresource: String,
    /// Further segments below the subresource.
    pub rest: Vec<String>,
    /// The namespace; empty for none, or all.
    pub namespace: String,
    /// The name; empty for a collection.
    pub name: String,
    /// The field selector of a list, watch or deletecollection, as it was sent.
    pub field_selector: Option<String>,
    /// The label selector of a list, watch or deletecollection, as it was sent.
    pub label_selector: Option<String>,
}

impl Attributes {
    /// Whether nothing is changed by it.
    pub fn is_read_only(&self) -> bool {
        matches!(self.verb.as_str(), "get" | "list" | "watch" | "head")
    }
}

impl fmt::Display for Attributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb, self.path)
    }
}
