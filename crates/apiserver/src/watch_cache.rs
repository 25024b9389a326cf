//! What is stored, in memory, and what happened to it lately.
//!
//! One watch of the whole store feeds one [`Cache`] per kind. A cache holds the stored bytes, shared with the store, and
//! parses them only when somebody selects by labels or fields or asks for a document. Recent changes stay in a ring of
//! limited size; a watcher is a position in it, so that a slow one costs nothing and is told that it has to list again
//! when the ring has moved on. Watchers of a namespace, a node or an object sleep through what does not concern them
//! ([`Interest`]). What is sent about a change is made once and shared by all who watch alike.
//!
//! Reads that must not be stale ask the store for its revision and wait until the feed has come so far.

mod cache;
mod cached;
mod change;
mod feed;
mod interest;
mod selection;

use std::sync::Arc;
use std::time::Duration;

use apimachinery::GroupResource;
use base::Map;
use serde_json::Value;
use tokio::sync::{Notify, watch};

pub use cache::{Cache, Expired, Snapshot};
pub use cached::Cached;
pub use change::{Change, FrameKey, FrameType};
pub use interest::{Interest, Subscription};
pub use selection::Selection;

use crate::objects::Objects;
use crate::served::Kinds;

/// All caches.
#[derive(Debug)]
pub struct Caches {
    all: Vec<Cache>,
    by_key_prefix: Map<String, usize>,
    by_resource: Map<(&'static str, &'static str), usize>,
    /// Everything up to this revision is in the caches.
    progress: watch::Sender<u64>,
    /// Somebody waits for progress.
    is_wanted: Notify,
}

/// What keys begin with.
pub const KEY_ROOT: &str = "/registry/";

impl Caches {
    /// Empty caches of all stored kinds; [`Caches::start`] fills them.
    pub fn new(kinds: &Kinds) -> Caches {
        let mut caches = Caches {
            all: Vec::new(),
            by_key_prefix: Map::default(),
            by_resource: Map::default(),
            progress: watch::Sender::new(0),
            is_wanted: Notify::new(),
        };
        for (index, kind) in kinds.all().iter().enumerate() {
            caches.all.push(Cache::new(kind));
            if kind.is_stored() && kind.verbs.contains(resources::kind::Verbs::CREATE) {
                caches.by_key_prefix.insert(kind.key_prefix.to_owned(), index);
            }
            for (group, _) in kind.versions {
                caches.by_resource.insert((group, kind.plural), index);
            }
        }
        caches
    }

    /// The caches, in the order of the kinds.
    pub fn all(&self) -> &[Cache] {
        &self.all
    }

    /// The cache of a kind, by its place among all kinds.
    pub fn of(&self, index: usize) -> &Cache {
        &self.all[index]
    }

    /// Up to where the caches know everything.
    pub fn progress(&self) -> u64 {
        *self.progress.borrow()
    }

    /// Waits until the caches know everything up to a revision; false if that took too long.
    pub async fn wait_for(&self, revision: u64, wait_max: Duration) -> bool {
        if self.progress() >= revision {
            return true;
        }
        self.is_wanted.notify_one();
        let mut progress = self.progress.subscribe();
        let reached = progress.wait_for(|reached| *reached >= revision);
        matches!(tokio::time::timeout(wait_max, reached).await, Ok(Ok(_)))
    }

    /// The cache that a key belongs to.
    fn index_of_key(&self, key: &[u8]) -> Option<usize> {
        let path = std::str::from_utf8(key).ok()?.strip_prefix(KEY_ROOT)?;
        // A prefix has one part, or two: `services/specs`.
        let first = path.find('/')?;
        let second = path[first + 1..].find('/').map(|at| first + 1 + at);
        second
            .and_then(|end| self.by_key_prefix.get(&path[..end]))
            .or_else(|| self.by_key_prefix.get(&path[..first]))
            .copied()
    }

    fn find(&self, resource: &GroupResource) -> Option<&Cache> {
        let index = self.by_resource.get(&(resource.group.as_str(), resource.resource.as_str()))?;
        self.all.get(*index)
    }
}

impl Objects for Caches {
    fn get(&self, resource: &GroupResource, namespace: &str, name: &str) -> Option<Arc<Value>> {
        self.find(resource)?.document(namespace, name)
    }

    fn list(&self, resource: &GroupResource, namespace: Option<&str>) -> Vec<Arc<Value>> {
        self.find(resource).map(|cache| cache.documents(namespace)).unwrap_or_default()
    }

    fn version(&self, resource: &GroupResource) -> u64 {
        self.find(resource).map_or(0, Cache::version)
    }
}
