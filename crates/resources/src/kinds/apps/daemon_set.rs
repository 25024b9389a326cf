//! What DaemonSets need besides what all kinds do: the generation of the template, which is an annotation since the
//! field is gone.

use apimachinery::meta::{Meta, MetaMut};
use serde_json::Value;

use crate::defaults;
use crate::defaults::apps::TEMPLATE_GENERATION;
use crate::kind::{Context, Hooks};

/// The strategy of daemon sets.
pub(in crate::kinds) static STRATEGY: Hooks = Hooks {
    set_defaults: defaults::apps::daemon_set,
    prepare_for_create: |_, object| {
        let generation = template_generation(object).max(1);
        set(object, generation);
    },
    prepare_for_update,
    ..Hooks::NONE
};

fn prepare_for_update(context: Context<'_>, object: &mut Value, old: &Value) {
    let before = template_generation(old);
    let has_changed = context.subresource.is_empty() && object["spec"]["template"] != old["spec"]["template"];
    set(object, before + i64::from(has_changed));
}

fn template_generation(object: &Value) -> i64 {
    let annotation = Meta::of(object).annotation(TEMPLATE_GENERATION);
    annotation.and_then(|text| text.parse().ok()).unwrap_or_default()
}

fn set(object: &mut Value, generation: i64) {
    MetaMut::of(object).set_annotation(TEMPLATE_GENERATION, &generation.to_string());
}
