//! What a watch says about pods.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base::Map;
use client::{Connection, Resource, Settings, Source, Told};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use wire::{Kind, Object, Pod};

use super::period::Period;
use crate::bench::opcodes::Stage;

/// How many words of the watch are taken in at once.
const WORDS_AT_ONCE: usize = 256;

type Labels = BTreeMap<String, String>;

/// The pods of the cluster, as far as they have been seen. Clones are the same.
#[derive(Clone, Default)]
pub(super) struct Observed(Arc<Mutex<Pods>>);

/// The pods, and what is made of them.
#[derive(Default)]
pub(super) struct Pods {
    namespaces: Map<String, Namespace>,
    /// What is being measured.
    pub(super) period: Option<Period>,
    /// Who hears of pods of a namespace that are bound.
    listener: Option<(String, mpsc::UnboundedSender<String>)>,
}

#[derive(Default)]
struct Namespace {
    pods: Map<String, Seen>,
    /// How many have ever been seen.
    n_seen: u64,
    /// How many have ever been bound, or were gone without.
    n_bound: u64,
    /// How many have ever been tried, held back by a gate, bound, or were gone without.
    n_attempted: u64,
}

/// One pod.
#[derive(Default)]
struct Seen {
    /// When its create was sent; unknown of pods that others have made, and until it is answered.
    sent: Option<Instant>,
    bound: Option<Instant>,
    /// Whether the watch has shown it.
    is_seen: bool,
    is_attempted: bool,
    labels: Option<Box<Labels>>,
}

impl Seen {
    fn has(&self, wanted: &Labels) -> bool {
        let own = |key| self.labels.as_deref().and_then(|labels| labels.get(key));
        wanted.iter().all(|(key, value)| own(key) == Some(value))
    }

    fn has_reached(&self, stage: Stage) -> bool {
        self.bound.is_some() || stage == Stage::Attempted && self.is_attempted
    }
}

impl Observed {
    /// Begins to watch; it ends with the set.
    pub(super) fn follow(&self, connection: &Connection, tasks: &mut JoinSet<()>) {
        let (told, mut news) = mpsc::channel(4 * WORDS_AT_ONCE);
        let source = Source::new(connection.clone(), Resource::of(Kind::Pod), "", Settings::default(), 0);
        tasks.spawn(source.run(told));
        let observed = self.clone();
        tasks.spawn(async move {
            let mut words = Vec::with_capacity(WORDS_AT_ONCE);
            while news.recv_many(&mut words, WORDS_AT_ONCE).await > 0 {
                let now = Instant::now();
                let mut pods = observed.lock();
                for (_, told) in words.drain(..) {
                    pods.hear(told, now);
                }
            }
        });
    }

    /// The pods; nobody should keep them for long.
    pub(super) fn lock(&self) -> MutexGuard<'_, Pods> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells from now on which pods of a namespace are bound.
    pub(super) fn listen(&self, namespace: &str) -> mpsc::UnboundedReceiver<String> {
        let (told, bound) = mpsc::unbounded_channel();
        self.lock().listener = Some((namespace.to_owned(), told));
        bound
    }
}

impl Pods {
    /// A pod of ours was created.
    pub(super) fn created(&mut self, namespace: &str, name: &str, sent: Instant) {
        let seen = entry(&mut entry(&mut self.namespaces, namespace).pods, name);
        seen.sent = Some(sent);
        // Usually the watch was faster, but not by so much.
        if let (Some(bound), Some(period)) = (seen.bound, &mut self.period) {
            period.created_to_bound(namespace, seen.labels.as_deref(), sent, bound);
        }
    }

    /// How many pods of a namespace have ever reached a stage, or were gone before.
    pub(super) fn n_reached(&self, namespace: &str, stage: Stage) -> u64 {
        self.namespaces.get(namespace).map_or(0, |namespace| match stage {
            Stage::Scheduled => namespace.n_bound,
            Stage::Attempted => namespace.n_attempted,
        })
    }

    /// How many pods of a namespace have ever been seen.
    pub(super) fn n_seen(&self, namespace: &str) -> u64 {
        self.namespaces.get(namespace).map_or(0, |namespace| namespace.n_seen)
    }

    /// How many pods of a namespace with these labels have not reached a stage.
    pub(super) fn n_behind(&self, namespace: &str, labels: &Labels, stage: Stage) -> usize {
        let Some(namespace) = self.namespaces.get(namespace) else { return 0 };
        namespace.pods.values().filter(|seen| seen.has(labels) && !seen.has_reached(stage)).count()
    }

    /// A pod of a namespace that has not reached a stage.
    pub(super) fn one_behind(&self, namespace: &str, stage: Stage) -> Option<&str> {
        let pods = self.namespaces.get(namespace)?.pods.iter();
        pods.filter(|(_, seen)| !seen.has_reached(stage)).map(|(name, _)| name.as_str()).min()
    }

    /// The names of a namespace's pods with these labels, sorted.
    pub(super) fn names(&self, namespace: &str, labels: &Labels) -> Vec<String> {
        let Some(namespace) = self.namespaces.get(namespace) else { return Vec::new() };
        let meant = namespace.pods.iter().filter(|(_, seen)| seen.has(labels));
        let mut names: Vec<String> = meant.map(|(name, _)| name.clone()).collect();
        names.sort_unstable();
        names
    }

    fn hear(&mut self, told: Told, now: Instant) {
        match told {
            Told::Upsert(Object::Pod(pod)) => self.see(*pod, now),
            Told::Delete(object) => {
                let metadata = object.meta();
                let namespace = entry(&mut self.namespaces, &metadata.namespace);
                let Some(seen) = namespace.pods.remove(&metadata.name) else { return };
                namespace.n_bound += u64::from(seen.bound.is_none());
                namespace.n_attempted += u64::from(!seen.has_reached(Stage::Attempted));
            }
            // The source goes on by itself; what is missed is missing in what is waited for.
            Told::Trouble(error) => tracing::warn!(%error, "watching pods"),
            Told::Upsert(_) | Told::Synced => {}
        }
    }

    fn see(&mut self, pod: Pod, now: Instant) {
        let Pod { metadata, spec, status } = pod;
        let is_bound = !spec.node_name.is_empty();
        let namespace = entry(&mut self.namespaces, &metadata.namespace);
        let seen = entry(&mut namespace.pods, &metadata.name);
        namespace.n_seen += u64::from(!std::mem::replace(&mut seen.is_seen, true));
        let is_behind = !seen.has_reached(Stage::Attempted);
        seen.is_attempted |= !status.conditions.is_empty();
        let is_newly_bound = is_bound && seen.bound.is_none();
        if is_newly_bound {
            seen.bound = Some(now);
            namespace.n_bound += 1;
        }
        namespace.n_attempted += u64::from(is_behind && seen.has_reached(Stage::Attempted));
        if is_newly_bound {
            let labels = Some(&metadata.labels);
            if let Some(period) = &mut self.period {
                period.bound(&metadata.namespace, labels, now);
                if let Some(sent) = seen.sent {
                    period.created_to_bound(&metadata.namespace, labels, sent, now);
                }
            }
            if let Some((listened, listener)) = &self.listener
                && *listened == metadata.namespace
            {
                // Whoever listened may have gone.
                let _ = listener.send(metadata.name);
            }
        }
        if seen.labels.as_deref().map_or(!metadata.labels.is_empty(), |known| *known != metadata.labels) {
            seen.labels = Some(Box::new(metadata.labels));
        }
    }
}

/// What is under a name; the name is only copied if there was nothing.
fn entry<'m, T: Default>(map: &'m mut Map<String, T>, name: &str) -> &'m mut T {
    if !map.contains_key(name) {
        map.insert(name.to_owned(), T::default());
    }
    map.entry(name.to_owned()).or_default()
}
