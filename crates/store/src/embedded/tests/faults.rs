//! Disks that are full, broken or damaged.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base::Stream;
use bytes::Bytes;
use redb::{Database, TableDefinition};

use super::crash::{start, start_with};
use super::storage::Disk;
use super::{open, small};
use crate::conformance::{self, Subject};
use crate::contract::{Expect, Range, Store, Write};
use crate::embedded::log::{FILE_NAME, Log};
use crate::embedded::{Embedded, Limits};
use crate::error::{Error, OpenError};

async fn becomes_read_only(fail: impl Fn(&Disk)) {
    let disk = Disk::default();
    let store: Arc<dyn Store> = Arc::new(start(&disk));
    let subject = Subject { store, prefix: "/".to_owned() };
    let kept = subject.put("kept", "1").await;
    fail(&disk);
    let mut n_written = 0;
    let uncertain = loop {
        let write = Write::put(vec![b'x'; 20_000]);
        match subject.commit(&format!("more {n_written}"), Expect::Absent, write).await {
            Ok(_) => n_written += 1,
            Err(error) => break error,
        }
        assert!(n_written < 1000, "the disk has no room for so much");
    };
    assert!(matches!(uncertain, Error::Uncertain { .. } | Error::Unavailable { .. }), "{uncertain}");
    let refused = subject.commit("after", Expect::Absent, Write::put("x")).await;
    assert!(matches!(&refused, Err(Error::ReadOnly { reason }) if !reason.is_empty()), "{refused:?}");
    assert!(matches!(subject.store.health().await, Err(Error::ReadOnly { .. })));
    assert_eq!(subject.get("kept").await, Some(kept.entry.clone()), "reads go on");
    assert_eq!(subject.list().await.entries.len(), 1 + n_written);
    subject.store.close().await.expect("it closes");

    let again = start(&Disk::with(disk.bytes()));
    let found = again.get(b"/kept").await.expect("a read").entry;
    assert_eq!(found, Some(kept.entry), "what was acknowledged is there after a new start");
    let last = format!("/more {}", n_written.saturating_sub(1));
    assert!(n_written == 0 || again.get(last.as_bytes()).await.expect("a read").entry.is_some());
    let write = Write::put("x");
    again.commit(Bytes::from_static(b"new"), Expect::Absent, write).await.expect("there is room again");
}

#[tokio::test]
async fn a_full_disk_makes_the_store_read_only() {
    becomes_read_only(|disk| disk.fill_up(100_000)).await;
    becomes_read_only(|disk| disk.fill_up(0)).await;
}

/// A disk that is full in the middle of a history of writes, some of which are tried while it is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_go_on_when_there_is_room_again() {
    for room in [0, 10_000, 100_000, 300_000] {
        let disk = Disk::default();
        // The watch is read at the end.
        let limits = Limits { history_events_max: 1000, history_bytes_max: 4 << 20, ..small() };
        let store: Arc<dyn Store> = Arc::new(start_with(&disk, limits));
        let subject = Subject { store, prefix: "/".to_owned() };
        let first = subject.put("kept", "1").await;
        let mut watch = subject.watch(first.revision).await;
        disk.fill_up(room);
        let mut acknowledged = vec![first.entry];
        let mut refused = Vec::new();
        for n in 0..40 {
            let key = format!("more {n}");
            match subject.commit(&key, Expect::Absent, Write::put(vec![b'x'; 20_000])).await {
                Ok(written) => acknowledged.push(written.entry),
                Err(error) => refused.push((key, error)),
            }
        }
        assert!(!refused.is_empty(), "{room}: the disk was full");
        disk.make_room();
        let last = loop {
            match subject.commit("last", Expect::Anything, Write::put("x")).await {
                Ok(written) => break written,
                Err(Error::ReadOnly { .. }) => tokio::time::sleep(Duration::from_millis(20)).await,
                Err(error) => panic!("{room}: {error}"),
            }
        };
        subject.store.health().await.expect("all is well again");
        acknowledged.push(last.entry);
        for entry in &acknowledged {
            let found = subject.store.get(&entry.key).await.expect("a read").entry;
            assert_eq!(found.as_ref(), Some(entry), "{room}: what was acknowledged is there");
        }
        for (key, error) in &refused {
            let found = subject.get(key).await;
            let may_be_there = matches!(error, Error::Uncertain { .. });
            assert!(found.is_none() || may_be_there, "{room}: {key} was refused: {error}");
        }
        let listing = subject.list().await;
        let seen = conformance::events(&mut watch, listing.entries.len() - 1).await;
        assert_eq!(
            seen.last().map(|event| event.entry.modified),
            Some(listing.revision),
            "watches see all of it"
        );
        subject.store.close().await.expect("it closes");
        let again = start(&Disk::with(disk.bytes()));
        let found = again.list(Range::prefix("/"), None).await.expect("a list");
        assert_eq!(found, listing, "{room}: and so it is after a new start");
    }
}

#[tokio::test]
async fn a_disk_that_does_not_sync_makes_the_store_read_only() {
    becomes_read_only(Disk::break_sync).await;
}

#[tokio::test]
async fn a_damaged_file_is_refused_or_read_right() {
    let disk = Disk::default();
    let subject = Subject { store: Arc::new(start(&disk)), prefix: "/".to_owned() };
    for n in 0..40 {
        subject.put(&format!("{n}"), &"x".repeat(n * 50)).await;
    }
    let listing = subject.list().await;
    subject.store.close().await.expect("it closes");
    let bytes = disk.bytes();
    let mut random = Stream::new(3, "damage");
    let mut n_refused = 0;
    for round in 0..300 {
        let mut bytes = bytes.clone();
        if round % 10 == 0 {
            bytes.truncate(random.below(bytes.len()));
        } else {
            // Most of the file is unused; the used part is at its beginning.
            let n_bytes = if round % 2 == 0 { bytes.len() } else { bytes.len().min(200_000) };
            bytes[random.below(n_bytes)] ^= 1 << random.below(8);
        }
        match Log::open_backend(Disk::with(bytes), Path::new("the/file"), 0) {
            Ok((_, loaded)) => {
                let entries: Vec<_> = loaded.entries.into_values().collect();
                assert_eq!((entries, loaded.revision), (listing.entries.clone(), listing.revision));
            }
            Err(error) => {
                n_refused += 1;
                assert!(error.to_string().contains("the/file"), "{error}");
            }
        }
    }
    assert!(n_refused > 20, "{n_refused} of 300 damages were noticed");
}

#[test]
fn what_is_no_store_is_refused_by_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(FILE_NAME);
    for content in ["hello", &"# no database\n".repeat(10_000)] {
        std::fs::write(&path, content).unwrap();
        let error = Embedded::open(folder.path(), small()).expect_err("it is no store");
        assert!(matches!(error, OpenError::Damaged { .. }), "{error:?}");
        assert!(error.to_string().contains(FILE_NAME) && error.to_string().contains("backup"), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), content.as_bytes(), "it is left as it was");
    }
    std::fs::write(&path, "").unwrap();
    let error = Embedded::open(folder.path(), small()).expect_err("it holds nothing");
    assert!(matches!(error, OpenError::Damaged { .. }), "{error:?}");
    let error = Embedded::open(&path, small()).expect_err("a file is no folder");
    assert!(matches!(error, OpenError::Io { .. }), "{error:?}");
}

#[test]
fn what_is_left_of_a_crash_while_the_file_was_made_does_no_harm() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("store.redb.new"), vec![0; 5000]).unwrap();
    Embedded::open(folder.path(), small()).expect("a new store");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn another_format_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    drop(open(folder.path(), small()));
    let path = folder.path().join(FILE_NAME);
    let set = |name: &str, value: u64| {
        let database = Database::open(&path).unwrap();
        let transaction = database.begin_write().unwrap();
        let mut meta = transaction.open_table(TableDefinition::<&str, u64>::new("meta")).unwrap();
        meta.remove("format").unwrap();
        meta.insert(name, value).unwrap();
        drop(meta);
        transaction.commit().unwrap();
    };
    set("format", 2);
    let error = Embedded::open(folder.path(), small()).expect_err("it is not known");
    assert!(matches!(&error, OpenError::UnknownFormat { found, known: 1, .. } if found == "2"), "{error:?}");
    set("something", 1);
    let error = Embedded::open(folder.path(), small()).expect_err("somebody else's file");
    assert!(matches!(error, OpenError::Damaged { .. }), "{error:?}");
}
