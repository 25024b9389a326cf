//! Pods and nodes with everything in them, as far as messages to extenders can carry them.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use base::Map;
use client::Onlooker;
use wire::{Object, Pod, config};

/// A pod.
struct Kept {
    text: Arc<str>,
    /// What of that which extenders manage it asks for.
    managed: Vec<String>,
}

#[derive(Default)]
struct Known {
    /// By UID.
    pods: Map<String, Kept>,
    /// By name.
    nodes: Map<String, Arc<str>>,
}

/// What is kept.
pub(super) struct Objects {
    known: Mutex<Known>,
    /// All resources that any extender manages.
    managed: BTreeSet<String>,
    /// Whether messages carry nodes.
    keeps_nodes: bool,
    /// Whether messages carry pods that run.
    keeps_victims: bool,
}

impl Objects {
    pub(super) fn for_extenders(configured: &[config::Extender]) -> Objects {
        let managed = configured.iter().flat_map(|extender| &extender.managed_resources);
        let unaware = || configured.iter().filter(|extender| !extender.node_cache_capable);
        Objects {
            known: Mutex::default(),
            managed: managed.map(|resource| resource.name.clone()).collect(),
            keeps_nodes: unaware().count() > 0,
            keeps_victims: unaware().any(|extender| !extender.preempt_verb.is_empty()),
        }
    }

    pub(super) fn pod(&self, uid: &str) -> Option<Arc<str>> {
        self.lock().pods.get(uid).map(|kept| Arc::clone(&kept.text))
    }

    pub(super) fn node(&self, name: &str) -> Option<Arc<str>> {
        self.lock().nodes.get(name).cloned()
    }

    /// Whether a pod asks for one of the resources that extenders manage.
    pub(super) fn asks_for(&self, uid: &str, is_meant: impl Fn(&str) -> bool) -> bool {
        self.lock().pods.get(uid).is_some_and(|kept| kept.managed.iter().any(|name| is_meant(name)))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What it asks for or may have at most; what it asks for as a whole is not looked at.
    fn managed(&self, pod: &Pod) -> Vec<String> {
        let containers = pod.spec.containers.iter().chain(&pod.spec.init_containers);
        let names = containers.flat_map(|container| {
            container.resources.requests.keys().chain(container.resources.limits.keys())
        });
        let names: BTreeSet<&String> = names.filter(|name| self.managed.contains(*name)).collect();
        names.into_iter().cloned().collect()
    }
}

impl Onlooker for Objects {
    fn upsert(&self, object: &Object, text: &str) {
        match object {
            Object::Pod(pod) => {
                // A pod that is bound stays until it is: its binder has to be found.
                let is_wanted = pod.spec.node_name.is_empty() || self.keeps_victims;
                if !is_wanted {
                    self.lock().pods.remove(&pod.metadata.uid);
                    return;
                }
                let kept = Kept { text: text.into(), managed: self.managed(pod) };
                self.lock().pods.insert(pod.metadata.uid.clone(), kept);
            }
            Object::Node(node) if self.keeps_nodes => {
                self.lock().nodes.insert(node.metadata.name.clone(), text.into());
            }
            _ => {}
        }
    }

    fn delete(&self, object: &Object) {
        let metadata = object.meta();
        match object {
            Object::Pod(_) => {
                self.lock().pods.remove(&metadata.uid);
            }
            Object::Node(_) => {
                self.lock().nodes.remove(&metadata.name);
            }
            _ => {}
        }
    }
}
