//! What is on the disk when the power fails.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use base::Stream;
use bytes::Bytes;

use super::small;
use super::storage::{Deed, Disk, apply};
use crate::contract::{Entry, Expect, Revision, Store, Write};
use crate::embedded::log::Log;
use crate::embedded::room::Reopen;
use crate::embedded::{Embedded, Limits};

/// A store on a disk, made if there is none.
pub(super) fn start(disk: &Disk) -> Embedded {
    start_with(disk, small())
}

/// The same with other limits.
pub(super) fn start_with(disk: &Disk, limits: Limits) -> Embedded {
    if disk.n_bytes() == 0 {
        Log::make(disk.clone(), Path::new("disk")).expect("a new log");
    }
    let (log, loaded) =
        Log::open_backend(disk.clone(), Path::new("disk"), limits.slack_bytes).expect("the disk opens");
    let (own, other) = (disk.clone(), disk.clone());
    let reopen = Reopen {
        open: Box::new(move || Log::reopen_backend(own.clone(), Path::new("disk"), limits.slack_bytes)),
        has_room: Box::new(move || other.has_room()),
    };
    Embedded::start(log, loaded, limits, reopen).expect("a thread")
}

/// What was acknowledged when so much had been done to the disk.
struct Acknowledged {
    n_deeds: usize,
    revision: Revision,
    entries: BTreeMap<Bytes, Entry>,
}

/// A history with some writers at once, and what was acknowledged when.
async fn history(disk: &Disk) -> Vec<Acknowledged> {
    Log::make(disk.clone(), Path::new("disk")).expect("a new log");
    let mut random = Stream::new(7, "crash");
    let mut entries = BTreeMap::new();
    // A file gets its name only when it is whole, so no crash is earlier than that.
    let n_deeds = disk.n_deeds();
    let mut acknowledged =
        vec![Acknowledged { n_deeds, revision: Revision::FIRST, entries: BTreeMap::new() }];
    let store: Arc<Embedded> = Arc::new(start(disk));
    for _ in 0..60 {
        let mut writers = Vec::new();
        // Each key once in a round, so that the order of the writers does not matter.
        for n in 0..1 + random.below(6) {
            let key = Bytes::from(format!("{}", n * 4 + random.below(4)));
            let is_delete = random.below(4) == 0 && entries.contains_key(&key);
            let value = vec![b'x'; random.below(600)];
            let write = if is_delete { Write::Delete } else { Write::put(value) };
            let store = Arc::clone(&store);
            writers.push(tokio::spawn(async move {
                (is_delete, store.commit(key, Expect::Anything, write).await)
            }));
        }
        let mut revision = Revision(0);
        for writer in writers {
            let (is_delete, committed) = writer.await.expect("no panic");
            let committed = committed.expect("a write without a condition");
            revision = revision.max(committed.revision);
            let key = committed.entry.key.clone();
            if is_delete {
                entries.remove(&key)
            } else {
                entries.insert(key, committed.entry)
            };
        }
        let n_deeds = disk.n_deeds();
        acknowledged.push(Acknowledged { n_deeds, revision, entries: entries.clone() });
    }
    acknowledged
}

/// A disk as a crash may leave it: what came before the last completed sync is there, what came after may be there or
/// not, in any combination, and a write may be torn.
fn image(deeds: &[Deed], random: &mut Stream) -> Vec<u8> {
    let n_synced = deeds.iter().rposition(|deed| matches!(deed, Deed::Sync)).map_or(0, |last| last + 1);
    let mut bytes = Vec::new();
    deeds[..n_synced].iter().for_each(|deed| apply(&mut bytes, deed));
    for deed in &deeds[n_synced..] {
        match (random.below(3), deed) {
            (0, _) => {}
            (1, Deed::Write(offset, data)) if data.len() > 512 => {
                let n_sectors = 1 + random.below(data.len() / 512);
                apply(&mut bytes, &Deed::Write(*offset, data[..n_sectors * 512].to_vec()));
            }
            (_, deed) => apply(&mut bytes, deed),
        }
    }
    bytes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_was_acknowledged_is_lost_in_a_crash() {
    let disk = Disk::default();
    let acknowledged = history(&disk).await;
    let deeds = disk.deeds();
    let n_made = acknowledged[0].n_deeds;
    let mut random = Stream::new(11, "images");
    for _ in 0..400 {
        let n_deeds = n_made + random.below(deeds.len() - n_made);
        let disk = Disk::with(image(&deeds[..n_deeds], &mut random));
        let (_, loaded) = Log::open_backend(disk, Path::new("image"), small().slack_bytes)
            .unwrap_or_else(|error| panic!("after {n_deeds} deeds: {error}"));
        let known = acknowledged
            .iter()
            .rposition(|known| known.n_deeds <= n_deeds)
            .expect("the first is of an empty store");
        assert!(loaded.revision >= acknowledged[known].revision, "after {n_deeds} deeds");
        // What is more than what was acknowledged is at most the next round.
        let next = &acknowledged[(known + 1).min(acknowledged.len() - 1)];
        assert!(loaded.revision <= next.revision);
        let keys: Vec<&Bytes> = acknowledged[known].entries.keys().chain(next.entries.keys()).collect();
        assert!(loaded.entries.keys().all(|key| keys.contains(&key)));
        for key in keys {
            let found = loaded.entries.get(key);
            let allowed = [acknowledged[known].entries.get(key), next.entries.get(key)];
            assert!(allowed.contains(&found), "{key:?} is {found:?} after {n_deeds} deeds");
        }
    }
}
