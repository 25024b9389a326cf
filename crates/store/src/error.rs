//! How a store refuses.

use std::path::PathBuf;
use std::sync::Arc;

use crate::contract::{Entry, Revision};

/// Why a store did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// What is there is not what the commit expected.
    #[error("conflict: {}", describe(current.as_ref()))]
    Conflict {
        /// What is there.
        current: Option<Entry>,
    },
    /// The past that was asked for is no longer known.
    #[error("history before revision {oldest} has been compacted")]
    Compacted {
        /// The oldest revision at which the store can be listed and from which it can be watched.
        oldest: Revision,
    },
    /// The revision that was asked for has not happened yet.
    #[error("revision {asked} is ahead of the store, which is at {current}")]
    FutureRevision {
        /// What was asked for.
        asked: Revision,
        /// Where the store is.
        current: Revision,
    },
    /// A watch was not read for so long that what it has not seen is no longer kept.
    #[error("the watch is too slow: revision {reached} is as far as it was read, history begins at {oldest}")]
    Lagged {
        /// Everything up to here was delivered.
        reached: Revision,
        /// From here on the store knows what happened.
        oldest: Revision,
    },
    /// The key and its value are larger than the store takes.
    #[error("key and value have {n_bytes} bytes; at most {n_bytes_max} are allowed")]
    TooLarge {
        /// How large they are.
        n_bytes: usize,
        /// How large they may be.
        n_bytes_max: usize,
    },
    /// The key is empty.
    #[error("the key is empty; a key has at least one byte")]
    InvalidKey,
    /// Nothing can be written, until there is room on the disk again or, where it has failed, for good; reads go on.
    #[error("the store is read-only: {reason}")]
    ReadOnly {
        /// What happened, and what helps.
        reason: Arc<str>,
    },
    /// Whether the write happened is not known. It is seen, or seen not to be, after the store can be reached again.
    #[error("the write may have happened or not: {reason}")]
    Uncertain {
        /// What happened.
        reason: Arc<str>,
    },
    /// The store cannot be reached, and nothing was changed.
    #[error("the store is not available: {reason}")]
    Unavailable {
        /// What happened.
        reason: Arc<str>,
    },
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
}

fn describe(current: Option<&Entry>) -> String {
    match current {
        Some(entry) => {
            format!("{} was modified at revision {}", String::from_utf8_lossy(&entry.key), entry.modified)
        }
        None => "the key does not exist".to_owned(),
    }
}

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder cannot be made or its file not be opened.
    #[error("{} cannot be opened: {reason}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// Another process has it open.
    #[error("{} is in use by another process; a folder belongs to one process at a time", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// The file was written by another version of this program.
    #[error("{} has format {found}, this program reads format {known}; use the version that wrote it", path.display())]
    UnknownFormat {
        /// The file.
        path: PathBuf,
        /// The format that the file says it has.
        found: String,
        /// The format that is known.
        known: u64,
    },
    /// The file is damaged.
    #[error(
        "{} is damaged ({reason}); restore it from a backup, or move it away to start with an empty store",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The client for a remote store cannot be made.
    #[error("{field}: {reason}")]
    Configuration {
        /// Which part of the configuration.
        field: String,
        /// What is wrong with it.
        reason: String,
    },
}
