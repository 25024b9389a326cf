//! What a write takes from other managers.

use std::sync::LazyLock;

use serde_json::Value;

use super::compare::{Comparison, compare};
use super::conflict::Conflicts;
use super::managed::{Entry, Identity, Managed};
use super::path::PathElement;
use super::set::Set;
use super::track::{Request, Versions};
use super::types::FieldType;

/// What nobody owns: it tells what the object is, or belongs to the server.
static NOBODYS: LazyLock<Set> = LazyLock::new(|| {
    Set::of_fields(&[
        &["apiVersion"],
        &["kind"],
        &["metadata"],
        &["metadata", "name"],
        &["metadata", "namespace"],
        &["metadata", "creationTimestamp"],
        &["metadata", "selfLink"],
        &["metadata", "uid"],
        &["metadata", "clusterName"],
        &["metadata", "generation"],
        &["metadata", "managedFields"],
        &["metadata", "resourceVersion"],
    ])
});

/// A set without what nobody owns.
pub(super) fn ownable(set: &Set) -> Set {
    set.difference(&NOBODYS)
}

/// What nobody owns of a new object, neither the paths nor what is below them: also what its strategy resets.
pub fn nobodys_and(reset: &Set) -> Set {
    let mut nobodys = NOBODYS.clone();
    nobodys.members.remove(&PathElement::field("metadata"));
    nobodys.union(reset.clone())
}

/// What differs, of what can be owned.
pub(super) fn difference<T: FieldType>(ty: T, old: &Value, new: &Value, reset: &Set) -> Comparison {
    let Comparison { added, modified, removed } = compare(ty, old, new);
    Comparison {
        added: ownable(&added).outside(reset),
        modified: ownable(&modified).outside(reset),
        removed: ownable(&removed).outside(reset),
    }
}

/// Takes fields that a write changes or removes from all managers but `writer`. `found` is the difference in the version
/// of the request.
///
/// # Errors
/// Without `force`: the fields that others own.
pub(super) fn take_from_others<T: FieldType>(
    request: &Request<'_, T>,
    old: &Value,
    new: &Value,
    found: &Comparison,
    managed: &mut Managed,
    writer: Option<&Identity>,
    force: bool,
) -> Result<(), Conflicts> {
    let mut in_versions: Vec<(String, Option<Comparison>)> =
        vec![(request.api_version.to_owned(), Some(found.clone()))];
    let mut conflicts = Vec::new();
    let mut entries = std::mem::take(&mut managed.0);
    entries.retain_mut(|entry| {
        if Some(&entry.identity) == writer {
            return true;
        }
        let at = in_versions.iter().position(|(version, _)| *version == entry.api_version);
        let at = at.unwrap_or_else(|| {
            let found = difference_in(request, old, new, &entry.api_version);
            in_versions.push((entry.api_version.clone(), found));
            in_versions.len() - 1
        });
        let Some(found) = &in_versions[at].1 else {
            // Nobody serves its version any more.
            return false;
        };
        let changed = entry.set.intersection(&found.modified).union(entry.set.intersection(&found.added));
        if !changed.is_empty() {
            entry.set = entry.set.difference(&changed);
            conflicts.push((entry.identity.clone(), changed));
        }
        if !found.removed.is_empty() {
            entry.set = entry.set.difference(&found.removed);
        }
        true
    });
    entries.retain(|entry| !entry.set.is_empty());
    managed.0 = entries;
    if !force && !conflicts.is_empty() {
        return Err(Conflicts::of(conflicts));
    }
    Ok(())
}

fn difference_in<T: FieldType>(
    request: &Request<'_, T>,
    old: &Value,
    new: &Value,
    api_version: &str,
) -> Option<Comparison> {
    let ty = request.versions.type_of(api_version)?;
    let convert = |object: &Value| request.versions.convert(object.clone(), request.api_version, api_version);
    Some(difference(ty, &convert(old)?, &convert(new)?, request.reset))
}

/// Removes what a manager applied before and does not apply any more, unless somebody else owns it.
pub(super) fn prune<T: FieldType>(
    request: &Request<'_, T>,
    merged: Value,
    managed: &Managed,
    last: Option<&Entry>,
) -> Value {
    let Some(last) = last.filter(|last| !last.set.is_empty()) else { return merged };
    let versions = request.versions;
    let (Some(ty), Some(converted)) = (
        versions.type_of(&last.api_version),
        versions.convert(merged.clone(), request.api_version, &last.api_version),
    ) else {
        return merged;
    };
    let last_set = last.set.with_declared(Some(ty));
    let mut pruned = super::remove(ty, &converted, &last_set);
    let mut all_versions = vec![last.api_version.as_str()];
    for entry in &managed.0 {
        if !all_versions.contains(&entry.api_version.as_str()) {
            all_versions.push(&entry.api_version);
        }
    }
    let mut at_version = last.api_version.as_str();
    let mut whole = converted.clone();
    for version in all_versions {
        let owned = managed.0.iter().filter(|entry| entry.api_version == version);
        let owned = owned.fold(Set::default(), |owned, entry| owned.union(entry.set.clone()));
        if owned.is_empty() {
            continue;
        }
        let converted = (
            versions.type_of(version),
            convert(versions, &whole, at_version, version),
            convert(versions, &pruned, at_version, version),
        );
        let (Some(ty), Some(here), Some(left)) = converted else { continue };
        pruned = add_back(ty, &here, &left, &owned);
        whole = here;
        at_version = version;
    }
    let Some(left) = convert(versions, &pruned, at_version, &last.api_version) else { return merged };
    let left = super::field_set(ty, &left).with_declared(Some(ty));
    let all = super::field_set(ty, &converted).with_declared(Some(ty));
    let result = super::remove(ty, &converted, &all.difference(&left).intersection(&last_set));
    versions.convert(result, &last.api_version, request.api_version).unwrap_or(merged)
}

/// The pruned object with what somebody owns.
fn add_back<T: FieldType>(ty: T, whole: &Value, pruned: &Value, owned: &Set) -> Value {
    let of = |value: &Value| super::field_set(ty, value).with_declared(Some(ty));
    let kept = of(pruned).union(owned.with_declared(Some(ty)));
    super::remove(ty, whole, &of(whole).difference(&kept))
}

fn convert<T: FieldType>(versions: &dyn Versions<T>, object: &Value, from: &str, to: &str) -> Option<Value> {
    versions.convert(object.clone(), from, to)
}
