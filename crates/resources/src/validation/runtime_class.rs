//! RuntimeClass.

use apimachinery::meta::validate_labels;
use apimachinery::{ErrorList, Path};
use serde_json::{Value, json};

use super::members::Members as _;
use super::report::Report as _;
use super::resources::{self, Owner};
use super::update::unchanged;
use super::{formats, internal, tolerations};

/// What is wrong with a RuntimeClass.
pub(crate) fn validate(object: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    let path = Path::new("handler");
    match object.text("handler") {
        "" => errors.required(&path, ""),
        handler => formats::dns_label(&mut errors, &path, handler),
    }
    if let Some(overhead) = object.object("overhead") {
        let requirements = json!({"limits": overhead.member("podFixed")});
        resources::requirements(
            &mut errors,
            &Path::new("overhead"),
            &requirements,
            Owner::Container,
            &[],
            false,
        );
    }
    if let Some(scheduling) = object.object("scheduling") {
        let path = Path::new("scheduling");
        errors.extend(validate_labels(scheduling.map("nodeSelector"), &path.child("nodeSelector")));
        let path = path.child("tolerations");
        let all = scheduling.items("tolerations");
        for (i, toleration) in all.iter().enumerate() {
            tolerations::validate(&mut errors, &path.index(i), toleration);
            if all[..i].contains(toleration) {
                errors.duplicate(&path.index(i), internal::compact("", "Toleration", toleration));
            }
        }
    }
    errors
}

/// What is wrong with a changed RuntimeClass.
pub(crate) fn validate_update(object: &Value, old: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    unchanged(&mut errors, &Path::new("handler"), object, old, "handler");
    errors
}
