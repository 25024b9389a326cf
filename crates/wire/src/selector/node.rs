//! Node selectors.

use crate::object_macro::wire_struct;

wire_struct! {
    /// Which nodes. One term must hold; a selector without terms selects none.
    pub struct NodeSelector {
        /// The alternatives.
        node_selector_terms: Vec<NodeSelectorTerm>,
    }

    /// Which nodes. All of it must hold; an empty term selects none.
    pub struct NodeSelectorTerm {
        /// What must hold of labels.
        match_expressions: Vec<NodeSelectorRequirement>,
        /// What must hold of fields; the only field is `metadata.name`.
        match_fields: Vec<NodeSelectorRequirement>,
    }

    /// What must hold of one label or field.
    pub struct NodeSelectorRequirement {
        /// Key of the label, or path of the field.
        key: String,
        /// `In`, `NotIn`, `Exists`, `DoesNotExist`, `Gt` or `Lt`.
        operator: String,
        /// Values; one integer for `Gt` and `Lt`.
        values: Vec<String>,
    }
}
