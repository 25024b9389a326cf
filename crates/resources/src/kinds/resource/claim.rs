//! What ResourceClaims need besides what all kinds do (KEP-4381).

use serde_json::Value;

use crate::defaults;
use crate::document::at_mut;
use crate::kind::{Context, Hooks};
use crate::kinds::status_update;

/// The strategy of claims.
pub(in crate::kinds) static STRATEGY: Hooks =
    Hooks { set_defaults: defaults::resource::claim, prepare_for_update, ..Hooks::NONE };

fn prepare_for_update(context: Context<'_>, object: &mut Value, old: &Value) {
    if context.subresource != "status" {
        return;
    }
    status_update::keeps_metadata(context, object, old);
    let device = |of: &Value| ["driver", "pool", "device", "shareID"].map(|part| of[part].clone());
    let results = object["status"]["allocation"]["devices"]["results"].as_array();
    let allocated: Vec<_> = results.into_iter().flatten().map(device).collect();
    let Some(status) = at_mut(object, &["status"]) else { return };
    // What drivers say of devices goes with the devices.
    let Some(devices) = status.get_mut("devices").and_then(Value::as_array_mut) else { return };
    devices.retain(|of| allocated.contains(&device(of)));
    if devices.is_empty() {
        status.remove("devices");
    }
}
