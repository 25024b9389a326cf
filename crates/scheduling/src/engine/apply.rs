//! How objects change the state.

use std::sync::Arc;

use base::Now;
use wire::Object;

use super::Scheduler;
use super::command::Command;
use super::queue::Happening;
use crate::framework::event::node_events;
use crate::framework::{Actions, Changed, ClusterEvent, Resource};
use crate::model::pod::ControllerKind;
use crate::model::{Compiler, Node, Pod};
use crate::storage::StorageObject;

impl Scheduler {
    pub(super) fn upsert(&mut self, object: &Object, now: Now, commands: &mut Vec<Command>) {
        let mut compiler = Compiler { symbols: &mut self.symbols, gates: &self.gates };
        match object {
            Object::Pod(pod) => {
                let is_over = matches!(pod.status.phase.as_str(), "Succeeded" | "Failed");
                let pod = Arc::new(Pod::compile(pod, &mut self.shapes, &mut compiler));
                if is_over {
                    self.delete_pod(&pod, now, commands);
                } else {
                    self.upsert_pod(pod, now, commands);
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
            Object::PersistentVolume(_)
            | Object::PersistentVolumeClaim(_)
            | Object::StorageClass(_)
            | Object::CsiNode(_)
            | Object::CsiDriver(_)
            | Object::CsiStorageCapacity(_)
            | Object::VolumeAttachment(_) => self.change_storage(object, false, now, commands),
            // Read by plugins for devices and groups, which refuse pods that need them by name.
            Object::ResourceClaim(_)
            | Object::ResourceSlice(_)
            | Object::PriorityClass(_)
            | Object::Workload(_)
            | Object::PodGroup(_) => {}
        }
    }

    pub(super) fn delete(&mut self, object: &Object, now: Now, commands: &mut Vec<Command>) {
        let mut compiler = Compiler { symbols: &mut self.symbols, gates: &self.gates };
        if let Object::Pod(pod) = object {
            let pod = Pod::compile(pod, &mut self.shapes, &mut compiler);
            self.delete_pod(&pod, now, commands);
            return;
        }
        let is_storage = matches!(
            object,
            Object::PersistentVolume(_)
                | Object::PersistentVolumeClaim(_)
                | Object::StorageClass(_)
                | Object::CsiNode(_)
                | Object::CsiDriver(_)
                | Object::CsiStorageCapacity(_)
                | Object::VolumeAttachment(_)
        );
        if is_storage {
            return self.change_storage(object, true, now, commands);
        }
        // What has never been interned is not known either.
        let metadata = object.meta();
        let known = |text: &str| self.symbols.get(text);
        let (Some(namespace), Some(name)) = (known(&metadata.namespace), known(&metadata.name)) else {
            return self.delete_by_text(object);
        };
        match object {
            Object::Node(_) => {
                self.delete_node(name, now);
                self.volumes_lost_node(name, now, commands);
            }
            Object::Namespace(_) => self.cluster.remove_namespace(name),
            Object::ReplicationController(_) => {
                self.cluster.remove_controller(ControllerKind::ReplicationController, namespace, name);
            }
            Object::ReplicaSet(_) => {
                self.cluster.remove_controller(ControllerKind::ReplicaSet, namespace, name);
            }
            Object::StatefulSet(_) => {
                self.cluster.remove_controller(ControllerKind::StatefulSet, namespace, name);
            }
            _ => self.delete_by_text(object),
        }
    }

    /// Forgets an object of a kind that is known by names which are not interned.
    fn delete_by_text(&mut self, object: &Object) {
        let metadata = object.meta();
        let namespace = self.symbols.get(&metadata.namespace);
        match (object, namespace) {
            (Object::DeviceClass(_), _) => self.cluster.remove_device_class(&metadata.name),
            (Object::Service(_), Some(namespace)) => {
                self.cluster.remove_service(namespace, &metadata.name);
            }
            (Object::PodDisruptionBudget(_), Some(namespace)) => {
                self.cluster.remove_budget(namespace, &metadata.name);
            }
            _ => {}
        }
    }

    /// What becomes of an object about storage, for tests of those who hear of it.
    #[cfg(test)]
    pub(super) fn change_of_storage(&mut self, object: &Object) -> crate::storage::StorageChange {
        let Scheduler { symbols, gates, cluster, snapshot, .. } = self;
        let mut compiler = Compiler { symbols, gates };
        cluster.storage_mut().apply(object, false, snapshot, &mut compiler).expect("an object about storage")
    }

    fn change_storage(&mut self, object: &Object, is_gone: bool, now: Now, commands: &mut Vec<Command>) {
        let Scheduler { symbols, gates, cluster, snapshot, .. } = self;
        let mut compiler = Compiler { symbols, gates };
        let Some(change) = cluster.storage_mut().apply(object, is_gone, snapshot, &mut compiler) else {
            return;
        };
        change.rows.iter().for_each(|row| snapshot.touch_volumes(*row));
        let (old, new) = (change.old.as_ref(), change.new.as_ref());
        let Some(resource) = new.or(old).map(StorageObject::resource) else { return };
        let actions = match (old, new) {
            (None, _) => Actions::ADD,
            (Some(_), Some(_)) => Actions::UPDATE,
            (Some(_), None) => Actions::DELETE,
        };
        self.announce(
            &[ClusterEvent::new(resource, actions)],
            Changed::Storage { old, new },
            None,
            None,
            now,
        );
        self.volumes_changed(&change, now, commands);
    }

    fn upsert_node(&mut self, node: Node, now: Now) {
        let old = self.snapshot.row(node.name).map(|row| Arc::clone(&self.snapshot.node(row).node));
        let row = self.snapshot.upsert_node(node);
        let new = Arc::clone(&self.snapshot.node(row).node);
        let events = match &old {
            None => vec![ClusterEvent::new(Resource::Node, Actions::ADD)],
            Some(old) => node_events(old, &new),
        };
        self.announce(&events, Changed::Node { old: old.as_deref(), new: Some(&new) }, None, None, now);
    }

    fn delete_node(&mut self, name: base::Symbol, now: Now) {
        if let Some(row) = self.snapshot.row(name) {
            // As upstream: pods are looked at again before the node is gone.
            let node = Arc::clone(&self.snapshot.node(row).node);
            let events = [ClusterEvent::new(Resource::Node, Actions::DELETE)];
            self.announce(&events, Changed::Node { old: Some(&node), new: None }, None, None, now);
            self.snapshot.remove_node(name);
        }
    }

    /// Tells waiting pods of what has happened to an object, one event after the other.
    pub(super) fn announce(
        &mut self,
        events: &[ClusterEvent],
        changed: Changed<'_>,
        max_priority: Option<i32>,
        spared: Option<&str>,
        now: Now,
    ) {
        self.announced.extend_from_slice(events);
        for event in events {
            let happening = Happening { event: *event, changed, max_priority, spared };
            self.with_policy(|queue, policy| queue.happen(&happening, now, policy));
        }
    }
}
