//! PersistentVolumeClaimResize: only claims that can grow are made to.

use apimachinery::Status;
use serde_json::Value;
use wire::Quantity;

use super::{Operation, Plugin, Request, text};

pub(super) struct PersistentVolumeClaimResize;

impl Plugin for PersistentVolumeClaimResize {
    fn name(&self) -> &'static str {
        "PersistentVolumeClaimResize"
    }

    fn validate(&self, request: &Request<'_>, object: Option<&Value>) -> Result<(), Box<Status>> {
        let is_update = request.operation == Operation::Update && request.is_of("", "persistentvolumeclaims");
        let Some((new, old)) = object.filter(|_| is_update).zip(request.old) else { return Ok(()) };
        // What is no quantity is refused by validation.
        let (Some(size), Some(old_size)) = (size(new), size(old)) else { return Ok(()) };
        if size <= old_size {
            return Ok(());
        }
        if text(old, "/status/phase") != "Bound" {
            return Err(request.forbidden("Only bound persistent volume claims can be expanded"));
        }
        let class = class_of(new);
        let stored = request.get("storage.k8s.io", "storageclasses", "", class);
        let can_grow = stored.is_some_and(|class| class["allowVolumeExpansion"] == true);
        if class.is_empty() || class != class_of(old) || !can_grow {
            return Err(request.forbidden(
                "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must \
                 support resize",
            ));
        }
        Ok(())
    }
}

fn size(claim: &Value) -> Option<Quantity> {
    text(claim, "/spec/resources/requests/storage").parse().ok()
}

/// The class of a claim: the old annotation counts first.
fn class_of(claim: &Value) -> &str {
    let by_annotation = &claim["metadata"]["annotations"]["volume.beta.kubernetes.io/storage-class"];
    by_annotation.as_str().unwrap_or_else(|| text(claim, "/spec/storageClassName"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::test_request::Trial;
    use super::*;

    #[test]
    fn only_some_claims_grow() {
        let claim = |class: &str, size: &str, phase: &str| {
            json!({
                "metadata": {"name": "c"},
                "spec": {"storageClassName": class, "resources": {"requests": {"storage": size}}},
                "status": {"phase": phase},
            })
        };
        let class = |name: &str, can_grow: bool| {
            let class = json!({"metadata": {"name": name}, "allowVolumeExpansion": can_grow});
            ("storageclasses.storage.k8s.io", class)
        };
        let start = "persistentvolumeclaims \"c\" is forbidden: ";
        let unbound = "Only bound persistent volume claims can be expanded";
        let unfit = "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must \
                     support resize";
        for (class_name, new, old, phase, refusal) in [
            ("grows", "2Gi", "1Gi", "Bound", None),
            ("grows", "2Gi", "1Gi", "Pending", Some(unbound)),
            ("fixed", "2Gi", "1Gi", "Bound", Some(unfit)),
            ("gone", "2Gi", "1Gi", "Bound", Some(unfit)),
            ("", "2Gi", "1Gi", "Bound", Some(unfit)),
            ("fixed", "1Gi", "1024Mi", "Pending", None),
        ] {
            let trial = Trial::new(Operation::Update, "persistentvolumeclaims", "ns")
                .with([class("grows", true), class("fixed", false)])
                .over(claim(class_name, old, phase));
            let outcome = trial.run(&PersistentVolumeClaimResize, claim(class_name, new, phase)).map(|_| ());
            let expected = refusal.map_or(Ok(()), |text| Err((403, format!("{start}{text}"))));
            assert_eq!(outcome, expected, "{class_name} {phase}");
        }
    }
}
