//! The durable log: rows of records in a redb table, newest last.
//!
//! Every transaction appends the writes of one batch. The log is cleaned from its oldest end: records that still hold
//! are appended again, the others are dropped with their row. Because rows go strictly in order, a deletion is never
//! dropped before the writes that it deletes. Appending and cleaning are one transaction, so a crash sees both or
//! neither. redb keeps checksums of all pages; they are checked when the file is opened.

use std::collections::{BTreeMap, VecDeque};
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use redb::backends::FileBackend;
use redb::{
    Database, DatabaseError, ReadableDatabase, ReadableTable, StorageBackend, TableDefinition, TableError,
};

use super::limits::{CACHE_BYTES, CLEANED_PER_WRITTEN, ROW_BYTES};
use super::record::{Record, read_row, rows};
use crate::contract::{Entry, Revision};
use crate::error::OpenError;
use crate::watch::EventKind;

/// What is in the file besides rows, by name.
const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
/// Rows by their number.
const ROWS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("rows");

/// The version of what this module writes.
pub(super) const FORMAT: u64 = 1;

/// The name of the file in the store's folder.
pub(super) const FILE_NAME: &str = "store.redb";

/// The open log.
#[derive(Debug)]
pub(super) struct Log {
    database: Database,
    /// The rows that there are, oldest first: number and bytes.
    rows: VecDeque<(u64, u64)>,
    next_number: u64,
    n_bytes: u64,
    slack_bytes: u64,
}

/// What the log said when it was opened.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) entries: BTreeMap<Bytes, Entry>,
    /// When keys expire, in milliseconds since 1970.
    pub(super) deadlines_ms: BTreeMap<Bytes, u64>,
    pub(super) revision: Revision,
}

impl Log {
    /// Opens the log of a folder, and makes both if they are not there.
    pub(super) fn open(folder: &Path, slack_bytes: u64) -> Result<(Log, Loaded), OpenError> {
        let path = folder.join(FILE_NAME);
        let failed = |error: io::Error| OpenError::Io { path: path.clone(), reason: error.to_string() };
        std::fs::create_dir_all(folder)
            .map_err(|error| OpenError::Io { path: folder.to_path_buf(), reason: error.to_string() })?;
        let is_new = !path.exists();
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let backend = FileBackend::new(file.map_err(failed)?).map_err(|error| open_error(&path, error))?;
        if is_new {
            // The file's name has to be as durable as what will be in it.
            File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
        }
        Log::open_backend(backend, &path, slack_bytes)
    }

    /// Opens a log in some storage; `path` is for errors.
    pub(super) fn open_backend(
        backend: impl StorageBackend,
        path: &Path,
        slack_bytes: u64,
    ) -> Result<(Log, Loaded), OpenError> {
        let open = move || {
            Database::builder()
                .set_cache_size(CACHE_BYTES)
                .set_check_integrity_on_open(true)
                .create_with_backend(backend)
                .map_err(|error| open_error(path, error))
                .and_then(|database| Log::load(database, path, slack_bytes))
        };
        // The check of a damaged file is to find all damage. Should it miss some and redb stumble over it, this is
        // a file that cannot be opened, and no more.
        let opened = std::panic::catch_unwind(std::panic::AssertUnwindSafe(open));
        opened.unwrap_or_else(|_| Err(damaged(path, "its structure makes no sense".to_owned())))
    }

    fn load(database: Database, path: &Path, slack_bytes: u64) -> Result<(Log, Loaded), OpenError> {
        check_format(&database, path)?;
        let mut log = Log { database, rows: VecDeque::new(), next_number: 0, n_bytes: 0, slack_bytes };
        let loaded = log.read().map_err(|reason| damaged(path, reason))?;
        Ok((log, loaded))
    }

    fn read(&mut self) -> Result<Loaded, String> {
        let mut loaded =
            Loaded { entries: BTreeMap::new(), deadlines_ms: BTreeMap::new(), revision: Revision::FIRST };
        let transaction = self.database.begin_read().map_err(text)?;
        let table = match transaction.open_table(ROWS) {
            Ok(table) => table,
            Err(TableError::TableDoesNotExist(_)) => return Ok(loaded),
            Err(error) => return Err(text(error)),
        };
        for row in table.iter().map_err(text)? {
            let (number, bytes) = row.map_err(text)?;
            let (number, bytes) = (number.value(), bytes.value());
            let (revision, records) = read_row(bytes).map_err(|reason| format!("row {number}: {reason}"))?;
            loaded.revision = loaded.revision.max(revision);
            for record in records {
                if record.entry.modified > revision {
                    let modified = record.entry.modified;
                    return Err(format!(
                        "row {number} is of revision {revision}, but holds one of {modified}"
                    ));
                }
                loaded.take(record);
            }
            self.next_number = number + 1;
            self.rows.push_back((number, bytes.len() as u64));
            self.n_bytes += bytes.len() as u64;
        }
        Ok(loaded)
    }

    /// Writes a batch, whose last revision is `revision`, and answers when it is durable. `n_live_bytes` is how much
    /// of the log still holds, and `holds` tells for one put whether it is still so, given the batch.
    ///
    /// # Errors
    /// What redb said. The batch may be in the file or not, and no other can be written.
    pub(super) fn append(
        &mut self,
        records: &[Record],
        revision: Revision,
        n_live_bytes: u64,
        holds: impl Fn(&Record) -> bool,
    ) -> Result<(), String> {
        let transaction = self.database.begin_write().map_err(text)?;
        let mut table = transaction.open_table(ROWS).map_err(text)?;
        let n_new_bytes: u64 = records.iter().map(|record| record.n_bytes() as u64).sum();
        let mut n_to_clean = CLEANED_PER_WRITTEN * n_new_bytes;
        let mut moved: Vec<Record> = Vec::new();
        while self.n_bytes + n_new_bytes > 2 * n_live_bytes + self.slack_bytes && n_to_clean > 0 {
            let Some((number, n_row_bytes)) = self.rows.pop_front() else { break };
            let row = table.remove(number).map_err(text)?.ok_or_else(|| format!("row {number} is gone"))?;
            let (_, old) = read_row(row.value()).map_err(|reason| format!("row {number}: {reason}"))?;
            moved.extend(old.into_iter().filter(|record| record.kind == EventKind::Put && holds(record)));
            self.n_bytes -= n_row_bytes;
            n_to_clean = n_to_clean.saturating_sub(n_row_bytes);
        }
        let mut number = self.next_number;
        // What is moved comes before what is new: the last word on a key is the last in the log.
        for row in rows(moved.iter().chain(records), revision, ROW_BYTES) {
            table.insert(number, row.as_slice()).map_err(text)?;
            self.rows.push_back((number, row.len() as u64));
            self.n_bytes += row.len() as u64;
            number += 1;
        }
        self.next_number = number;
        drop(table);
        transaction.commit().map_err(text)
    }

    /// How many bytes the rows hold.
    #[cfg(test)]
    pub(super) fn n_bytes(&self) -> u64 {
        self.n_bytes
    }

    /// Lets go of the file.
    pub(super) fn close(self) -> Result<(), String> {
        self.database.close().map_err(text)
    }
}

impl Loaded {
    fn take(&mut self, record: Record) {
        let Record { kind, entry, deadline_ms } = record;
        self.deadlines_ms.remove(&entry.key);
        match kind {
            EventKind::Put => {
                if let Some(deadline_ms) = deadline_ms {
                    self.deadlines_ms.insert(entry.key.clone(), deadline_ms);
                }
                // Taken out first: inserting over it would keep the old key, and with it the old value's memory.
                self.entries.remove(&entry.key);
                self.entries.insert(entry.key.clone(), entry);
            }
            EventKind::Delete => {
                self.entries.remove(&entry.key);
            }
        }
    }
}

fn check_format(database: &Database, path: &Path) -> Result<(), OpenError> {
    let found = read_format(database).map_err(|reason| damaged(path, reason))?;
    match found {
        Some(FORMAT) => Ok(()),
        Some(found) => {
            let (path, found) = (path.to_path_buf(), found.to_string());
            Err(OpenError::UnknownFormat { path, found, known: FORMAT })
        }
        None => write_format(database).map_err(|reason| OpenError::Io { path: path.to_path_buf(), reason }),
    }
}

/// The format that the file says it has; `None` if it is new.
fn read_format(database: &Database) -> Result<Option<u64>, String> {
    let transaction = database.begin_read().map_err(text)?;
    let n_tables = transaction.list_tables().map_err(text)?.count();
    match transaction.open_table(META) {
        Ok(meta) => {
            let format = meta.get("format").map_err(text)?;
            format.map(|format| Some(format.value())).ok_or_else(|| "it does not say its format".to_owned())
        }
        Err(TableError::TableDoesNotExist(_)) if n_tables == 0 => Ok(None),
        Err(error) => Err(text(error)),
    }
}

fn write_format(database: &Database) -> Result<(), String> {
    let transaction = database.begin_write().map_err(text)?;
    {
        let mut meta = transaction.open_table(META).map_err(text)?;
        meta.insert("format", FORMAT).map_err(text)?;
    }
    transaction.commit().map_err(text)
}

fn text(error: impl Into<redb::Error>) -> String {
    error.into().to_string()
}

fn damaged(path: &Path, reason: String) -> OpenError {
    OpenError::Damaged { path: path.to_path_buf(), reason }
}

fn open_error(path: &Path, error: DatabaseError) -> OpenError {
    let path: PathBuf = path.to_path_buf();
    match error {
        DatabaseError::DatabaseAlreadyOpen => OpenError::InUse { path },
        DatabaseError::UpgradeRequired(version) => {
            OpenError::UnknownFormat { path, found: format!("of redb's version {version}"), known: FORMAT }
        }
        DatabaseError::Storage(redb::StorageError::Io(error))
            if error.kind() != io::ErrorKind::InvalidData =>
        {
            OpenError::Io { path, reason: error.to_string() }
        }
        error => OpenError::Damaged { path, reason: text(error) },
    }
}
