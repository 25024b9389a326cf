//! YAML as a tree.

use anyhow::{Result, anyhow};
use serde_json::Value;

/// Reads one document.
pub(super) fn parse(text: &str) -> Result<Value> {
    let options = serde_saphyr::options! {
        // As Kubernetes reads it: YAML 1.1, where 010 is 8.
        legacy_octal_numbers: true,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| anyhow!("{error}"))
}
