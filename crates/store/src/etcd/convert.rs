//! Between etcd's messages and the contract.

use bytes::{BufMut, Bytes, BytesMut};

use super::rpc::event::EventType;
use super::rpc::{self, KeyValue, RangeRequest, ResponseHeader};
use crate::contract::{Entry, Range, Revision};
use crate::watch::{Event, EventKind};

/// A revision from the wire; there they are never negative.
pub(super) fn revision(number: i64) -> Revision {
    Revision(u64::try_from(number).unwrap_or(0))
}

/// A revision for the wire. What does not fit is as far in the future as can be said.
pub(super) fn number(revision: Revision) -> i64 {
    i64::try_from(revision.0).unwrap_or(i64::MAX)
}

pub(super) fn revision_of(header: Option<&ResponseHeader>) -> Revision {
    header.map_or(Revision(0), |header| revision(header.revision))
}

/// An entry with bytes of its own: those of the message are part of all that came with it.
pub(super) fn entry(kv: &KeyValue) -> Entry {
    let mut both = BytesMut::with_capacity(kv.key.len() + kv.value.len());
    both.put_slice(&kv.key);
    both.put_slice(&kv.value);
    let both = both.freeze();
    Entry {
        key: both.slice(..kv.key.len()),
        value: both.slice(kv.key.len()..),
        created: revision(kv.create_revision),
        modified: revision(kv.mod_revision),
    }
}

pub(super) fn event(event: &rpc::Event) -> Option<Event> {
    let previous = event.prev_kv.as_ref().map(entry);
    let mut now = entry(event.kv.as_ref()?);
    let kind = if event.r#type == i32::from(EventType::Delete) { EventKind::Delete } else { EventKind::Put };
    if kind == EventKind::Delete {
        // A deletion comes without it.
        now.created = previous.as_ref().map_or(Revision(0), |previous| previous.created);
    }
    Some(Event { kind, entry: now, previous })
}

/// Where the keys with a prefix begin and end, as etcd wants it said: one zero byte stands for the first of all keys,
/// and for the end of all keys.
pub(super) fn bounds(first: &[u8], prefix: &[u8]) -> (Bytes, Bytes) {
    let zero = || Bytes::from_static(&[0]);
    let first = if first.is_empty() { zero() } else { Bytes::copy_from_slice(first) };
    let n_kept = prefix.iter().rposition(|byte| *byte < 0xff).map_or(0, |last| last + 1);
    let mut end = prefix[..n_kept].to_vec();
    match end.last_mut() {
        Some(last) => {
            *last += 1;
            (first, end.into())
        }
        None => (first, zero()),
    }
}

pub(super) fn range_request(range: &Range, n_entries_max: usize, at: Option<Revision>) -> RangeRequest {
    let (key, range_end) = bounds(range.first(), &range.prefix);
    RangeRequest {
        key,
        range_end,
        limit: i64::try_from(n_entries_max).unwrap_or(i64::MAX),
        revision: at.map_or(0, number),
        keys_only: false,
        count_only: n_entries_max == 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_ends_before_the_next_one() {
        for (prefix, end) in [
            (&b"/a/"[..], &b"/a0"[..]),
            (b"a\xff", b"b"),
            (b"a\xfe\xff\xff", b"a\xff"),
            (b"\xff\xff", b"\0"),
            (b"", b"\0"),
        ] {
            let (_, found) = bounds(b"x", prefix);
            assert_eq!(found, end, "{prefix:?}");
        }
        assert_eq!(bounds(b"", b"").0, &b"\0"[..]);
    }

    #[test]
    fn a_request_asks_for_what_the_range_says() {
        let range = Range::prefix("/a/").starting_after(b"/a/x").limited(0);
        let request = range_request(&range, 0, Some(Revision(7)));
        assert_eq!((&request.key[..], &request.range_end[..]), (&b"/a/x\0"[..], &b"/a0"[..]));
        assert_eq!((request.revision, request.count_only), (7, true));
        assert_eq!(range_request(&range, 5, Some(Revision(u64::MAX))).revision, i64::MAX);
    }
}
