//! What the controllers of volumes write into volumes and claims: for worlds in which there are no such controllers.

use std::collections::BTreeMap;

use wire::{
    CsiPersistentVolumeSource, ObjectMeta, ObjectReference, PersistentVolume, PersistentVolumeClaim,
    PersistentVolumeSpec,
};

/// Makes a volume and a claim each other's.
pub(crate) fn bind(volume: &mut PersistentVolume, claim: &mut PersistentVolumeClaim) {
    volume.spec.claim_ref = Some(ObjectReference {
        kind: "PersistentVolumeClaim".to_owned(),
        namespace: claim.metadata.namespace.clone(),
        name: claim.metadata.name.clone(),
        uid: claim.metadata.uid.clone(),
        ..ObjectReference::default()
    });
    "Bound".clone_into(&mut volume.status.phase);
    claim.spec.volume_name.clone_from(&volume.metadata.name);
    "Bound".clone_into(&mut claim.status.phase);
    let completed = "pv.kubernetes.io/bind-completed".to_owned();
    claim.metadata.annotations.insert(completed, "yes".to_owned());
}

/// The volume that a provisioner makes for a claim, once the claim says for which node.
pub(crate) fn made_for(claim: &mut PersistentVolumeClaim, provisioner: &str, node: &str) -> PersistentVolume {
    let selected = "volume.kubernetes.io/selected-node".to_owned();
    claim.metadata.annotations.insert(selected, node.to_owned());
    let (namespace, name) = (&claim.metadata.namespace, &claim.metadata.name);
    let name = format!("pvc-{namespace}-{name}");
    let storage = claim.spec.resources.requests.get("storage").copied();
    PersistentVolume {
        metadata: ObjectMeta { name: name.clone(), ..ObjectMeta::default() },
        spec: PersistentVolumeSpec {
            capacity: storage
                .map(|storage| ("storage".to_owned(), storage))
                .into_iter()
                .collect::<BTreeMap<_, _>>(),
            access_modes: claim.spec.access_modes.clone(),
            storage_class_name: claim.spec.storage_class_name.clone().unwrap_or_default(),
            volume_mode: claim.spec.volume_mode.clone(),
            volume_attributes_class_name: claim.spec.volume_attributes_class_name.clone(),
            csi: Some(CsiPersistentVolumeSource { driver: provisioner.to_owned(), volume_handle: name }),
            ..PersistentVolumeSpec::default()
        },
        ..PersistentVolume::default()
    }
}
