//! What Deployments need besides what all kinds do.

use serde_json::Value;

use crate::defaults;
use crate::document::same;
use crate::kind::Hooks;
use crate::kinds::{name_warnings, status_update};

/// The strategy of deployments.
pub(in crate::kinds) static STRATEGY: Hooks = Hooks {
    set_defaults: defaults::apps::deployment,
    prepare_for_update: |context, object, old| {
        if context.subresource == "status" {
            status_update::keep(object, old, &["labels"]);
        }
    },
    // Annotations are copied to replica sets, so that a change of them is work for the controller.
    changes_generation: |object, old| !same(object, old, "spec") || annotations(object) != annotations(old),
    warnings: name_warnings::of_workload,
    ..Hooks::NONE
};

fn annotations(object: &Value) -> Option<&Value> {
    object["metadata"].get("annotations").filter(|annotations| !crate::document::is_empty(annotations))
}
