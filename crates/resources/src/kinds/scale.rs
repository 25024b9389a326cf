//! `scale`: how many pods a workload is to have, in the form that all workloads share (autoscaling/v1 Scale).

use apimachinery::meta::{Meta, MetaMut};
use apimachinery::selectors;
use serde_json::{Value, json};
use wire::LabelSelector;

use crate::document::{Members as _, members_of};
use crate::kind::Kind;

/// The Scale of an object.
pub fn of(kind: &Kind, object: &Value) -> Value {
    let meta = Meta::of(object);
    let replicas = |part: &str| object[part]["replicas"].as_i64().unwrap_or_default();
    let mut scale = json!({
        "apiVersion": "autoscaling/v1",
        "kind": "Scale",
        "metadata": {},
        "spec": {},
        "status": { "replicas": replicas("status") },
    });
    let mut own = MetaMut::of(&mut scale);
    for name in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
        own.set(name, meta.get(name).cloned().unwrap_or_default());
    }
    if replicas("spec") != 0 {
        scale["spec"]["replicas"] = replicas("spec").into();
    }
    let selector = selector(kind, object);
    if !selector.is_empty() {
        scale["status"]["selector"] = selector.into();
    }
    scale
}

/// Writes what a Scale says into its object: `spec.replicas`, and the version that it is about if it says one.
pub fn apply(_kind: &Kind, object: &mut Value, scale: &Value) {
    let replicas = scale["spec"]["replicas"].as_i64().unwrap_or_default();
    members_of(object).members_made("spec").put("replicas", replicas);
    let meta = Meta::of(scale);
    for (name, text) in [("uid", meta.uid()), ("resourceVersion", meta.resource_version())] {
        if !text.is_empty() {
            MetaMut::of(object).set(name, text.into());
        }
    }
}

/// The selector as a text. That of replication controllers is a map of labels.
fn selector(kind: &Kind, object: &Value) -> String {
    let selector = &object["spec"]["selector"];
    if kind.kind == "ReplicationController" {
        let labels = selector.as_object().into_iter().flatten();
        let pairs: Vec<_> =
            labels.map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default())).collect();
        return pairs.join(",");
    }
    let selector = serde_json::from_value::<LabelSelector>(selector.clone()).ok();
    let selector = selector.and_then(|selector| selectors::labels::from_document(&selector).ok());
    selector.map(|selector| selector.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{apply, of};
    use crate::kinds::all;

    fn kind(name: &str) -> &'static crate::kind::Kind {
        all().iter().find(|kind| kind.kind == name).expect("a kind of the table")
    }

    #[test]
    fn a_scale_is_read_from_its_object_and_written_into_it() {
        let mut object = json!({
            "metadata": { "name": "a", "namespace": "n", "uid": "u", "resourceVersion": "3", "labels": { "x": "y" } },
            "spec": { "replicas": 2, "selector": { "matchLabels": { "b": "c", "a": "b" } } },
            "status": { "replicas": 1 },
        });
        let mut scale = of(kind("Deployment"), &object);
        assert_eq!(
            scale,
            json!({
                "apiVersion": "autoscaling/v1",
                "kind": "Scale",
                "metadata": { "name": "a", "namespace": "n", "uid": "u", "resourceVersion": "3" },
                "spec": { "replicas": 2 },
                "status": { "replicas": 1, "selector": "a=b,b=c" },
            })
        );
        scale["spec"] = json!({});
        apply(kind("Deployment"), &mut object, &scale);
        assert_eq!(object["spec"]["replicas"], 0);
    }

    #[test]
    fn the_selector_of_a_replication_controller_is_a_map() {
        let object = json!({ "spec": { "selector": { "b": "c", "a": "b" } } });
        let scale = of(kind("ReplicationController"), &object);
        assert_eq!(scale["status"]["selector"], "a=b,b=c");
        assert_eq!(scale["spec"], json!({}));
    }
}
