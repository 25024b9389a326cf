//! What ResourceQuotas need besides what all kinds do.

use serde_json::Value;
use wire::Quantity;

use crate::defaults;
use crate::kind::{Context, Hooks};

/// The strategy of quotas.
pub(in crate::kinds) static STRATEGY: Hooks =
    Hooks { set_defaults: defaults::core::resource_quota, warnings, ..Hooks::NONE };

fn warnings(context: Context<'_>, object: &Value, _old: Option<&Value>) -> Vec<String> {
    if !context.subresource.is_empty() {
        return Vec::new();
    }
    let hard = &object["spec"]["hard"];
    let amount = |name: &str| hard[name].as_str()?.parse::<Quantity>().ok();
    let mut warnings = Vec::new();
    for resource in ["cpu", "memory", "storage", "ephemeral-storage"] {
        let request = amount(&format!("requests.{resource}")).or_else(|| amount(resource));
        if let (Some(request), Some(limit)) = (request, amount(&format!("limits.{resource}")))
            && request > limit
        {
            warnings.push(format!(
                "ResourceQuota requests.{resource} ({request}) should be less than limits.{resource} ({limit})"
            ));
        }
    }
    warnings
}
