//! What every backend has to pass: one function per promise.
//!
//! A promise gets a [`Subject`], the store with a prefix of its own, so that all can be put to one store one after
//! the other; nobody else may write to it meanwhile. A promise that is broken panics.

#![allow(clippy::panic, clippy::print_stdout, reason = "this module is for tests, which fail by panicking")]

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::contract::{Committed, Entry, Expect, Listing, Range, Revision, Store, Write};
use crate::error::Error;
use crate::watch::{Event, Watch};

pub mod agreement;
mod commits;
pub mod crowd;
mod lists;
mod watches;

/// How long to wait for what has to come, before it is called missing.
const PATIENCE: Duration = Duration::from_secs(60);

/// A store under test.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The store.
    pub store: Arc<dyn Store>,
    /// What all keys of this test begin with.
    pub prefix: String,
}

impl Subject {
    /// A key of this test.
    pub fn key(&self, name: &str) -> Bytes {
        Bytes::from(format!("{}{name}", self.prefix))
    }

    /// Commits.
    pub async fn commit(&self, name: &str, expect: Expect, write: Write) -> Result<Committed, Error> {
        self.store.commit(self.key(name), expect, write).await
    }

    /// Writes, whatever is there.
    pub async fn put(&self, name: &str, value: &str) -> Committed {
        let write = Write::put(value.as_bytes().to_vec());
        self.commit(name, Expect::Anything, write).await.expect("a write without a condition")
    }

    /// Deletes what has to be there.
    pub async fn delete(&self, name: &str) -> Committed {
        self.commit(name, Expect::Anything, Write::Delete).await.expect("a deletion without a condition")
    }

    /// Reads.
    pub async fn get(&self, name: &str) -> Option<Entry> {
        self.store.get(&self.key(name)).await.expect("a read").entry
    }

    /// The store's revision.
    pub async fn revision(&self) -> Revision {
        self.store.revision().await.expect("a revision")
    }

    /// All keys of this test, now.
    pub async fn list(&self) -> Listing {
        self.store.list(Range::prefix(self.prefix.clone()), None).await.expect("a list")
    }

    /// A watch of all keys of this test.
    pub async fn watch(&self, after: Revision) -> Watch {
        self.store.watch(Bytes::from(self.prefix.clone()), after).await.expect("a watch")
    }
}

/// Waits for something that has to happen.
pub async fn in_time<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(done) => done,
        Err(_) => panic!("waited {PATIENCE:?} for {what} in vain"),
    }
}

/// The next `n` events, checked to be in order and covered by their batches' revisions.
pub async fn events(watch: &mut Watch, n: usize) -> Vec<Event> {
    let mut events: Vec<Event> = Vec::new();
    while events.len() < n {
        let batch = in_time("an event", watch.next()).await.expect("the watch goes on");
        for event in batch.events {
            assert!(event.revision() <= batch.revision, "{event:?} is after its batch, {}", batch.revision);
            let last = events.last().map_or(Revision(0), Event::revision);
            assert!(event.revision() > last, "{event:?} comes after revision {last}");
            events.push(event);
        }
    }
    assert_eq!(events.len(), n, "more events than expected: {events:?}");
    events
}

/// The key of an entry without the test's prefix, and its value.
pub fn plain(subject: &Subject, entry: &Entry) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let key = text(&entry.key);
    (key.strip_prefix(&subject.prefix).unwrap_or(&key).to_owned(), text(&entry.value))
}

type Check = fn(Subject) -> Pin<Box<dyn Future<Output = ()> + Send>>;

macro_rules! promises {
    ($($module:ident :: $name:ident,)*) => {
        &[$((stringify!($name), |subject| Box::pin($module::$name(subject)))),*]
    };
}

/// All promises with their names.
pub const PROMISES: &[(&str, Check)] = promises![
    commits::creates_only_what_is_absent,
    commits::updates_only_what_was_read,
    commits::writes_unconditionally,
    commits::deletes_only_what_was_read,
    commits::refuses_to_delete_what_is_not_there,
    commits::makes_one_revision_per_change,
    commits::takes_any_bytes,
    commits::refuses_what_is_too_large,
    commits::lets_one_of_many_writers_win,
    commits::removes_what_has_expired,
    commits::keeps_what_was_written_again_before_it_expired,
    lists::lists_a_prefix_in_the_order_of_keys,
    lists::lists_in_pages,
    lists::lists_the_past,
    lists::pages_stay_at_their_revision,
    lists::counts_without_listing,
    lists::refuses_the_future,
    watches::delivers_every_change_in_order,
    watches::delivers_what_was_before,
    watches::starts_in_the_past_and_in_the_future,
    watches::gives_every_watch_everything,
    watches::tells_of_progress,
    watches::may_be_left_and_taken_up_again,
    watches::forgets_what_was_compacted,
    crowd::writers_and_watchers_agree,
];

/// Puts all promises to a store, one after the other, and closes it in the end.
pub async fn keeps_every_promise(store: Arc<dyn Store>) {
    for (name, check) in PROMISES {
        println!("promise: {name}");
        check(Subject { store: Arc::clone(&store), prefix: format!("/{name}/") }).await;
    }
    println!("promise: refuses_everything_once_closed");
    commits::refuses_everything_once_closed(Subject { store, prefix: "/closed/".to_owned() }).await;
}
