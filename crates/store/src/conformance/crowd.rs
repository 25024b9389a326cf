//! Many writers, and watchers that come and go.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::Stream;
use bytes::Bytes;

use super::{Subject, in_time};
use crate::contract::{Entry, Expect, Range, Revision, Write};
use crate::error::Error;
use crate::watch::{Batch, EventKind};

const N_WRITERS: u64 = 8;
const N_WATCHERS: u64 = 6;
const N_WRITES: usize = 150;
const N_KEYS: usize = 20;

/// What one watcher believes is there.
#[derive(Debug, Default)]
struct Replica {
    entries: BTreeMap<Bytes, Entry>,
    revision: Revision,
}

impl Replica {
    fn list(entries: Vec<Entry>, revision: Revision) -> Replica {
        let entries = entries.into_iter().map(|entry| (entry.key.clone(), entry)).collect();
        Replica { entries, revision }
    }

    fn take(&mut self, batch: Batch) {
        for event in batch.events {
            assert!(event.revision() > self.revision, "{event:?} comes after {}", self.revision);
            self.revision = event.revision();
            let key = event.entry.key.clone();
            let before = match event.kind {
                EventKind::Put => self.entries.insert(key, event.entry),
                EventKind::Delete => self.entries.remove(&key),
            };
            assert_eq!(event.previous, before, "an event says what was before");
        }
        assert!(batch.revision >= self.revision, "batch {} after {}", batch.revision, self.revision);
        self.revision = batch.revision;
    }
}

async fn write(subject: Subject, seed: u64) {
    let mut random = Stream::new(seed, "writer");
    for n in 0..N_WRITES {
        let name = format!("{}", random.below(N_KEYS));
        let key = subject.key(&name);
        let current = subject.store.get(&key).await.expect("a read").entry;
        let value = format!("{seed} {n}").into_bytes();
        let (expect, write) = match (random.below(10), &current) {
            (0..3, Some(_)) => (Expect::Anything, Write::Delete),
            (3..8, Some(current)) => (Expect::Modified(current.modified), Write::put(value)),
            (3..8, None) => (Expect::Absent, Write::put(value)),
            _ => (Expect::Anything, Write::put(value)),
        };
        match subject.store.commit(key, expect, write).await {
            Ok(_) | Err(Error::Conflict { .. }) => {}
            Err(other) => panic!("{other}"),
        }
    }
}

/// Follows the store until revision `end` is known and reached, leaving and coming back, sometimes forgetting all.
async fn follow(subject: Subject, seed: u64, end: Arc<tokio::sync::OnceCell<Revision>>) -> Replica {
    let mut random = Stream::new(seed, "watcher");
    let mut replica = Replica::default();
    let mut is_fresh = true;
    loop {
        if is_fresh {
            let listing = subject.list().await;
            replica = Replica::list(listing.entries, listing.revision);
        }
        let mut watch = subject.watch(replica.revision).await;
        for _ in 0..1 + random.below(30) {
            watch.request_progress();
            let batch = in_time("a batch", watch.next()).await.expect("the watch goes on");
            replica.take(batch);
            if end.get().is_some_and(|end| replica.revision >= *end) {
                return replica;
            }
            tokio::task::yield_now().await;
        }
        is_fresh = random.below(5) == 0;
    }
}

/// Each watcher's picture, put together from lists and watches that it left and took up again, is what is there.
pub async fn writers_and_watchers_agree(subject: Subject) {
    let end = Arc::new(tokio::sync::OnceCell::new());
    let watchers: Vec<_> =
        (0..N_WATCHERS).map(|seed| tokio::spawn(follow(subject.clone(), seed, Arc::clone(&end)))).collect();
    let writers: Vec<_> = (0..N_WRITERS).map(|seed| tokio::spawn(write(subject.clone(), seed))).collect();
    for writer in writers {
        in_time("a writer", writer).await.expect("no panic");
    }
    let listing = subject.store.list(Range::prefix(subject.prefix.clone()), None).await.expect("a list");
    end.set(listing.revision).expect("it is set once");
    let truth = Replica::list(listing.entries, listing.revision);
    assert!(!truth.entries.is_empty());
    for watcher in watchers {
        let replica = in_time("a watcher", watcher).await.expect("no panic");
        assert_eq!(replica.entries, truth.entries);
    }
}
