//! Promises about lists.

use super::{Subject, plain};
use crate::contract::{Entry, Listing, Range, Revision};
use crate::error::Error;

fn names(subject: &Subject, listing: &Listing) -> Vec<String> {
    listing.entries.iter().map(|entry| plain(subject, entry).0).collect()
}

pub(super) async fn lists_a_prefix_in_the_order_of_keys(subject: Subject) {
    for name in ["b/2", "b/10", "b/1", "a", "c", "b", "b0", "b/\u{10ffff}"] {
        subject.put(name, name).await;
    }
    let list = async |prefix: &str| {
        let range = Range::prefix(subject.key(prefix));
        let listing = subject.store.list(range, None).await.expect("a list");
        assert_eq!(listing.n_remaining, 0);
        names(&subject, &listing)
    };
    assert_eq!(list("b/").await, ["b/1", "b/10", "b/2", "b/\u{10ffff}"]);
    assert_eq!(list("b").await, ["b", "b/1", "b/10", "b/2", "b/\u{10ffff}", "b0"]);
    assert_eq!(list("d").await, [""; 0]);
    subject.delete("b/10").await;
    assert_eq!(list("b/").await, ["b/1", "b/2", "b/\u{10ffff}"]);
    let listing = subject.list().await;
    assert_eq!(listing.revision, subject.revision().await);
    assert_eq!(listing.entries[0], subject.get("a").await.expect("it is there"));
}

async fn pages(subject: &Subject, limit: usize, at: Option<Revision>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut range = Range::prefix(subject.prefix.clone()).limited(limit);
    loop {
        let page = subject.store.list(range.clone(), at).await.expect("a page");
        assert!(page.entries.len() <= limit);
        assert_eq!(page.more(), page.n_remaining > 0);
        entries.extend(page.entries.iter().cloned());
        match page.entries.last() {
            Some(last) if page.more() => range = range.starting_after(&last.key),
            _ => return entries,
        }
    }
}

pub(super) async fn lists_in_pages(subject: Subject) {
    for n in 0..10 {
        subject.put(&format!("{n}"), "x").await;
    }
    let all = subject.list().await;
    for limit in [1, 3, 5, 10, 11] {
        assert_eq!(pages(&subject, limit, None).await, all.entries, "{limit} at a time");
    }
    let range = Range::prefix(subject.prefix.clone()).limited(4);
    let page = subject.store.list(range.clone(), None).await.expect("a page");
    assert_eq!((page.entries.len(), page.n_remaining), (4, 6));
    let from = range.clone().starting_at(subject.key("7"));
    let page = subject.store.list(from, None).await.expect("a page");
    assert_eq!((names(&subject, &page), page.n_remaining), (vec!["7".into(), "8".into(), "9".into()], 0));
    let after = range.starting_after(&subject.key("9"));
    let page = subject.store.list(after, None).await.expect("a page");
    assert_eq!((page.entries.len(), page.n_remaining), (0, 0));
    let outside = Range::prefix(subject.key("5")).starting_at("/");
    let page = subject.store.list(outside, None).await.expect("a page");
    assert_eq!(names(&subject, &page), ["5"], "a start before the prefix changes nothing");
}

pub(super) async fn lists_the_past(subject: Subject) {
    let mut past: Vec<Listing> = vec![subject.list().await];
    for (name, value) in [("a", "1"), ("b", "1"), ("a", "2"), ("c", "1")] {
        subject.put(name, value).await;
        past.push(subject.list().await);
    }
    subject.delete("b").await;
    past.push(subject.list().await);
    subject.put("b", "2").await;
    past.push(subject.list().await);
    for then in &past {
        let range = Range::prefix(subject.prefix.clone());
        let again = subject.store.list(range, Some(then.revision)).await.expect("the past");
        assert_eq!(again, *then);
    }
}

pub(super) async fn pages_stay_at_their_revision(subject: Subject) {
    for n in 0..6 {
        subject.put(&format!("{n}"), "x").await;
    }
    let all = subject.list().await;
    let range = Range::prefix(subject.prefix.clone()).limited(2);
    let first = subject.store.list(range.clone(), None).await.expect("a page");
    subject.delete("3").await;
    subject.put("4", "changed").await;
    subject.put("35", "new").await;
    let rest = range.starting_after(&first.entries[1].key);
    let rest = Range { limit: None, ..rest };
    let rest = subject.store.list(rest, Some(first.revision)).await.expect("the other pages");
    assert_eq!(rest.revision, first.revision);
    assert_eq!([first.entries, rest.entries].concat(), all.entries);
    assert_eq!(pages(&subject, 2, Some(all.revision)).await, all.entries);
}

pub(super) async fn counts_without_listing(subject: Subject) {
    for n in 0..5 {
        subject.put(&format!("{n}"), "x").await;
    }
    let range = Range::prefix(subject.prefix.clone()).limited(0);
    let count = subject.store.list(range, None).await.expect("a count");
    assert_eq!((count.entries.len(), count.n_remaining), (0, 5));
}

pub(super) async fn refuses_the_future(subject: Subject) {
    let current = subject.put("a", "1").await.revision;
    let asked = Revision(current.0 + 10);
    let listed = subject.store.list(Range::prefix(subject.prefix.clone()), Some(asked)).await;
    match listed {
        Err(Error::FutureRevision { asked: said, current: now }) => {
            assert_eq!((said, now), (asked, current));
        }
        other => panic!("{other:?}"),
    }
    let compacted = subject.store.compact(asked).await;
    assert!(matches!(compacted, Err(Error::FutureRevision { .. })), "{compacted:?}");
}
