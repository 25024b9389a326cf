//! `/ephemeralcontainers`: containers can be added, and stay (KEP-277).

use apimachinery::{ErrorList, Path, go};
use serde_json::Value;

use super::super::members::Members as _;
use super::super::report::Report as _;
use super::super::unified_diff::unified_diff;
use super::super::{internal, semantic};
use super::{annotation_updates, is_mirror, kept_of, metadata_and_spec};

/// What is wrong with a pod whose ephemeral containers were changed.
pub(super) fn validate(pod: &Value, old: &Value) -> ErrorList {
    let kept = kept_of(old);
    let mut errors = metadata_and_spec(pod, kept);
    annotation_updates(&mut errors, pod, old, kept);
    if is_mirror(old) {
        let mut errors = ErrorList::new();
        errors.forbidden(&Path::new(""), "static pods do not support ephemeral containers");
        return errors;
    }
    let path = Path::new("spec.ephemeralContainers");
    let new = pod["spec"].items("ephemeralContainers");
    for old in old["spec"].items("ephemeralContainers") {
        let name = go::quote(old.text("name"));
        match new.iter().rfind(|new| new.text("name") == old.text("name")) {
            None => {
                errors.forbidden(&path, format!("existing ephemeral containers {name} may not be removed\n"))
            }
            Some(new) if !semantic::equal("", "EphemeralContainer", Some(old), Some(new)) => {
                let text = |container| internal::indented("", "EphemeralContainer", container);
                let diff = unified_diff(&text(old), &text(new));
                errors.forbidden(
                    &path,
                    format!("existing ephemeral containers {name} may not be changed\n{diff}"),
                );
            }
            Some(_) => {}
        }
    }
    errors
}
