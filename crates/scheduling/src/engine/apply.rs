//! How objects change the state.

use std::sync::Arc;

use base::Now;
use wire::Object;
use wire::config::ExtensionPoint;

use super::Scheduler;
use super::queue::{Change, QueuedPod};
use crate::framework::SortKey;
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
                    self.delete_pod(&pod, now)
                } else {
                    self.upsert_pod(pod, now)
                }
                return;
            }
            Object::Node(node) => {
                let node = Node::compile(node, &mut compiler);
                self.snapshot.upsert_node(node);
                self.snapshot.refresh();
                self.queue.move_for(Change::Node);
                return;
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
            | Object::PodGroup(_) => return,
        }
        self.queue.move_for(Change::Other);
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
                // As upstream: pods are looked at again before the node is gone.
                self.queue.move_for(Change::Node);
                self.snapshot.remove_node(name);
                self.snapshot.refresh();
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

    fn upsert_pod(&mut self, pod: Arc<Pod>, now: Now) {
        if pod.node_name.is_some() {
            self.queue.remove(&pod.uid);
            self.nominator.remove(&pod.uid);
            self.assumed.remove(&pod.uid);
            self.snapshot.upsert_pod(pod);
            self.queue.move_for(Change::PodPlaced);
            return;
        }
        if let Some(assumed) = self.assumed.get_mut(&pod.uid) {
            // The scheduler's own view is newer until the binding is known to have failed.
            assumed.pod = pod;
            return;
        }
        if self.profile_of(&pod).is_none() {
            return;
        }
        let object_nominates = pod.nominated_node_name.is_some();
        let pod = self.settle_nomination(pod);
        if self.queue.replace_alike(&pod, object_nominates) {
            return;
        }
        let queued = match self.queue.remove(&pod.uid) {
            Some(known) => QueuedPod { pod, object_nominates, ..known },
            None => {
                let refused_by = Vec::new();
                QueuedPod { pod, attempts: 0, failures: 0, since: now, refused_by, object_nominates }
            }
        };
        self.enqueue(queued);
    }

    /// Brings the nominator and the pod to agree. What the object says counts, except that a nomination which
    /// this scheduler has made stays while the object does not say anything about it yet.
    fn settle_nomination(&mut self, pod: Arc<Pod>) -> Arc<Pod> {
        if let Some(node) = pod.nominated_node_name {
            self.nominator.nominate(Arc::clone(&pod), node);
            return pod;
        }
        if self.queue.get(&pod.uid).is_some_and(|known| known.object_nominates) {
            self.nominator.remove(&pod.uid);
        }
        match self.nominator.node_of(&pod.uid) {
            Some(node) => Arc::new(Pod { nominated_node_name: Some(node), ..(*pod).clone() }),
            None => pod,
        }
    }

    /// Puts a pod where it will be tried next, unless a gate holds it back.
    pub(super) fn enqueue(&mut self, queued: QueuedPod) {
        let Some(profile) = self.profile_of(&queued.pod) else { return };
        let is_gated = profile
            .at(ExtensionPoint::PreEnqueue)
            .any(|plugin| plugin.plugin.pre_enqueue(self.cycle(), &queued.pod).is_err());
        if is_gated {
            self.queue.push_gated(queued);
        } else {
            let key = self.sort_key(&queued);
            self.queue.push_active(queued, key);
        }
    }

    fn sort_key(&self, queued: &QueuedPod) -> SortKey {
        let sort = self.profiles.first().and_then(|profile| profile.queue_sort());
        sort.map_or(
            SortKey { priority: std::cmp::Reverse(queued.pod.priority), since: queued.since },
            |plugin| plugin.sort_key(&queued.pod, queued.since),
        )
    }

    fn delete_pod(&mut self, pod: &Pod, _now: Now) {
        self.queue.remove(&pod.uid);
        self.nominator.remove(&pod.uid);
        self.assumed.remove(&pod.uid);
        if self.snapshot.remove_pod(&pod.uid).is_some() {
            self.queue.move_for(Change::PodRemoved);
        }
    }
}
