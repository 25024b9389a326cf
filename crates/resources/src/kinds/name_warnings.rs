//! Names that are allowed, and will not be liked where they end up.

use apimachinery::meta::Meta;
use apimachinery::names::dns1123_label;
use serde_json::Value;

use crate::kind::Context;

/// A [`crate::kind::Hooks::warnings`] of kinds whose name becomes part of the names of pods.
pub(super) fn of_workload(_context: Context<'_>, object: &Value, old: Option<&Value>) -> Vec<String> {
    of_new(object, old, "Pod names and hostnames")
}

/// The warning about a new pod's name.
pub(super) fn of_pod(object: &Value, old: Option<&Value>) -> Vec<String> {
    of_new(object, old, "the Pod's hostname")
}

fn of_new(object: &Value, old: Option<&Value>, used_in: &str) -> Vec<String> {
    let reasons = dns1123_label(Meta::of(object).name());
    if old.is_some() || reasons.is_empty() {
        return Vec::new();
    }
    vec![format!(
        "metadata.name: this is used in {used_in}, which can result in surprising behavior; a DNS label is \
         recommended: [{}]",
        reasons.join(" ")
    )]
}
