//! Objects come, change and go, as through an API server.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Result, bail};
use scheduling::engine::Input;
use wire::{Kind, Namespace, Object, ObjectMeta, Pod, Timestamp};

use super::{Commands, World, as_pod};
use crate::bench::measure::{Fed, feed, has_labels};
use crate::cluster_files::{complete, describe};

/// What an object is found by.
#[derive(Clone, Debug)]
pub(in crate::bench) enum Handle {
    /// A pod's UID.
    Pod(Arc<str>),
    /// Kind, namespace and name of anything else.
    Other(Kind, String, String),
}

impl World {
    /// Creates an object: names and completes it, and shows it to the core.
    pub(in crate::bench) fn create(&mut self, mut object: Object) -> Result<Handle> {
        self.n_created += 1;
        let n = self.n_created;
        complete(&mut object);
        let kind = object.kind();
        let metadata = object.meta_mut();
        if metadata.name.is_empty() {
            metadata.name = format!("{}{n}", metadata.generate_name);
        }
        metadata.uid = format!("00000000-0000-4000-8000-{n:012x}");
        metadata.resource_version = n.to_string();
        metadata.creation_timestamp = Some(Timestamp::from_nanos(self.now.as_nanos()));
        metadata.generation = 1;
        let (namespace, name) = (metadata.namespace.clone(), metadata.name.clone());
        let uid: Arc<str> = Arc::from(metadata.uid.as_str());
        let mut commands = Commands::new();
        let handle = match &mut object {
            Object::Pod(pod) => {
                note_gates(pod);
                let names = self.names.entry(namespace).or_default();
                if names.contains_key(&name) {
                    bail!("{} is there already", describe(&object));
                }
                names.insert(name, Arc::clone(&uid));
                self.pods.insert(Arc::clone(&uid), object);
                self.show_pod(&uid, &mut commands);
                Handle::Pod(uid)
            }
            _ => {
                let key = (kind, namespace, name);
                if self.others.contains_key(&key) {
                    bail!("{} is there already", describe(&object));
                }
                self.n_nodes += usize::from(kind == Kind::Node);
                self.others.insert(key.clone(), object);
                self.show_other(&key, &mut commands);
                Handle::Other(key.0, key.1, key.2)
            }
        };
        self.carry_out(commands);
        Ok(handle)
    }

    /// Makes sure that there is a namespace.
    pub(in crate::bench) fn ensure_namespace(&mut self, name: &str) -> Result<()> {
        if !self.others.contains_key(&(Kind::Namespace, String::new(), name.to_owned())) {
            let metadata = ObjectMeta { name: name.to_owned(), ..ObjectMeta::default() };
            self.create(Namespace { metadata, ..Namespace::default() }.into())?;
        }
        Ok(())
    }

    /// Puts an object in the place of the one with its name. With `only_resources`, as `resize` does, only what
    /// the containers ask for changes.
    pub(in crate::bench) fn update(&mut self, mut object: Object, only_resources: bool) -> Result<()> {
        complete(&mut object);
        let key = (object.kind(), object.meta().namespace.clone(), object.meta().name.clone());
        let mut commands = Commands::new();
        if let Object::Pod(new) = object {
            let uid = self.names.get(&key.1).and_then(|names| names.get(&key.2)).cloned();
            let old = uid.as_ref().and_then(|uid| self.pods.get_mut(uid));
            let (Some(uid), Some(Object::Pod(old))) = (uid, old) else {
                bail!("{} is not there", describe(&Object::Pod(new)));
            };
            replace_pod(old, *new, only_resources);
            self.show_pod(&uid, &mut commands);
        } else {
            let Some(old) = self.others.get_mut(&key) else { bail!("{} is not there", describe(&object)) };
            keep_identity(object.meta_mut(), old.meta());
            *old = object;
            self.show_other(&key, &mut commands);
        }
        self.carry_out(commands);
        Ok(())
    }

    /// Deletes an object, if it is still there. A pod with finalizers stays, terminating.
    pub(in crate::bench) fn delete(&mut self, handle: &Handle) {
        let mut commands = Commands::new();
        match handle {
            Handle::Pod(uid) => {
                let Some(Object::Pod(pod)) = self.pods.get_mut(uid) else { return };
                if pod.metadata.finalizers.is_empty() {
                    self.delete_pod_now(uid, &mut commands);
                } else if pod.metadata.deletion_timestamp.is_none() {
                    pod.metadata.deletion_timestamp = Some(Timestamp::from_nanos(self.now.as_nanos()));
                    self.show_pod(uid, &mut commands);
                }
            }
            Handle::Other(kind, namespace, name) => {
                let key = (*kind, namespace.clone(), name.clone());
                let Some(object) = self.others.remove(&key) else { return };
                self.n_nodes -= usize::from(*kind == Kind::Node);
                let Fed { commands: more, took, .. } =
                    feed(&mut self.scheduler, Input::Delete(&object), self.now);
                self.note_input(took);
                commands.extend(more);
            }
        }
        self.carry_out(commands);
    }

    /// The UIDs of the pods in a namespace that have these labels.
    pub(in crate::bench) fn pods_in(
        &self,
        namespace: &str,
        labels: &BTreeMap<String, String>,
    ) -> Vec<Arc<str>> {
        let uids = self.names.get(namespace).into_iter().flat_map(BTreeMap::values);
        let is_meant = |uid: &&Arc<str>| self.pod(uid).is_some_and(|pod| has_labels(pod, labels));
        uids.filter(is_meant).cloned().collect()
    }

    /// A pod as it is now.
    pub(in crate::bench) fn pod(&self, uid: &str) -> Option<&Pod> {
        as_pod(self.pods.get(uid)?)
    }

    fn show_other(&mut self, key: &(Kind, String, String), commands: &mut Commands) {
        let Some(object) = self.others.get(key) else { return };
        let Fed { commands: more, took, .. } = feed(&mut self.scheduler, Input::Upsert(object), self.now);
        self.note_input(took);
        commands.extend(more);
    }
}

/// An API server says of a gated pod at once that it is not to be scheduled.
fn note_gates(pod: &mut Pod) {
    if !pod.spec.scheduling_gates.is_empty() {
        pod.status.conditions = vec![wire::Condition {
            r#type: "PodScheduled".to_owned(),
            status: "False".to_owned(),
            reason: "SchedulingGated".to_owned(),
            message: "Scheduling is blocked due to non-empty scheduling gates".to_owned(),
            ..wire::Condition::default()
        }];
    }
}

fn replace_pod(old: &mut Pod, mut new: Pod, only_resources: bool) {
    if only_resources {
        for container in &mut old.spec.containers {
            if let Some(wanted) = new.spec.containers.iter().find(|wanted| wanted.name == container.name) {
                container.resources = wanted.resources.clone();
            }
        }
        old.metadata.generation += 1;
        return;
    }
    keep_identity(&mut new.metadata, &old.metadata);
    // Where a pod is bound to cannot be changed.
    new.spec.node_name.clone_from(&old.spec.node_name);
    new.status = std::mem::take(&mut old.status);
    if new.spec.scheduling_gates.is_empty() && !old.spec.scheduling_gates.is_empty() {
        new.status.conditions.clear();
    }
    *old = new;
}

fn keep_identity(new: &mut ObjectMeta, old: &ObjectMeta) {
    new.uid.clone_from(&old.uid);
    new.resource_version.clone_from(&old.resource_version);
    new.creation_timestamp = old.creation_timestamp;
    new.generation = old.generation + 1;
}
