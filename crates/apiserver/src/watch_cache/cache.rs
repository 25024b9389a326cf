//! One kind's objects and recent changes.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::cached::Cached;
use super::change::Change;
use super::interest::{Interest, Interests, Subscription};
use super::{KEY_ROOT, Selection};
use crate::document;
use bytes::Bytes;
use resources::kind::Kind;
use serde_json::Value;
use store::{Event, EventKind};

/// How many changes of a kind are remembered: as many as upstream remembers of a busy one, within half a minute of
/// 400 writes per second.
const N_CHANGES_MAX: usize = 12_800;

/// How many bytes of objects the remembered changes of a kind may hold on to.
const CHANGES_BYTES_MAX: usize = 64 << 20;

/// Documents are kept parsed for kinds with no more objects than this: a document takes about twenty times its bytes.
const N_DOCUMENTS_KEPT_MAX: usize = 2_000;

/// One kind's objects and recent changes.
#[derive(Debug)]
pub struct Cache {
    kind: &'static Kind,
    /// What keys of the kind begin with, with the last slash.
    prefix: String,
    /// What stored objects begin with.
    head: String,
    state: RwLock<State>,
    interests: Arc<Interests>,
    n_received: AtomicU64,
    n_resets: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    objects: BTreeMap<Bytes, Arc<Cached>>,
    ring: VecDeque<Arc<Change>>,
    ring_bytes: usize,
    /// Every change after this revision is in the ring.
    oldest: u64,
    /// The kind's changes up to this revision are in.
    revision: u64,
}

/// The changes that are asked for are not remembered any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expired {
    /// From where on changes are remembered.
    pub oldest: u64,
}

/// Objects as they were at one revision.
#[derive(Debug)]
pub struct Snapshot {
    /// In the order of their keys.
    pub objects: Vec<Arc<Cached>>,
    /// The revision.
    pub revision: u64,
    /// How many objects were looked at.
    pub n_looked_at: u64,
}

impl Cache {
    pub(super) fn new(kind: &'static Kind) -> Cache {
        let head = if kind.versions.is_empty() { String::new() } else { document::head(kind) };
        Cache {
            kind,
            prefix: format!("{KEY_ROOT}{}/", kind.key_prefix),
            head,
            state: RwLock::default(),
            interests: Arc::default(),
            n_received: AtomicU64::new(0),
            n_resets: AtomicU64::new(0),
        }
    }

    /// How many changes are remembered at most.
    pub const N_CHANGES_MAX: usize = N_CHANGES_MAX;

    /// How many changes came from the store.
    pub fn n_received(&self) -> u64 {
        self.n_received.load(Ordering::Relaxed)
    }

    /// How often the cache was filled anew.
    pub fn n_resets(&self) -> u64 {
        self.n_resets.load(Ordering::Relaxed)
    }

    /// The kind.
    pub fn kind(&self) -> &'static Kind {
        self.kind
    }

    /// What keys begin with.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// What stored objects begin with.
    pub fn head(&self) -> &str {
        &self.head
    }

    /// The key of an object. `namespace` is empty for kinds without.
    pub fn key(&self, namespace: &str, name: &str) -> Bytes {
        let prefix = &self.prefix;
        let key = if self.kind.is_namespaced {
            format!("{prefix}{namespace}/{name}")
        } else {
            format!("{prefix}{name}")
        };
        key.into()
    }

    /// What the keys of a namespace's objects begin with; of all objects if it is empty.
    pub fn namespace_prefix(&self, namespace: &str) -> String {
        if namespace.is_empty() || !self.kind.is_namespaced {
            self.prefix.clone()
        } else {
            format!("{}{namespace}/", self.prefix)
        }
    }

    /// Tells of changes that somebody is interested in.
    pub fn subscribe(&self, interest: Interest) -> Subscription {
        self.interests.subscribe(interest, || self.read().revision)
    }

    /// How many objects there are.
    pub fn len(&self) -> usize {
        self.read().objects.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A number that is another one after every change.
    pub fn version(&self) -> u64 {
        self.read().revision
    }

    /// One object.
    pub fn get(&self, namespace: &str, name: &str) -> Option<Arc<Cached>> {
        let key = self.key(namespace, name);
        self.read().objects.get(&key).cloned()
    }

    /// One document.
    pub fn document(&self, namespace: &str, name: &str) -> Option<Arc<Value>> {
        let (cached, is_kept) = {
            let state = self.read();
            let cached = state.objects.get(&self.key(namespace, name)).cloned()?;
            (cached, state.objects.len() <= N_DOCUMENTS_KEPT_MAX)
        };
        cached.document(is_kept)
    }

    /// All documents, or those of a namespace.
    pub fn documents(&self, namespace: Option<&str>) -> Vec<Arc<Value>> {
        let selection =
            Selection { namespace: namespace.unwrap_or_default().to_owned(), ..Selection::default() };
        let objects = self.select(&selection, 0).objects;
        let is_kept = objects.len() <= N_DOCUMENTS_KEPT_MAX;
        objects.iter().filter_map(|cached| cached.document(is_kept)).collect()
    }

    /// The selected objects. `progress` is a revision up to which the caches are known to be complete.
    pub fn select(&self, selection: &Selection, progress: u64) -> Snapshot {
        let prefix = Bytes::from(self.namespace_prefix(&selection.namespace));
        let (objects, revision) = {
            let state = self.read();
            let range = state.objects.range::<Bytes, _>((Bound::Included(&prefix), Bound::Unbounded));
            let range = range.take_while(|(key, _)| key.starts_with(&prefix));
            let objects: Vec<Arc<Cached>> = range.map(|(_, cached)| Arc::clone(cached)).collect();
            (objects, state.revision.max(progress))
        };
        // Selecting may have to parse: not while changes wait.
        let mut objects = objects;
        let n_looked_at = objects.len() as u64;
        if !selection.is_everything() {
            objects.retain(|cached| selection.matches(self.kind, self.prefix.len(), cached));
        }
        Snapshot { objects, revision, n_looked_at }
    }

    /// The changes after a revision, at most `n_max`, oldest first; and the revision up to which the kind's changes are
    /// known, beyond which there may be more.
    ///
    /// # Errors
    /// They are not all remembered.
    pub fn changes_after(&self, revision: u64, n_max: usize) -> Result<(Vec<Arc<Change>>, u64), Expired> {
        let state = self.read();
        if revision < state.oldest {
            return Err(Expired { oldest: state.oldest });
        }
        let begin = state.ring.partition_point(|change| change.revision <= revision);
        Ok((state.ring.range(begin..).take(n_max).cloned().collect(), state.revision))
    }

    /// Takes in what happened.
    pub(super) fn apply(&self, events: Vec<Event>, revision: u64) {
        let mut changes = Vec::with_capacity(events.len());
        self.n_received.fetch_add(events.len() as u64, Ordering::Relaxed);
        let mut state = self.write();
        for event in events {
            let at = event.revision().0;
            let previous = match event.kind {
                EventKind::Put => None,
                EventKind::Delete => state.objects.remove(&event.entry.key),
            };
            let (object, previous) = match event.kind {
                EventKind::Put => {
                    let cached = Arc::new(Cached::new(&event.entry));
                    let previous = state.objects.insert(event.entry.key.clone(), Arc::clone(&cached));
                    (Some(cached), previous)
                }
                EventKind::Delete => (None, previous),
            };
            if object.is_some() || previous.is_some() {
                let change = Arc::new(Change::new(at, object, previous));
                state.ring_bytes += change.n_bytes();
                changes.push(Arc::clone(&change));
                state.ring.push_back(change);
            }
        }
        state.revision = revision;
        while state.ring.len() > N_CHANGES_MAX || state.ring_bytes > CHANGES_BYTES_MAX {
            let Some(gone) = state.ring.pop_front() else { break };
            state.ring_bytes -= gone.n_bytes();
            state.oldest = gone.revision;
        }
        drop(state);
        self.interests.tell(self.kind, self.prefix.len(), &changes);
    }

    /// Begins anew with these objects: what happened before is not known.
    pub(super) fn reset(&self, objects: BTreeMap<Bytes, Arc<Cached>>, revision: u64) {
        self.n_resets.fetch_add(1, Ordering::Relaxed);
        *self.write() = State { objects, ring: VecDeque::new(), ring_bytes: 0, oldest: revision, revision };
        self.interests.reset(revision);
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}
