//! Label selectors.

use std::collections::BTreeMap;

use super::validate;
use crate::object_macro::wire_struct;

wire_struct! {
    /// Which objects, by their labels. All of it must hold; an empty selector selects everything.
    pub struct LabelSelector {
        /// Labels and the values they must have.
        match_labels: BTreeMap<String, String>,
        /// What else must hold of labels.
        match_expressions: Vec<LabelSelectorRequirement>,
    }

    /// What must hold of one label.
    pub struct LabelSelectorRequirement {
        /// Key of the label.
        key: String,
        /// `In`, `NotIn`, `Exists` or `DoesNotExist`.
        operator: String,
        /// Values, for `In` and `NotIn`.
        values: Vec<String>,
    }
}

impl LabelSelector {
    /// Whether it selects an object with these labels. A selector that is not valid selects nothing.
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        self.match_labels.iter().all(|(key, value)| {
            validate::is_qualified_name(key)
                && validate::is_label_value(value)
                && labels.get(key) == Some(value)
        }) && self.match_expressions.iter().all(|requirement| requirement.matches(labels))
    }

    /// Whether it has no requirement, and so selects everything.
    pub fn is_empty(&self) -> bool {
        self.match_labels.is_empty() && self.match_expressions.is_empty()
    }
}

impl LabelSelectorRequirement {
    /// Whether it holds of these labels. A requirement that is not valid holds of nothing.
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        if !validate::is_valid_requirement(self) {
            return false;
        }
        let value = labels.get(&self.key);
        let is_listed = value.is_some_and(|value| self.values.contains(value));
        match self.operator.as_str() {
            "In" => is_listed,
            "NotIn" => !is_listed,
            "Exists" => value.is_some(),
            "DoesNotExist" => value.is_none(),
            _ => false,
        }
    }
}
