//! How much of everything.

/// What the embedded store may use. Sizes are of keys and values, without the few dozen bytes that each costs besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many past changes are kept for watches and for lists at past revisions.
    pub history_events_max: usize,
    /// How many bytes these changes may hold.
    ///
    /// The default, 128 MiB, is 32,000 updates of 2 KB objects with what was there before: half a minute of a busy
    /// cluster, hours of a quiet one.
    pub history_bytes_max: usize,
    /// How many bytes of writes may wait for the disk. Whoever comes later waits for room.
    ///
    /// The default, 16 MiB, is some 8,000 writes of 2 KB: a quarter of a second of a fast disk.
    pub waiting_bytes_max: usize,
    /// How many changes a watch delivers in one batch.
    pub watch_events_max: usize,
    /// How many bytes of the log may be obsolete in any case. Above that, no more than the live ones.
    pub slack_bytes: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            history_events_max: 100_000,
            history_bytes_max: 128 << 20,
            waiting_bytes_max: 16 << 20,
            watch_events_max: 1000,
            slack_bytes: 32 << 20,
        }
    }
}

/// How large a row of the log may get, with what the table adds. Larger rows mean fewer changes in the tree, and more
/// to read again when the log is cleaned.
pub(super) const ROW_BYTES: usize = 128 << 10;

/// redb's cache. Only the newest and the oldest rows are ever read or written, and the index holds the values.
pub(super) const CACHE_BYTES: usize = 8 << 20;

/// How many old bytes are looked through for each new byte when the log has to be cleaned. Four keeps the log from
/// growing by more than a quarter in the time that it takes to go round once.
pub(super) const CLEANED_PER_WRITTEN: u64 = 4;

/// How long at most the writer waits for those whom it has just answered to come back, as a part of how long the disk
/// took for them. Without it, writers fall into two groups of which each waits for the other's trip to the disk.
pub(super) const LINGER_PART: u32 = 8;
