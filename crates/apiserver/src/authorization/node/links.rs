//! What a node has to do with objects, by the pods on it.

use std::sync::Arc;

use apimachinery::GroupResource;
use serde_json::Value;

use crate::objects::Objects;

/// The objects as seen from a node.
pub(super) struct Links<'l> {
    pub(super) objects: &'l dyn Objects,
    pub(super) node: &'l str,
}

impl Links<'_> {
    fn list(&self, group: &str, resource: &str, namespace: Option<&str>) -> Vec<Arc<Value>> {
        self.objects.list(&GroupResource::new(group, resource), namespace)
    }

    fn get(&self, group: &str, resource: &str, namespace: &str, name: &str) -> Option<Arc<Value>> {
        self.objects.get(&GroupResource::new(group, resource), namespace, name)
    }

    fn is_mine(&self, object: &Value) -> bool {
        object["spec"]["nodeName"] == self.node
    }

    /// A pod that is bound to the node.
    pub(super) fn to_pod(&self, namespace: &str, name: &str) -> bool {
        self.get("", "pods", namespace, name).is_some_and(|pod| self.is_mine(&pod))
    }

    /// An attachment of a volume to the node.
    pub(super) fn to_attachment(&self, name: &str) -> bool {
        let found = self.get("storage.k8s.io", "volumeattachments", "", name);
        found.is_some_and(|object| self.is_mine(&object))
    }

    /// A slice of devices of the node.
    pub(super) fn to_slice(&self, name: &str) -> bool {
        let found = self.get("resource.k8s.io", "resourceslices", "", name);
        found.is_some_and(|object| self.is_mine(&object))
    }

    /// A volume that a pod of the node claims.
    pub(super) fn to_volume(&self, name: &str) -> bool {
        let Some(volume) = self.get("", "persistentvolumes", "", name) else { return false };
        let claim = &volume["spec"]["claimRef"];
        let (namespace, name) = (claim["namespace"].as_str(), claim["name"].as_str());
        namespace
            .zip(name)
            .is_some_and(|(namespace, name)| self.to_object("persistentvolumeclaims", namespace, name))
    }

    /// Something that a pod of the node refers to by its name.
    pub(super) fn to_object(&self, resource: &str, namespace: &str, name: &str) -> bool {
        let pods = self.list("", "pods", Some(namespace));
        let mut own = pods.iter().filter(|pod| self.is_mine(pod));
        let is_referred = match resource {
            // Kubelets make mirror pods themselves: what those ask for gives no right to it.
            "secrets" => own.any(|pod| !is_mirror(pod) && names_secret(&pod["spec"], name)),
            "configmaps" => own.any(|pod| !is_mirror(pod) && names_config_map(&pod["spec"], name)),
            "persistentvolumeclaims" => own.any(|pod| claims(pod, name)),
            "serviceaccounts" => own.any(|pod| !is_mirror(pod) && pod["spec"]["serviceAccountName"] == name),
            "resourceclaims" => own.any(|pod| claims_device(pod, name)),
            _ => false,
        };
        is_referred || (resource == "secrets" && self.is_secret_of_volume(namespace, name))
    }

    /// Whether a volume that a pod of the node claims needs a secret.
    fn is_secret_of_volume(&self, namespace: &str, name: &str) -> bool {
        let volumes = self.list("", "persistentvolumes", None);
        volumes.iter().any(|volume| {
            volume_names_secret(&volume["spec"], namespace, name)
                && volume["metadata"]["name"].as_str().is_some_and(|volume| self.to_volume(volume))
        })
    }
}

fn is_mirror(pod: &Value) -> bool {
    !pod["metadata"]["annotations"]["kubernetes.io/config.mirror"].is_null()
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn containers(spec: &Value) -> impl Iterator<Item = &Value> {
    ["initContainers", "containers", "ephemeralContainers"]
        .into_iter()
        .flat_map(move |list| items(&spec[list]))
}

fn names_secret(spec: &Value, name: &str) -> bool {
    let of_container = |container: &Value| {
        items(&container["env"]).any(|env| env["valueFrom"]["secretKeyRef"]["name"] == name)
            || items(&container["envFrom"]).any(|env| env["secretRef"]["name"] == name)
    };
    let of_volume = |volume: &Value| {
        let kinds = ["azureFile", "cephfs", "cinder", "flexVolume", "rbd", "scaleIO", "iscsi", "storageos"];
        volume["secret"]["secretName"] == name
            || volume["azureFile"]["secretName"] == name
            || volume["csi"]["nodePublishSecretRef"]["name"] == name
            || kinds.iter().any(|kind| volume[*kind]["secretRef"]["name"] == name)
            || items(&volume["projected"]["sources"]).any(|source| source["secret"]["name"] == name)
    };
    items(&spec["imagePullSecrets"]).any(|secret| secret["name"] == name)
        || containers(spec).any(of_container)
        || items(&spec["volumes"]).any(of_volume)
}

fn names_config_map(spec: &Value, name: &str) -> bool {
    let of_container = |container: &Value| {
        items(&container["env"]).any(|env| env["valueFrom"]["configMapKeyRef"]["name"] == name)
            || items(&container["envFrom"]).any(|env| env["configMapRef"]["name"] == name)
    };
    let of_volume = |volume: &Value| {
        volume["configMap"]["name"] == name
            || items(&volume["projected"]["sources"]).any(|source| source["configMap"]["name"] == name)
    };
    containers(spec).any(of_container) || items(&spec["volumes"]).any(of_volume)
}

/// Whether a pod has a claim, by name or made for it: those are called after the pod and the volume.
fn claims(pod: &Value, name: &str) -> bool {
    items(&pod["spec"]["volumes"]).any(|volume| {
        let made = || Some((pod["metadata"]["name"].as_str()?, volume["name"].as_str()?));
        volume["persistentVolumeClaim"]["claimName"] == name
            || (!volume["ephemeral"].is_null()
                && made().is_some_and(|(pod, volume)| {
                    name.strip_prefix(pod).and_then(|rest| rest.strip_prefix('-')) == Some(volume)
                }))
    })
}

fn claims_device(pod: &Value, name: &str) -> bool {
    items(&pod["spec"]["resourceClaims"]).any(|claim| claim["resourceClaimName"] == name)
        || items(&pod["status"]["resourceClaimStatuses"]).any(|claim| claim["resourceClaimName"] == name)
        || pod["status"]["extendedResourceClaimStatus"]["resourceClaimName"] == name
}

fn volume_names_secret(spec: &Value, namespace: &str, name: &str) -> bool {
    let is_it = |reference: &Value, default: &Value| {
        let own = reference["namespace"].as_str().or(default.as_str()).unwrap_or_default();
        reference["name"] == name && own == namespace
    };
    let claim = &spec["claimRef"]["namespace"];
    let references = [
        "/csi/nodePublishSecretRef",
        "/csi/nodeStageSecretRef",
        "/csi/nodeExpandSecretRef",
        "/cephfs/secretRef",
        "/cinder/secretRef",
        "/flexVolume/secretRef",
        "/iscsi/secretRef",
        "/rbd/secretRef",
        "/scaleIO/secretRef",
        "/storageos/secretRef",
    ];
    let azure = &spec["azureFile"];
    references.iter().any(|path| spec.pointer(path).is_some_and(|reference| is_it(reference, claim)))
        || (azure["secretName"] == name
            && azure["secretNamespace"].as_str().or(claim.as_str()) == Some(namespace))
}
