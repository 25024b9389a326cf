//! DefaultStorageClass and DefaultIngressClass: claims and ingresses that name no class get the default one.

use std::cmp::Reverse;

use apimachinery::Status;
use serde_json::Value;

use super::{Operation, Plugin, Request, text};

pub(super) struct DefaultStorageClass;

pub(super) struct DefaultIngressClass;

/// The name of the class that an annotation marks as the default: of several the newest, then the first by name.
fn default_class(request: &Request<'_>, group: &str, resource: &str, marks: &[&str]) -> Option<Value> {
    let classes = request.list(group, resource).into_iter();
    let is_default =
        |class: &Value| marks.iter().any(|mark| class["metadata"]["annotations"][*mark] == "true");
    let key = |class: &Value| {
        // Times are texts in a form that sorts as times do.
        let created = text(class, "/metadata/creationTimestamp").to_owned();
        (Reverse(created), text(class, "/metadata/name").to_owned())
    };
    let default = classes.filter(|class| is_default(class)).min_by_key(|class| key(class))?;
    Some(default["metadata"]["name"].clone())
}

impl Plugin for DefaultStorageClass {
    fn name(&self) -> &'static str {
        "DefaultStorageClass"
    }

    fn admit(&self, request: &Request<'_>, object: Option<&mut Value>) -> Result<(), Box<Status>> {
        let is_new = request.operation == Operation::Create && request.is_of("", "persistentvolumeclaims");
        let Some(claim) = object.filter(|_| is_new) else { return Ok(()) };
        let by_annotation = &claim["metadata"]["annotations"]["volume.beta.kubernetes.io/storage-class"];
        // The empty name is a choice: no class.
        if !by_annotation.is_null() || !claim["spec"]["storageClassName"].is_null() {
            return Ok(());
        }
        let marks = [
            "storageclass.kubernetes.io/is-default-class",
            "storageclass.beta.kubernetes.io/is-default-class",
        ];
        if let Some(name) = default_class(request, "storage.k8s.io", "storageclasses", &marks) {
            claim["spec"]["storageClassName"] = name;
        }
        Ok(())
    }
}

impl Plugin for DefaultIngressClass {
    fn name(&self) -> &'static str {
        "DefaultIngressClass"
    }

    fn admit(&self, request: &Request<'_>, object: Option<&mut Value>) -> Result<(), Box<Status>> {
        let group = "networking.k8s.io";
        let is_new = request.operation == Operation::Create && request.is_of(group, "ingresses");
        let Some(ingress) = object.filter(|_| is_new) else { return Ok(()) };
        let by_annotation = &ingress["metadata"]["annotations"]["kubernetes.io/ingress.class"];
        if !by_annotation.is_null() || !ingress["spec"]["ingressClassName"].is_null() {
            return Ok(());
        }
        let mark = "ingressclass.kubernetes.io/is-default-class";
        if let Some(name) = default_class(request, group, "ingressclasses", &[mark]) {
            ingress["spec"]["ingressClassName"] = name;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::test_request::Trial;
    use super::*;

    fn class(name: &str, created: &str, annotation: &str) -> Value {
        json!({"metadata": {"name": name, "creationTimestamp": created, "annotations": {annotation: "true"}}})
    }

    #[test]
    fn claims_get_the_newest_default_class() {
        let mark = "storageclass.kubernetes.io/is-default-class";
        let beta = "storageclass.beta.kubernetes.io/is-default-class";
        let trial = Trial::new(Operation::Create, "persistentvolumeclaims", "ns").with(
            [
                class("old", "2026-01-01T00:00:00Z", mark),
                class("b", "2026-02-01T00:00:00Z", beta),
                class("a", "2026-02-01T00:00:00Z", mark),
                class("none", "2026-03-01T00:00:00Z", "other"),
            ]
            .map(|class| ("storageclasses.storage.k8s.io", class)),
        );
        let run = |claim: Value| {
            trial.run(&DefaultStorageClass, claim).unwrap()["spec"]["storageClassName"].clone()
        };
        assert_eq!(run(json!({"spec": {}})), "a");
        assert_eq!(run(json!({"spec": {"storageClassName": ""}})), "");
        let annotations = json!({"volume.beta.kubernetes.io/storage-class": "x"});
        assert_eq!(run(json!({"metadata": {"annotations": annotations}, "spec": {}})), Value::Null);
    }

    #[test]
    fn ingresses_get_the_default_class() {
        let found = class("c", "2026-01-01T00:00:00Z", "ingressclass.kubernetes.io/is-default-class");
        let ingresses = || Trial::new(Operation::Create, "ingresses.networking.k8s.io", "ns");
        let with = ingresses().with([("ingressclasses.networking.k8s.io", found)]);
        let run = |trial: &Trial, ingress: Value| {
            trial.run(&DefaultIngressClass, ingress).unwrap()["spec"]["ingressClassName"].clone()
        };
        assert_eq!(run(&with, json!({"spec": {}})), "c");
        assert_eq!(run(&with, json!({"spec": {"ingressClassName": "own"}})), "own");
        assert_eq!(run(&ingresses(), json!({"spec": {}})), Value::Null);
        let annotations = json!({"kubernetes.io/ingress.class": "old"});
        assert_eq!(run(&with, json!({"metadata": {"annotations": annotations}, "spec": {}})), Value::Null);
    }
}
