//! Random histories, told to a store and to the model, whose answers have to be the same.

use std::sync::Arc;

use bytes::Bytes;

use super::in_time;
use crate::contract::{Committed, Entry, Expect, Found, Listing, Range, Revision, Store, Write};
use crate::error::Error;
use crate::memory::Memory;
use crate::watch::{Event, Watch};

/// How many watches are open at most.
pub const N_SLOTS: usize = 3;

/// One step of a history. Numbers are chosen freely; what they stand for depends on where the history is.
#[derive(Clone, Debug)]
pub enum Step {
    /// A commit of key number `key`; a value, or `None` to delete.
    Commit {
        /// Which key.
        key: u8,
        /// What is expected: absent, anything, what is there, or what was there `n` revisions ago.
        expect: u8,
        /// The value.
        value: Option<u8>,
    },
    /// A read.
    Get {
        /// Which key.
        key: u8,
    },
    /// A list.
    List {
        /// Which prefix.
        prefix: u8,
        /// From which key.
        start: Option<u8>,
        /// How many entries.
        limit: Option<u8>,
        /// How many revisions ago; 255 is the future.
        ago: Option<u8>,
    },
    /// Opens a watch in place of another.
    Watch {
        /// Which one.
        slot: u8,
        /// Which prefix.
        prefix: u8,
        /// How many revisions ago.
        ago: u8,
    },
    /// Reads a watch until it has seen everything.
    Drain {
        /// Which one.
        slot: u8,
    },
    /// Ends a watch.
    Leave {
        /// Which one.
        slot: u8,
    },
    /// Reads all watches, then forgets what was so many revisions ago.
    Compact {
        /// How many.
        ago: u8,
    },
    /// Closes the store and opens it again, if it can.
    Reopen,
}

/// How to open a store again after it was closed. `None`: it is kept as it is.
pub type Reopen<'r> = &'r (dyn Fn() -> Arc<dyn Store> + Sync);

struct History<'r> {
    model: Memory,
    store: Arc<dyn Store>,
    reopen: Option<Reopen<'r>>,
    prefix: String,
    /// How much further the store's revisions are than the model's.
    offset: u64,
    watches: [Option<(Watch, Watch)>; N_SLOTS],
}

/// Tells a history to the store and to the model. `prefix` is to be new to the store, and nobody else may write to it.
pub async fn agrees_with_the_model(
    store: Arc<dyn Store>,
    reopen: Option<Reopen<'_>>,
    prefix: &str,
    steps: &[Step],
) {
    let model = Memory::new();
    let offset =
        store.revision().await.expect("a revision").0 - model.revision().await.expect("a revision").0;
    let watches = std::array::from_fn(|_| None);
    let mut history = History { model, store, reopen, prefix: prefix.to_owned(), offset, watches };
    for (n, step) in steps.iter().enumerate() {
        history.step(n, step).await;
    }
    history.drain_all().await;
    let list = Step::List { prefix: 0, start: None, limit: None, ago: None };
    history.step(steps.len(), &list).await;
}

impl History<'_> {
    fn key(&self, key: u8) -> Bytes {
        let group = ["a/", "a/b", "b/"][usize::from(key) % 3];
        Bytes::from(format!("{}{group}{}", self.prefix, key / 3 % 4))
    }

    fn prefix(&self, prefix: u8) -> Bytes {
        Bytes::from(format!("{}{}", self.prefix, ["", "a/", "a/b", "b/", "c/"][usize::from(prefix) % 5]))
    }

    async fn ago(&self, ago: u8) -> Revision {
        let current = self.model.revision().await.expect("a revision");
        Revision(current.0.saturating_sub(u64::from(ago)).max(Revision::FIRST.0))
    }

    fn theirs(&self, revision: Revision) -> Revision {
        Revision(revision.0 + self.offset)
    }

    async fn step(&mut self, n: usize, step: &Step) {
        match step {
            Step::Commit { key, expect, value } => {
                let key = self.key(*key);
                let write =
                    || value.map_or(Write::Delete, |value| Write::put(vec![value; usize::from(value)]));
                let modified = match expect % 8 {
                    0..4 => None,
                    4..7 => self.model.get(&key).await.expect("a read").entry.map(|entry| entry.modified),
                    _ => Some(self.ago(1).await),
                };
                let ours = match (expect % 8, modified) {
                    (0..2, _) => Expect::Anything,
                    (_, None) => Expect::Absent,
                    (_, Some(modified)) => Expect::Modified(modified),
                };
                let theirs = match ours {
                    Expect::Modified(modified) => Expect::Modified(self.theirs(modified)),
                    other => other,
                };
                let ours = self.model.commit(key.clone(), ours, write()).await;
                let theirs = self.store.commit(key, theirs, write()).await;
                self.compare(n, step, ours, theirs);
            }
            Step::Get { key } => {
                let key = self.key(*key);
                let (ours, theirs) = (self.model.get(&key).await, self.store.get(&key).await);
                self.compare(n, step, ours, theirs);
            }
            Step::List { prefix, start, limit, ago } => {
                let start = start.map(|start| self.key(start));
                let range = Range { prefix: self.prefix(*prefix), start, limit: limit.map(usize::from) };
                let at = match ago {
                    None => None,
                    Some(255) => Some(Revision(self.ago(0).await.0 + 1)),
                    Some(ago) => Some(self.ago(*ago).await),
                };
                let ours = self.model.list(range.clone(), at).await;
                let theirs = self.store.list(range, at.map(|at| self.theirs(at))).await;
                self.compare(n, step, ours, theirs);
            }
            Step::Watch { slot, prefix, ago } => self.watch(*slot, self.prefix(*prefix), *ago).await,
            Step::Drain { slot } => self.drain(usize::from(*slot) % N_SLOTS).await,
            Step::Leave { slot } => self.watches[usize::from(*slot) % N_SLOTS] = None,
            Step::Compact { ago } => {
                self.drain_all().await;
                let to = self.ago(*ago).await;
                let ours = self.model.compact(to).await;
                let theirs = self.store.compact(self.theirs(to)).await;
                assert_eq!(ours.is_ok(), theirs.is_ok(), "{n}: {step:?}: {ours:?}, the store {theirs:?}");
            }
            Step::Reopen => self.reopen().await,
        }
    }

    async fn watch(&mut self, slot: u8, prefix: Bytes, ago: u8) {
        let after = self.ago(ago).await;
        self.watches[usize::from(slot) % N_SLOTS] = None;
        // A store may say only by the watch that the past is gone, so the model decides whether there is one.
        if let Ok(ours) = self.model.watch(prefix.clone(), after).await {
            let theirs = self.store.watch(prefix, self.theirs(after)).await.expect("the model has a watch");
            self.watches[usize::from(slot) % N_SLOTS] = Some((ours, theirs));
        }
    }

    async fn drain_all(&mut self) {
        for slot in 0..N_SLOTS {
            self.drain(slot).await;
        }
    }

    async fn drain(&mut self, slot: usize) {
        let reached = self.ago(0).await;
        let offset = self.offset;
        let Some((ours, theirs)) = &mut self.watches[slot] else { return };
        let ours = drain(ours, reached).await;
        let theirs = drain(theirs, Revision(reached.0 + offset)).await;
        let theirs: Vec<Event> = theirs.into_iter().map(|event| event.shifted(offset)).collect();
        assert_eq!(theirs, ours, "watch {slot}");
    }

    async fn reopen(&mut self) {
        let Some(reopen) = self.reopen else { return };
        self.watches = std::array::from_fn(|_| None);
        self.store.close().await.expect("it closes");
        self.store = reopen();
        // The past does not survive.
        let revision = self.ago(0).await;
        if revision > Revision::FIRST {
            self.model.compact(revision).await.expect("it has come so far");
        }
    }

    fn compare<T: Shifted + PartialEq + std::fmt::Debug>(
        &self,
        n: usize,
        step: &Step,
        ours: Result<T, Error>,
        theirs: Result<T, Error>,
    ) {
        let theirs = match theirs {
            Ok(answer) => Ok(answer.shifted(self.offset)),
            Err(error) => Err(error.shifted(self.offset)),
        };
        assert_eq!(theirs, ours, "{n}: the store's answer to {step:?} and the model's");
    }
}

async fn drain(watch: &mut Watch, reached: Revision) -> Vec<Event> {
    let mut events = Vec::new();
    watch.request_progress();
    loop {
        let batch = in_time("progress", watch.next()).await.expect("the watch goes on");
        events.extend(batch.events);
        if batch.revision >= reached {
            return events;
        }
    }
}

/// What is the same but for revisions that are further by an offset.
trait Shifted {
    fn shifted(self, offset: u64) -> Self;
}

impl Shifted for Revision {
    fn shifted(self, offset: u64) -> Revision {
        Revision(self.0.saturating_sub(offset))
    }
}

impl Shifted for Entry {
    fn shifted(self, offset: u64) -> Entry {
        Entry { created: self.created.shifted(offset), modified: self.modified.shifted(offset), ..self }
    }
}

impl Shifted for Event {
    fn shifted(self, offset: u64) -> Event {
        let previous = self.previous.map(|previous| previous.shifted(offset));
        Event { kind: self.kind, entry: self.entry.shifted(offset), previous }
    }
}

impl Shifted for Committed {
    fn shifted(self, offset: u64) -> Committed {
        Committed { revision: self.revision.shifted(offset), entry: self.entry.shifted(offset) }
    }
}

impl Shifted for Found {
    fn shifted(self, offset: u64) -> Found {
        let entry = self.entry.map(|entry| entry.shifted(offset));
        Found { entry, revision: self.revision.shifted(offset) }
    }
}

impl Shifted for Listing {
    fn shifted(self, offset: u64) -> Listing {
        let entries = self.entries.into_iter().map(|entry| entry.shifted(offset)).collect();
        Listing { entries, revision: self.revision.shifted(offset), ..self }
    }
}

impl Shifted for Error {
    fn shifted(self, offset: u64) -> Error {
        match self {
            Error::Conflict { current } => {
                Error::Conflict { current: current.map(|current| current.shifted(offset)) }
            }
            Error::Compacted { oldest } => Error::Compacted { oldest: oldest.shifted(offset) },
            Error::FutureRevision { asked, current } => {
                Error::FutureRevision { asked: asked.shifted(offset), current: current.shifted(offset) }
            }
            other => other,
        }
    }
}

/// Histories for property tests.
#[cfg(test)]
pub(crate) mod strategy {
    use proptest::prelude::*;

    use super::Step;

    pub(crate) fn steps(n_max: usize) -> impl Strategy<Value = Vec<Step>> {
        use proptest::option::of;
        let byte = any::<u8>;
        let step = prop_oneof![
            12 => (byte(), byte(), proptest::option::weighted(0.7, byte()))
                .prop_map(|(key, expect, value)| Step::Commit { key, expect, value }),
            2 => byte().prop_map(|key| Step::Get { key }),
            4 => (byte(), of(byte()), of(0_u8..6), of(prop_oneof![8 => 0_u8..20, 1 => Just(255)]))
                .prop_map(|(prefix, start, limit, ago)| Step::List { prefix, start, limit, ago }),
            3 => (byte(), byte(), 0_u8..10).prop_map(|(slot, prefix, ago)| Step::Watch { slot, prefix, ago }),
            2 => byte().prop_map(|slot| Step::Drain { slot }),
            1 => byte().prop_map(|slot| Step::Leave { slot }),
            1 => (0_u8..10).prop_map(|ago| Step::Compact { ago }),
            1 => Just(Step::Reopen),
        ];
        proptest::collection::vec(step, 1..n_max)
    }
}
