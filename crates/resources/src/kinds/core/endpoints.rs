//! What Endpoints objects need besides what all kinds do.

use std::net::IpAddr;

use apimachinery::meta::Meta;
use serde_json::Value;

use crate::kind::Context;

const MANAGED_BY: &str = "endpoints.kubernetes.io/managed-by";

/// Warns of addresses that are not in the one canonical form. Upstream's controller knows about its own.
pub(super) fn warnings(_context: Context<'_>, object: &Value, _old: Option<&Value>) -> Vec<String> {
    if Meta::of(object).label(MANAGED_BY) == Some("endpoint-controller") {
        return Vec::new();
    }
    let mut warnings = Vec::new();
    for (i, subset) in object["subsets"].as_array().into_iter().flatten().enumerate() {
        for list in ["addresses", "notReadyAddresses"] {
            for (j, address) in subset[list].as_array().into_iter().flatten().enumerate() {
                let text = address["ip"].as_str().unwrap_or_default();
                if let Some(why) = not_canonical(text) {
                    warnings.push(format!("subsets[{i}].{list}[{j}].ip: {why}"));
                }
            }
        }
    }
    warnings
}

fn not_canonical(text: &str) -> Option<String> {
    let address: IpAddr = text.parse().ok()?;
    let canonical = address.to_string();
    (canonical != text)
        .then(|| format!("IPv6 address \"{text}\" should be in RFC 5952 canonical format (\"{canonical}\")"))
}
