//! What PersistentVolumes and claims to them need besides what all kinds do.

use serde_json::{Value, json};

use crate::defaults;
use crate::document::{Members as _, Object, at_mut, members_of, print_time};
use crate::kind::{Context, Hooks};

/// The strategy of volumes.
pub(in crate::kinds) static VOLUME: Hooks = Hooks {
    set_defaults: defaults::core::persistent_volume,
    prepare_for_create: |context, object| {
        let time = print_time(context.now);
        members_of(object).put("status", json!({ "phase": "Pending", "lastPhaseTransitionTime": time }));
    },
    prepare_for_update: update_volume,
    ..Hooks::NONE
};

/// The strategy of claims.
pub(in crate::kinds) static CLAIM: Hooks = Hooks {
    set_defaults: defaults::core::persistent_volume_claim,
    prepare_for_create: |_, object| {
        members_of(object).put("status", json!({ "phase": "Pending" }));
        keep_old_sources_only(object);
        mirror_source(object);
    },
    prepare_for_update: |context, object, old| {
        if !context.subresource.is_empty() {
            return;
        }
        if old["spec"].get("dataSource").is_none_or(Value::is_null)
            && old["spec"].get("dataSourceRef").is_none_or(Value::is_null)
        {
            keep_old_sources_only(object);
        }
        mirror_source(object);
    },
    decorate: mirror_source,
    ..Hooks::NONE
};

/// A change of phase has a time, the user's or now (KEP-3762).
fn update_volume(context: Context<'_>, object: &mut Value, old: &Value) {
    if context.subresource != "status" {
        return;
    }
    let status = members_of(object).members_made("status");
    let old = &old["status"];
    let time = status.get("lastPhaseTransitionTime").filter(|time| !time.is_null());
    if Some(status.text("phase")) != old["phase"].as_str() {
        if time.is_none() || time == old.get("lastPhaseTransitionTime") {
            status.put("lastPhaseTransitionTime", print_time(context.now));
        }
    } else if let (None, Some(kept)) = (time, old.get("lastPhaseTransitionTime")) {
        status.put("lastPhaseTransitionTime", kept.clone());
    }
}

/// The old field means claims and snapshots only; whatever else is there is from before that was checked.
fn keep_old_sources_only(object: &mut Value) {
    let Some(spec) = at_mut(object, &["spec"]) else { return };
    let Some(source) = spec.members("dataSource") else { return };
    let is_known = matches!(
        (source.text("apiGroup"), source.text("kind")),
        ("", "PersistentVolumeClaim") | ("snapshot.storage.k8s.io", "VolumeSnapshot")
    );
    if !is_known {
        spec.remove("dataSource");
    }
}

/// What a volume is filled from, in the old field and in the new one (KEP-1495). A reference into another namespace is
/// in the new one only.
fn mirror_source(object: &mut Value) {
    let Some(spec) = at_mut(object, &["spec"]) else { return };
    let source = |spec: &Object, name: &str| spec.members(name).cloned();
    match (source(spec, "dataSource"), source(spec, "dataSourceRef")) {
        (Some(source), None) => spec.put("dataSourceRef", source),
        (None, Some(mut reference)) if reference.text("namespace").is_empty() => {
            reference.remove("namespace");
            spec.put("dataSource", reference);
        }
        _ => {}
    }
}
