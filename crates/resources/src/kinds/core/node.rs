//! What Nodes need besides what all kinds do.

use serde_json::Value;

use crate::defaults;
use crate::document::at_mut;
use crate::kind::{Context, Hooks};

/// The strategy of nodes.
pub(in crate::kinds) static STRATEGY: Hooks = Hooks {
    set_defaults: defaults::core::node,
    prepare_for_create: |_, object| drop_configuration(object),
    prepare_for_update: |_, object, _| drop_configuration(object),
    warnings,
    ..Hooks::NONE
};

/// Configuration of kubelets through the API is gone.
fn drop_configuration(object: &mut Value) {
    if let Some(spec) = at_mut(object, &["spec"]) {
        spec.remove("configSource");
    }
    if let Some(status) = at_mut(object, &["status"]) {
        status.remove("config");
    }
}

fn warnings(_context: Context<'_>, object: &Value, _old: Option<&Value>) -> Vec<String> {
    let spec = &object["spec"];
    let mut warnings = Vec::new();
    if spec.get("configSource").is_some_and(|source| !source.is_null()) {
        warnings.push("spec.configSource: the feature is removed".to_owned());
    }
    if spec["externalID"].as_str().is_some_and(|id| !id.is_empty()) {
        warnings.push("spec.externalID: this field is deprecated, and is unused by Kubernetes".to_owned());
    }
    warnings
}
