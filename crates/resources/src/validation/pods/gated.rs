//! Pods that are not ready to be scheduled: where they want to be can be narrowed (KEP-3838).

use apimachinery::{ErrorList, Path};
use serde_json::{Value, json};

use super::super::members::Members as _;
use super::super::report::{Report as _, json_or_null};
use super::super::{internal, semantic};
use super::update::set;

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";

/// Gates can be removed and not added.
pub(super) fn gates_only_removed(errors: &mut ErrorList, path: &Path, new: &[Value], old: &[Value]) {
    let mut added: Vec<(&str, usize)> = Vec::new();
    for (i, gate) in new.iter().enumerate() {
        let name = gate.text("name");
        if old.iter().any(|old| old.text("name") == name) {
            continue;
        }
        match added.iter_mut().find(|(known, _)| *known == name) {
            Some(known) => known.1 = i,
            None => added.push((name, i)),
        }
    }
    for (name, i) in added {
        let message = format!("only deletion is allowed, but found new scheduling gate '{name}'");
        errors.forbidden(&path.index(i).child("name"), message);
    }
}

/// Checks what a gated pod may change about its place, and sets it to what it was.
pub(super) fn placement(errors: &mut ErrorList, path: &Path, spec: &mut Value, old_spec: &Value) {
    let selector = spec.member("nodeSelector");
    let old_selector = old_spec.member("nodeSelector");
    if json_or_null(selector) != json_or_null(old_selector) {
        let is_gone = |(key, value): (&str, &Value)| selector.member(key) != Some(value);
        if old_spec.entries("nodeSelector").any(is_gone) {
            let message = "only additions to spec.nodeSelector are allowed (no mutations or deletions)";
            errors.invalid(&path.child("nodeSelector"), json_or_null(selector), message);
        }
        set(spec, "nodeSelector", old_spec.get("nodeSelector"));
    }
    node_affinity(errors, &path.child("affinity.nodeAffinity"), spec, old_spec);
}

fn node_affinity(errors: &mut ErrorList, path: &Path, spec: &mut Value, old_spec: &Value) {
    let old_affinity = old_spec.member("affinity");
    let old = old_affinity.and_then(|affinity| affinity.member("nodeAffinity"));
    let new = spec.member("affinity").and_then(|affinity| affinity.member("nodeAffinity"));
    if semantic::equal("", "NodeAffinity", new, old) && new.is_some() == old.is_some() {
        return;
    }
    only_narrowed(errors, path, new, old);
    let old = old.cloned();
    let is_only_node_affinity = spec
        .member("affinity")
        .is_some_and(|it| it.member("podAffinity").is_none() && it.member("podAntiAffinity").is_none());
    match (spec.member("affinity").is_some(), old) {
        (false, None) => {}
        (false, Some(old)) => set(spec, "affinity", Some(&json!({ "nodeAffinity": old }))),
        (true, _) if old_affinity.is_none() && is_only_node_affinity => set(spec, "affinity", None),
        (true, old) => {
            if let Some(affinity) = spec.get_mut("affinity") {
                set(affinity, "nodeAffinity", old.as_ref());
            }
        }
    }
}

/// Terms are alternatives: none may come or go. Within a term, more can be demanded.
fn only_narrowed(errors: &mut ErrorList, path: &Path, new: Option<&Value>, old: Option<&Value>) {
    let terms = |affinity: Option<&'_ Value>| -> Vec<Value> {
        affinity
            .member(REQUIRED)
            .map_or_else(Vec::new, |required| required.items("nodeSelectorTerms").to_vec())
    };
    let (new_terms, old_terms) = (terms(new), terms(old));
    let path = path.child(REQUIRED).child("nodeSelectorTerms");
    if !old_terms.is_empty() && old_terms.len() != new_terms.len() {
        let message = "no additions/deletions to non-empty NodeSelectorTerms list are allowed";
        errors.invalid(&path, internal::compact_list("", "NodeSelectorTerm", &new_terms), message);
        return;
    }
    for (i, (new, old)) in new_terms.iter().zip(&old_terms).enumerate() {
        if !has_only_additions(new, old) {
            let value = internal::compact("", "NodeSelectorTerm", new);
            errors.invalid(&path.index(i), value, "only additions are allowed (no mutations or deletions)");
        }
    }
}

fn has_only_additions(new: &Value, old: &Value) -> bool {
    let lists = ["matchExpressions", "matchFields"];
    let is_empty = |term: &Value| lists.iter().all(|name| term.items(name).is_empty());
    if is_empty(old) && !is_empty(new) {
        // A term without demands selects nothing. With demands it would select something.
        return false;
    }
    lists.iter().all(|name| {
        let (new, old) = (new.items(name), old.items(name));
        let beginning = new.get(..old.len());
        beginning.is_some_and(|new| semantic::equal_lists("", "NodeSelectorRequirement", new, old))
    })
}
