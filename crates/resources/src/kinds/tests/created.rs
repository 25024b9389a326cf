//! New objects as a real server answered them: what defaults and strategies make of what was sent.

use std::collections::{BTreeMap, BTreeSet};

use apimachinery::meta::{Meta, MetaMut, wipe_system_fields};
use serde_json::{Map, Value};

use super::{context, differences, filled, recordings, scenarios};
use crate::kind::{Generation, Kind};
use crate::kinds::all;
use crate::schema::Schema;

/// Members of metadata that the server gives.
const GIVEN: [&str; 6] =
    ["uid", "resourceVersion", "creationTimestamp", "managedFields", "selfLink", "namespace"];

/// The kind that a path creates, and the version: `/api/v1/namespaces/x/pods`. `None` for subresources.
fn kind_of(path: &str) -> Option<(&'static Kind, &'static str, &'static str)> {
    let parts: Vec<_> = path.trim_matches('/').split('/').collect();
    let (group, version, rest) = match parts.as_slice() {
        ["api", version, rest @ ..] => ("", *version, rest),
        ["apis", group, version, rest @ ..] => (*group, *version, rest),
        _ => return None,
    };
    let plural = match rest {
        [plural] | ["namespaces", _, plural] => plural,
        _ => return None,
    };
    let kind = all().iter().find(|kind| {
        kind.plural == *plural && kind.versions.contains(&(group, version)) && kind.is_stored()
    })?;
    let (group, version) = kind.versions.iter().find(|served| **served == (group, version))?;
    Some((kind, group, version))
}

/// What the server does with a new object, without admission and allocators.
fn created(
    kind: &Kind,
    group: &str,
    version: &str,
    sent: &Value,
    answer: &Value,
) -> Result<(Value, Vec<String>), String> {
    let schema = Schema::get();
    let of = schema.type_of(group, version, kind.kind).ok_or("no type")?;
    let mut object = schema.decode_value(of, sent).map_err(|error| error.to_string())?.value;
    kind.strategy.set_defaults(&mut object, group, version);
    let storage = kind.storage_version();
    let (to_group, to_version) = (storage.group.as_str(), storage.version.as_str());
    let is_converted = (group, version) != (to_group, to_version);
    if is_converted {
        kind.strategy.convert(&mut object, (group, version), (to_group, to_version));
    }
    let meta = Meta::of(answer);
    wipe_system_fields(&mut object);
    object["kind"] = kind.kind.into();
    MetaMut::of(&mut object).set_name(meta.name()).set_uid(meta.uid());
    if kind.has_status && !kind.keeps_status_on_create {
        object.as_object_mut().expect("an object").remove("status");
    }
    if matches!(kind.generation, Generation::Of(_) | Generation::Fixed | Generation::Own) {
        MetaMut::of(&mut object).set_generation(1);
    }
    let groups = ["system:masters".to_owned(), "system:authenticated".to_owned()];
    kind.strategy.prepare_for_create(context(&groups, ""), &mut object);
    let warnings = kind.strategy.warnings(context(&groups, ""), &object, None);
    kind.strategy.canonicalize(&mut object);
    let stored = schema.type_of(to_group, to_version, kind.kind).ok_or("no type")?;
    schema.normalise(stored, &mut object);
    let mut again = object.clone();
    kind.strategy.set_defaults(&mut again, to_group, to_version);
    if again != object {
        return Err(format!("what is stored is not defaulted: {:?}", differences(&again, &object, "")));
    }
    kind.strategy.decorate(&mut object);
    if is_converted {
        kind.strategy.convert(&mut object, (to_group, to_version), (group, version));
    }
    Ok((object, warnings))
}

/// What admission and allocators add, and the server gives, is not compared.
fn without_what_others_do(kind: &Kind, object: &Value, sent: &Value) -> Value {
    let mut object = object.clone();
    let metadata = object.get_mut("metadata").and_then(Value::as_object_mut).expect("metadata");
    metadata.retain(|name, _| !GIVEN.contains(&name.as_str()));
    let drop = |of: &mut Value, names: &[&str]| {
        let own = |of: &mut Map<String, Value>| of.retain(|name, _| !names.contains(&name.as_str()));
        of.as_object_mut().map(own);
    };
    let was_sent = |name: &str| sent["spec"].get(name).is_some();
    match kind.kind {
        "Pod" => {
            let is_topology = |name: &str| name.starts_with("topology.kubernetes.io/");
            if let Some(labels) = object["metadata"].get_mut("labels").and_then(Value::as_object_mut) {
                labels.retain(|name, _| !is_topology(name));
                if labels.is_empty() {
                    drop(&mut object["metadata"], &["labels"]);
                }
            }
            let spec = &mut object["spec"];
            drop(
                spec,
                &["priority", "preemptionPolicy", "tolerations", "serviceAccount", "serviceAccountName"],
            );
            if !was_sent("priorityClassName") {
                drop(spec, &["priorityClassName"]);
            }
            drop_token(spec);
        }
        "Service" => {
            drop(
                &mut object["spec"],
                &["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "healthCheckNodePort"],
            );
            for port in object["spec"]["ports"].as_array_mut().into_iter().flatten() {
                drop(port, &["nodePort"]);
            }
        }
        "PersistentVolumeClaim" | "PersistentVolume" => {
            if !was_sent("storageClassName") {
                drop(&mut object["spec"], &["storageClassName"]);
            }
            drop(&mut object["metadata"], &["finalizers"]);
        }
        "Node" => {
            let taints = object["spec"].get_mut("taints").and_then(Value::as_array_mut);
            if let Some(taints) = taints {
                taints.retain(|taint| taint["key"] != "node.kubernetes.io/not-ready");
                if taints.is_empty() {
                    drop(&mut object["spec"], &["taints"]);
                }
            }
        }
        "CustomResourceDefinition" | "VolumeAttributesClass" => {
            drop(&mut object["metadata"], &["finalizers"])
        }
        "Ingress" if !was_sent("ingressClassName") => drop(&mut object["spec"], &["ingressClassName"]),
        _ => {}
    }
    object
}

/// The volume with a service account's token that admission adds, and where it is mounted.
fn drop_token(spec: &mut Value) {
    let is_token = |of: &Value| of["name"].as_str().is_some_and(|name| name.starts_with("kube-api-access-"));
    let drop = |of: &mut Value, list: &str| {
        let Some(of) = of.as_object_mut() else { return };
        let Some(items) = of.get_mut(list).and_then(Value::as_array_mut) else { return };
        items.retain(|item| !is_token(item));
        if items.is_empty() {
            of.remove(list);
        }
    };
    drop(spec, "volumes");
    for list in ["containers", "initContainers", "ephemeralContainers"] {
        for container in spec[list].as_array_mut().into_iter().flatten() {
            drop(container, "volumeMounts");
        }
    }
}

/// The warnings of an answer that are about the object itself, not about how it was written or what admission thinks.
fn warnings_of_kinds(kind: &Kind, response: &Value) -> Vec<String> {
    const OF_OTHERS: [&str; 6] = [
        "unknown field",
        "duplicate field",
        "line ",
        "would violate",
        "Validation failed for",
        "existing pods in",
    ];
    let headers = response["headers"]["warning"].as_array().into_iter().flatten();
    let texts = headers.filter_map(|header| header.as_str()?.strip_prefix("299 - \"")?.strip_suffix('"'));
    let texts = texts.map(|text| text.replace("\\\"", "\"").replace("\\\\", "\\"));
    texts
        .filter(|text| *text != kind.deprecation && !OF_OTHERS.iter().any(|start| text.starts_with(start)))
        .collect()
}

#[test]
fn new_objects_are_as_a_real_server_answered() {
    let Some(folder) = recordings() else { return };
    let mut n_warnings = 0;
    let (mut n_objects, mut found) = (0, BTreeMap::<String, (usize, Value)>::new());
    let mut kinds = BTreeSet::new();
    for family in ["crud", "pods", "patch", "tables", "validation", "listwatch", "crds", "auth"] {
        for scenario in scenarios(&folder, family) {
            for step in scenario["steps"].as_array().expect("steps") {
                let (request, response) = (&step["request"], &step["response"]);
                if request["method"] != "POST" || response["status"] != 201 || !request["body"].is_object() {
                    continue;
                }
                let Some((kind, group, version)) = request["path"].as_str().and_then(kind_of) else {
                    continue;
                };
                if response["body"]["kind"] != kind.kind {
                    continue;
                }
                n_objects += 1;
                kinds.insert(kind.kind);
                let theirs = filled(&response["body"]);
                let sent = filled(&request["body"]);
                let differing = match created(kind, group, version, &sent, &theirs) {
                    Ok((ours, warnings)) => {
                        let mut found = differences(
                            &without_what_others_do(kind, &ours, &sent),
                            &without_what_others_do(kind, &theirs, &sent),
                            "",
                        );
                        let recorded = warnings_of_kinds(kind, response);
                        if warnings != recorded {
                            found.push(format!("warns {warnings:?}, theirs {recorded:?}"));
                        }
                        n_warnings += warnings.len();
                        found
                    }
                    Err(error) => vec![error],
                };
                for difference in differing {
                    let entry = found.entry(format!("{kind:?} {version} {difference}"));
                    entry.or_insert((0, scenario["id"].clone())).0 += 1;
                }
            }
        }
    }
    for (difference, (n, first)) in &found {
        println!("{n} x {difference}   (first in {first})");
    }
    println!("{n_objects} objects of {} kinds compared, with {n_warnings} warnings", kinds.len());
    assert!(n_objects > 500, "only {n_objects} objects were found to compare");
    assert!(found.is_empty(), "{} kinds of differences", found.len());
}
