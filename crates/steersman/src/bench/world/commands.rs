//! What the core wants done, done.

use std::sync::Arc;

use scheduling::engine::{ClaimName, Command, Condition, Input};
use wire::{Kind, Object, Timestamp};

use super::{Commands, World};
use crate::bench::measure::{Fed, feed};
use crate::bench::opcodes::Stage;
use crate::volume_controllers::{bind, made_for};

impl World {
    /// Carries commands out, and those that come of it.
    pub(super) fn carry_out(&mut self, mut commands: Commands) {
        while let Some(command) = commands.pop_front() {
            match command {
                Command::Bind { uid, node, .. } => self.bind(&uid, &node, &mut commands),
                Command::BindVolume { uid, volume, claim, .. } => {
                    let key = (Kind::PersistentVolume, String::new(), volume.to_string());
                    let volume = self.others.get(&key).cloned();
                    self.bind_claim(&uid, key.2, volume, &claim, &mut commands);
                }
                Command::ProvisionClaim { uid, claim, node, .. } => {
                    let volume = self.provision(&claim, &node);
                    self.bind_claim(&uid, claim.to_string(), volume, &claim, &mut commands);
                }
                Command::PatchStatus { uid, condition, nominated_node_name, .. } => {
                    self.patch_status(&uid, condition, nominated_node_name, &mut commands);
                }
                Command::Evict { uid, preemptor, .. } => {
                    self.delete_pod_now(&uid, &mut commands);
                    let answer = Input::EvictFinished { preemptor: &preemptor, victim: &uid, result: Ok(()) };
                    self.feed(answer, &mut commands);
                }
                // Events are for people, and time is asked for when it passes.
                Command::Event { .. } | Command::WakeAt(_) => {}
            }
        }
    }

    /// Makes a volume for a claim, which is marked with the node.
    fn provision(&mut self, claim: &ClaimName, node: &str) -> Option<Object> {
        let key = (Kind::PersistentVolumeClaim, claim.namespace.to_string(), claim.name.to_string());
        let Some(Object::PersistentVolumeClaim(known)) = self.others.get(&key) else { return None };
        let class = known.spec.storage_class_name.clone().unwrap_or_default();
        let provisioner = match self.others.get(&(Kind::StorageClass, String::new(), class)) {
            Some(Object::StorageClass(class)) => class.provisioner.clone(),
            _ => String::new(),
        };
        let Some(Object::PersistentVolumeClaim(known)) = self.others.get_mut(&key) else { return None };
        Some(made_for(known, &provisioner, node).into())
    }

    /// Binds a claim to a volume, as the controllers of volumes would, and says so.
    fn bind_claim(
        &mut self,
        uid: &Arc<str>,
        written: String,
        volume: Option<Object>,
        claim: &ClaimName,
        commands: &mut Commands,
    ) {
        let key = (Kind::PersistentVolumeClaim, claim.namespace.to_string(), claim.name.to_string());
        let both = volume.zip(self.others.get(&key).cloned());
        let result = match both {
            Some((Object::PersistentVolume(mut volume), Object::PersistentVolumeClaim(mut claim))) => {
                bind(&mut volume, &mut claim);
                for object in [Object::PersistentVolume(volume), Object::PersistentVolumeClaim(claim)] {
                    self.feed(Input::Upsert(&object), commands);
                    let metadata = object.meta();
                    let key = (object.kind(), metadata.namespace.clone(), metadata.name.clone());
                    self.others.insert(key, object);
                }
                Ok(())
            }
            _ => Err("the volume or the claim is gone".to_owned()),
        };
        self.feed(Input::VolumeFinished { uid, object: &written, result }, commands);
    }

    /// Gives the core an input about something that the world does not keep.
    fn feed(&mut self, input: Input<'_>, commands: &mut Commands) {
        let Fed { commands: more, took, .. } = feed(&mut self.scheduler, input, self.now);
        self.note_input(took);
        commands.extend(more);
    }

    /// Shows the core a pod as it is now.
    pub(super) fn show_pod(&mut self, uid: &str, commands: &mut Commands) {
        let Some(object) = self.pods.get(uid) else { return };
        let Fed { commands: more, took, .. } = feed(&mut self.scheduler, Input::Upsert(object), self.now);
        self.note_input(took);
        commands.extend(more);
    }

    fn bind(&mut self, uid: &Arc<str>, node: &str, commands: &mut Commands) {
        let Some(Object::Pod(pod)) = self.pods.get_mut(uid) else {
            let result = Err("the pod is gone".to_owned());
            return self.feed(Input::BindFinished { uid, result }, commands);
        };
        node.clone_into(&mut pod.spec.node_name);
        pod.status.start_time = Some(Timestamp::from_nanos(self.now.as_nanos()));
        pod.status.conditions.clear();
        pod.status.nominated_node_name.clear();
        if let Some(period) = &mut self.period {
            period.bound(pod);
        }
        self.feed(Input::BindFinished { uid, result: Ok(()) }, commands);
        self.show_pod(uid, commands);
        self.note_stage(uid, Stage::Scheduled);
    }

    fn patch_status(
        &mut self,
        uid: &str,
        condition: Option<Condition>,
        nominated: Option<Arc<str>>,
        commands: &mut Commands,
    ) {
        let Some(Object::Pod(pod)) = self.pods.get_mut(uid) else { return };
        if let Some(condition) = condition {
            pod.status.conditions = vec![wire::Condition {
                r#type: "PodScheduled".to_owned(),
                status: "False".to_owned(),
                reason: condition.reason.to_owned(),
                message: condition.message,
                observed_generation: condition.observed_generation,
                ..wire::Condition::default()
            }];
        }
        if let Some(node) = nominated {
            pod.status.nominated_node_name = node.to_string();
        }
        self.show_pod(uid, commands);
        self.note_stage(uid, Stage::Attempted);
    }

    /// Removes a pod, whoever may hold it.
    pub(super) fn delete_pod_now(&mut self, uid: &str, commands: &mut Commands) {
        let Some(object) = self.pods.remove(uid) else { return };
        let metadata = object.meta();
        if let Some(names) = self.names.get_mut(&metadata.namespace) {
            names.remove(&metadata.name);
        }
        self.feed(Input::Delete(&object), commands);
        self.note_stage(uid, Stage::Scheduled);
    }
}
