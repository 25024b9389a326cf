//! How writes are spelled in the log.
//!
//! A row of the log is a revision, that of the store after the row's transaction, and records until its end. All
//! numbers are little-endian.
//!
//! | bytes | what |
//! |---|---|
//! | 1 | 1: put, 2: delete |
//! | 8 | revision at which the key was created |
//! | 8 | revision of this write |
//! | 8 | when it expires, milliseconds since 1970, or 0 |
//! | 4 | length of the key |
//! | 4 | length of the value, 0 for a delete |
//! | | key, value |

use bytes::{Buf, Bytes};

use crate::contract::{Entry, Revision};
use crate::watch::EventKind;

const PUT: u8 = 1;
const DELETE: u8 = 2;
const HEAD_BYTES: usize = 33;

/// What the table needs of a page for its own words; they are about 20 bytes.
const ROW_MARGIN_BYTES: usize = 64;
/// Below this a row is not worth splitting.
const SMALL_ROW_BYTES: usize = 8 << 10;

/// One write of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) kind: EventKind,
    pub(super) entry: Entry,
    /// When the key expires, in milliseconds since 1970.
    pub(super) deadline_ms: Option<u64>,
}

impl Record {
    /// How many bytes it takes in the log.
    pub(super) fn n_bytes(&self) -> usize {
        record_bytes(&self.entry)
    }

    /// Writes it down.
    pub(super) fn encode(&self, into: &mut Vec<u8>) {
        let length =
            |bytes: &Bytes| u32::try_from(bytes.len()).expect("a store checks sizes before it writes");
        into.push(match self.kind {
            EventKind::Put => PUT,
            EventKind::Delete => DELETE,
        });
        into.extend_from_slice(&self.entry.created.0.to_le_bytes());
        into.extend_from_slice(&self.entry.modified.0.to_le_bytes());
        into.extend_from_slice(&self.deadline_ms.unwrap_or(0).to_le_bytes());
        into.extend_from_slice(&length(&self.entry.key).to_le_bytes());
        into.extend_from_slice(&length(&self.entry.value).to_le_bytes());
        into.extend_from_slice(&self.entry.key);
        into.extend_from_slice(&self.entry.value);
    }

    /// Reads one, and moves `row` behind it.
    fn decode(row: &mut &[u8]) -> Result<Record, String> {
        if row.len() < HEAD_BYTES {
            return Err(format!("{} bytes are left over after the last record", row.len()));
        }
        let kind = match row.get_u8() {
            PUT => EventKind::Put,
            DELETE => EventKind::Delete,
            other => return Err(format!("a record is of kind {other}; known are {PUT} and {DELETE}")),
        };
        let created = Revision(row.get_u64_le());
        let modified = Revision(row.get_u64_le());
        let deadline_ms = Some(row.get_u64_le()).filter(|deadline_ms| *deadline_ms > 0);
        let n_key_bytes = row.get_u32_le() as usize;
        let n_bytes = n_key_bytes + row.get_u32_le() as usize;
        if row.len() < n_bytes {
            return Err(format!("a record has {n_bytes} bytes, but its row only {} more", row.len()));
        }
        // One piece of memory for both; it lives as long as the entry does, whatever becomes of its neighbours.
        let both = Bytes::copy_from_slice(&row[..n_bytes]);
        row.advance(n_bytes);
        let (key, value) = (both.slice(..n_key_bytes), both.slice(n_key_bytes..));
        Ok(Record { kind, entry: Entry { key, value, created, modified }, deadline_ms })
    }
}

/// How many bytes an entry takes in the log.
pub(super) fn record_bytes(entry: &Entry) -> usize {
    HEAD_BYTES + entry.key.len() + entry.value.len()
}

/// Writes records down as rows of at most `row_bytes`, at least one record each.
///
/// The table gives a row a power of two of bytes. So rows are cut such that little of that is left over: a batch of
/// 100 KiB becomes rows of 64, 32 and 4 KiB rather than one that takes 128.
pub(super) fn rows<'r>(
    records: impl Iterator<Item = &'r Record> + Clone,
    revision: Revision,
    row_bytes: usize,
) -> Vec<Vec<u8>> {
    let mut n_left: usize = records.clone().map(Record::n_bytes).sum();
    let mut rows: Vec<Vec<u8>> = Vec::new();
    let mut n_room = 0;
    for record in records {
        if rows.last().is_none_or(|row| row.len() + record.n_bytes() > n_room) {
            n_room = room(n_left, row_bytes);
            let mut row = Vec::with_capacity(n_room.max(8 + record.n_bytes()));
            row.extend_from_slice(&revision.0.to_le_bytes());
            rows.push(row);
        }
        record.encode(rows.last_mut().expect("one was pushed"));
        n_left -= record.n_bytes();
    }
    rows
}

/// How large the next row should become, if so many bytes are left.
fn room(n_left: usize, row_bytes: usize) -> usize {
    let all = (n_left + 8 + ROW_MARGIN_BYTES).next_power_of_two();
    // If all of it fills a page well, it gets it; else half of that is filled first.
    let is_filled = n_left > all - all / 8 || all <= SMALL_ROW_BYTES;
    let room = if is_filled { all } else { all / 2 };
    room.min(row_bytes).saturating_sub(ROW_MARGIN_BYTES)
}

/// Reads a row.
pub(super) fn read_row(mut row: &[u8]) -> Result<(Revision, Vec<Record>), String> {
    if row.len() < 8 {
        return Err(format!("a row has {} bytes; the shortest has 8", row.len()));
    }
    let revision = Revision(row.get_u64_le());
    let mut records = Vec::new();
    while !row.is_empty() {
        records.push(Record::decode(&mut row)?);
    }
    Ok((revision, records))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn a_record() -> impl Strategy<Value = Record> {
        let bytes = |n| proptest::collection::vec(any::<u8>(), 0..n).prop_map(Bytes::from);
        (any::<bool>(), bytes(20), bytes(300), any::<u64>(), any::<u64>(), proptest::option::of(1..u64::MAX))
            .prop_map(|(is_put, key, value, created, modified, deadline_ms)| {
                let kind = if is_put { EventKind::Put } else { EventKind::Delete };
                let (created, modified) = (Revision(created), Revision(modified));
                Record { kind, entry: Entry { key, value, created, modified }, deadline_ms }
            })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            records in proptest::collection::vec(a_record(), 1..30),
            revision in any::<u64>(),
            row_bytes in 1_usize..20_000,
        ) {
            let rows = rows(records.iter(), Revision(revision), row_bytes);
            let mut back = Vec::new();
            for row in &rows {
                let (read, records) = read_row(row).expect("a row that was written");
                prop_assert_eq!(read, Revision(revision));
                prop_assert!(records.len() == 1 || row.len() <= row_bytes);
                back.extend(records);
            }
            prop_assert_eq!(back, records);
        }

        #[test]
        fn any_bytes_are_read_or_refused(row in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read_row(&row);
        }

        #[test]
        fn a_row_that_was_cut_off_is_refused(record in a_record(), cut in any::<prop::sample::Index>()) {
            let row = rows([&record].into_iter(), Revision(7), 1000).remove(0);
            let cut = cut.index(row.len());
            prop_assert!(cut == 8 || read_row(&row[..cut]).is_err());
        }
    }
}
