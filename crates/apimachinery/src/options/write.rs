//! Options of writes.

use super::invalid_unless_empty;
use super::query::Query;
use crate::field::{ErrorList, FieldError, FieldValue, Path};
use crate::go;
use crate::status::Status;

const FIELD_MANAGER_LEN_MAX: usize = 128;

/// What happens to members that the kind has not, and to members that occur twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FieldValidation {
    /// Nothing is said.
    Ignore,
    /// They are warned about.
    #[default]
    Warn,
    /// The request fails.
    Strict,
}

/// Options of create, update and patch (`meta.k8s.io/v1` `CreateOptions`, `UpdateOptions`, `PatchOptions`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WriteOptions {
    /// Whether nothing is to be stored.
    pub is_dry_run: bool,
    /// Who writes; empty where the client does not say.
    pub field_manager: String,
    /// How unknown members are met.
    pub field_validation: FieldValidation,
    /// Whether an apply takes fields from other managers.
    pub force: bool,
}

impl WriteOptions {
    /// Options of a create. Fails with an invalid `CreateOptions`.
    pub fn for_create(query: Query<'_>) -> Result<Self, Box<Status>> {
        Self::decode(query, "CreateOptions", ErrorList::new())
    }

    /// Options of an update. Fails with an invalid `UpdateOptions`.
    pub fn for_update(query: Query<'_>) -> Result<Self, Box<Status>> {
        Self::decode(query, "UpdateOptions", ErrorList::new())
    }

    /// Options of a patch; `is_apply` says whether it is a server-side apply. Fails with an invalid
    /// `PatchOptions`.
    pub fn for_patch(query: Query<'_>, is_apply: bool) -> Result<Self, Box<Status>> {
        let mut errors = ErrorList::new();
        let force = query.boolean("force");
        if is_apply {
            if query.text("fieldManager").is_empty() {
                let message = "is required for apply patch";
                errors.push(FieldError::required(&Path::new("fieldManager"), message));
            }
        } else if force.is_some() {
            let message = "may not be specified for non-apply patch";
            errors.push(FieldError::forbidden(&Path::new("force"), message));
        }
        let options = Self::decode(query, "PatchOptions", errors)?;
        Ok(Self { force: force.unwrap_or_default(), ..options })
    }

    fn decode(query: Query<'_>, kind: &str, mut errors: ErrorList) -> Result<Self, Box<Status>> {
        let field_manager = query.text("fieldManager");
        errors.extend(validate_field_manager(&field_manager, &Path::new("fieldManager")));
        let dry_run: Vec<&str> = query.all("dryRun").collect();
        errors.extend(validate_dry_run(&dry_run));
        let text = query.text("fieldValidation");
        let field_validation = match text.as_str() {
            "" | "Warn" => FieldValidation::Warn,
            "Ignore" => FieldValidation::Ignore,
            "Strict" => FieldValidation::Strict,
            unknown => {
                let supported = ["", "Ignore", "Strict", "Warn"];
                errors.push(FieldError::not_supported(&Path::new("fieldValidation"), unknown, &supported));
                FieldValidation::Warn
            }
        };
        invalid_unless_empty(kind, &errors)?;
        Ok(Self { is_dry_run: !dry_run.is_empty(), field_manager, field_validation, force: false })
    }
}

/// What is wrong with values of `dryRun`.
pub(super) fn validate_dry_run(values: &[&str]) -> ErrorList {
    let mut errors = ErrorList::new();
    if values.iter().any(|value| *value != "All") {
        let path = Path::new("dryRun");
        errors.push(FieldError::not_supported(&path, FieldValue::list(values), &["All"]));
    }
    errors
}

/// What is wrong with the name of a field manager: its length, and characters that cannot be printed.
pub fn validate_field_manager(manager: &str, path: &Path) -> ErrorList {
    let mut errors = ErrorList::new();
    if manager.len() > FIELD_MANAGER_LEN_MAX {
        errors.push(FieldError::too_long(path, FIELD_MANAGER_LEN_MAX));
    }
    for (at, c) in manager.char_indices().filter(|(_, c)| !go::is_print(*c)) {
        let message = format!("invalid character {} (at position {at})", go::rune_text(c));
        errors.push(FieldError::invalid(path, manager, message));
    }
    errors
}
