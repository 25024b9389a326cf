//! What has been decided about volumes and claims, and is not written in their objects yet.

use std::sync::Arc;

use smallvec::SmallVec;

use super::claim::{Claim, ClaimKey};
use super::volume::{ClaimReference, Volume};
use super::{Storage, find::Bindings};

/// A volume that is to be reserved for a claim.
#[derive(Clone, Debug)]
pub(super) struct AssumedVolume {
    pub(super) claim: ClaimReference,
    /// The UIDs of the pods for which that was decided.
    pods: SmallVec<[Arc<str>; 1]>,
}

/// A claim whose volume is to be made for a node.
#[derive(Clone, Debug)]
pub(super) struct AssumedClaim {
    pub(super) node: Arc<str>,
    pods: SmallVec<[Arc<str>; 1]>,
}

impl Storage {
    /// Assumes what has been decided for a pod.
    pub fn assume(&mut self, pod: &Arc<str>, bindings: &Bindings, node: &Arc<str>) {
        for (volume, claim) in &bindings.volumes {
            self.assume_volume(pod, volume, claim);
        }
        for claim in &bindings.provisions {
            let assumed = self
                .assumed_claims
                .entry(claim.key.clone())
                .or_insert_with(|| AssumedClaim { node: Arc::clone(node), pods: SmallVec::new() });
            assumed.node = Arc::clone(node);
            assumed.pods.push(Arc::clone(pod));
        }
    }

    fn assume_volume(&mut self, pod: &Arc<str>, volume: &Arc<Volume>, claim: &Arc<Claim>) {
        if let Some(assumed) = self.assumed_volumes.get_mut(&volume.name) {
            assumed.pods.push(Arc::clone(pod));
            return;
        }
        if volume.claim_ref.is_some() {
            return;
        }
        self.unindex(volume);
        let claim = ClaimReference { key: claim.key.clone(), uid: Arc::clone(&claim.uid) };
        let assumed = AssumedVolume { claim, pods: SmallVec::from_elem(Arc::clone(pod), 1) };
        self.assumed_volumes.insert(Arc::clone(&volume.name), assumed);
        self.index(volume);
    }

    /// Takes back what was decided for a pod, as far as it still counts.
    pub fn take_back(&mut self, pod: &str, bindings: &Bindings) {
        for (volume, _) in &bindings.volumes {
            let Some(assumed) = self.assumed_volumes.get_mut(&volume.name) else { continue };
            assumed.pods.retain(|uid| **uid != *pod);
            if assumed.pods.is_empty() {
                self.forget_assumed_volume(&volume.name);
            }
        }
        for claim in &bindings.provisions {
            self.take_claim_back(pod, &claim.key);
        }
    }

    fn take_claim_back(&mut self, pod: &str, key: &ClaimKey) {
        if let Some(assumed) = self.assumed_claims.get_mut(key) {
            assumed.pods.retain(|uid| **uid != *pod);
            if assumed.pods.is_empty() {
                self.assumed_claims.remove(key);
            }
        }
    }

    /// Whether anything is assumed. For tests, which look for leaks.
    pub fn assumes_something(&self) -> bool {
        !self.assumed_volumes.is_empty() || !self.assumed_claims.is_empty()
    }

    /// The volume is what its object says.
    pub(super) fn forget_assumed_volume(&mut self, name: &Arc<str>) {
        if !self.assumed_volumes.contains_key(name) {
            return;
        }
        match self.volumes.get(name).cloned() {
            Some(volume) => {
                self.unindex(&volume);
                self.assumed_volumes.remove(name);
                self.index(&volume);
            }
            None => {
                self.assumed_volumes.remove(name);
            }
        }
    }
}
