//! A fault of an object: where it is, and what it is.

use crate::cluster_files::spelling::did_you_mean;

/// A fault of an object.
pub(super) struct Fault {
    /// Path of the field.
    pub(super) field: String,
    /// What is wrong with it, and what would be right.
    pub(super) problem: String,
}

/// The outcome of a check; the first fault ends it.
pub(super) type Checked = Result<(), Fault>;

/// A check that failed.
pub(super) fn fault(field: impl Into<String>, problem: impl Into<String>) -> Checked {
    Err(Fault { field: field.into(), problem: problem.into() })
}

/// Checks for one of a few words.
pub(super) fn one_of(field: &str, found: &str, known: &[&str]) -> Checked {
    if known.contains(&found) {
        return Ok(());
    }
    let quoted: Vec<String> = known.iter().map(|word| format!("{word:?}")).collect();
    let list = quoted.join(", ");
    if found.is_empty() {
        return fault(field, format!("is missing: it must be one of {list}"));
    }
    fault(field, format!("{found:?} is not one of {list}{}", did_you_mean(found, known)))
}

/// The same where the word may be left out.
pub(super) fn one_of_or_none(field: &str, found: &str, known: &[&str]) -> Checked {
    if found.is_empty() { Ok(()) } else { one_of(field, found, known) }
}

/// Checks for a number between two others, both included.
pub(super) fn between(field: &str, found: i32, min: i32, max: i32) -> Checked {
    if (min..=max).contains(&found) {
        return Ok(());
    }
    fault(field, format!("{found} is not between {min} and {max}"))
}

/// Says within which field a check took place. Paths are only put together when there is something to say.
pub(super) trait Within {
    /// The field is within a field.
    fn within(self, field: &str) -> Self;
    /// The field is within an item of a list, or is the item if it has no name of its own.
    fn within_item(self, list: &str, i: usize) -> Self;
}

impl Within for Checked {
    fn within(self, field: &str) -> Checked {
        self.map_err(|fault| Fault { field: format!("{field}.{}", fault.field), ..fault })
    }

    fn within_item(self, list: &str, i: usize) -> Checked {
        self.map_err(|fault| {
            let item = format!("{list}[{i}]");
            let field = if fault.field.is_empty() { item } else { format!("{item}.{}", fault.field) };
            Fault { field, ..fault }
        })
    }
}
