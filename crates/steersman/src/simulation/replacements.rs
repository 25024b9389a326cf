//! What controllers do about pods that were preempted: they make new ones.

use std::sync::Arc;

use base::{Map, Now, Set};
use scheduling::model::PodKey;
use wire::{Object, ObjectMeta, Pod, PodStatus, Timestamp};

use super::{key, uid};

/// Controllers that make a new pod for one that is gone, wherever it fits. A DaemonSet makes one for the same node,
/// which has just been found too small for it.
const CONTROLLERS: [&str; 4] = ["ReplicaSet", STATEFUL_SET, "ReplicationController", "Job"];

/// The one that gives a new pod the old name, and so waits until the old pod is gone.
const STATEFUL_SET: &str = "StatefulSet";

/// How often one pod is replaced, its replacements included. Every preemption is by a pod of higher priority, and
/// pods of higher priority come first, so chains end after a few steps, one per priority that arrives late. The
/// limit is for pods that make room again and again without getting in: the run must end.
pub(super) const CHAIN_MAX: usize = 16;

/// The replacements made so far.
#[derive(Default)]
pub(super) struct Replacements {
    n: usize,
    /// The chain that each replacement belongs to, by UID.
    chains: Map<Arc<str>, Chain>,
    /// The names of all pods there ever were; `None` until the first is needed.
    taken: Option<Set<PodKey>>,
}

#[derive(Clone)]
struct Chain {
    /// The name of the first pod.
    base: Arc<str>,
    n: usize,
}

/// What follows a preempted pod.
pub(super) enum Successor {
    /// Nobody makes a new pod.
    Nobody,
    /// A controller would, but it has done so [`CHAIN_MAX`] times.
    NotAgain,
    /// This pod.
    Pod(Box<Pod>),
}

impl Replacements {
    /// How many were made.
    pub(super) fn n(&self) -> usize {
        self.n
    }

    /// Makes what follows a pod of `objects`.
    pub(super) fn succeed(&mut self, victim: &Pod, objects: &[Object], now: Now) -> Successor {
        let mut owners = victim.metadata.owner_references.iter();
        let Some(owner) = owners.find(|owner| owner.controller == Some(true)) else {
            return Successor::Nobody;
        };
        let keeps_name = owner.kind == STATEFUL_SET;
        // The others make the new pod as soon as the old one is terminating, so it is among the objects.
        let is_replaced_already = victim.metadata.deletion_timestamp.is_some() && !keeps_name;
        if !CONTROLLERS.contains(&owner.kind.as_str()) || is_replaced_already {
            return Successor::Nobody;
        }
        let known = self.chains.get(&uid(victim)).cloned();
        let mut chain = known.unwrap_or_else(|| Chain { base: key(victim).name, n: 0 });
        if chain.n == CHAIN_MAX {
            return Successor::NotAgain;
        }
        chain.n += 1;
        self.n += 1;
        let name = if keeps_name {
            victim.metadata.name.clone()
        } else {
            self.free_name(&victim.metadata.namespace, &chain.base, objects)
        };
        let mut pod = Pod { status: PodStatus::default(), ..victim.clone() };
        pod.spec.node_name.clear();
        pod.metadata = ObjectMeta {
            uid: format!("replacement-{}/{}/{name}", self.n, victim.metadata.namespace),
            name,
            creation_timestamp: Some(Timestamp::from_nanos(now.as_nanos())),
            deletion_timestamp: None,
            deletion_grace_period_seconds: None,
            resource_version: String::new(),
            ..pod.metadata
        };
        self.chains.insert(uid(&pod), chain);
        Successor::Pod(Box::new(pod))
    }

    /// BASE-re-1, BASE-re-2 …: the first that no pod has or had.
    fn free_name(&mut self, namespace: &str, base: &str, objects: &[Object]) -> String {
        let taken = self.taken.get_or_insert_with(|| {
            let pods = objects.iter().filter_map(|object| match object {
                Object::Pod(pod) => Some(key(pod)),
                _ => None,
            });
            pods.collect()
        });
        let namespace: Arc<str> = Arc::from(namespace);
        let free = (1_u64..).find_map(|i| {
            let name = format!("{base}-re-{i}");
            let key = PodKey { namespace: Arc::clone(&namespace), name: Arc::from(name.as_str()) };
            taken.insert(key).then_some(name)
        });
        free.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod(kind: &str) -> Pod {
        let owners = json!([{"kind": kind, "name": "w", "controller": true}]);
        let metadata = json!({"namespace": "n", "name": "w-0", "ownerReferences": owners});
        let pod = json!({"metadata": metadata, "spec": {"nodeName": "a"}, "status": {"phase": "Running"}});
        serde_json::from_value(pod).expect("a pod")
    }

    fn successor(replacements: &mut Replacements, victim: &Pod) -> Option<Pod> {
        let objects = [Object::from(victim.clone())];
        match replacements.succeed(victim, &objects, Now::from_nanos(5)) {
            Successor::Pod(pod) => Some(*pod),
            Successor::Nobody | Successor::NotAgain => None,
        }
    }

    #[test]
    fn a_chain_ends_and_has_no_name_twice() {
        let mut replacements = Replacements::default();
        let chain = std::iter::successors(Some(pod("Job")), |last| successor(&mut replacements, last));
        let names: Vec<String> = chain.take(CHAIN_MAX + 5).map(|pod| pod.metadata.name).collect();
        assert_eq!(names.len(), CHAIN_MAX + 1);
        assert_eq!((names[1].as_str(), names[CHAIN_MAX].as_str()), ("w-0-re-1", "w-0-re-16"));
    }

    #[test]
    fn a_replacement_is_the_same_pod_made_anew() {
        let victim = pod("ReplicaSet");
        let new = successor(&mut Replacements::default(), &victim).expect("a replacement");
        assert_eq!((new.spec.node_name.as_str(), &new.status), ("", &PodStatus::default()));
        assert_eq!(new.metadata.creation_timestamp, Some(Timestamp::from_nanos(5)));
        assert_eq!(new.metadata.owner_references, victim.metadata.owner_references);
        assert_ne!(new.metadata.uid, victim.metadata.uid);
    }

    #[test]
    fn terminating_pods_have_been_replaced_unless_the_name_was_taken() {
        for (kind, is_replaced) in [("ReplicaSet", false), ("StatefulSet", true), ("DaemonSet", false)] {
            let mut victim = pod(kind);
            victim.metadata.deletion_timestamp = Some(Timestamp::from_nanos(1));
            let new = successor(&mut Replacements::default(), &victim);
            assert_eq!(new.map(|pod| pod.metadata.name), is_replaced.then(|| "w-0".to_owned()), "{kind}");
        }
    }
}
