//! What StatefulSets need besides what all kinds do.

use serde_json::Value;

use crate::defaults;
use crate::document::at_mut;
use crate::kind::{Context, Hooks};

/// The strategy of stateful sets.
pub(in crate::kinds) static STRATEGY: Hooks = Hooks {
    set_defaults: defaults::apps::stateful_set,
    prepare_for_create: |_, object| drop_max_unavailable(object),
    prepare_for_update: |_, object, old| {
        if old["spec"]["updateStrategy"]["rollingUpdate"].get("maxUnavailable").is_none() {
            drop_max_unavailable(object);
        }
    },
    warnings,
    ..Hooks::NONE
};

/// KEP-961 is off by default.
fn drop_max_unavailable(object: &mut Value) {
    if let Some(rolling) = at_mut(object, &["spec", "updateStrategy", "rollingUpdate"]) {
        rolling.remove("maxUnavailable");
    }
}

fn warnings(context: Context<'_>, object: &Value, _old: Option<&Value>) -> Vec<String> {
    let limit = object["spec"]["revisionHistoryLimit"].as_i64().unwrap_or_default();
    if !context.subresource.is_empty() || limit >= 0 {
        return Vec::new();
    }
    vec![
        "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended"
            .to_owned(),
    ]
}
