//! `/scale` of the kinds that keep a number of pods.

use apimachinery::{ErrorList, Path};
use serde_json::Value;

use super::super::formats::nonnegative;
use super::super::members::Members as _;

/// What is wrong with a scale.
pub fn validate(scale: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    nonnegative(&mut errors, &Path::new("spec"), "replicas", scale.member("spec").optional_int("replicas"));
    errors
}
