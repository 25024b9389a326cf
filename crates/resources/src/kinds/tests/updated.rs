//! Changed objects as a real server answered them: what strategies keep, restore and count.

use std::collections::BTreeMap;

use apimachinery::meta::{Meta, MetaMut, keep_system_fields};
use apimachinery::patch::merge::MergePatch;
use serde_json::{Value, json};

use super::{context, differences, filled, recordings, scenarios};
use crate::kind::{Generation, Kind};
use crate::kinds::{all, scale};
use crate::schema::Schema;

/// What a path names.
pub(super) struct Target<'p> {
    pub(super) kind: &'static Kind,
    pub(super) version: (&'static str, &'static str),
    pub(super) namespace: &'p str,
    pub(super) name: &'p str,
    pub(super) subresource: &'p str,
}

/// `/apis/apps/v1/namespaces/x/deployments/a/status`.
pub(super) fn target(path: &str) -> Option<Target<'_>> {
    let parts: Vec<_> = path.trim_matches('/').split('/').collect();
    let (group, version, rest) = match parts.as_slice() {
        ["api", version, rest @ ..] => ("", *version, rest),
        ["apis", group, version, rest @ ..] => (*group, *version, rest),
        _ => return None,
    };
    let (namespace, rest) = match rest {
        ["namespaces", namespace, rest @ ..]
            if !rest.is_empty() && !matches!(rest, ["status" | "finalize"]) =>
        {
            (*namespace, rest)
        }
        rest => ("", rest),
    };
    let (plural, name, subresource) = match rest {
        [plural] => (plural, "", ""),
        [plural, name] => (plural, *name, ""),
        [plural, name, subresource] => (plural, *name, *subresource),
        _ => return None,
    };
    let kind = all().iter().find(|kind| {
        kind.plural == *plural && kind.versions.contains(&(group, version)) && kind.is_stored()
    })?;
    let version = *kind.versions.iter().find(|served| **served == (group, version))?;
    Some(Target { kind, version, namespace, name, subresource })
}

/// What the server does with a changed object, without admission and allocators. `old` is as it was answered.
fn updated(target: &Target<'_>, sent: &Value, old: &Value) -> Result<Value, String> {
    let (schema, kind) = (Schema::get(), target.kind);
    let stored = kind.versions[kind.stored_in];
    let (group, version) = target.version;
    let of = schema.type_of(group, version, kind.kind).ok_or("no type")?;
    let mut object = schema.decode_value(of, sent).map_err(|error| error.to_string())?.value;
    kind.strategy.set_defaults(&mut object, group, version);
    let mut old = old.clone();
    if stored != target.version {
        kind.strategy.convert(&mut object, target.version, stored);
        kind.strategy.convert(&mut old, target.version, stored);
    }
    let old = old;
    MetaMut::of(&mut object).set_namespace(target.namespace);
    if kind.kind == "Pod" && target.subresource.is_empty() {
        tolerate_for_a_while(&mut object);
    }
    keep_system_fields(&mut object, &old);
    let members = object.as_object_mut().expect("an object");
    let other = old.as_object().expect("an object");
    match target.subresource {
        "" if kind.has_status => {
            members.remove("status");
            members.extend(other.get("status").map(|status| ("status".to_owned(), status.clone())));
        }
        "status" => {
            let is_open = |name: &str| matches!(name, "apiVersion" | "kind" | "metadata" | "status");
            members.retain(|name, _| is_open(name));
            members
                .extend(other.iter().filter(|(name, _)| !is_open(name)).map(|(n, v)| (n.clone(), v.clone())));
        }
        _ => {}
    }
    let groups = ["system:masters".to_owned()];
    kind.strategy.prepare_for_update(context(&groups, target.subresource), &mut object, &old);
    let has_changed = match kind.generation {
        Generation::Untouched | Generation::Fixed => false,
        Generation::Of(members) => members.iter().any(|member| object.get(*member) != old.get(*member)),
        Generation::OfSpecLater => object.get("spec") != old.get("spec"),
        Generation::Own => kind.strategy.changes_generation(&object, &old),
    };
    if has_changed && target.subresource != "status" {
        MetaMut::of(&mut object).set_generation(Meta::of(&old).generation() + 1);
    }
    kind.strategy.canonicalize(&mut object);
    let (group, version) = stored;
    schema.normalise(schema.type_of(group, version, kind.kind).ok_or("no type")?, &mut object);
    if stored != target.version {
        kind.strategy.convert(&mut object, stored, target.version);
    }
    Ok(object)
}

/// What admission adds to pods.
fn tolerate_for_a_while(object: &mut Value) {
    let Some(spec) = object["spec"].as_object_mut() else { return };
    let tolerations = spec.entry("tolerations").or_insert_with(|| Value::Array(Vec::new()));
    let Some(tolerations) = tolerations.as_array_mut() else { return };
    for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        if tolerations.iter().all(|toleration| toleration["key"] != key) {
            tolerations.push(json!({
                "effect": "NoExecute", "key": key, "operator": "Exists", "tolerationSeconds": 300,
            }));
        }
    }
}

/// What the server does with a Scale.
fn rescaled(target: &Target<'_>, sent: &Value, old: &Value) -> Value {
    let mut object = old.clone();
    scale::apply(target.kind, &mut object, sent);
    scale::of(target.kind, &object)
}

fn without_versions(object: &Value) -> Value {
    let mut object = object.clone();
    let mut meta = MetaMut::of(&mut object);
    meta.remove("resourceVersion");
    meta.remove("managedFields");
    object
}

#[test]
fn changed_objects_are_as_a_real_server_answered() {
    let Some(folder) = recordings() else { return };
    let (mut n_changes, mut found) =
        (BTreeMap::<String, usize>::new(), BTreeMap::<String, (usize, Value)>::new());
    for family in ["crud", "pods", "patch", "tables", "validation", "listwatch"] {
        for scenario in scenarios(&folder, family) {
            let mut known = BTreeMap::<(&str, String, String), Value>::new();
            for step in scenario["steps"].as_array().expect("steps") {
                let (request, response) = (&step["request"], &step["response"]);
                let Some(target) = request["path"].as_str().and_then(target) else { continue };
                let is_done = matches!(response["status"].as_i64(), Some(200 | 201));
                let answer = filled(&response["body"]);
                let name = Meta::of(&answer).name().to_owned();
                let key = (target.kind.plural, target.namespace.to_owned(), name);
                let is_dry = request["query"].as_array().is_some_and(|q| q.iter().any(|q| q[0] == "dryRun"));
                if !is_done {
                    continue;
                }
                let body = filled(&request["body"]);
                let known_here = known
                    .get(&key)
                    .filter(|old| old["apiVersion"] == answer["apiVersion"] || target.subresource == "scale");
                let has_body = request["body"].is_object();
                let sent = match (request["method"].as_str(), known_here.filter(|_| has_body)) {
                    (Some("PUT"), Some(_)) => Some(body),
                    (Some("PATCH"), Some(old))
                        if is_merge_patch(request) && target.subresource != "scale" =>
                    {
                        let patch = body.as_object().cloned().unwrap_or_default();
                        Some(MergePatch::new(patch).apply(old.clone()))
                    }
                    _ => None,
                };
                if let (Some(sent), Some(old), false) = (sent, known_here, target.name.is_empty()) {
                    let ours = match target.subresource {
                        "scale" => Ok(rescaled(&target, &sent, old)),
                        _ => updated(&target, &sent, old),
                    };
                    *n_changes.entry(target.subresource.to_owned()).or_default() += 1;
                    let differing = match ours {
                        Ok(ours) => differences(&without_versions(&ours), &without_versions(&answer), ""),
                        Err(error) => vec![error],
                    };
                    for difference in differing {
                        let what = format!("{:?} {} {difference}", target.kind, target.subresource);
                        found.entry(what).or_insert((0, scenario["id"].clone())).0 += 1;
                    }
                }
                if answer["kind"] == target.kind.kind && !is_dry {
                    known.insert(key, answer);
                } else if !is_dry {
                    // Bindings and scales change objects without answering with them.
                    known.retain(|(plural, namespace, name), _| {
                        (*plural, namespace.as_str()) != (target.kind.plural, target.namespace)
                            || name != target.name
                    });
                }
            }
        }
    }
    for (difference, (n, first)) in &found {
        println!("{n} x {difference}   (first in {first})");
    }
    println!("changes compared: {n_changes:?}");
    assert!(n_changes.values().sum::<usize>() > 100, "only {n_changes:?} were found to compare");
    assert!(found.is_empty(), "{} kinds of differences", found.len());
}

fn is_merge_patch(request: &Value) -> bool {
    let headers = request["headers"].as_object().into_iter().flatten();
    let mut types = headers.filter(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    types.any(|(_, value)| value == "application/merge-patch+json")
}
