//! Full disks: what to do until there is room again.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::log::{self, Log};
use crate::contract::Revision;
use crate::error::OpenError;

/// How long to wait before looking again whether there is room.
pub(super) const PAUSE: Duration = Duration::from_secs(1);

/// How long to wait at most, where it turned out again and again that there was too little: each time costs opening the
/// file.
pub(super) const PAUSE_MAX: Duration = Duration::from_secs(30);

/// How much room there has to be. A write may need more, and then there is none again.
const ROOM_BYTES: usize = 1 << 20;

/// The file that is written to see whether there is room.
const FILE_NAME: &str = "store.redb.room";

/// How a log is opened again whose disk was full, and when that makes sense.
pub(super) struct Reopen {
    /// Opens the log; with it the last revision that is durable.
    pub(super) open: Box<dyn Fn() -> Result<(Log, Revision), OpenError> + Send>,
    /// Whether there is room.
    pub(super) has_room: Box<dyn Fn() -> bool + Send>,
}

impl Reopen {
    /// For the log in a folder.
    pub(super) fn of_folder(folder: &Path, slack_bytes: u64) -> Reopen {
        let (own, other) = (folder.to_path_buf(), folder.to_path_buf());
        Reopen {
            open: Box::new(move || Log::reopen(&own, slack_bytes)),
            has_room: Box::new(move || has_room(&other).is_ok()),
        }
    }
}

impl fmt::Debug for Reopen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reopen").finish_non_exhaustive()
    }
}

/// Takes the room and gives it back. What the system says of free blocks is not asked: quotas and reserved blocks differ.
/// It is taken where the store's file will end when it grows, for files have limits too; what lies before it in the file is
/// not there, and takes no room.
fn has_room(folder: &Path) -> io::Result<()> {
    let path = probe(folder);
    let n_bytes = fs::metadata(folder.join(log::FILE_NAME))?.len();
    let written = File::create(&path).and_then(|mut file| {
        // redb doubles its file.
        file.seek(SeekFrom::Start(2 * n_bytes))?;
        file.write_all(&vec![0; ROOM_BYTES])?;
        file.sync_all()
    });
    let removed = fs::remove_file(&path);
    written.and(removed)
}

/// Where the probe is. A crash may leave one.
pub(super) fn probe(folder: &Path) -> PathBuf {
    folder.join(FILE_NAME)
}

/// Whether an error says that there is no room.
pub(super) fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}
