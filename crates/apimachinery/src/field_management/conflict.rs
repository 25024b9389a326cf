//! Conflicts between managers.

use std::fmt::Write as _;

use super::managed::{Identity, Operation};
use super::path::PathElement;
use super::set::Set;
use crate::status::{Cause, Status};

/// A field that an apply would change and somebody else owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Who owns it.
    pub owner: Identity,
    /// The field.
    pub path: Vec<PathElement>,
}

/// All conflicts of an apply, by owner.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conflicts(pub Vec<Conflict>);

impl Conflicts {
    pub(super) fn of(mut owners: Vec<(Identity, Set)>) -> Conflicts {
        owners.sort_by_key(|(owner, _)| owner.sort_key());
        let of_owner = |(owner, set): (Identity, Set)| {
            set.paths().into_iter().map(move |path| Conflict { owner: owner.clone(), path })
        };
        Conflicts(owners.into_iter().flat_map(of_owner).collect())
    }

    /// Without the conflicts about some fields.
    pub(super) fn except(self, allowed: &Set) -> Conflicts {
        Conflicts(self.0.into_iter().filter(|conflict| !allowed.has(&conflict.path)).collect())
    }

    /// The 409 of upstream: its message lists fields by owner, its causes are one for each field.
    pub fn into_status(self) -> Status {
        let cause = |conflict: &Conflict| Cause {
            reason: "FieldManagerConflict".to_owned(),
            message: format!("conflict with {}", owner_text(&conflict.owner)),
            field: path_text(&conflict.path),
        };
        let causes = self.0.iter().map(cause).collect();
        Status::apply_conflict(causes, self.message())
    }

    fn message(&self) -> String {
        if let [one] = self.0.as_slice() {
            let owner = owner_text(&one.owner);
            return format!("Apply failed with 1 conflict: conflict with {owner}: {}", path_text(&one.path));
        }
        let mut message = format!("Apply failed with {} conflicts: ", self.0.len());
        let mut last = None;
        for conflict in &self.0 {
            if last.is_some() {
                message.push('\n');
            }
            if last != Some(&conflict.owner) {
                // Writing to a string cannot fail.
                let _ = writeln!(message, "conflicts with {}:", owner_text(&conflict.owner));
            }
            last = Some(&conflict.owner);
            let _ = write!(message, "- {}", path_text(&conflict.path));
        }
        message
    }
}

fn owner_text(owner: &Identity) -> String {
    let mut text = crate::go::quote(&owner.manager);
    if !owner.subresource.is_empty() {
        let _ = write!(text, " with subresource {}", crate::go::quote(&owner.subresource));
    }
    if owner.operation == Operation::Update {
        let _ = write!(text, " using {}", owner.api_version);
    }
    text
}

fn path_text(path: &[PathElement]) -> String {
    path.iter().map(ToString::to_string).collect()
}
