//! The embedded store as a whole.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;

use super::{Embedded, Limits, log};
use crate::conformance::agreement::{agrees_with_the_model, strategy};
use crate::conformance::{self, Subject, in_time};
use crate::contract::{Expect, Range, Revision, Store, Write};
use crate::error::{Error, OpenError};

mod crash;
mod faults;
mod storage;

/// Little of everything, so that tests reach the limits.
fn small() -> Limits {
    Limits {
        history_events_max: 50,
        history_bytes_max: 20_000,
        waiting_bytes_max: 8_000,
        watch_events_max: 3,
        slack_bytes: 2_000,
    }
}

fn open(folder: &Path, limits: Limits) -> Arc<dyn Store> {
    Arc::new(Embedded::open(folder, limits).expect("the store opens"))
}

fn subject(folder: &Path, limits: Limits) -> Subject {
    Subject { store: open(folder, limits), prefix: "/test/".to_owned() }
}

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    runtime.expect("a runtime").block_on(future)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keeps_every_promise() {
    let folder = tempfile::tempdir().expect("a folder");
    conformance::keeps_every_promise(open(folder.path(), Limits::default())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keeps_every_promise_but_those_about_the_past_with_little_room() {
    let folder = tempfile::tempdir().expect("a folder");
    // A watch of the crowd may lag behind fifty events, so the window is what it always is.
    let Limits { history_events_max, history_bytes_max, .. } = Limits::default();
    let limits = Limits { history_events_max, history_bytes_max, ..small() };
    conformance::keeps_every_promise(open(folder.path(), limits)).await;
}

proptest! {
    // A case writes files, so there are fewer of them than elsewhere.
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 4))]
    #[test]
    fn agrees_with_the_model_over_restarts(steps in strategy::steps(80)) {
        let folder = tempfile::tempdir().expect("a folder");
        let limits = Limits { history_events_max: 1000, history_bytes_max: 1 << 20, ..small() };
        let reopen = || open(folder.path(), limits);
        run(agrees_with_the_model(reopen(), Some(&reopen), "/", &steps));
    }
}

#[tokio::test]
async fn everything_but_the_past_survives_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let before = subject(folder.path(), small());
    let first = before.put("a", "1").await.revision;
    for n in 0..20 {
        before.put(&format!("{n}"), "x").await;
    }
    let last = before.delete("a").await.revision;
    let listing = before.list().await;
    before.store.close().await.expect("it closes");

    let after = subject(folder.path(), small());
    assert_eq!(after.revision().await, last, "a deletion's revision is not given again");
    assert_eq!(after.list().await, listing);
    let refused = Err(Error::Compacted { oldest: last });
    assert_eq!(after.store.list(Range::prefix("/"), Some(first)).await, refused);
    let watch = after.store.watch(Bytes::from_static(b"/"), first).await;
    assert_eq!(watch.map(|_| ()), Err(Error::Compacted { oldest: last }));
    assert_eq!(after.put("b", "1").await.revision, last.next());
}

#[tokio::test]
async fn what_expires_does_so_after_a_restart_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let before = subject(folder.path(), small());
    let soon = Write::Put { value: "1".into(), ttl: Some(Duration::from_millis(1500)) };
    let written = before.commit("a", Expect::Absent, soon).await.expect("a write");
    before.store.close().await.expect("it closes");
    let after = subject(folder.path(), small());
    if after.revision().await == written.revision {
        let mut watch = after.watch(written.revision).await;
        conformance::events(&mut watch, 1).await;
    }
    assert_eq!(after.get("a").await, None);
}

#[tokio::test]
async fn a_watch_that_is_not_read_lags_and_holds_up_nobody() {
    let folder = tempfile::tempdir().expect("a folder");
    let subject = subject(folder.path(), small());
    let start = subject.revision().await;
    let mut slow = subject.watch(start).await;
    let elsewhere = subject.store.watch(Bytes::from_static(b"/elsewhere/"), start).await;
    let mut elsewhere = elsewhere.expect("a watch");
    let waiting = tokio::time::timeout(Duration::from_millis(1), elsewhere.next()).await;
    assert!(waiting.is_err(), "nothing happens there");
    for n in 0..100 {
        subject.put("a", &n.to_string()).await;
    }
    let reached = subject.revision().await;
    let oldest = Revision(reached.0 - 50);
    assert_eq!(in_time("the end", slow.next()).await, Err(Error::Lagged { reached: start, oldest }));
    // One that has nothing to read does not lag, however much happens elsewhere.
    elsewhere.request_progress();
    let batch = in_time("progress", elsewhere.next()).await.expect("the watch goes on");
    assert_eq!((batch.events, batch.revision), (vec![], reached));
}

#[tokio::test]
async fn history_is_limited_by_bytes_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let subject = subject(folder.path(), small());
    let start = subject.revision().await;
    subject.put("a", &"x".repeat(15_000)).await;
    let range = || Range::prefix("/");
    assert!(subject.store.list(range(), Some(start)).await.is_ok());
    subject.put("a", "1").await;
    let listed = subject.store.list(range(), Some(start)).await;
    assert_eq!(listed, Err(Error::Compacted { oldest: start.next() }), "30 KB with what was before");
}

#[tokio::test]
async fn watches_that_were_dropped_are_forgotten() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Embedded::open(folder.path(), small()).expect("a new store");
    let watches =
        [store.watch(Bytes::new(), Revision(1)).await, store.watch(Bytes::new(), Revision(1)).await];
    assert_eq!(store.shared.watchers.n_open(), 2);
    drop(watches);
    let _last = store.watch(Bytes::new(), Revision(1)).await;
    assert_eq!(store.shared.watchers.n_open(), 1);
}

#[tokio::test]
async fn a_write_that_nobody_waits_for_does_no_harm() {
    let folder = tempfile::tempdir().expect("a folder");
    let subject = subject(folder.path(), small());
    for n in 0..200 {
        let name = n.to_string();
        let abandoned = subject.commit(&name, Expect::Absent, Write::put(vec![0; 5_000]));
        let _ = tokio::time::timeout(Duration::from_micros(10), abandoned).await;
    }
    // If an abandoned write kept its room, there would be none left.
    in_time("a write", subject.put("last", "x")).await;
}

#[tokio::test]
async fn the_log_does_not_outgrow_what_is_in_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let subject = subject(folder.path(), Limits { slack_bytes: 100_000, ..Limits::default() });
    let value = "x".repeat(1000);
    for n in 0..100 {
        subject.put(&format!("static {n}"), &value).await;
    }
    for round in 0..2000 {
        let name = format!("{}", round % 50);
        subject.put(&name, &value).await;
        if round % 5 == 0 {
            subject.delete(&name).await;
        }
    }
    let listing = subject.list().await;
    assert_eq!(listing.entries.len(), 140);
    subject.store.close().await.expect("it closes");
    let file = std::fs::metadata(folder.path().join(log::FILE_NAME)).expect("the file");
    let (log, loaded) = log::Log::open(folder.path(), 100_000).expect("it opens");
    let live: u64 = loaded.entries.values().map(|entry| super::record::record_bytes(entry) as u64).sum();
    assert!(log.n_bytes() < (2 * live + 100_000) * 3 / 2, "{} for {live} bytes", log.n_bytes());
    // 2.3 MB were written.
    assert!(file.len() < 3 * (2 * live + 100_000), "a file of {} bytes for {live}", file.len());
    assert_eq!(loaded.entries.into_values().collect::<Vec<_>>(), listing.entries);
    assert_eq!(loaded.revision, listing.revision);
}

#[test]
fn a_folder_belongs_to_one_at_a_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = Embedded::open(folder.path(), small()).expect("a new store");
    let second = Embedded::open(folder.path(), small());
    assert!(matches!(second, Err(OpenError::InUse { .. })), "{second:?}");
    drop(first);
    Embedded::open(folder.path(), small()).expect("dropping a store closes it");
}
