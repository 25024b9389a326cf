//! What upstream refuses in selectors, and how it says so.

use super::{
    LabelSelector, LabelSelectorRequirement, NodeSelector, NodeSelectorRequirement, NodeSelectorTerm,
};

const NAME_LEN_MAX: usize = 63;
const PREFIX_LEN_MAX: usize = 253;

/// Something in a selector that is not valid: where, and what.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct SelectorError {
    /// Path of the field, from the object or from wherever the caller's path began.
    pub field: String,
    /// What is wrong with it.
    pub problem: SelectorProblem,
}

/// What is wrong with a field of a selector.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectorProblem {
    /// An operator that does not exist here.
    #[error("Unsupported value: {operator:?}: supported values: {supported}")]
    Operator {
        /// The operator found.
        operator: String,
        /// Those there are, quoted and separated by commas.
        supported: &'static str,
    },
    /// `In` and `NotIn` without a value.
    #[error("Invalid value: []: for 'in', 'notin' operators, values set can't be empty")]
    ValuesMissing,
    /// `Exists` and `DoesNotExist` with values.
    #[error("Invalid value: {0:?}: values set must be empty for exists and does not exist")]
    ValuesNotEmpty(Vec<String>),
    /// `Gt` and `Lt` with no value, or with several.
    #[error("Invalid value: {0:?}: for 'Gt', 'Lt' operators, exactly one value is required")]
    NotOneValue(Vec<String>),
    /// `Gt` and `Lt` with something else than an integer.
    #[error("Invalid value: {0:?}: for 'Gt', 'Lt' operators, the value must be an integer")]
    NotAnInteger(String),
    /// A field is compared with none or several values.
    #[error("Invalid value: {0:?}: must have one element")]
    NotOneElement(Vec<String>),
    /// Something that no label key can be.
    #[error(
        "Invalid value: {0:?}: a label key is a name of at most 63 letters, digits, '-', '_' and '.', that \
         begins and ends with a letter or digit, after an optional DNS subdomain and '/', such as \
         example.com/my-name"
    )]
    Key(String),
    /// Something that no label value can be.
    #[error(
        "Invalid value: {0:?}: a label value is empty or at most 63 letters, digits, '-', '_' and '.', and \
         begins and ends with a letter or digit, such as my-value"
    )]
    Value(String),
}

/// Whether a text can be a label key: a name of at most 63 characters, after an optional DNS subdomain and
/// a slash.
pub fn is_qualified_name(text: &str) -> bool {
    match text.split_once('/') {
        Some((prefix, name)) => is_dns_subdomain(prefix) && is_name(name),
        None => is_name(text),
    }
}

/// Whether a text can be a label value: empty, or like a label key without prefix.
pub fn is_label_value(text: &str) -> bool {
    text.is_empty() || is_name(text)
}

/// Whether a text is a DNS subdomain: lower-case labels that are separated by dots, 253 characters at most.
pub fn is_dns_subdomain(text: &str) -> bool {
    let is_label = |label: &str| {
        is_framed(label, |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit(), |byte| byte == b'-')
    };
    text.len() <= PREFIX_LEN_MAX && text.split('.').all(is_label)
}

fn is_name(text: &str) -> bool {
    text.len() <= NAME_LEN_MAX
        && is_framed(text, |byte| byte.is_ascii_alphanumeric(), |byte| matches!(byte, b'-' | b'_' | b'.'))
}

/// Whether a text is not empty, begins and ends with an `outer` byte, and has nothing but those and `inner`
/// bytes between.
fn is_framed(text: &str, outer: impl Fn(u8) -> bool, inner: impl Fn(u8) -> bool) -> bool {
    let (Some(first), Some(last)) = (text.bytes().next(), text.bytes().next_back()) else { return false };
    outer(first) && outer(last) && text.bytes().all(|byte| outer(byte) || inner(byte))
}

/// Finds everything that is wrong with a label selector; `path` is where it stands.
pub fn validate_label_selector(selector: &LabelSelector, path: &str) -> Vec<SelectorError> {
    let mut errors = Errors(Vec::new());
    for (key, value) in &selector.match_labels {
        errors.check_key(key, || format!("{path}.matchLabels"));
        errors.check_value(value, || format!("{path}.matchLabels[{key}]"));
    }
    for (i, requirement) in selector.match_expressions.iter().enumerate() {
        errors.check_label_requirement(requirement, &format!("{path}.matchExpressions[{i}]"));
    }
    errors.0
}

/// Finds everything that is wrong with a node selector; `path` is where it stands.
pub fn validate_node_selector(selector: &NodeSelector, path: &str) -> Vec<SelectorError> {
    let terms = selector.node_selector_terms.iter().enumerate();
    terms
        .flat_map(|(i, term)| validate_node_selector_term(term, &format!("{path}.nodeSelectorTerms[{i}]")))
        .collect()
}

/// Finds everything that is wrong with a term of a node selector; `path` is where it stands.
pub fn validate_node_selector_term(term: &NodeSelectorTerm, path: &str) -> Vec<SelectorError> {
    let mut errors = Errors(Vec::new());
    for (i, requirement) in term.match_expressions.iter().enumerate() {
        errors.check_node_requirement(requirement, &format!("{path}.matchExpressions[{i}]"));
    }
    for (i, requirement) in term.match_fields.iter().enumerate() {
        errors.check_field_requirement(requirement, &format!("{path}.matchFields[{i}]"));
    }
    errors.0
}

pub(super) fn is_valid_requirement(requirement: &LabelSelectorRequirement) -> bool {
    let mut errors = Errors(Vec::new());
    errors.check_label_requirement(requirement, "");
    errors.0.is_empty()
}

struct Errors(Vec<SelectorError>);

impl Errors {
    fn push(&mut self, field: String, problem: SelectorProblem) {
        self.0.push(SelectorError { field, problem });
    }

    fn check_key(&mut self, key: &str, field: impl Fn() -> String) {
        if !is_qualified_name(key) {
            self.push(field(), SelectorProblem::Key(key.to_owned()));
        }
    }

    fn check_value(&mut self, value: &str, field: impl Fn() -> String) {
        if !is_label_value(value) {
            self.push(field(), SelectorProblem::Value(value.to_owned()));
        }
    }

    fn check_label_requirement(&mut self, requirement: &LabelSelectorRequirement, path: &str) {
        let LabelSelectorRequirement { key, operator, values } = requirement;
        self.check_key(key, || format!("{path}.key"));
        match operator.as_str() {
            "In" | "NotIn" | "Exists" | "DoesNotExist" => self.check_count(operator, values, path),
            _ => {
                let supported = r#""In", "NotIn", "Exists", "DoesNotExist""#;
                let operator = operator.clone();
                self.push(format!("{path}.operator"), SelectorProblem::Operator { operator, supported });
            }
        }
        self.check_values(values, path);
    }

    fn check_node_requirement(&mut self, requirement: &NodeSelectorRequirement, path: &str) {
        let NodeSelectorRequirement { key, operator, values } = requirement;
        self.check_key(key, || format!("{path}.key"));
        match operator.as_str() {
            "In" | "NotIn" | "Exists" | "DoesNotExist" => self.check_count(operator, values, path),
            "Gt" | "Lt" => self.check_integer(values, path),
            _ => {
                let supported = r#""In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt""#;
                let operator = operator.clone();
                self.push(format!("{path}.operator"), SelectorProblem::Operator { operator, supported });
            }
        }
        self.check_values(values, path);
    }

    fn check_field_requirement(&mut self, requirement: &NodeSelectorRequirement, path: &str) {
        let NodeSelectorRequirement { operator, values, .. } = requirement;
        match operator.as_str() {
            "In" | "NotIn" if values.len() == 1 => {}
            "In" | "NotIn" => {
                self.push(format!("{path}.values"), SelectorProblem::NotOneElement(values.clone()))
            }
            _ => {
                let (operator, supported) = (operator.clone(), r#""In", "NotIn""#);
                self.push(format!("{path}.operator"), SelectorProblem::Operator { operator, supported });
            }
        }
    }

    fn check_count(&mut self, operator: &str, values: &[String], path: &str) {
        let takes_values = matches!(operator, "In" | "NotIn");
        if takes_values && values.is_empty() {
            self.push(format!("{path}.values"), SelectorProblem::ValuesMissing);
        } else if !takes_values && !values.is_empty() {
            self.push(format!("{path}.values"), SelectorProblem::ValuesNotEmpty(values.to_vec()));
        }
    }

    fn check_integer(&mut self, values: &[String], path: &str) {
        if values.len() != 1 {
            self.push(format!("{path}.values"), SelectorProblem::NotOneValue(values.to_vec()));
        }
        for (i, value) in values.iter().enumerate() {
            if value.parse::<i64>().is_err() {
                self.push(format!("{path}.values[{i}]"), SelectorProblem::NotAnInteger(value.clone()));
            }
        }
    }

    fn check_values(&mut self, values: &[String], path: &str) {
        for (i, value) in values.iter().enumerate() {
            self.check_value(value, || format!("{path}.values[{i}]"));
        }
    }
}
