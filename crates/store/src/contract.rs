//! What a store promises.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};

use crate::error::Error;
use crate::watch::Watch;

/// The largest key and value together, in bytes: etcd's default limit of a request, so that what one backend takes
/// the others take.
pub const ENTRY_BYTES_MAX: usize = 3 * 512 * 1024;

/// A point in the history of the whole store. Kubernetes shows it as `resourceVersion`.
///
/// An empty store is at revision 1, as etcd's is; 0 is before everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(pub u64);

impl Revision {
    /// Of a store in which nothing was ever written.
    pub const FIRST: Revision = Revision(1);

    /// The one after.
    #[must_use]
    pub const fn next(self) -> Revision {
        Revision(self.0.saturating_add(1))
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A key with its value at some revision. Cloning shares the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: Bytes,
    /// The value.
    pub value: Bytes,
    /// When the key came into being, after its last deletion if there was one.
    pub created: Revision,
    /// When this value was written.
    pub modified: Revision,
}

/// What [`Store::get`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The entry, if there is one.
    pub entry: Option<Entry>,
    /// The revision of the store at which that was so.
    pub revision: Revision,
}

/// Which entries to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Range {
    /// Only keys that begin with this. Empty: all.
    pub prefix: Bytes,
    /// Only keys that are not before this one.
    pub start: Option<Bytes>,
    /// At most so many entries. `Some(0)` counts without listing.
    pub limit: Option<usize>,
}

impl Range {
    /// All keys that begin with `prefix`.
    pub fn prefix(prefix: impl Into<Bytes>) -> Range {
        Range { prefix: prefix.into(), start: None, limit: None }
    }

    /// From this key on.
    #[must_use]
    pub fn starting_at(self, key: impl Into<Bytes>) -> Range {
        Range { start: Some(key.into()), ..self }
    }

    /// From the first key after this one.
    #[must_use]
    pub fn starting_after(self, key: &[u8]) -> Range {
        let mut next = BytesMut::with_capacity(key.len() + 1);
        next.put_slice(key);
        next.put_u8(0);
        self.starting_at(next.freeze())
    }

    /// At most so many entries.
    #[must_use]
    pub fn limited(self, limit: usize) -> Range {
        Range { limit: Some(limit), ..self }
    }

    /// The first key that can be in the range.
    pub(crate) fn first(&self) -> &[u8] {
        match &self.start {
            Some(start) if *start > self.prefix => start,
            _ => &self.prefix,
        }
    }
}

/// What [`Store::list`] found, in the order of keys, bytewise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// The entries.
    pub entries: Vec<Entry>,
    /// The revision at which the store held exactly these.
    pub revision: Revision,
    /// How many more entries the range holds, beyond the limit.
    pub n_remaining: u64,
}

impl Listing {
    /// Whether the limit cut something off.
    pub fn more(&self) -> bool {
        self.n_remaining > 0
    }
}

/// What must hold of a key for a commit to go through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// It does not exist.
    Absent,
    /// It exists, and its value was written at this revision.
    Modified(Revision),
    /// Nothing.
    Anything,
}

impl Expect {
    /// Whether it holds, given what is there.
    pub fn holds(self, current: Option<&Entry>) -> bool {
        match self {
            Expect::Absent => current.is_none(),
            Expect::Modified(revision) => current.is_some_and(|entry| entry.modified == revision),
            Expect::Anything => true,
        }
    }
}

/// What to do with a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// Gives it this value.
    Put {
        /// The value.
        value: Bytes,
        /// After this time the key is deleted, unless it is written again before. `None`: never. A write without it
        /// ends an earlier one's. Backends may round it up, to a minute at most.
        ttl: Option<Duration>,
    },
    /// Removes it. A key that does not exist cannot be deleted: that is a conflict, whatever was expected.
    Delete,
}

impl Write {
    /// Gives the key this value for good.
    pub fn put(value: impl Into<Bytes>) -> Write {
        Write::Put { value: value.into(), ttl: None }
    }
}

/// What a commit did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The revision that the commit made.
    pub revision: Revision,
    /// Of a put the new entry; of a delete the entry that is no more, as it was.
    pub entry: Entry,
}

/// The answer of a store, when it is there.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// A revisioned key-value store, with etcd's semantics.
///
/// Reads are linearisable: they see every commit that was answered before they were asked. All futures are to be
/// awaited inside a tokio runtime. Dropping one gives up on the answer, not on the deed: a commit whose future is
/// dropped may have happened or not.
pub trait Store: fmt::Debug + Send + Sync + 'static {
    /// Looks up one key.
    fn get<'a>(&'a self, key: &'a [u8]) -> StoreFuture<'a, Found>;

    /// Lists a range, now or as it was at a past revision.
    ///
    /// # Errors
    /// [`Error::Compacted`] if the past is no longer known, [`Error::FutureRevision`] if it has not happened yet.
    fn list(&self, range: Range, at: Option<Revision>) -> StoreFuture<'_, Listing>;

    /// Writes one key if what is there is what is expected.
    ///
    /// # Errors
    /// [`Error::Conflict`] with what is there instead. [`Error::TooLarge`] above [`ENTRY_BYTES_MAX`].
    /// [`Error::InvalidKey`] for an empty key. [`Error::ReadOnly`] if nothing can be written.
    /// [`Error::Uncertain`] if the write may have happened or not.
    fn commit(&self, key: Bytes, expect: Expect, write: Write) -> StoreFuture<'_, Committed>;

    /// Streams what happens to keys that begin with `prefix` after the revision `after`, which may lie ahead.
    ///
    /// # Errors
    /// [`Error::Compacted`] if something after `after` is no longer known. A backend may say so only by the watch.
    fn watch(&self, prefix: Bytes, after: Revision) -> StoreFuture<'_, Watch>;

    /// The revision that the store has reached.
    fn revision(&self) -> StoreFuture<'_, Revision>;

    /// Forgets what was before `to`: lists at earlier revisions and watches that begin earlier are refused from then
    /// on. Compacting to where the store was compacted to already does nothing.
    ///
    /// # Errors
    /// [`Error::FutureRevision`] if the store has not come so far.
    fn compact(&self, to: Revision) -> StoreFuture<'_, ()>;

    /// Whether the store can do its work, writing included.
    ///
    /// # Errors
    /// What keeps it from working.
    fn health(&self) -> StoreFuture<'_, ()>;

    /// Whether other processes may write it at the same time.
    fn is_shared(&self) -> bool {
        false
    }

    /// Finishes what was begun and lets go of files and connections. Everything afterwards is refused with
    /// [`Error::Closed`], and watches end with it.
    fn close(&self) -> StoreFuture<'_, ()>;
}

/// Refuses keys and values that no backend takes.
pub(crate) fn check_size(key: &[u8], write: &Write) -> Result<(), Error> {
    let n_value_bytes = match write {
        Write::Put { value, .. } => value.len(),
        Write::Delete => 0,
    };
    let n_bytes = key.len() + n_value_bytes;
    if key.is_empty() {
        Err(Error::InvalidKey)
    } else if n_bytes > ENTRY_BYTES_MAX {
        Err(Error::TooLarge { n_bytes, n_bytes_max: ENTRY_BYTES_MAX })
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_begins_at_the_later_of_prefix_and_start() {
        for (range, first) in [
            (Range::prefix("/a/"), "/a/"),
            (Range::prefix("/a/").starting_at("/a/x"), "/a/x"),
            (Range::prefix("/a/").starting_at("/"), "/a/"),
            (Range::prefix("/a/").starting_after(b"/a/x"), "/a/x\0"),
            (Range::prefix(""), ""),
        ] {
            assert_eq!(range.first(), first.as_bytes(), "{range:?}");
        }
    }

    #[test]
    fn sizes_are_checked_at_the_limit() {
        let put = |n_bytes: usize| Write::put(vec![0; n_bytes]);
        assert_eq!(check_size(b"", &Write::Delete), Err(Error::InvalidKey));
        assert_eq!(check_size(b"k", &put(ENTRY_BYTES_MAX - 1)), Ok(()));
        let n_bytes = ENTRY_BYTES_MAX + 1;
        let refused = Err(Error::TooLarge { n_bytes, n_bytes_max: ENTRY_BYTES_MAX });
        assert_eq!(check_size(b"k", &put(ENTRY_BYTES_MAX)), refused);
    }
}
