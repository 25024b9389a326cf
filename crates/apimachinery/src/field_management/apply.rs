//! Server-side apply.

use serde_json::Value;

use super::conflict::Conflicts;
use super::last_applied;
use super::managed::{Entry, Managed, Operation};
use super::track::{Request, add_update, put_managed};
use super::types::FieldType;
use super::updater::{difference, ownable, prune, take_from_others};
use crate::meta::{Meta, MetaMut};

/// Under which name everything is owned that was there before the first apply to an object that nobody tracked.
const BEFORE_FIRST_APPLY: &str = "before-first-apply";

/// Why an apply fails.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// What is applied is not what can be applied here.
    #[error("{0}")]
    BadRequest(String),
    /// What is applied does not fit the type of the object.
    #[error("{0}")]
    Unfit(String),
    /// Others own fields that would be changed.
    #[error("fields are owned by other managers")]
    Conflicts(Conflicts),
}

/// Applies an object: merges it into the live one, removes what its manager applied before and does not any more, and
/// notes who owns what. `live` is a zero value for an object that is not there. The result is of the version of the
/// request and neither decoded nor defaulted; if nothing is changed it is the live one, perhaps with other managers.
///
/// # Errors
/// See [`ApplyError`]; conflicts only without `force`.
pub fn apply<T: FieldType>(
    request: &Request<'_, T>,
    live: &Value,
    applied: &Value,
    is_create: bool,
    force: bool,
) -> Result<Value, ApplyError> {
    check(request, applied)?;
    let mut bare = live.clone();
    MetaMut::of(&mut bare).remove("managedFields");
    let entries = Meta::of(live).managed_fields();
    let managed = Managed::decode(entries)
        .map_err(|error| ApplyError::Unfit(format!("failed to decode managed fields: {error}")))?;
    let managed = if managed.0.is_empty() && !is_create { owned_before(request, &bare) } else { managed };
    let is_kubectl = request.manager == "kubectl";
    let done = match merge_in(request, &bare, applied, managed.clone(), force) {
        Err(ApplyError::Conflicts(conflicts)) if is_kubectl => {
            let Some(allowed) = last_applied::allowed(request, &bare) else {
                return Err(ApplyError::Conflicts(conflicts));
            };
            let conflicts = conflicts.except(&allowed);
            if !conflicts.0.is_empty() {
                return Err(ApplyError::Conflicts(conflicts));
            }
            merge_in(request, &bare, applied, managed, true)
        }
        done => done,
    };
    let (changed, managed) = done?;
    let mut object = changed.unwrap_or(bare);
    put_managed(&mut object, managed);
    if is_kubectl {
        last_applied::refresh(&mut object, applied);
    }
    Ok(object)
}

/// Whether it is an object of the version and kind of the request that fits its type.
fn check<T: FieldType>(request: &Request<'_, T>, applied: &Value) -> Result<(), ApplyError> {
    let text = |name: &str| applied[name].as_str().unwrap_or_default();
    let (version, kind) = (text("apiVersion"), text("kind"));
    if version != request.api_version || kind != request.kind {
        let said = kind_text(version, kind);
        return Err(ApplyError::BadRequest(format!("invalid object type: {said}")));
    }
    if Meta::of(applied).get("managedFields").is_some() {
        return Err(ApplyError::BadRequest("metadata.managedFields must be nil".to_owned()));
    }
    super::validate(request.ty, applied).map_err(|problem| {
        let meta = Meta::of(applied);
        let (namespace, name, kind) = (meta.namespace(), meta.name(), kind_text(version, kind));
        ApplyError::Unfit(format!(
            "failed to create typed patch object ({namespace}/{name}; {kind}): {problem}"
        ))
    })
}

/// `apps/v1, Kind=Deployment`, `/v1, Kind=Pod`.
fn kind_text(api_version: &str, kind: &str) -> String {
    let slash = if api_version.contains('/') { "" } else { "/" };
    format!("{slash}{api_version}, Kind={kind}")
}

/// The manager of everything that is there.
fn owned_before<T: FieldType>(request: &Request<'_, T>, live: &Value) -> Managed {
    let mut managed = Managed::default();
    let identity = request.identity(BEFORE_FIRST_APPLY, Operation::Update);
    let found = difference(request.ty, request.zero, live, request.reset);
    add_update(request, request.zero, live, &mut managed, &identity, found);
    managed
}

/// The merged and pruned object, if it differs from the live one, and its managers.
fn merge_in<T: FieldType>(
    request: &Request<'_, T>,
    live: &Value,
    applied: &Value,
    mut managed: Managed,
    force: bool,
) -> Result<(Option<Value>, Managed), ApplyError> {
    let identity = request.identity(request.manager, Operation::Apply);
    let merged = super::merge(request.ty, live, applied);
    let last = managed.take(&identity).map(|entry| Entry { set: entry.set.outside(request.reset), ..entry });
    let entry = Entry {
        identity: identity.clone(),
        api_version: request.api_version.to_owned(),
        set: super::field_set(request.ty, applied).outside(request.reset),
        time: last.as_ref().and_then(|last| last.time.clone()),
    };
    managed.put(entry);
    let new = prune(request, merged, &managed, last.as_ref());
    let found = difference(request.ty, live, &new, request.reset);
    take_from_others(request, live, &new, &found, &mut managed, Some(&identity), force)
        .map_err(ApplyError::Conflicts)?;
    let is_changed = new != *live;
    if let Some(mut entry) = managed.take(&identity) {
        entry.set = ownable(&entry.set);
        if is_changed {
            entry.time = Some(request.now.to_owned());
        }
        if !entry.set.is_empty() {
            managed.put(entry);
        }
    }
    Ok((is_changed.then_some(new), managed))
}
