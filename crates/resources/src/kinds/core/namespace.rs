//! What Namespaces need besides what all kinds do.

use serde_json::{Value, json};

use crate::defaults;
use crate::document::{Members as _, members_of, take_from};
use crate::kind::{Context, Hooks};

const FINALIZER: &str = "kubernetes";

/// The strategy of namespaces.
pub(in crate::kinds) static STRATEGY: Hooks = Hooks {
    set_defaults: defaults::core::namespace,
    prepare_for_create,
    prepare_for_update,
    canonicalize: defaults::core::namespace,
    ..Hooks::NONE
};

fn prepare_for_create(_context: Context<'_>, object: &mut Value) {
    let object = members_of(object);
    object.put("status", json!({ "phase": "Active" }));
    let spec = object.members_made("spec");
    if spec.items("finalizers").iter().all(|finalizer| finalizer != FINALIZER) {
        let mut finalizers = spec.items("finalizers").to_vec();
        finalizers.push(FINALIZER.into());
        spec.put("finalizers", finalizers);
    }
}

fn prepare_for_update(context: Context<'_>, object: &mut Value, old: &Value) {
    match context.subresource {
        // The only way to change them is `finalize`.
        "" => match old["spec"].get("finalizers") {
            Some(finalizers) => members_of(object).members_made("spec").put("finalizers", finalizers.clone()),
            None => {
                members_of(object).members_made("spec").remove("finalizers");
            }
        },
        "finalize" => take_from(object, old, "status"),
        _ => {}
    }
}
