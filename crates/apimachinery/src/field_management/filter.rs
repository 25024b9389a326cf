//! Fields that a kind or subresource does not let its clients own.

use super::path::PathElement;
use super::set::Set;

/// Which fields can be owned through a resource or subresource. The others are reset by its strategy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Filter {
    /// All.
    #[default]
    All,
    /// All but these and what is below them.
    Except(Set),
    /// These paths and what is below them; `*` stands for any step.
    Only(Vec<Vec<&'static str>>),
}

impl Filter {
    /// What of a set can be owned.
    pub fn apply(&self, set: Set) -> Set {
        match self {
            Filter::All => set,
            Filter::Except(reset) => set.outside(reset),
            Filter::Only(patterns) => {
                let patterns: Vec<&[&str]> = patterns.iter().map(Vec::as_slice).collect();
                matching(&set, &patterns)
            }
        }
    }

    /// What is left out as a whole.
    pub(super) fn reset(&self) -> Option<&Set> {
        match self {
            Filter::Except(reset) => Some(reset),
            _ => None,
        }
    }
}

fn is_matched(step: &PathElement, pattern: &str) -> bool {
    pattern == "*" || matches!(step, PathElement::Field(name) if name == pattern)
}

/// The paths that begin a pattern or begin with one.
fn matching(set: &Set, patterns: &[&[&str]]) -> Set {
    let first = |step: &PathElement, pattern: &[&str]| {
        pattern.first().is_some_and(|first| is_matched(step, first))
    };
    let is_open = |step: &PathElement| patterns.iter().any(|pattern| first(step, pattern));
    let members = set.members.iter().filter(|step| is_open(step)).cloned().collect();
    let mut children = std::collections::BTreeMap::new();
    for (step, child) in &set.children {
        let rest: Vec<&[&str]> =
            patterns.iter().filter(|pattern| first(step, pattern)).map(|pattern| &pattern[1..]).collect();
        let kept = match rest.as_slice() {
            [] => continue,
            rest if rest.iter().any(|rest| rest.is_empty()) => child.clone(),
            rest => matching(child, rest),
        };
        if !kept.is_empty() {
            children.insert(step.clone(), kept);
        }
    }
    Set { members, children }
}
