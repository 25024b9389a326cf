//! What ResourceSlices need besides what all kinds do (KEP-4381).

use serde_json::Value;

use crate::document::{Members as _, at_mut, print_time};
use crate::kind::{Context, Hooks};

/// The strategy of slices.
pub(in crate::kinds) static STRATEGY: Hooks = Hooks {
    prepare_for_create: |context, object| date_taints(context, object),
    prepare_for_update: |context, object, _| date_taints(context, object),
    warnings,
    ..Hooks::NONE
};

/// Taints without a time are from now.
fn date_taints(context: Context<'_>, object: &mut Value) {
    let now = print_time(context.now);
    let Some(spec) = at_mut(object, &["spec"]) else { return };
    spec.for_each("devices", |device| {
        device.for_each("taints", |taint| taint.fill_absent("timeAdded", now.as_str()));
    });
}

fn warnings(_context: Context<'_>, object: &Value, _old: Option<&Value>) -> Vec<String> {
    let driver = object["spec"]["driver"].as_str().unwrap_or_default();
    if driver.to_lowercase() == driver {
        return Vec::new();
    }
    vec![format!("spec.driver: driver names should be lowercase; \"{driver}\" contains uppercase characters")]
}
