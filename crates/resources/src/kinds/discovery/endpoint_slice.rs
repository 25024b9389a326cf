//! What EndpointSlices need besides what all kinds do.

use serde_json::Value;

use crate::defaults;
use crate::document::{Members as _, is_empty, members_of};
use crate::kind::{Context, Hooks};

/// The strategy of endpoint slices.
pub(in crate::kinds) static STRATEGY: Hooks = Hooks {
    set_defaults: defaults::core::endpoint_slice,
    prepare_for_create: |_, object| drop_topology(object),
    prepare_for_update: |_, object, old| {
        // Whoever changes nothing about the endpoints may send back what is from before.
        if object.get("endpoints") != old.get("endpoints") {
            drop_topology(object);
        }
    },
    changes_generation,
    warnings,
    ..Hooks::NONE
};

fn drop_topology(object: &mut Value) {
    members_of(object).for_each("endpoints", |endpoint| {
        endpoint.remove("deprecatedTopology");
    });
}

/// Whether anything but metadata has changed, or labels have: those say what the slice is for.
fn changes_generation(object: &Value, old: &Value) -> bool {
    let labels =
        |object: &Value| object["metadata"].get("labels").filter(|labels| !is_empty(labels)).cloned();
    let rest = |object: &Value| {
        let mut rest = object.as_object().cloned().unwrap_or_default();
        rest.remove("metadata");
        rest
    };
    labels(object) != labels(old) || rest(object) != rest(old)
}

fn warnings(_context: Context<'_>, object: &Value, _old: Option<&Value>) -> Vec<String> {
    if object["addressType"] == "FQDN" {
        return vec!["spec.addressType: FQDN endpoints are deprecated".to_owned()];
    }
    Vec::new()
}
