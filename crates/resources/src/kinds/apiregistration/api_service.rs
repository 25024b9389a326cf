//! What APIServices need besides what all kinds do.

use serde_json::{Value, json};

use crate::defaults;
use crate::document::{Members as _, members_of, print_time};
use crate::kind::Hooks;
use crate::kinds::status_update;

/// The strategy of API services.
pub(in crate::kinds) static STRATEGY: Hooks = Hooks {
    set_defaults: defaults::apiextensions::api_service,
    prepare_for_create: |context, object| {
        // Groups that this server serves by itself are always there.
        if object["spec"].get("service").is_none_or(Value::is_null) {
            let condition = json!({
                "type": "Available",
                "status": "True",
                "lastTransitionTime": print_time(context.now),
                "reason": "Local",
                "message": "Local APIServices are always available",
            });
            members_of(object).members_made("status").put("conditions", vec![condition]);
        }
    },
    prepare_for_update: |context, object, old| {
        if context.subresource == "status" {
            status_update::keep(object, old, &["labels", "annotations", "finalizers", "ownerReferences"]);
        }
    },
    ..Hooks::NONE
};
