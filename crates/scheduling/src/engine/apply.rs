//! How objects change the state.

use std::sync::Arc;

use base::Now;
use wire::Object;

use super::Scheduler;
use super::policy::Happening;
use super::queue::QueuedPod;
use crate::framework::event::{node_events, pod_events};
use crate::framework::{Actions, Changed, ClusterEvent, Resource};
use crate::model::pod::ControllerKind;
use crate::model::{Compiler, Node, Pod};

impl Scheduler {
    pub(super) fn upsert(&mut self, object: &Object, now: Now) {
        let mut compiler = Compiler { symbols: &mut self.symbols, gates: &self.gates };
        match object {
            Object::Pod(pod) => {
                let is_over = matches!(pod.status.phase.as_str(), "Succeeded" | "Failed");
                let pod = Arc::new(Pod::compile(pod, &mut self.shapes, &mut compiler));
                if is_over {
                    self.delete_pod(&pod, now);
                } else {
                    self.upsert_pod(pod, now);
                }
            }
            Object::Node(node) => {
                let node = Node::compile(node, &mut compiler);
                self.upsert_node(node, now);
            }
            Object::Namespace(namespace) => self.cluster.upsert_namespace(namespace, &mut compiler),
            Object::Service(service) => self.cluster.upsert_service(service, &mut compiler),
            Object::ReplicationController(controller) => {
                self.cluster.upsert_replication_controller(controller, &mut compiler);
            }
            Object::ReplicaSet(set) => self.cluster.upsert_controller(
                ControllerKind::ReplicaSet,
                &set.metadata,
                set.spec.selector.as_ref(),
                &mut compiler,
            ),
            Object::StatefulSet(set) => self.cluster.upsert_controller(
                ControllerKind::StatefulSet,
                &set.metadata,
                set.spec.selector.as_ref(),
                &mut compiler,
            ),
            Object::PodDisruptionBudget(budget) => self.cluster.upsert_budget(budget, &mut compiler),
            Object::DeviceClass(class) => self.cluster.upsert_device_class(class, &mut compiler),
            // Read by plugins for volumes, devices and groups, which refuse pods that need them by name.
            Object::PersistentVolume(_)
            | Object::PersistentVolumeClaim(_)
            | Object::StorageClass(_)
            | Object::CsiNode(_)
            | Object::CsiDriver(_)
            | Object::CsiStorageCapacity(_)
            | Object::VolumeAttachment(_)
            | Object::ResourceClaim(_)
            | Object::ResourceSlice(_)
            | Object::PriorityClass(_)
            | Object::Workload(_)
            | Object::PodGroup(_) => {}
        }
    }

    pub(super) fn delete(&mut self, object: &Object, now: Now) {
        let mut compiler = Compiler { symbols: &mut self.symbols, gates: &self.gates };
        let metadata = object.meta();
        let (namespace, name) = (compiler.symbol(&metadata.namespace), compiler.symbol(&metadata.name));
        match object {
            Object::Pod(pod) => {
                let pod = Pod::compile(pod, &mut self.shapes, &mut compiler);
                self.delete_pod(&pod, now);
            }
            Object::Node(_) => {
                self.delete_node(name, now);
            }
            Object::Namespace(_) => self.cluster.remove_namespace(name),
            Object::Service(_) => self.cluster.remove_service(namespace, &metadata.name),
            Object::ReplicationController(_) => {
                self.cluster.remove_controller(ControllerKind::ReplicationController, namespace, name);
            }
            Object::ReplicaSet(_) => {
                self.cluster.remove_controller(ControllerKind::ReplicaSet, namespace, name);
            }
            Object::StatefulSet(_) => {
                self.cluster.remove_controller(ControllerKind::StatefulSet, namespace, name);
            }
            Object::PodDisruptionBudget(_) => self.cluster.remove_budget(namespace, &metadata.name),
            Object::DeviceClass(_) => self.cluster.remove_device_class(&metadata.name),
            _ => {}
        }
    }

    fn upsert_node(&mut self, node: Node, now: Now) {
        let old = self.snapshot.row(node.name).map(|row| Arc::clone(&self.snapshot.node(row).node));
        let row = self.snapshot.upsert_node(node);
        let new = Arc::clone(&self.snapshot.node(row).node);
        let events = match &old {
            None => vec![ClusterEvent::new(Resource::Node, Actions::ADD)],
            Some(old) => node_events(old, &new),
        };
        self.announce(&events, Changed::Node { old: old.as_deref(), new: Some(&new) }, None, now);
    }

    fn delete_node(&mut self, name: base::Symbol, now: Now) {
        if let Some(row) = self.snapshot.row(name) {
            // As upstream: pods are looked at again before the node is gone.
            let node = Arc::clone(&self.snapshot.node(row).node);
            let events = [ClusterEvent::new(Resource::Node, Actions::DELETE)];
            self.announce(&events, Changed::Node { old: Some(&node), new: None }, None, now);
            self.snapshot.remove_node(name);
        }
    }

    fn upsert_pod(&mut self, pod: Arc<Pod>, now: Now) {
        if pod.node_name.is_some() {
            self.upsert_placed_pod(pod, now);
        } else if let Some(assumed) = self.assumed.get_mut(&pod.uid) {
            // The scheduler's own view is newer until the binding is known to have failed.
            assumed.pod = pod;
        } else if self.profile_of(&pod).is_some() {
            self.upsert_waiting_pod(pod, now);
        }
    }

    fn upsert_placed_pod(&mut self, pod: Arc<Pod>, now: Now) {
        self.queue.remove(&pod.uid);
        self.nominator.remove(&pod.uid);
        let was_assumed = self.assumed.remove(&pod.uid).is_some();
        let old = self.snapshot.pod(&pod.uid).cloned();
        self.snapshot.upsert_pod(Arc::clone(&pod));
        if let Some(old) = &old {
            if old.node_name == pod.node_name {
                let changed = Changed::Pod { old: Some(old), new: Some(&pod) };
                self.announce(&pod_events(old, &pod), changed, None, now);
            } else {
                // It was assumed somewhere else, and gives that place back.
                self.announce_removed_pod(old, now);
            }
        }
        if old.is_none() || was_assumed {
            let events = [ClusterEvent::new(Resource::AssignedPod, Actions::ADD)];
            self.announce(&events, Changed::Pod { old: None, new: Some(&pod) }, None, now);
        }
    }

    fn upsert_waiting_pod(&mut self, pod: Arc<Pod>, now: Now) {
        let object_nominates = pod.nominated_node_name.is_some();
        let known = self.queue.get(&pod.uid).map(|known| (Arc::clone(&known.pod), known.object_nominates));
        let pod = self.settle_nomination(pod, known.as_ref().is_some_and(|(_, nominated)| *nominated));
        let Some((old, _)) = known else {
            let (uid, queued) = (Arc::clone(&pod.uid), QueuedPod::new(pod, now, object_nominates));
            self.with_policy(None, |queue, policy| queue.add(queued, policy));
            // Nothing is kept free for a pod that is not to be tried.
            if self.queue.get(&uid).is_some_and(|queued| queued.gated_by.is_some()) {
                self.nominator.remove(&uid);
            }
            return;
        };
        let changed = Changed::Pod { old: Some(&old), new: Some(&pod) };
        let happening = Happening { events: &pod_events(&old, &pod), changed, max_priority: None };
        let updated = Arc::clone(&pod);
        self.with_policy(Some(happening), |queue, policy| {
            queue.update(updated, object_nominates, now, policy)
        });
        if old.nominated_node_name.is_some() && old.nominated_node_name != pod.nominated_node_name {
            self.announce_lost_promise(&old, now);
        }
    }

    /// Brings the nominator and the pod to agree. What the object says counts, except that a nomination which
    /// this scheduler has made stays while the object does not say anything about it yet.
    fn settle_nomination(&mut self, pod: Arc<Pod>, object_nominated: bool) -> Arc<Pod> {
        if let Some(node) = pod.nominated_node_name {
            self.nominator.nominate(Arc::clone(&pod), node);
            return pod;
        }
        if object_nominated {
            self.nominator.remove(&pod.uid);
        }
        match self.nominator.node_of(&pod.uid) {
            Some(node) => Arc::new(Pod { nominated_node_name: Some(node), ..(*pod).clone() }),
            None => pod,
        }
    }

    fn delete_pod(&mut self, pod: &Pod, now: Now) {
        self.queue.remove(&pod.uid);
        self.assumed.remove(&pod.uid);
        if let Some(gone) = self.snapshot.remove_pod(&pod.uid) {
            self.announce_removed_pod(&gone, now);
        }
        self.withdraw_promise(pod, now);
    }

    /// Takes a nomination back, and tells waiting pods.
    pub(super) fn withdraw_promise(&mut self, pod: &Pod, now: Now) {
        let node = self.nominator.node_of(&pod.uid).or(pod.nominated_node_name);
        self.nominator.remove(&pod.uid);
        if let Some(node) = node.filter(|_| pod.node_name.is_none()) {
            self.announce_lost_promise(&Pod { nominated_node_name: Some(node), ..pod.clone() }, now);
        }
    }

    /// Tells waiting pods that a placed pod has left.
    pub(super) fn announce_removed_pod(&mut self, gone: &Pod, now: Now) {
        let events = [ClusterEvent::new(Resource::AssignedPod, Actions::DELETE)];
        self.announce(&events, Changed::Pod { old: Some(gone), new: None }, None, now);
    }

    /// Tells waiting pods that the place promised to `pod` is free. It never was kept from more important ones.
    fn announce_lost_promise(&mut self, pod: &Pod, now: Now) {
        let events = [ClusterEvent::new(Resource::AssignedPod, Actions::DELETE)];
        let max_priority = Some(pod.priority);
        self.announce(&events, Changed::Pod { old: Some(pod), new: None }, max_priority, now);
    }

    fn announce(
        &mut self,
        events: &[ClusterEvent],
        changed: Changed<'_>,
        max_priority: Option<i32>,
        now: Now,
    ) {
        if events.is_empty() {
            return;
        }
        let happening = Happening { events, changed, max_priority };
        self.with_policy(Some(happening), |queue, policy| queue.move_worth_trying(now, policy));
    }
}
