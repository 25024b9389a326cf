//! What nodes may do with pods.

use apimachinery::{GroupResource, Status};
use serde_json::Value;

use super::super::{Operation, items, text};
use super::{Asked, Outcome};

const MIRROR: &str = "kubernetes.io/config.mirror";

impl Asked<'_> {
    pub(super) fn pod(&self) -> Outcome {
        let node = self.node;
        match (self.request.operation, self.object) {
            (Operation::Create, Some(pod)) => self.mirror_pod(pod),
            (Operation::Delete, _) => {
                let is_mine = self.request.old.is_none_or(|pod| text(pod, "/spec/nodeName") == node);
                self.check(is_mine, || {
                    format!("node {node:?} can only delete pods with spec.nodeName set to itself")
                })
            }
            _ => self.check(false, || {
                format!(
                    "unexpected operation {:?}, node {node:?} can only create and delete mirror pods",
                    self.operation()
                )
            }),
        }
    }

    /// A pod that a kubelet makes so that others see what it runs from a file.
    fn mirror_pod(&self, pod: &Value) -> Outcome {
        let node = self.node;
        self.check(!pod["metadata"]["annotations"][MIRROR].is_null(), || {
            format!("pod does not have {MIRROR:?} annotation, node {node:?} can only create mirror pods")
        })?;
        self.check(text(pod, "/spec/nodeName") == node, || {
            format!("node {node:?} can only create pods with spec.nodeName set to itself")
        })?;
        let owners: Vec<&Value> = items(pod, "/metadata/ownerReferences").collect();
        self.check(owners.len() <= 1, || {
            format!("node {node:?} can only create pods with a single owner reference set to itself")
        })?;
        let is_node =
            |owner: &&Value| owner["apiVersion"] == "v1" && owner["kind"] == "Node" && owner["name"] == node;
        let Some(owner) = owners.first().filter(|owner| is_node(owner)) else {
            return self.check(false, || {
                format!("node {node:?} can only create pods with an owner reference set to itself")
            });
        };
        self.check(owner["controller"] == true, || {
            format!("node {node:?} can only create pods with a controller owner reference set to itself")
        })?;
        self.check(owner["blockOwnerDeletion"] != true, || {
            format!("node {node:?} must not set blockOwnerDeletion on an owner reference")
        })?;
        let stored = self
            .request
            .get("", "nodes", "", node)
            .ok_or_else(|| Box::new(Status::not_found(&GroupResource::new("", "nodes"), node)))?;
        let (given, own) = (text(owner, "/uid"), text(&stored, "/metadata/uid"));
        self.check(given == own, || format!("node {node} UID mismatch: expected {given} got {own}"))?;
        match reference(&pod["spec"]) {
            Some(resource) => {
                self.check(false, || format!("node {node:?} can not create pods that reference {resource}"))
            }
            None => Ok(()),
        }
    }

    pub(super) fn pod_status(&self) -> Outcome {
        let node = self.node;
        let updated =
            self.object.zip(self.request.old).filter(|_| self.request.operation == Operation::Update);
        let Some((new, old)) = updated else {
            return self.check(false, || format!("unexpected operation {:?}", self.operation()));
        };
        self.check(text(old, "/spec/nodeName") == node, || {
            format!("node {node:?} can only update pod status for pods with spec.nodeName set to itself")
        })?;
        let same = |pointer: &str| {
            let empty = |value: &&Value| {
                value.is_null()
                    || value.as_object().is_some_and(serde_json::Map::is_empty)
                    || value.as_array().is_some_and(Vec::is_empty)
            };
            new.pointer(pointer).filter(|value| !empty(value))
                == old.pointer(pointer).filter(|value| !empty(value))
        };
        self.check(same("/metadata/labels"), || {
            format!("node {node:?} cannot update labels through pod status")
        })?;
        // The spelling is upstream's.
        self.check(same("/status/resourceClaimStatuses"), || {
            format!("node {node:?} cannot update resource claim statues")
        })?;
        self.check(same("/status/extendedResourceClaimStatus"), || {
            format!("node {node:?} cannot update extended resource claim status")
        })
    }

    pub(super) fn pod_eviction(&self) -> Outcome {
        let node = self.node;
        self.check(self.request.operation == Operation::Create, || {
            format!("unexpected operation {:?}", self.operation())
        })?;
        let pod = self.stored_pod(&self.request.attributes.name)?;
        self.check(text(&pod, "/spec/nodeName") == node, || {
            format!("node {node} can only evict pods with spec.nodeName set to itself")
        })
    }
}

/// The resource of the first thing that a pod refers to: who makes such a pod would get to read it.
fn reference(spec: &Value) -> Option<&'static str> {
    if !text(spec, "/serviceAccountName").is_empty() {
        return Some("serviceaccounts");
    }
    if items(spec, "/imagePullSecrets").next().is_some() {
        return Some("secrets");
    }
    let lists = ["/initContainers", "/containers", "/ephemeralContainers"];
    for container in lists.iter().flat_map(|list| items(spec, list)) {
        let of_env = items(container, "/env").map(|env| &env["valueFrom"]);
        for source in of_env {
            if !source["secretKeyRef"].is_null() {
                return Some("secrets");
            }
            if !source["configMapKeyRef"].is_null() {
                return Some("configmaps");
            }
        }
        for source in items(container, "/envFrom") {
            if !source["secretRef"].is_null() {
                return Some("secrets");
            }
            if !source["configMapRef"].is_null() {
                return Some("configmaps");
            }
        }
    }
    for volume in items(spec, "/volumes") {
        if let Some(resource) = of_volume(volume) {
            return Some(resource);
        }
    }
    items(spec, "/resourceClaims").next().map(|_| "resourceclaims")
}

fn of_volume(volume: &Value) -> Option<&'static str> {
    let has = |pointer: &str| volume.pointer(pointer).is_some_and(|value| !value.is_null());
    let secrets = ["secret", "azureFile"].iter().any(|kind| has(&format!("/{kind}")))
        || ["cephfs", "cinder", "flexVolume", "rbd", "scaleIO", "iscsi", "storageos"]
            .iter()
            .any(|kind| has(&format!("/{kind}/secretRef")))
        || has("/csi/nodePublishSecretRef");
    if secrets {
        return Some("secrets");
    }
    if has("/configMap") {
        return Some("configmaps");
    }
    if has("/persistentVolumeClaim") || has("/ephemeral") {
        return Some("persistentvolumeclaims");
    }
    let kinds = [
        ("secret", "secrets"),
        ("configMap", "configmaps"),
        ("serviceAccountToken", "serviceaccounts"),
        ("clusterTrustBundle", "clustertrustbundles"),
    ];
    items(volume, "/projected/sources").find_map(|source| {
        kinds.iter().find(|(kind, _)| !source[*kind].is_null()).map(|(_, resource)| *resource)
    })
}
