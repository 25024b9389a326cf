//! Selectors as they are written: over labels, and over nodes.
//!
//! Whoever matches one selector against many objects compiles it first; the matching here is the plain
//! reading of the rules.

mod label;
mod node;
#[cfg(test)]
mod tests;
mod text;
mod validate;

pub use label::{LabelSelector, LabelSelectorRequirement};
pub use node::{NodeSelector, NodeSelectorRequirement, NodeSelectorTerm};
pub use text::label_selector_as_text;
pub use validate::{
    SelectorError, SelectorProblem, is_dns_subdomain, is_label_value, is_qualified_name,
    validate_label_selector, validate_node_selector, validate_node_selector_term,
};
