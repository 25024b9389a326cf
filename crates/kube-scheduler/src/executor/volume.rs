//! Writing into volumes and claims what was decided about them.

use std::sync::Arc;

use client::{Error, Resource};
use http::{Method, StatusCode};
use scheduling::engine::ClaimName;
use serde_json::{Value, json};
use wire::{Kind, Object};

use super::Shared;
use super::retry::{Patience, is_open};

/// Says which node a volume is to be made for.
const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";
/// Says that a volume was reserved by a controller, which may take that back.
const BOUND_BY_CONTROLLER: &str = "pv.kubernetes.io/bound-by-controller";

/// What is written for a pod.
pub(super) struct VolumeWrite {
    /// The UID of the pod.
    pub(super) uid: Arc<str>,
    pub(super) claim: ClaimName,
    pub(super) target: Target,
}

/// Where it is written.
pub(super) enum Target {
    /// A volume is reserved for the claim.
    Volume { name: Arc<str>, resource_version: Arc<str>, names_claim: bool },
    /// The claim is marked with the node that its volume is to be made for.
    Claim { node: Arc<str> },
}

impl VolumeWrite {
    /// What is written, as the scheduler knows it.
    pub(super) fn object(&self) -> Arc<str> {
        match &self.target {
            Target::Volume { name, .. } => Arc::clone(name),
            Target::Claim { .. } => self.claim.to_string().into(),
        }
    }

    fn path(&self) -> String {
        match &self.target {
            Target::Volume { name, .. } => Resource::of(Kind::PersistentVolume).object_path("", name, ""),
            Target::Claim { .. } => Resource::of(Kind::PersistentVolumeClaim).object_path(
                &self.claim.namespace,
                &self.claim.name,
                "",
            ),
        }
    }

    /// The merge patch. It is refused if the object is not any more what it was when the decision was made.
    fn patch(&self) -> Value {
        let ClaimName { namespace, name, uid, resource_version: claim_version } = &self.claim;
        let (version, mut patch) = match &self.target {
            Target::Volume { resource_version, names_claim, .. } => {
                let claim = json!({
                    "apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": **namespace,
                    "name": **name, "uid": **uid, "resourceVersion": **claim_version,
                });
                let mut patch = json!({"metadata": {}, "spec": {"claimRef": claim}});
                if !names_claim {
                    patch["metadata"]["annotations"] = json!({BOUND_BY_CONTROLLER: "yes"});
                }
                (resource_version, patch)
            }
            Target::Claim { node } => {
                let annotations = json!({SELECTED_NODE: **node});
                (claim_version, json!({"metadata": {"uid": **uid, "annotations": annotations}}))
            }
        };
        if !version.is_empty() {
            patch["metadata"]["resourceVersion"] = json!(**version);
        }
        patch
    }

    /// Whether an object is as it was to be.
    fn is_done_in(&self, object: &Object) -> bool {
        match (&self.target, object) {
            (Target::Volume { .. }, Object::PersistentVolume(volume)) => {
                volume.spec.claim_ref.as_ref().is_some_and(|claim| claim.uid == *self.claim.uid)
            }
            (Target::Claim { node }, Object::PersistentVolumeClaim(claim)) => {
                claim.metadata.uid == *self.claim.uid
                    && claim
                        .metadata
                        .annotations
                        .get(SELECTED_NODE)
                        .is_some_and(|selected| **selected == **node)
            }
            _ => false,
        }
    }
}

impl Shared {
    /// Writes, and tries until it is known what has become of it.
    pub(super) async fn write_volume(&self, write: &VolumeWrite) -> Result<(), String> {
        let body = serde_json::to_vec(&write.patch()).map_err(|error| error.to_string())?;
        let (path, object) = (write.path(), write.object());
        let what = format!("writing volume or claim {object}");
        let mut patience = Patience::new();
        loop {
            let content = Some(("application/merge-patch+json", body.clone()));
            let error = match self.send(Method::PATCH, &path, content, &what).await {
                Ok(_) => return Ok(()),
                Err(error) => error,
            };
            let is_conflict = error.refusal().is_some_and(|refusal| refusal.code == StatusCode::CONFLICT);
            let answer = match is_open(&error) {
                true => Err(error),
                // Perhaps it is written already, by a request of ours whose answer was lost.
                false if is_conflict => match self.is_written(write).await {
                    Ok(true) => return Ok(()),
                    Ok(false) => Ok(error),
                    Err(open) => Err(open),
                },
                false => Ok(error),
            };
            match answer {
                Ok(error) => return Err(error.to_string()),
                Err(open) => {
                    tracing::warn!(object = %object, error = %open, "Writing is tried again");
                    patience.wait_after(&open).await;
                }
            }
        }
    }

    /// Looks whether it is written. The error leaves it open.
    async fn is_written(&self, write: &VolumeWrite) -> Result<bool, Error> {
        let what = format!("looking for {}", write.object());
        let kind = match write.target {
            Target::Volume { .. } => Kind::PersistentVolume,
            Target::Claim { .. } => Kind::PersistentVolumeClaim,
        };
        match self.send(Method::GET, &write.path(), None, &what).await {
            Ok(body) => {
                let misunderstood = |problem: String| Error::Misunderstood { what: what.clone(), problem };
                let text = std::str::from_utf8(&body).map_err(|error| misunderstood(error.to_string()))?;
                let read = wire::decode::json_object(kind, text);
                Ok(write.is_done_in(&read.map_err(|error| misunderstood(error.to_string()))?))
            }
            Err(error) if is_open(&error) => Err(error),
            Err(_) => Ok(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(target: Target) -> VolumeWrite {
        let claim = ClaimName {
            namespace: "shop".into(),
            name: "data".into(),
            uid: "c".into(),
            resource_version: "7".into(),
        };
        VolumeWrite { uid: "p".into(), claim, target }
    }

    #[test]
    fn patches_are_bound_to_the_version_that_was_decided_about() {
        let volume =
            write(Target::Volume { name: "v".into(), resource_version: "3".into(), names_claim: false });
        assert_eq!(volume.path(), "/api/v1/persistentvolumes/v");
        let patch = volume.patch();
        assert_eq!(
            patch["metadata"],
            json!({"resourceVersion": "3", "annotations": {BOUND_BY_CONTROLLER: "yes"}})
        );
        assert_eq!(patch["spec"]["claimRef"]["uid"], "c");
        let claim = write(Target::Claim { node: "n".into() });
        assert_eq!(claim.path(), "/api/v1/namespaces/shop/persistentvolumeclaims/data");
        assert_eq!(
            claim.patch(),
            json!({"metadata": {"uid": "c", "resourceVersion": "7", "annotations": {SELECTED_NODE: "n"}}})
        );
    }

    #[test]
    fn what_is_there_already_is_done() {
        let done = write(Target::Claim { node: "n".into() });
        let claim = |node: &str| {
            let claim = json!({"metadata": {"uid": "c", "annotations": {SELECTED_NODE: node}}});
            let claim: wire::PersistentVolumeClaim = serde_json::from_value(claim).expect("a claim");
            Object::from(claim)
        };
        assert!(done.is_done_in(&claim("n")) && !done.is_done_in(&claim("m")));
    }
}
