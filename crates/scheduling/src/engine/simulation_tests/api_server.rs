//! The API server's double: what exists, and who may change it how.

use std::collections::BTreeSet;

use base::Interner;
use wire::config::FeatureGates;
use wire::{Kind, Node, Object, Pod};

use crate::engine::ClaimName;
use crate::model::pod::PodKey;
use crate::model::requests::PodRequests;
use crate::model::{self, Compiler, Resources};
use crate::storage::claim::SELECTED_NODE;
use crate::testing::history::Change;
use crate::testing::pod_changes;
use crate::testing::truth::{Truth, key_of};
use crate::testing::volume_controller;

/// What watches are told.
#[derive(Clone, Debug)]
pub(super) enum Notice {
    /// An object is there in this form.
    Put(Object),
    /// An object is gone; this was its last form.
    Gone(Object),
}

impl Notice {
    /// The object.
    pub(super) fn object(&self) -> &Object {
        match self {
            Notice::Put(object) | Notice::Gone(object) => object,
        }
    }
}

/// Reads amounts off objects, apart from the scheduler's own books.
#[derive(Default)]
pub(super) struct Scales {
    symbols: Interner,
    gates: FeatureGates,
}

impl Scales {
    /// What a pod takes from its node.
    pub(super) fn pod(&mut self, pod: &Pod) -> Resources {
        let mut compiler = Compiler { symbols: &mut self.symbols, gates: &self.gates };
        PodRequests::compile(pod, &mut compiler).accounted
    }

    /// What a node has.
    pub(super) fn node(&mut self, node: &Node) -> model::Node {
        model::Node::compile(node, &mut Compiler { symbols: &mut self.symbols, gates: &self.gates })
    }
}

/// The server.
#[derive(Default)]
pub(super) struct ApiServer {
    /// What exists.
    pub(super) truth: Truth,
    scales: Scales,
    /// Nodes whose books somebody besides the scheduler has changed: by pods bound elsewhere, by resizes, by changing
    /// what the node has.
    disturbed: BTreeSet<String>,
    /// UIDs of pods whose amounts changed after they were created.
    resized: BTreeSet<String>,
    /// UIDs of pods that were bound here, in order.
    pub(super) bound: Vec<String>,
}

impl ApiServer {
    /// Users, kubelets and controllers change something.
    pub(super) fn change(&mut self, change: Change) -> Option<Notice> {
        match change {
            Change::Put(object) => {
                self.look_for_disturbance(&object);
                Some(Notice::Put(self.truth.put(object)))
            }
            Change::Remove(object) => {
                if let Object::Node(node) = &object {
                    self.disturbed.insert(node.metadata.name.clone());
                }
                self.truth.remove(&key_of(&object)).map(Notice::Gone)
            }
        }
    }

    fn look_for_disturbance(&mut self, object: &Object) {
        let old = self.truth.get(&key_of(object));
        match (old, object) {
            (Some(Object::Node(old)), Object::Node(new))
                if old.status.allocatable != new.status.allocatable =>
            {
                self.disturbed.insert(new.metadata.name.clone());
            }
            (None, Object::Node(new)) => {
                let name = &new.metadata.name;
                if self.truth.pods().any(|pod| pod.spec.node_name == *name) {
                    self.disturbed.insert(name.clone());
                }
            }
            (Some(Object::Pod(old)), Object::Pod(new)) if self.scales.pod(old) != self.scales.pod(new) => {
                self.resized.insert(new.metadata.uid.clone());
                self.disturbed.insert(new.spec.node_name.clone());
            }
            (None, Object::Pod(new)) if !new.spec.node_name.is_empty() => {
                self.disturbed.insert(new.spec.node_name.clone());
            }
            _ => {}
        }
    }

    /// Binds a pod: it must exist under its UID and have no node.
    pub(super) fn bind(&mut self, key: &PodKey, uid: &str, node: &str) -> Result<Notice, String> {
        let pod = self.truth.pod(&key.namespace, &key.name, uid);
        let mut pod = pod.ok_or_else(|| format!("pods {:?} not found", &*key.name))?.clone();
        if pod.metadata.deletion_timestamp.is_some() {
            return Err(format!("pod {} is being deleted, cannot be assigned to a host", key.name));
        }
        if !pod.spec.node_name.is_empty() {
            return Err(format!("pod {} is already assigned to node {:?}", key.name, pod.spec.node_name));
        }
        pod.spec.node_name = node.to_owned();
        pod.status.nominated_node_name = String::new();
        pod_changes::set_condition(&mut pod, "PodScheduled", "True", "");
        self.bound.push(uid.to_owned());
        if self.resized.contains(uid) {
            self.disturbed.insert(node.to_owned());
        }
        Ok(Notice::Put(self.truth.put(pod.into())))
    }

    /// Reserves a volume for a claim, if both are still what they were.
    pub(super) fn bind_volume(
        &mut self,
        name: &str,
        resource_version: &str,
        claim: &ClaimName,
    ) -> Result<Notice, String> {
        let conflict = || format!("Operation cannot be fulfilled on persistentvolumes {name:?}");
        let known = volume_controller::claim(&self.truth, &claim.namespace, &claim.name);
        let known = known.filter(|known| known.metadata.uid == *claim.uid);
        let reference = volume_controller::reference(known.ok_or_else(conflict)?);
        let key = (Kind::PersistentVolume, String::new(), name.to_owned());
        let Some(Object::PersistentVolume(volume)) = self.truth.get(&key) else { return Err(conflict()) };
        if volume.metadata.resource_version != resource_version {
            return Err(conflict());
        }
        let mut volume = (**volume).clone();
        let is_anothers = volume.spec.claim_ref.as_ref().is_some_and(|other| other.uid != reference.uid);
        assert!(!is_anothers, "{name} is given to a second claim");
        volume.spec.claim_ref = Some(reference);
        Ok(Notice::Put(self.truth.put(volume.into())))
    }

    /// Marks a claim with the node that its volume is to be made for, if it is still what it was.
    pub(super) fn provision_claim(&mut self, claim: &ClaimName, node: &str) -> Result<Notice, String> {
        let conflict =
            || format!("Operation cannot be fulfilled on persistentvolumeclaims {:?}", &*claim.name);
        let known = volume_controller::claim(&self.truth, &claim.namespace, &claim.name);
        let known = known.filter(|known| known.metadata.resource_version == *claim.resource_version);
        let mut marked = known.ok_or_else(conflict)?.clone();
        marked.metadata.annotations.insert(SELECTED_NODE.to_owned(), node.to_owned());
        Ok(Notice::Put(self.truth.put(marked.into())))
    }

    /// What the controllers of volumes do next; nothing if there is nothing to do.
    pub(super) fn control_volumes(&mut self) -> Vec<Notice> {
        let changes = volume_controller::act(&self.truth);
        changes.into_iter().filter_map(|change| self.change(change)).collect()
    }

    /// Writes what the scheduler says about a pod into its status.
    pub(super) fn patch_status(
        &mut self,
        key: &PodKey,
        uid: &str,
        reason: Option<&str>,
        nominated_node_name: Option<&str>,
    ) -> Option<Notice> {
        let mut pod = self.truth.pod(&key.namespace, &key.name, uid)?.clone();
        if let Some(reason) = reason {
            pod_changes::set_condition(&mut pod, "PodScheduled", "False", reason);
        }
        if let Some(node) = nominated_node_name {
            pod.status.nominated_node_name = node.to_owned();
        }
        Some(Notice::Put(self.truth.put(pod.into())))
    }

    /// Marks a pod as preempted and deletes it: at once if it has not started, else its kubelet has to let go.
    pub(super) fn evict(&mut self, key: &PodKey, uid: &str) -> Result<Notice, String> {
        let pod = self.truth.pod(&key.namespace, &key.name, uid);
        let mut pod = pod.ok_or_else(|| format!("pods {:?} not found", &*key.name))?.clone();
        if pod.status.start_time.is_none() {
            let gone = self.truth.remove(&(Kind::Pod, key.namespace.to_string(), key.name.to_string()));
            return gone.map(Notice::Gone).ok_or_else(|| "gone".to_owned());
        }
        pod_changes::set_condition(&mut pod, "DisruptionTarget", "True", "PreemptionByScheduler");
        pod_changes::terminate(&mut pod);
        Ok(Notice::Put(self.truth.put(pod.into())))
    }

    /// The kubelets let go of a pod that is terminating, if there is one.
    pub(super) fn finish_terminating(&mut self) -> Option<Notice> {
        let is_terminating = |pod: &&Pod| pod.metadata.deletion_timestamp.is_some();
        let pod = self.truth.pods().find(is_terminating)?.clone();
        self.change(Change::Remove(pod.into()))
    }

    /// Every volume is bound to one claim, and no claim to another's volume.
    ///
    /// # Panics
    /// If not.
    pub(super) fn assert_volumes_are_had_once(&self) {
        let mut owners = BTreeSet::new();
        for object in self.truth.objects() {
            if let Object::PersistentVolumeClaim(claim) = object
                && volume_controller::is_bound(claim)
            {
                let volume = &claim.spec.volume_name;
                assert!(owners.insert(volume.clone()), "{volume} is bound to two claims");
            }
        }
    }

    /// Whether the pods on a node together ask for more than it has, although nobody but the scheduler has brought
    /// them there.
    pub(super) fn is_overcommitted(&mut self, name: &str, ignores_scalars: bool) -> bool {
        if self.disturbed.contains(name) {
            return false;
        }
        let Some(node) = self.truth.nodes().find(|node| node.metadata.name == name) else { return false };
        let node = self.scales.node(node);
        let (mut sum, mut n_pods) = (Resources::default(), 0);
        for pod in self.truth.pods().filter(|pod| pod.spec.node_name == name && !is_over(pod)) {
            sum.add(&self.scales.pod(pod));
            n_pods += 1;
        }
        if ignores_scalars {
            sum.scalars = Default::default();
        }
        n_pods > node.allocatable_pods
            || sum.milli_cpu > node.allocatable.milli_cpu
            || sum.memory > node.allocatable.memory
            || sum.ephemeral_storage > node.allocatable.ephemeral_storage
            || sum.scalars.iter().any(|(name, amount)| amount > node.allocatable.scalars.get(name))
    }
}

/// Whether a pod has ended and takes up nothing any more.
pub(super) fn is_over(pod: &Pod) -> bool {
    matches!(pod.status.phase.as_str(), "Succeeded" | "Failed")
}

#[test]
fn a_second_binding_is_a_conflict_and_another_pods_uid_is_not_found() {
    let mut server = ApiServer::default();
    let pod = crate::testing::pod("p", &serde_json::json!({}), &crate::testing::asking_cpu("1"));
    server.change(Change::Put(pod));
    let key = PodKey { namespace: "default".into(), name: "p".into() };
    assert!(server.bind(&key, "another", "n1").is_err());
    assert!(
        matches!(server.bind(&key, "p", "n1"), Ok(Notice::Put(Object::Pod(pod))) if pod.spec.node_name == "n1")
    );
    assert!(server.bind(&key, "p", "n1").is_err());
    assert_eq!(server.bound, ["p"]);
}
