//! Selectors over labels and over nodes.

use wire::selector::{
    SelectorError, SelectorProblem, validate_label_selector, validate_node_selector,
    validate_node_selector_term,
};
use wire::{LabelSelector, NodeSelector, NodeSelectorTerm};

use super::Author;
use super::fault::{Checked, fault};
use crate::cluster_files::spelling::did_you_mean;

const OPERATORS: [&str; 6] = ["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"];

/// Checks a label selector that may be absent.
pub(super) fn selector(selector: Option<&LabelSelector>, field: &str, author: Author) -> Checked {
    selector.map_or(Ok(()), |selector| first_of(validate_label_selector(selector, field), author))
}

/// Checks a node selector.
pub(super) fn node_selector(selector: &NodeSelector, field: &str, author: Author) -> Checked {
    if author == Author::Hand && selector.node_selector_terms.is_empty() {
        return fault(
            format!("{field}.nodeSelectorTerms"),
            "there is none. A node selector needs at least one",
        );
    }
    first_of(validate_node_selector(selector, field), author)
}

/// Checks a term of a node selector.
pub(super) fn node_selector_term(term: &NodeSelectorTerm, field: &str, author: Author) -> Checked {
    first_of(validate_node_selector_term(term, field), author)
}

/// A malformed selector that an API server has accepted is the model's business, which does with it what
/// upstream does; only a new operator means something that is not known.
fn first_of(errors: Vec<SelectorError>, author: Author) -> Checked {
    let counts = |error: &SelectorError| {
        author == Author::Hand || matches!(error.problem, SelectorProblem::Operator { .. })
    };
    match errors.into_iter().find(counts) {
        None => Ok(()),
        Some(SelectorError { field, problem }) => {
            let hint = match &problem {
                SelectorProblem::Operator { operator, supported } => {
                    let known: Vec<&str> =
                        OPERATORS.into_iter().filter(|it| supported.contains(&format!("{it:?}"))).collect();
                    did_you_mean(operator, &known)
                }
                _ => String::new(),
            };
            fault(field, format!("{problem}{hint}"))
        }
    }
}
