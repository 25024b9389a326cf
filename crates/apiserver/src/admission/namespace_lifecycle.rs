//! NamespaceLifecycle: nothing new in namespaces that are not there or on their way out; some namespaces stay.

use apimachinery::status::Cause;
use apimachinery::{GroupResource, Status};
use serde_json::Value;

use super::{Operation, Plugin, Request, text};

/// Namespaces that must not be deleted.
const IMMORTAL: [&str; 3] = ["default", "kube-system", "kube-public"];

pub(super) struct NamespaceLifecycle;

impl Plugin for NamespaceLifecycle {
    fn name(&self) -> &'static str {
        "NamespaceLifecycle"
    }

    fn admit(&self, request: &Request<'_>, _object: Option<&mut Value>) -> Result<(), Box<Status>> {
        let attributes = request.attributes;
        let namespaces = GroupResource::new("", "namespaces");
        if attributes.group.is_empty() && attributes.resource == "namespaces" {
            if request.operation == Operation::Delete && IMMORTAL.contains(&request.name) {
                return Err(Box::new(Status::forbidden(
                    &namespaces,
                    request.name,
                    "this namespace may not be deleted",
                )));
            }
            return Ok(());
        }
        let is_review =
            attributes.group == "authorization.k8s.io" && attributes.resource == "localsubjectaccessreviews";
        let name = attributes.namespace.as_str();
        if name.is_empty() || request.operation == Operation::Delete || is_review {
            return Ok(());
        }
        let Some(namespace) = request.get("", "namespaces", "", name) else {
            return Err(Box::new(Status::not_found(&namespaces, name)));
        };
        if request.operation != Operation::Create || text(&namespace, "/status/phase") != "Terminating" {
            return Ok(());
        }
        let error =
            format!("unable to create new content in namespace {name} because it is being terminated");
        let mut status = request.forbidden(error);
        status.details.get_or_insert_default().causes.push(Cause {
            reason: "NamespaceTerminating".to_owned(),
            message: format!("namespace {name} is being terminated"),
            field: "metadata.namespace".to_owned(),
        });
        Err(status)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::test_request::Trial;
    use super::*;

    #[test]
    fn guards_namespaces() {
        let namespace = |name: &str, phase: &str| {
            ("namespaces", json!({"metadata": {"name": name}, "status": {"phase": phase}}))
        };
        let missing = Err((404, "namespaces \"gone\" not found".to_owned()));
        let ending = "configmaps \"x\" is forbidden: unable to create new content in namespace old because it is \
                      being terminated";
        let immortal = "namespaces \"x\" is forbidden: this namespace may not be deleted";
        let (create, update, delete) = (Operation::Create, Operation::Update, Operation::Delete);
        for (operation, resource, in_namespace, expected) in [
            (create, "configmaps", "new", Ok(())),
            (create, "configmaps", "gone", missing.clone()),
            (update, "configmaps", "gone", missing),
            (delete, "configmaps", "gone", Ok(())),
            (create, "configmaps", "old", Err((403, ending.to_owned()))),
            (update, "configmaps", "old", Ok(())),
            (create, "localsubjectaccessreviews.authorization.k8s.io", "gone", Ok(())),
            (create, "nodes", "", Ok(())),
            (create, "namespaces", "gone", Ok(())),
            (delete, "namespaces", "x", Ok(())),
        ] {
            let trial = Trial::new(operation, resource, in_namespace);
            let trial = trial.with([namespace("new", "Active"), namespace("old", "Terminating")]);
            let outcome = trial.run(&NamespaceLifecycle, json!({"metadata": {"name": "x"}})).map(|_| ());
            assert_eq!(outcome, expected, "{operation:?} {resource} in {in_namespace:?}");
        }
        for name in IMMORTAL {
            let trial = Trial::new(delete, "namespaces", name);
            let outcome = trial.run(&NamespaceLifecycle, json!({"metadata": {"name": name}}));
            assert_eq!(outcome, Err((403, immortal.replace("\"x\"", &format!("{name:?}")))));
        }
    }
}
