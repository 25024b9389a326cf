//! The double of the controllers that bind claims and make volumes.

use serde_json::json;
use wire::{Kind, Object, PersistentVolume, PersistentVolumeClaim};

use super::history::Change;
use super::truth::Truth;
use crate::storage::claim::{BIND_COMPLETED, SELECTED_NODE};

/// The next thing that they do; nothing if there is nothing to do.
pub(crate) fn act(truth: &Truth) -> Vec<Change> {
    for volume in volumes(truth) {
        let Some(reference) = &volume.spec.claim_ref else { continue };
        let claim = claim(truth, &reference.namespace, &reference.name);
        let claim = claim.filter(|claim| reference.uid.is_empty() || claim.metadata.uid == reference.uid);
        match claim {
            None if volume.status.phase != "Released" => {
                let mut volume = volume.clone();
                "Released".clone_into(&mut volume.status.phase);
                return vec![Change::Put(volume.into())];
            }
            Some(claim) if !is_bound(claim) && names_no_other(claim, volume) => return bind(volume, claim),
            // The claim has got another one.
            Some(claim) if is_bound(claim) && claim.spec.volume_name != volume.metadata.name => {
                let mut volume = volume.clone();
                volume.spec.claim_ref = None;
                "Available".clone_into(&mut volume.status.phase);
                return vec![Change::Put(volume.into())];
            }
            _ => {}
        }
    }
    for claim in claims(truth).filter(|claim| !is_bound(claim) && claim.spec.volume_name.is_empty()) {
        if claim.metadata.deletion_timestamp.is_some() {
            continue;
        }
        let class = claim.spec.storage_class_name.as_deref().unwrap_or_default();
        let key = (Kind::StorageClass, String::new(), class.to_owned());
        let Some(Object::StorageClass(class)) = truth.get(&key) else { continue };
        let is_selected = claim.metadata.annotations.contains_key(SELECTED_NODE);
        let is_immediate = class.volume_binding_mode.as_deref() == Some("Immediate");
        if is_selected || is_immediate {
            return bind(&made_for(claim, &class.provisioner), claim);
        }
    }
    Vec::new()
}

fn volumes(truth: &Truth) -> impl Iterator<Item = &PersistentVolume> {
    truth.objects().filter_map(|object| match object {
        Object::PersistentVolume(volume) => Some(&**volume),
        _ => None,
    })
}

fn claims(truth: &Truth) -> impl Iterator<Item = &PersistentVolumeClaim> {
    truth.objects().filter_map(|object| match object {
        Object::PersistentVolumeClaim(claim) => Some(&**claim),
        _ => None,
    })
}

/// A claim by its name.
pub(crate) fn claim<'t>(truth: &'t Truth, namespace: &str, name: &str) -> Option<&'t PersistentVolumeClaim> {
    match truth.get(&(Kind::PersistentVolumeClaim, namespace.to_owned(), name.to_owned()))? {
        Object::PersistentVolumeClaim(claim) => Some(claim),
        _ => None,
    }
}

/// Whether a claim has its volume.
pub(crate) fn is_bound(claim: &PersistentVolumeClaim) -> bool {
    !claim.spec.volume_name.is_empty() && claim.metadata.annotations.contains_key(BIND_COMPLETED)
}

fn names_no_other(claim: &PersistentVolumeClaim, volume: &PersistentVolume) -> bool {
    claim.spec.volume_name.is_empty() || claim.spec.volume_name == volume.metadata.name
}

fn bind(volume: &PersistentVolume, claim: &PersistentVolumeClaim) -> Vec<Change> {
    let (mut volume, mut claim) = (volume.clone(), claim.clone());
    volume.spec.claim_ref = Some(reference(&claim));
    "Bound".clone_into(&mut volume.status.phase);
    claim.spec.volume_name.clone_from(&volume.metadata.name);
    claim.metadata.annotations.insert(BIND_COMPLETED.to_owned(), "yes".to_owned());
    "Bound".clone_into(&mut claim.status.phase);
    vec![Change::Put(volume.into()), Change::Put(Object::PersistentVolumeClaim(Box::new(claim)))]
}

/// How a volume names a claim.
pub(crate) fn reference(claim: &PersistentVolumeClaim) -> wire::ObjectReference {
    wire::ObjectReference {
        namespace: claim.metadata.namespace.clone(),
        name: claim.metadata.name.clone(),
        uid: claim.metadata.uid.clone(),
        ..Default::default()
    }
}

fn made_for(claim: &PersistentVolumeClaim, provisioner: &str) -> PersistentVolume {
    let name = format!("made-for-{}-{}", claim.metadata.namespace, claim.metadata.name);
    let volume = json!({
        "metadata": {"name": name, "uid": name},
        "spec": {"capacity": claim.spec.resources.requests, "accessModes": claim.spec.access_modes,
            "storageClassName": claim.spec.storage_class_name,
            "csi": {"driver": provisioner, "volumeHandle": name}},
    });
    serde_json::from_value(volume).expect("a volume")
}
