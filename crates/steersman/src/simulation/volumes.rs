//! What controllers do about claims, done at once: volumes are bound, made, and claimed for pods that bring their own
//! claims.

use std::collections::VecDeque;
use std::sync::Arc;

use base::Map;
use scheduling::engine::{ClaimName, Command, Input};
use wire::{Kind, Object, ObjectMeta, OwnerReference, PersistentVolumeClaim, Pod};

use super::{Simulation, uid};
use crate::volume_controllers::{bind, made_for};

/// Where volumes, claims and classes are among the objects.
#[derive(Default)]
pub(super) struct Places(Map<(Kind, String, String), usize>);

impl Places {
    /// Looks through all objects.
    pub(super) fn of(objects: &[Object]) -> Places {
        let mut places = Places::default();
        for (i, object) in objects.iter().enumerate() {
            places.note(object, i);
        }
        places
    }

    fn note(&mut self, object: &Object, i: usize) {
        let kind = object.kind();
        if matches!(kind, Kind::PersistentVolume | Kind::PersistentVolumeClaim | Kind::StorageClass) {
            let metadata = object.meta();
            self.0.insert((kind, metadata.namespace.clone(), metadata.name.clone()), i);
        }
    }

    fn get(&self, kind: Kind, namespace: &str, name: &str) -> Option<usize> {
        self.0.get(&(kind, namespace.to_owned(), name.to_owned())).copied()
    }
}

impl Simulation {
    /// A volume is reserved for a claim, and so bound to it.
    pub(super) fn bind_volume(
        &mut self,
        pod: &Arc<str>,
        name: &str,
        claim: &ClaimName,
        commands: &mut VecDeque<Command>,
    ) {
        let volume = self.places.get(Kind::PersistentVolume, "", name);
        let place = self.places.get(Kind::PersistentVolumeClaim, &claim.namespace, &claim.name);
        let both = volume.zip(place).map(|(i, j)| (self.objects[i].clone(), self.objects[j].clone()));
        let Some((Object::PersistentVolume(mut volume), Object::PersistentVolumeClaim(mut claim))) = both
        else {
            return self.answer(pod, name, Err("the volume or the claim is gone".to_owned()), commands);
        };
        bind(&mut volume, &mut claim);
        self.show(Object::PersistentVolume(volume), commands);
        self.show(Object::PersistentVolumeClaim(claim), commands);
        self.answer(pod, name, Ok(()), commands);
    }

    /// A volume is made for a claim.
    pub(super) fn provision_claim(
        &mut self,
        pod: &Arc<str>,
        name: &ClaimName,
        node: &str,
        commands: &mut VecDeque<Command>,
    ) {
        let place = self.places.get(Kind::PersistentVolumeClaim, &name.namespace, &name.name);
        let Some(Object::PersistentVolumeClaim(mut claim)) = place.map(|i| self.objects[i].clone()) else {
            return self.answer(pod, &name.to_string(), Err("the claim is gone".to_owned()), commands);
        };
        let class = claim.spec.storage_class_name.clone().unwrap_or_default();
        let class = self.places.get(Kind::StorageClass, "", &class).map(|i| &self.objects[i]);
        let provisioner = match class {
            Some(Object::StorageClass(class)) => class.provisioner.clone(),
            _ => String::new(),
        };
        let mut volume = made_for(&mut claim, &provisioner, node);
        bind(&mut volume, &mut claim);
        self.show(Object::PersistentVolume(Box::new(volume)), commands);
        self.show(Object::PersistentVolumeClaim(claim), commands);
        self.answer(pod, &name.to_string(), Ok(()), commands);
    }

    /// Makes the claims of a pod's generic ephemeral volumes, unless they exist.
    pub(super) fn claim_for(&mut self, pod: &Pod) {
        for volume in &pod.spec.volumes {
            let Some(ephemeral) = &volume.ephemeral else { continue };
            let name = format!("{}-{}", pod.metadata.name, volume.name);
            if self.places.get(Kind::PersistentVolumeClaim, &pod.metadata.namespace, &name).is_some() {
                continue;
            }
            let template = ephemeral.volume_claim_template.clone().unwrap_or_default();
            let owner = OwnerReference {
                api_version: "v1".to_owned(),
                kind: "Pod".to_owned(),
                name: pod.metadata.name.clone(),
                uid: uid(pod).to_string(),
                controller: Some(true),
                ..OwnerReference::default()
            };
            let metadata = ObjectMeta {
                name,
                namespace: pod.metadata.namespace.clone(),
                owner_references: vec![owner],
                ..template.metadata
            };
            let claim = PersistentVolumeClaim { metadata, spec: template.spec, ..Default::default() };
            self.show(claim.into(), &mut VecDeque::new());
        }
    }

    /// Keeps an object and shows it to the scheduler.
    fn show(&mut self, object: Object, commands: &mut VecDeque<Command>) {
        let metadata = object.meta();
        commands.extend(self.scheduler.step(Input::Upsert(&object), self.now).commands);
        match self.places.get(object.kind(), &metadata.namespace, &metadata.name) {
            Some(i) => self.objects[i] = object,
            None => {
                self.places.note(&object, self.objects.len());
                self.objects.push(object);
            }
        }
        self.n_attempts_at_change = self.n_attempts;
    }

    fn answer(
        &mut self,
        uid: &Arc<str>,
        object: &str,
        result: Result<(), String>,
        commands: &mut VecDeque<Command>,
    ) {
        let answer = Input::VolumeFinished { uid, object, result };
        commands.extend(self.scheduler.step(answer, self.now).commands);
    }
}
