//! What CertificateSigningRequests need besides what all kinds do: who asks, and conditions that only approvers set.

use serde_json::{Map, Value};

use crate::document::{Members as _, at_mut, members_of, print_time, take_from};
use crate::kind::{Context, Hooks};

/// The strategy of signing requests.
pub(in crate::kinds) static STRATEGY: Hooks = Hooks { prepare_for_create, prepare_for_update, ..Hooks::NONE };

fn prepare_for_create(context: Context<'_>, object: &mut Value) {
    let spec = members_of(object).members_made("spec");
    for member in ["username", "uid", "groups", "extra"] {
        spec.remove(member);
    }
    for (member, text) in [("username", context.user), ("uid", context.user_uid)] {
        if !text.is_empty() {
            spec.put(member, text);
        }
    }
    if !context.groups.is_empty() {
        spec.put("groups", context.groups.to_vec());
    }
    if !context.extra.is_empty() {
        let extra: Map<String, Value> =
            context.extra.iter().map(|(key, values)| (key.clone(), values.clone().into())).collect();
        spec.put("extra", extra);
    }
}

fn prepare_for_update(context: Context<'_>, object: &mut Value, old: &Value) {
    match context.subresource {
        "" => take_from(object, old, "spec"),
        "status" => {
            keep_verdicts(object, old);
            set_times(context, object, old);
        }
        "approval" => {
            set_times(context, object, old);
            let conditions = object["status"].get("conditions").cloned();
            take_from(object, old, "spec");
            take_from(object, old, "status");
            let status = members_of(object).members_made("status");
            match conditions {
                Some(conditions) => status.put("conditions", conditions),
                None => {
                    status.remove("conditions");
                }
            }
        }
        _ => {}
    }
}

/// Approval and denial are as they were. If there are more or fewer of them, validation refuses.
fn keep_verdicts(object: &mut Value, old: &Value) {
    for verdict in ["Approved", "Denied"] {
        let of = |object: &Value| {
            let conditions = object["status"]["conditions"].as_array().into_iter().flatten();
            conditions.filter(|condition| condition["type"] == verdict).cloned().collect::<Vec<_>>()
        };
        let kept = of(old);
        if of(object).len() != kept.len() {
            continue;
        }
        let mut kept = kept.into_iter();
        let conditions = object["status"]["conditions"].as_array_mut().into_iter().flatten();
        for condition in conditions.filter(|condition| condition["type"] == verdict) {
            if let Some(kept) = kept.next() {
                *condition = kept;
            }
        }
    }
}

/// When a condition was changed, where nobody says: now, or when the one before of the same status was.
fn set_times(context: Context<'_>, object: &mut Value, old: &Value) {
    let now = print_time(context.now);
    let Some(status) = at_mut(object, &["status"]) else { return };
    status.for_each("conditions", |condition| {
        condition.fill_absent("lastUpdateTime", now.as_str());
        let before = old["status"]["conditions"].as_array().into_iter().flatten().find(|before| {
            Some(&before["type"]) == condition.get("type")
                && Some(&before["status"]) == condition.get("status")
                && before["lastTransitionTime"].is_string()
        });
        let time = before.map_or_else(|| now.as_str().into(), |before| before["lastTransitionTime"].clone());
        condition.fill_absent("lastTransitionTime", time);
    });
}
