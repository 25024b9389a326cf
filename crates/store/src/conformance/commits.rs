//! Promises about commits.

use std::time::Duration;

use bytes::Bytes;

use super::{Subject, events, in_time};
use crate::contract::{ENTRY_BYTES_MAX, Expect, Range, Revision, Write};
use crate::error::Error;
use crate::watch::EventKind;

fn value(text: &'static str) -> Write {
    Write::put(text)
}

pub(super) async fn creates_only_what_is_absent(subject: Subject) {
    let made = subject.commit("a", Expect::Absent, value("1")).await.expect("it is absent");
    assert_eq!(made.entry.created, made.revision);
    assert_eq!(made.entry.modified, made.revision);
    assert_eq!(made.entry.value, "1");
    assert_eq!(made.entry.key, subject.key("a"));
    let again = subject.commit("a", Expect::Absent, value("2")).await;
    assert_eq!(again, Err(Error::Conflict { current: Some(made.entry.clone()) }));
    assert_eq!(subject.get("a").await, Some(made.entry));
}

pub(super) async fn updates_only_what_was_read(subject: Subject) {
    let absent = subject.commit("a", Expect::Modified(Revision(1)), value("1")).await;
    assert_eq!(absent, Err(Error::Conflict { current: None }));
    let first = subject.put("a", "1").await;
    let second = subject.commit("a", Expect::Modified(first.revision), value("2")).await.expect("unchanged");
    assert_eq!(second.entry.created, first.revision);
    assert_eq!(second.entry.modified, second.revision);
    let stale = subject.commit("a", Expect::Modified(first.revision), value("3")).await;
    assert_eq!(stale, Err(Error::Conflict { current: Some(second.entry.clone()) }));
    assert_eq!(subject.get("a").await, Some(second.entry));
}

pub(super) async fn writes_unconditionally(subject: Subject) {
    let first = subject.put("a", "1").await;
    let second = subject.put("a", "2").await;
    assert_eq!(second.entry.created, first.revision);
    subject.delete("a").await;
    let third = subject.put("a", "3").await;
    assert_eq!(third.entry.created, third.revision, "a deleted key comes into being again");
}

pub(super) async fn deletes_only_what_was_read(subject: Subject) {
    let first = subject.put("a", "1").await;
    let second = subject.put("a", "2").await;
    let stale = subject.commit("a", Expect::Modified(first.revision), Write::Delete).await;
    assert_eq!(stale, Err(Error::Conflict { current: Some(second.entry.clone()) }));
    let absent = subject.commit("a", Expect::Absent, Write::Delete).await;
    assert_eq!(absent, Err(Error::Conflict { current: Some(second.entry.clone()) }));
    let gone =
        subject.commit("a", Expect::Modified(second.revision), Write::Delete).await.expect("unchanged");
    assert_eq!(gone.entry, second.entry, "a deletion answers with what was there");
    assert!(gone.revision > second.revision);
    assert_eq!(subject.get("a").await, None);
}

pub(super) async fn refuses_to_delete_what_is_not_there(subject: Subject) {
    let before = subject.revision().await;
    for expect in [Expect::Anything, Expect::Absent, Expect::Modified(before)] {
        let refused = subject.commit("a", expect, Write::Delete).await;
        assert_eq!(refused, Err(Error::Conflict { current: None }), "{expect:?}");
    }
    assert_eq!(subject.revision().await, before);
}

pub(super) async fn makes_one_revision_per_change(subject: Subject) {
    let before = subject.revision().await;
    assert!(before >= Revision::FIRST);
    let made = subject.put("a", "1").await;
    assert_eq!(made.revision, before.next());
    subject.commit("a", Expect::Absent, value("2")).await.expect_err("a conflict");
    assert_eq!(subject.revision().await, made.revision, "a conflict is no change");
    let same = subject.put("a", "1").await;
    assert_eq!(same.revision, made.revision.next(), "a write of the same value is a change");
    let gone = subject.delete("a").await;
    assert_eq!(gone.revision, same.revision.next());
    let found = subject.store.get(&subject.key("a")).await.expect("a read");
    assert_eq!((found.entry, found.revision), (None, gone.revision));
}

pub(super) async fn takes_any_bytes(subject: Subject) {
    let every_byte: Vec<u8> = (0..=255).collect();
    let keys: Vec<Bytes> = [vec![0], every_byte.clone(), vec![255; 4], b"\xc3\x28".to_vec()]
        .into_iter()
        .map(|tail| Bytes::from([subject.prefix.as_bytes(), &tail].concat()))
        .collect();
    for key in &keys {
        for bytes in [every_byte.clone(), Vec::new()] {
            let write = Write::put(bytes.clone());
            let made = subject.store.commit(key.clone(), Expect::Anything, write).await.expect("a write");
            assert_eq!(made.entry.value, bytes);
            assert_eq!(subject.store.get(key).await.expect("a read").entry, Some(made.entry));
        }
    }
    assert_eq!(subject.list().await.entries.len(), keys.len());
}

pub(super) async fn refuses_what_is_too_large(subject: Subject) {
    let key = subject.key("a");
    let room = ENTRY_BYTES_MAX - key.len();
    let large = Write::put(vec![b'x'; room + 1]);
    let refused = subject.store.commit(key.clone(), Expect::Anything, large).await;
    let (n_bytes, n_bytes_max) = (ENTRY_BYTES_MAX + 1, ENTRY_BYTES_MAX);
    assert_eq!(refused, Err(Error::TooLarge { n_bytes, n_bytes_max }));
    assert_eq!(subject.get("a").await, None);
    let nameless = subject.store.commit(Bytes::new(), Expect::Anything, value("1")).await;
    assert_eq!(nameless, Err(Error::InvalidKey));
    // Close to the limit: a backend may need some of it for its own words.
    let fits = Write::put(vec![b'x'; room - 1024]);
    let made = subject.store.commit(key, Expect::Anything, fits).await.expect("it fits");
    assert_eq!(subject.get("a").await, Some(made.entry));
}

pub(super) async fn lets_one_of_many_writers_win(subject: Subject) {
    let base = subject.put("a", "0").await;
    let writers: Vec<_> = (0..16)
        .map(|n: usize| {
            let subject = subject.clone();
            tokio::spawn(async move {
                let write = Write::put(n.to_string().into_bytes());
                subject.commit("a", Expect::Modified(base.revision), write).await
            })
        })
        .collect();
    let mut won = Vec::new();
    let mut lost = Vec::new();
    for writer in writers {
        match in_time("a commit", writer).await.expect("no panic") {
            Ok(committed) => won.push(committed),
            Err(Error::Conflict { current }) => lost.push(current.expect("it exists")),
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(won.len(), 1, "{won:?}");
    assert!(lost.iter().all(|current| *current == won[0].entry), "a conflict shows the winner: {lost:?}");
    assert_eq!(subject.revision().await, base.revision.next());
}

pub(super) async fn removes_what_has_expired(subject: Subject) {
    let write = Write::Put { value: "1".into(), ttl: Some(Duration::from_secs(1)) };
    let made = subject.commit("a", Expect::Absent, write).await.expect("a write");
    let mut watch = subject.watch(made.revision).await;
    let events = events(&mut watch, 1).await;
    assert_eq!(events[0].kind, EventKind::Delete);
    assert_eq!(events[0].entry.key, made.entry.key);
    assert_eq!(events[0].previous.as_ref(), Some(&made.entry));
    assert!(events[0].revision() > made.revision);
    assert_eq!(subject.get("a").await, None);
    let again = subject.commit("a", Expect::Absent, value("2")).await.expect("it is free again");
    assert_eq!(again.entry.created, again.revision);
}

pub(super) async fn keeps_what_was_written_again_before_it_expired(subject: Subject) {
    let soon = || Write::Put { value: "1".into(), ttl: Some(Duration::from_secs(1)) };
    subject.commit("kept", Expect::Absent, soon()).await.expect("a write");
    let kept = subject.put("kept", "2").await;
    // What expires later tells that the time of the first is up.
    let last = subject.commit("marker", Expect::Absent, soon()).await.expect("a write");
    let mut watch = subject.watch(last.revision).await;
    let events = events(&mut watch, 1).await;
    assert_eq!(events[0].entry.key, subject.key("marker"));
    assert_eq!(subject.get("kept").await, Some(kept.entry));
}

pub(super) async fn refuses_everything_once_closed(subject: Subject) {
    let made = subject.put("a", "1").await;
    let mut watch = subject.watch(made.revision).await;
    subject.store.health().await.expect("all is well");
    in_time("the end", subject.store.close()).await.expect("it closes");
    assert_eq!(in_time("the end of the watch", watch.next()).await, Err(Error::Closed));
    assert_eq!(watch.next().await, Err(Error::Closed), "a watch that has ended says so again");
    let store = &subject.store;
    let key = subject.key("a");
    assert_eq!(store.get(&key).await, Err(Error::Closed));
    assert_eq!(store.list(Range::prefix(key.clone()), None).await, Err(Error::Closed));
    assert_eq!(store.commit(key.clone(), Expect::Anything, value("2")).await, Err(Error::Closed));
    assert_eq!(store.watch(key, made.revision).await.map(|_| ()), Err(Error::Closed));
    assert_eq!(store.revision().await, Err(Error::Closed));
    assert_eq!(store.compact(made.revision).await, Err(Error::Closed));
    assert_eq!(store.health().await, Err(Error::Closed));
    store.close().await.expect("closing twice is closing once");
}
