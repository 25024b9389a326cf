//! StorageObjectInUseProtection: what is in use is not deleted before it is not.

use apimachinery::Status;
use serde_json::{Value, json};

use super::{Operation, Plugin, Request, append, items};

/// Group, resource, finalizer.
const FINALIZERS: [(&str, &str, &str); 3] = [
    ("", "persistentvolumes", "kubernetes.io/pv-protection"),
    ("", "persistentvolumeclaims", "kubernetes.io/pvc-protection"),
    ("storage.k8s.io", "volumeattributesclasses", "kubernetes.io/vac-protection"),
];

pub(super) struct StorageObjectInUseProtection;

impl Plugin for StorageObjectInUseProtection {
    fn name(&self) -> &'static str {
        "StorageObjectInUseProtection"
    }

    fn admit(&self, request: &Request<'_>, object: Option<&mut Value>) -> Result<(), Box<Status>> {
        let Some(object) = object.filter(|_| request.operation == Operation::Create) else { return Ok(()) };
        for (group, resource, finalizer) in FINALIZERS {
            let is_there = || items(object, "/metadata/finalizers").any(|own| own == finalizer);
            if request.is_of(group, resource) && !is_there() {
                append(&mut object["metadata"]["finalizers"], json!(finalizer));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_request::Trial;
    use super::*;

    #[test]
    fn new_objects_are_protected_once() {
        for (_, resource, finalizer) in FINALIZERS {
            let group = if resource == "volumeattributesclasses" { ".storage.k8s.io" } else { "" };
            let trial = Trial::new(Operation::Create, &format!("{resource}{group}"), "");
            let admitted = trial.run(&StorageObjectInUseProtection, json!({"metadata": {}})).unwrap();
            assert_eq!(admitted["metadata"]["finalizers"], json!([finalizer]));
            assert_eq!(trial.run(&StorageObjectInUseProtection, admitted.clone()), Ok(admitted));
        }
        let update = Trial::new(Operation::Update, "persistentvolumes", "");
        assert_eq!(update.run(&StorageObjectInUseProtection, json!({})), Ok(json!({})));
    }
}
