//! What Secrets need besides what all kinds do.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use crate::defaults;
use crate::kind::{Context, Hooks};

/// The strategy of secrets.
pub(in crate::kinds) static STRATEGY: Hooks =
    Hooks { set_defaults: defaults::core::secret, warnings, ..Hooks::NONE };

/// A certificate and its key ought to be such. Only what is no PEM at all is noticed.
fn warnings(_context: Context<'_>, object: &Value, _old: Option<&Value>) -> Vec<String> {
    if object["type"] != "kubernetes.io/tls" {
        return Vec::new();
    }
    let has_block = |key: &str, kind: &str| {
        let text = object["data"][key].as_str().unwrap_or_default();
        let bytes = BASE64_STANDARD.decode(text).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        text.lines().any(|line| line.starts_with("-----BEGIN ") && line.contains(kind))
    };
    if !has_block("tls.crt", "CERTIFICATE") {
        return vec!["tls: failed to find any PEM data in certificate input".to_owned()];
    }
    if !has_block("tls.key", "PRIVATE KEY") {
        return vec!["tls: failed to find any PEM data in key input".to_owned()];
    }
    Vec::new()
}
