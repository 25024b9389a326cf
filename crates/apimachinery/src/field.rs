//! Paths of fields, and what is wrong with them.
//!
//! A path prints as upstream prints it (`spec.containers[0].name`, `metadata.labels[a/b]`), an error as
//! `path: Invalid value: "x": what would be right`, and a list of errors as `[a, b]`.

mod error;
mod path;

pub use error::{ErrorList, ErrorType, FieldError, FieldValue};
pub use path::Path;

use path::Silence;

/// What is wrong with an object, as `validate` says. Hardly ever anything is: so it is asked twice, the first time without
/// spelling paths, and the second time only if there is something to say.
pub fn validated(mut validate: impl FnMut() -> ErrorList) -> ErrorList {
    let silence = Silence::begin();
    if validate().is_empty() {
        return ErrorList::new();
    }
    drop(silence);
    validate()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_their_paths() {
        let mut n_asked = 0;
        let errors = validated(|| {
            n_asked += 1;
            let path = Path::new("spec").child("a").index(1).key("b");
            let mut errors = ErrorList::new();
            errors.push(FieldError::required(&path, ""));
            errors
        });
        assert_eq!(errors.to_string(), "spec.a[1][b]: Required value");
        assert_eq!(n_asked, 2);
    }

    #[test]
    fn what_is_valid_is_asked_once() {
        let mut paths = Vec::new();
        let errors = validated(|| {
            paths.push(Path::new("spec").child("a").index(1).key("b").to_string());
            ErrorList::new()
        });
        assert!(errors.is_empty());
        assert_eq!(paths, [""]);
        assert_eq!(Path::new("spec").to_string(), "spec", "only meanwhile");
    }
}
