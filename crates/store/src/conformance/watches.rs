//! Promises about watches.

use bytes::Bytes;

use super::{Subject, events, in_time, plain};
use crate::contract::{Range, Revision};
use crate::error::Error;
use crate::watch::{Event, EventKind, Watch};

fn said(subject: &Subject, event: &Event) -> (EventKind, String, String) {
    let (key, value) = plain(subject, &event.entry);
    (event.kind, key, value)
}

pub(super) async fn delivers_every_change_in_order(subject: Subject) {
    let start = subject.revision().await;
    let mut early = subject.watch(start).await;
    let mut revisions = Vec::new();
    revisions.push(subject.put("a", "1").await.revision);
    revisions.push(subject.put("b", "1").await.revision);
    subject
        .store
        .commit(Bytes::from("/elsewhere"), crate::Expect::Anything, crate::Write::put("1"))
        .await
        .expect("a write");
    revisions.push(subject.put("a", "2").await.revision);
    revisions.push(subject.delete("a").await.revision);
    revisions.push(subject.put("a", "3").await.revision);
    let mut late = subject.watch(start).await;
    for watch in [&mut early, &mut late] {
        let events = events(watch, 5).await;
        let put = |key: &str, value: &str| (EventKind::Put, key.to_owned(), value.to_owned());
        let gone = (EventKind::Delete, "a".to_owned(), String::new());
        let expected = [put("a", "1"), put("b", "1"), put("a", "2"), gone, put("a", "3")];
        let got: Vec<_> = events.iter().map(|event| said(&subject, event)).collect();
        assert_eq!(got, expected);
        let got: Vec<_> = events.iter().map(Event::revision).collect();
        assert_eq!(got, revisions);
    }
}

pub(super) async fn delivers_what_was_before(subject: Subject) {
    let start = subject.revision().await;
    let first = subject.put("a", "1").await.entry;
    let second = subject.put("a", "2").await.entry;
    let gone = subject.delete("a").await;
    let third = subject.put("a", "3").await.entry;
    let events = events(&mut subject.watch(start).await, 4).await;
    let previous: Vec<_> = events.iter().map(|event| event.previous.clone()).collect();
    assert_eq!(previous, [None, Some(first.clone()), Some(second.clone()), None]);
    assert_eq!(events[0].entry, first);
    assert_eq!(events[1].entry, second);
    assert_eq!(events[2].entry.key, second.key);
    assert_eq!(events[2].entry.value, "");
    assert_eq!((events[2].entry.created, events[2].entry.modified), (first.created, gone.revision));
    assert_eq!(events[3].entry, third);
}

pub(super) async fn starts_in_the_past_and_in_the_future(subject: Subject) {
    let first = subject.put("a", "1").await.revision;
    let mut future = subject.watch(Revision(first.0 + 2)).await;
    let mut past = subject.watch(first).await;
    for value in ["2", "3", "4"] {
        subject.put("a", value).await;
    }
    let values = async |watch: &mut Watch, n| {
        let events = events(watch, n).await;
        events.iter().map(|event| plain(&subject, &event.entry).1).collect::<Vec<_>>()
    };
    assert_eq!(values(&mut past, 3).await, ["2", "3", "4"]);
    assert_eq!(values(&mut future, 1).await, ["4"]);
}

pub(super) async fn gives_every_watch_everything(subject: Subject) {
    let start = subject.revision().await;
    let mut watches = Vec::new();
    for _ in 0..5 {
        watches.push(subject.watch(start).await);
    }
    let narrow = subject.store.watch(subject.key("1"), start).await.expect("a watch");
    for n in 0..20 {
        subject.put(&format!("{n}"), "x").await;
    }
    let all = events(&mut watches[0], 20).await;
    for watch in &mut watches[1..] {
        assert_eq!(events(watch, 20).await, all);
    }
    let (mut narrow, ones) =
        (narrow, all.iter().filter(|event| event.entry.key.starts_with(&subject.key("1"))));
    let ones: Vec<Event> = ones.cloned().collect();
    assert_eq!(events(&mut narrow, ones.len()).await, ones);
}

/// Asks for progress and reads until the watch has reached what the store has; answers with what it read.
async fn catch_up(subject: &Subject, watch: &mut Watch) -> (Vec<Event>, Revision) {
    let reached = subject.revision().await;
    watch.request_progress();
    let mut events = Vec::new();
    loop {
        let batch = in_time("progress", watch.next()).await.expect("the watch goes on");
        events.extend(batch.events);
        if batch.revision >= reached {
            return (events, batch.revision);
        }
    }
}

pub(super) async fn tells_of_progress(subject: Subject) {
    let start = subject.put("a", "1").await.revision;
    let nothing = subject.store.watch(subject.key("nothing/"), start).await;
    let mut nothing = nothing.expect("a watch");
    let mut all = subject.watch(start).await;
    assert_eq!(catch_up(&subject, &mut nothing).await, (vec![], start));
    let made: Vec<Revision> =
        vec![subject.put("b", "1").await.revision, subject.put("c", "1").await.revision];
    assert_eq!(catch_up(&subject, &mut nothing).await, (vec![], made[1]));
    let (events, reached) = catch_up(&subject, &mut all).await;
    assert_eq!(events.iter().map(Event::revision).collect::<Vec<_>>(), made);
    assert_eq!(reached, made[1]);
    assert_eq!(catch_up(&subject, &mut all).await, (vec![], made[1]), "progress can be asked for again");
}

pub(super) async fn may_be_left_and_taken_up_again(subject: Subject) {
    let mut after = subject.revision().await;
    let mut values = Vec::new();
    for n in 0..10 {
        let mut watch = subject.watch(after).await;
        // Waiting that is broken off loses nothing.
        let waiting = tokio::time::timeout(std::time::Duration::from_millis(1), watch.next()).await;
        assert!(waiting.is_err(), "nothing has happened yet: {waiting:?}");
        subject.put("a", &n.to_string()).await;
        let event = events(&mut watch, 1).await.remove(0);
        after = event.revision();
        values.push(plain(&subject, &event.entry).1);
    }
    assert_eq!(values, (0..10).map(|n| n.to_string()).collect::<Vec<_>>());
}

pub(super) async fn forgets_what_was_compacted(subject: Subject) {
    let first = subject.put("a", "1").await.revision;
    subject.put("a", "2").await;
    let third = subject.put("a", "3").await.revision;
    let last = subject.put("a", "4").await;
    let mut running = subject.watch(first).await;
    events(&mut running, 3).await;
    subject.store.compact(third).await.expect("it is in the past");
    subject.store.compact(third).await.expect("once more changes nothing");
    let range = || Range::prefix(subject.prefix.clone());
    let listed = subject.store.list(range(), Some(first)).await;
    assert_eq!(listed, Err(Error::Compacted { oldest: third }));
    let then = subject.store.list(range(), Some(third)).await.expect("from there on it is known");
    assert_eq!(plain(&subject, &then.entries[0]).1, "3");
    assert_eq!(subject.list().await.entries, [last.entry]);
    let refused = match subject.store.watch(Bytes::from(subject.prefix.clone()), first).await {
        Ok(mut watch) => in_time("a refusal", watch.next()).await.expect_err("the past is gone"),
        Err(error) => error,
    };
    assert_eq!(refused, Error::Compacted { oldest: third });
    assert_eq!(events(&mut subject.watch(third).await, 1).await[0].revision(), last.revision);
    let next = subject.put("a", "5").await.revision;
    assert_eq!(events(&mut running, 1).await[0].revision(), next, "a watch that had seen it goes on");
}
