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
use super::room;
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
/// Its name while it is made.
const NEW_FILE_NAME: &str = "store.redb.new";

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

/// Why a batch could not be written.
#[derive(Debug)]
pub(super) struct AppendError {
    /// What redb said.
    pub(super) reason: String,
    /// Whether that was for lack of room.
    pub(super) is_full: bool,
}

impl<E: Into<redb::Error>> From<E> for AppendError {
    fn from(error: E) -> AppendError {
        let error = error.into();
        let is_full = matches!(&error, redb::Error::Io(error) if room::is_full(error));
        AppendError { reason: error.to_string(), is_full }
    }
}

impl AppendError {
    fn damage(reason: String) -> AppendError {
        AppendError { reason, is_full: false }
    }
}

impl Log {
    /// Opens the log of a folder, and makes both if they are not there.
    pub(super) fn open(folder: &Path, slack_bytes: u64) -> Result<(Log, Loaded), OpenError> {
        let path = folder.join(FILE_NAME);
        let failed = |error: io::Error| OpenError::Io { path: path.clone(), reason: error.to_string() };
        std::fs::create_dir_all(folder)
            .map_err(|error| OpenError::Io { path: folder.to_path_buf(), reason: error.to_string() })?;
        if !path.exists() {
            // It is made under another name, so that a crash meanwhile does not leave half a file under this one.
            let new = folder.join(NEW_FILE_NAME);
            // What is there is left from such a crash.
            std::fs::remove_file(&new)
                .or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
                .map_err(failed)?;
            Log::make(backend(&new, true)?, &new)?;
            std::fs::rename(&new, &path).map_err(failed)?;
            // The name has to be as durable as what will be in it.
            File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
        }
        // One may be left by a crash.
        let _ = std::fs::remove_file(room::probe(folder));
        let backend = backend(&path, false)?;
        Log::open_backend(backend, &path, slack_bytes)
    }

    /// Opens the log of a folder again, whose entries are known: the log, and the last revision in it.
    pub(super) fn reopen(folder: &Path, slack_bytes: u64) -> Result<(Log, Revision), OpenError> {
        let path = folder.join(FILE_NAME);
        Log::reopen_backend(backend(&path, false)?, &path, slack_bytes)
    }

    /// The same of storage; `path` is for errors.
    pub(super) fn reopen_backend(
        backend: impl StorageBackend,
        path: &Path,
        slack_bytes: u64,
    ) -> Result<(Log, Revision), OpenError> {
        Log::open_with(backend, path, slack_bytes, |log| log.read(|_| {}))
    }

    /// Makes an empty log in empty storage; `path` is for errors.
    pub(super) fn make(backend: impl StorageBackend, path: &Path) -> Result<(), OpenError> {
        let database = Database::builder().create_with_backend(backend);
        let database = database.map_err(|error| open_error(path, error))?;
        write_format(&database)
            .and_then(|()| database.close().map_err(text))
            .map_err(|reason| OpenError::Io { path: path.to_path_buf(), reason })
    }

    /// Opens a log in storage that holds one; `path` is for errors.
    pub(super) fn open_backend(
        backend: impl StorageBackend,
        path: &Path,
        slack_bytes: u64,
    ) -> Result<(Log, Loaded), OpenError> {
        Log::open_with(backend, path, slack_bytes, |log| {
            let (mut entries, mut deadlines_ms) = (BTreeMap::new(), BTreeMap::new());
            let revision = log.read(|record| take(&mut entries, &mut deadlines_ms, record))?;
            Ok(Loaded { entries, deadlines_ms, revision })
        })
    }

    fn open_with<T>(
        backend: impl StorageBackend,
        path: &Path,
        slack_bytes: u64,
        read: impl FnOnce(&mut Log) -> Result<T, String>,
    ) -> Result<(Log, T), OpenError> {
        let open = move || {
            Database::builder()
                .set_cache_size(CACHE_BYTES)
                .set_check_integrity_on_open(true)
                .create_with_backend(backend)
                .map_err(|error| open_error(path, error))
                .and_then(|database| Log::load(database, path, slack_bytes, read))
        };
        // The check of a damaged file is to find all damage. Should it miss some and redb stumble over it, this is
        // a file that cannot be opened, and no more.
        let opened = std::panic::catch_unwind(std::panic::AssertUnwindSafe(open));
        opened.unwrap_or_else(|_| Err(damaged(path, "its structure makes no sense".to_owned())))
    }

    fn load<T>(
        database: Database,
        path: &Path,
        slack_bytes: u64,
        read: impl FnOnce(&mut Log) -> Result<T, String>,
    ) -> Result<(Log, T), OpenError> {
        check_format(&database, path)?;
        let mut log = Log { database, rows: VecDeque::new(), next_number: 0, n_bytes: 0, slack_bytes };
        let loaded = read(&mut log).map_err(|reason| damaged(path, reason))?;
        Ok((log, loaded))
    }

    /// Reads all rows: hands over each record, in order, and says which revision is the last.
    fn read(&mut self, mut take: impl FnMut(Record)) -> Result<Revision, String> {
        let mut last = Revision::FIRST;
        let transaction = self.database.begin_read().map_err(text)?;
        let table = match transaction.open_table(ROWS) {
            Ok(table) => table,
            Err(TableError::TableDoesNotExist(_)) => return Ok(last),
            Err(error) => return Err(text(error)),
        };
        for row in table.iter().map_err(text)? {
            let (number, bytes) = row.map_err(text)?;
            let (number, bytes) = (number.value(), bytes.value());
            let (revision, records) = read_row(bytes).map_err(|reason| format!("row {number}: {reason}"))?;
            last = last.max(revision);
            for record in records {
                if record.entry.modified > revision {
                    let modified = record.entry.modified;
                    return Err(format!(
                        "row {number} is of revision {revision}, but holds one of {modified}"
                    ));
                }
                take(record);
            }
            self.next_number = number + 1;
            self.rows.push_back((number, bytes.len() as u64));
            self.n_bytes += bytes.len() as u64;
        }
        Ok(last)
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
    ) -> Result<(), AppendError> {
        let transaction = self.database.begin_write()?;
        let mut table = transaction.open_table(ROWS)?;
        let n_new_bytes: u64 = records.iter().map(|record| record.n_bytes() as u64).sum();
        let mut n_to_clean = CLEANED_PER_WRITTEN * n_new_bytes;
        let mut moved: Vec<Record> = Vec::new();
        while self.n_bytes + n_new_bytes > 2 * n_live_bytes + self.slack_bytes && n_to_clean > 0 {
            let Some((number, n_row_bytes)) = self.rows.pop_front() else { break };
            let row = table.remove(number)?;
            let row = row.ok_or_else(|| AppendError::damage(format!("row {number} is gone")))?;
            let (_, old) = read_row(row.value())
                .map_err(|reason| AppendError::damage(format!("row {number}: {reason}")))?;
            moved.extend(old.into_iter().filter(|record| record.kind == EventKind::Put && holds(record)));
            self.n_bytes -= n_row_bytes;
            n_to_clean = n_to_clean.saturating_sub(n_row_bytes);
        }
        let mut number = self.next_number;
        // What is moved comes before what is new: the last word on a key is the last in the log.
        for row in rows(moved.iter().chain(records), revision, ROW_BYTES) {
            table.insert(number, row.as_slice())?;
            self.rows.push_back((number, row.len() as u64));
            self.n_bytes += row.len() as u64;
            number += 1;
        }
        self.next_number = number;
        drop(table);
        Ok(transaction.commit()?)
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

fn take(entries: &mut BTreeMap<Bytes, Entry>, deadlines_ms: &mut BTreeMap<Bytes, u64>, record: Record) {
    let Record { kind, entry, deadline_ms } = record;
    deadlines_ms.remove(&entry.key);
    match kind {
        EventKind::Put => {
            if let Some(deadline_ms) = deadline_ms {
                deadlines_ms.insert(entry.key.clone(), deadline_ms);
            }
            // Taken out first: inserting over it would keep the old key, and with it the old value's memory.
            entries.remove(&entry.key);
            entries.insert(entry.key.clone(), entry);
        }
        EventKind::Delete => {
            entries.remove(&entry.key);
        }
    }
}

fn backend(path: &Path, is_new: bool) -> Result<FileBackend, OpenError> {
    let file = OpenOptions::new().read(true).write(true).create_new(is_new).open(path);
    let file = file.map_err(|error| OpenError::Io { path: path.to_path_buf(), reason: error.to_string() })?;
    FileBackend::new(file).map_err(|error| open_error(path, error))
}

fn check_format(database: &Database, path: &Path) -> Result<(), OpenError> {
    match read_format(database) {
        Ok(FORMAT) => Ok(()),
        Ok(found) => {
            let (path, found) = (path.to_path_buf(), found.to_string());
            Err(OpenError::UnknownFormat { path, found, known: FORMAT })
        }
        Err(reason) => Err(damaged(path, format!("it does not say its format: {reason}"))),
    }
}

fn read_format(database: &Database) -> Result<u64, String> {
    let transaction = database.begin_read().map_err(text)?;
    let meta = transaction.open_table(META).map_err(text)?;
    let format = meta.get("format").map_err(text)?;
    format.map(|format| format.value()).ok_or_else(|| "there is no such row".to_owned())
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
