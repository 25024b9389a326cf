//! What is done about a pod's volumes between the choice of its node and its binding there.
//!
//! The decision is assumed at once (Reserve), then written: volumes are reserved for claims, claims are marked with
//! the node for whose sake their volumes are to be made (PreBind). When everything is written and others have bound the
//! claims, the pod is bound. Until then nobody else is given these volumes; if anything goes wrong, all of it is taken
//! back, but not before every write is answered: one that arrives late would reserve a volume for a pod that has been
//! given another by then.

use std::sync::Arc;
use std::time::Duration;

use base::Now;
use smallvec::SmallVec;
use wire::config::{ExtensionPoint, Gate};

use super::Scheduler;
use super::command::{ClaimName, Command, Condition};
use super::failure::Failure;
use super::queue::nominated;
use crate::framework::{Actions, Changed, ClusterEvent};
use crate::model::Pod;
use crate::plugins::volume_binding;
use crate::snapshot::Row;
use crate::storage::find::Bindings;
use crate::storage::{Claim, ClaimKey, StorageChange, StorageObject, Volume};

/// What is under way for the volumes of a pod.
pub(super) struct VolumeStage {
    bindings: Bindings,
    /// The writes that are not answered, by what they write.
    pending: SmallVec<[Arc<str>; 2]>,
    /// What has gone wrong.
    error: Option<String>,
    /// When to give up.
    pub(super) deadline: Now,
}

/// Pods wait for an object about storage.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Awaited {
    Claim(ClaimKey),
    Volume(Arc<str>),
}

impl VolumeStage {
    /// The objects whose changes matter to it.
    pub(super) fn awaited(&self) -> Vec<Awaited> {
        let volumes = self.bindings.volumes.iter();
        let both = volumes.flat_map(|(volume, claim)| {
            [Awaited::Volume(Arc::clone(&volume.name)), Awaited::Claim(claim.key.clone())]
        });
        both.chain(self.bindings.provisions.iter().map(|claim| Awaited::Claim(claim.key.clone()))).collect()
    }
}

/// How far the volumes of a pod are.
enum Progress {
    /// Something has yet to happen.
    Waits,
    /// The pod can be bound.
    Done,
    /// It cannot be.
    Failed(String),
}

impl Scheduler {
    /// Decides which volumes a pod gets on a node, and assumes that they are its own. `None` if there is nothing to
    /// decide; the error is upstream's text of a failure.
    pub(super) fn reserve_volumes(&mut self, pod: &Pod, host: Row) -> Result<Option<Bindings>, String> {
        if pod.shape.claims.is_empty() {
            return Ok(None);
        }
        let runs =
            |point| self.profile_of(pod).is_some_and(|profile| profile.runs(point, volume_binding::NAME));
        if !runs(ExtensionPoint::Reserve) || !runs(ExtensionPoint::PreBind) {
            return Ok(None);
        }
        let node = Arc::clone(&self.snapshot.node(host).node);
        let storage = self.cluster.storage();
        let claims = storage.pod_claims(pod, &self.symbols)?;
        if claims.delayed.is_empty() {
            return Ok(None);
        }
        let found = storage.find(&claims, &node, &self.symbols)?;
        drop(claims);
        let bindings = found.map_err(|_| "the node has no volumes for the pod any more".to_owned())?;
        let name = self.symbols.share(node.name);
        self.cluster.storage_mut().assume(&pod.uid, &bindings, &name);
        Ok(Some(bindings))
    }

    /// Has what was decided about volumes written. The pod is being bound already.
    pub(super) fn begin_volumes(
        &mut self,
        uid: &Arc<str>,
        bindings: Bindings,
        now: Now,
        commands: &mut Vec<Command>,
    ) {
        let Some(binding) = self.bindings.get_mut(uid) else { return };
        let pod = Arc::clone(&binding.queued.pod);
        let node = self.symbols.share(binding.node);
        // So that others, and this scheduler if it starts anew, know where the pod is going.
        if self.gates.enabled(Gate::NominatedNodeNameForExpectation)
            && binding.queued.told_nomination != Some(binding.node)
        {
            commands.push(Command::PatchStatus {
                pod: pod.key.clone(),
                uid: Arc::clone(uid),
                condition: None,
                nominated_node_name: Some(Arc::clone(&node)),
            });
            binding.queued.pod = nominated(Arc::clone(&pod), Some(binding.node));
        }
        let mut pending: SmallVec<[Arc<str>; 2]> = SmallVec::new();
        for (volume, claim) in &bindings.volumes {
            pending.push(Arc::clone(&volume.name));
            commands.push(Command::BindVolume {
                pod: pod.key.clone(),
                uid: Arc::clone(uid),
                volume: Arc::clone(&volume.name),
                resource_version: Arc::clone(&volume.resource_version),
                node: Arc::clone(&node),
                names_claim: volume.claim_ref.is_some(),
                claim: self.claim_name(claim),
            });
        }
        for claim in &bindings.provisions {
            let claim = self.claim_name(claim);
            pending.push(claim.to_string().into());
            commands.push(Command::ProvisionClaim {
                pod: pod.key.clone(),
                uid: Arc::clone(uid),
                claim,
                node: Arc::clone(&node),
            });
        }
        let profile = self.profile_of(&pod);
        let plugin = profile.and_then(|profile| profile.plugin(volume_binding::NAME));
        let seconds = plugin.and_then(|plugin| plugin.plugin.bind_timeout_seconds()).unwrap_or(0);
        let deadline = now.after(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)));
        self.bindings.set_volumes(uid, VolumeStage { bindings, pending, error: None, deadline });
    }

    fn claim_name(&self, claim: &Claim) -> ClaimName {
        ClaimName {
            namespace: self.symbols.share(claim.key.namespace),
            name: Arc::clone(&claim.key.name),
            uid: Arc::clone(&claim.uid),
            resource_version: Arc::clone(&claim.resource_version),
        }
    }

    /// Takes note of what came of a write. `object` is what was written: the volume's name, or the claim's namespace and
    /// name.
    pub(super) fn volume_finished(
        &mut self,
        uid: &str,
        object: &str,
        result: Result<(), String>,
        now: Now,
        commands: &mut Vec<Command>,
    ) {
        let Some(stage) = self.bindings.volumes_mut(uid) else { return };
        let Some(position) = stage.pending.iter().position(|pending| **pending == *object) else { return };
        stage.pending.swap_remove(position);
        if let Err(error) = result {
            stage.error.get_or_insert(error);
        }
        self.go_on_with_volumes(uid, now, commands);
    }

    /// A pod does not need its node any more: what has been done about its volumes is taken back as soon as all of it is
    /// answered.
    pub(super) fn give_up_volumes(&mut self, uid: &str, now: Now, commands: &mut Vec<Command>) {
        let Some(name) = self.bindings.get_mut(uid).map(|binding| binding.queued.pod.key.name.to_string())
        else {
            return;
        };
        let Some(stage) = self.bindings.volumes_mut(uid) else { return };
        stage.error.get_or_insert(format!("pod does not exist any more: pod {name:?} not found"));
        self.go_on_with_volumes(uid, now, commands);
    }

    /// An object about storage has changed: whoever waits for it may go on.
    pub(super) fn volumes_changed(&mut self, change: &StorageChange, now: Now, commands: &mut Vec<Command>) {
        if !self.bindings.await_volumes() {
            return;
        }
        let mut awaited: SmallVec<[Awaited; 3]> = SmallVec::new();
        for object in change.old.iter().chain(&change.new) {
            match object {
                StorageObject::Claim(claim) => awaited.push(Awaited::Claim(claim.key.clone())),
                StorageObject::Volume(volume) => {
                    awaited.push(Awaited::Volume(Arc::clone(&volume.name)));
                    awaited.extend(volume.claim_ref.as_ref().map(|claim| Awaited::Claim(claim.key.clone())));
                }
                _ => {}
            }
        }
        for uid in self.bindings.awaiting(&awaited) {
            self.notice_writes(&uid);
            self.go_on_with_volumes(&uid, now, commands);
        }
    }

    /// A node is gone: pods cannot be bound there any more.
    pub(super) fn volumes_lost_node(&mut self, node: base::Symbol, now: Now, commands: &mut Vec<Command>) {
        for uid in self.bindings.with_volumes_on(node) {
            self.go_on_with_volumes(&uid, now, commands);
        }
    }

    /// Gives up what takes too long.
    pub(super) fn time_out_volumes(&mut self, now: Now, commands: &mut Vec<Command>) {
        for uid in self.bindings.with_volumes_overdue(now) {
            if let Some(stage) = self.bindings.volumes_mut(&uid) {
                stage.error.get_or_insert("context deadline exceeded".to_owned());
                // Nobody will answer any more.
                stage.pending.clear();
                self.go_on_with_volumes(&uid, now, commands);
            }
        }
    }

    /// Takes an object that shows what a write was to do for its answer, which may be lost.
    fn notice_writes(&mut self, uid: &str) {
        let Some(binding) = self.bindings.get_mut(uid) else { return };
        let node = self.symbols.share(binding.node);
        let storage = self.cluster.storage();
        let Some(stage) = &mut binding.volumes else { return };
        let VolumeStage { bindings, pending, .. } = stage;
        for (volume, claim) in &bindings.volumes {
            let is_written = storage.volume(&volume.name).is_some_and(|now| {
                now.resource_version != volume.resource_version
                    && now.claim_ref.as_ref().is_some_and(|reference| reference.means(claim))
            });
            if is_written {
                pending.retain(|object| **object != *volume.name);
            }
        }
        for claim in &bindings.provisions {
            let is_written = storage.claim_at(&claim.key).is_some_and(|now| {
                now.resource_version != claim.resource_version && now.selected_node.as_ref() == Some(&node)
            });
            if is_written {
                let key = format!("{}/{}", self.symbols.resolve(claim.key.namespace), claim.key.name);
                pending.retain(|object| **object != *key);
            }
        }
    }

    fn go_on_with_volumes(&mut self, uid: &str, now: Now, commands: &mut Vec<Command>) {
        match self.progress(uid) {
            Progress::Waits => {}
            Progress::Done => {
                let Some(binding) = self.bindings.end_volumes(uid) else { return };
                commands.push(Command::Bind {
                    pod: binding.queued.pod.key.clone(),
                    uid: Arc::clone(&binding.queued.pod.uid),
                    node: self.symbols.share(binding.node),
                });
            }
            Progress::Failed(error) => {
                let message =
                    format!("running PreBind plugin {:?}: binding volumes: {error}", volume_binding::NAME);
                self.undo_volumes(uid, now);
                self.undo_binding(
                    uid,
                    &Failure::that_clears(Condition::SCHEDULER_ERROR, message),
                    now,
                    commands,
                );
            }
        }
    }

    fn progress(&mut self, uid: &str) -> Progress {
        let Some(binding) = self.bindings.get_mut(uid) else { return Progress::Waits };
        let (node, is_assumed) = (binding.node, binding.is_assumed);
        let Some(stage) = binding.volumes.as_mut().filter(|stage| stage.pending.is_empty()) else {
            return Progress::Waits;
        };
        if let Some(error) = stage.error.take() {
            return Progress::Failed(error);
        }
        debug_assert!(is_assumed, "a pod that is given up has an error");
        let Some(row) = self.snapshot.row(node) else {
            let name = self.symbols.resolve(node);
            return Progress::Failed(format!("failed to get node {name:?}: node {name:?} not found"));
        };
        let Some(stage) = self.bindings.volumes(uid) else { return Progress::Waits };
        let node = self.snapshot.node(row);
        for (volume, claim) in &stage.bindings.volumes {
            match self.reserved_progress(volume, claim, &node.node) {
                Progress::Done => {}
                other => return other,
            }
        }
        for claim in &stage.bindings.provisions {
            match self.provision_progress(claim, &node.node) {
                Progress::Done => {}
                other => return other,
            }
        }
        Progress::Done
    }

    /// How far a volume is that was reserved for a claim.
    fn reserved_progress(&self, before: &Volume, claim: &Claim, node: &crate::model::Node) -> Progress {
        let storage = self.cluster.storage();
        let Some(volume) = storage.volume(&before.name) else {
            return Progress::Failed(format!(
                "failed to check binding: could not find v1.PersistentVolume {:?}",
                &*before.name
            ));
        };
        let Some(now) = storage.claim_at(&claim.key).filter(|now| now.uid == claim.uid) else {
            return self.claim_is_gone(claim);
        };
        if volume.resource_version == before.resource_version && !volume.resource_version.is_empty() {
            return Progress::Waits;
        }
        if let Some(error) = self.out_of_reach(volume, node) {
            return Progress::Failed(error);
        }
        let is_reserved = volume
            .claim_ref
            .as_ref()
            .is_some_and(|reference| !reference.uid.is_empty() || claim.uid.is_empty());
        if !is_reserved {
            return Progress::Failed(format!("ClaimRef got reset for pv {:?}", &*volume.name));
        }
        if now.is_fully_bound() { Progress::Done } else { Progress::Waits }
    }

    /// How far a claim is whose volume is being made.
    fn provision_progress(&self, before: &Claim, node: &crate::model::Node) -> Progress {
        let storage = self.cluster.storage();
        let Some(claim) = storage.claim_at(&before.key).filter(|now| now.uid == before.uid) else {
            return self.claim_is_gone(before);
        };
        if claim.resource_version == before.resource_version && !claim.resource_version.is_empty() {
            return Progress::Waits;
        }
        let name = &*claim.key.name;
        if !claim.has_annotations {
            return Progress::Failed(format!("selectedNode annotation reset for PVC {name:?}"));
        }
        let is_selected = claim
            .selected_node
            .as_deref()
            .is_some_and(|selected| selected == self.symbols.resolve(node.name));
        if !is_selected {
            return Progress::Failed(format!("provisioning failed for PVC {name:?}"));
        }
        if claim.volume_name.is_some() {
            // The claim may be told of before its volume.
            let Some(volume) = storage.volume_of(claim) else { return Progress::Waits };
            if let Some(error) = self.out_of_reach(volume, node) {
                return Progress::Failed(error);
            }
        }
        if claim.is_fully_bound() { Progress::Done } else { Progress::Waits }
    }

    fn claim_is_gone(&self, claim: &Claim) -> Progress {
        let namespace = self.symbols.resolve(claim.key.namespace);
        let key = format!("{namespace}/{}", claim.key.name);
        Progress::Failed(format!("failed to check binding: could not find v1.PersistentVolumeClaim {key:?}"))
    }

    fn out_of_reach(&self, volume: &Volume, node: &crate::model::Node) -> Option<String> {
        let csi_node = self.cluster.storage().csi_node(node.name).map(|csi_node| &**csi_node);
        let affinity = volume.affinity.as_ref()?;
        let (pv, name) = (&*volume.name, self.symbols.resolve(node.name));
        match affinity.admits(node, csi_node) {
            Ok(true) => None,
            Ok(false) => Some(format!(
                "pv {pv:?} node affinity doesn't match node {name:?}: no matching NodeSelectorTerms"
            )),
            Err(error) => Some(format!("failed to translate pv to csi: could not translate pv: {error}")),
        }
    }

    /// Takes back what was assumed, and tells waiting pods what can be had again.
    fn undo_volumes(&mut self, uid: &str, now: Now) {
        let Some(stage) = self.bindings.take_volumes(uid) else { return };
        self.cluster.storage_mut().take_back(uid, &stage.bindings);
        // Upstream's plugins do not hear of that. But others may wait for these volumes, and would for very long.
        for (volume, _) in &stage.bindings.volumes {
            if let Some(volume) = self.cluster.storage().volume(&volume.name).cloned() {
                let object = StorageObject::Volume(volume);
                let event = ClusterEvent::new(object.resource(), Actions::UPDATE);
                let changed = Changed::Storage { old: Some(&object), new: Some(&object) };
                self.announce(&[event], changed, None, Some(uid), now);
            }
        }
        for claim in &stage.bindings.provisions {
            if let Some(claim) = self.cluster.storage().claim_at(&claim.key).cloned() {
                let object = StorageObject::Claim(claim);
                let event = ClusterEvent::new(object.resource(), Actions::UPDATE);
                let changed = Changed::Storage { old: Some(&object), new: Some(&object) };
                self.announce(&[event], changed, None, Some(uid), now);
            }
        }
    }
}
