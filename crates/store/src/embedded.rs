//! The store of one process: an index in memory over a durable log in one folder.
//!
//! All entries are in memory, and so is a window of recent changes, for watches and for lists at past revisions; see
//! [`Limits`]. The log is a file of the embedded database redb. Writes that come while the disk is busy become
//! durable together.
//!
//! **After a crash** everything that was acknowledged is there, and revisions go on from the last that was. A write
//! that was not answered may be there or not. **The past does not survive a restart**: watches and lists from before
//! answer `Compacted`, and readers list again.
//!
//! **The file** `store.redb` is cleaned while it is written: what is obsolete in it is at most as much as what holds
//! plus [`Limits::slack_bytes`], and a quarter on top while it is being cleaned. redb rounds rows up to powers of two,
//! so the file is at most about twice that. It does not shrink, but what is free in it is used again.
//!
//! **When the disk is full**, writes are refused and reads go on, until there is room again. The file is opened anew to
//! see whether what was in flight is in it; where that cannot be found out at once, it is answered [`Error::Uncertain`].
//!
//! **When the disk fails**, writes in flight are answered [`Error::Uncertain`], all others [`Error::ReadOnly`], and reads
//! go on; a new start continues from what is durable. A damaged file is refused with an error that names it. A folder
//! belongs to one process at a time.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use bytes::Bytes;
use tokio::sync::oneshot;

use crate::contract::{
    Committed, Expect, Found, Listing, Range, Revision, Store, StoreFuture, Write, check_size,
};
use crate::error::{Error, OpenError};
use crate::watch::Watch;

mod limits;
mod log;
mod queue;
mod record;
mod room;
mod shared;
mod watchers;
mod window;
mod writer;

#[cfg(test)]
mod tests;

pub use limits::Limits;

use log::{Loaded, Log};
use queue::Request;
use room::Reopen;
use shared::{Failure, Shared};
use window::Window;
use writer::Writer;

/// A store in a folder. Dropping it closes it.
pub struct Embedded {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Embedded {
    /// Opens the store in a folder, and makes it if it is not there. Reads the whole file, so it takes a while for
    /// large ones, and blocks the thread meanwhile.
    ///
    /// # Errors
    /// [`OpenError`]: the folder is in use, the file is damaged, of another version, or cannot be read or written.
    pub fn open(folder: &Path, limits: Limits) -> Result<Embedded, OpenError> {
        let (log, loaded) = Log::open(folder, limits.slack_bytes)?;
        let reopen = Reopen::of_folder(folder, limits.slack_bytes);
        Embedded::start(log, loaded, limits, reopen)
            .map_err(|error| OpenError::Io { path: folder.to_path_buf(), reason: error.to_string() })
    }

    fn start(log: Log, loaded: Loaded, limits: Limits, reopen: Reopen) -> std::io::Result<Embedded> {
        let Loaded { entries, deadlines_ms, revision } = loaded;
        let shared = Arc::new(Shared::new(Window::new(entries, revision, limits), limits));
        let writer = Writer::new(Arc::clone(&shared), log, deadlines_ms, reopen);
        let thread =
            std::thread::Builder::new().name("store-writer".to_owned()).spawn(move || writer.run())?;
        Ok(Embedded { shared, thread: Mutex::new(Some(thread)) })
    }

    fn check_open(&self) -> Result<(), Error> {
        if self.shared.is_closed() { Err(Error::Closed) } else { Ok(()) }
    }

    fn check_writable(&self) -> Result<(), Error> {
        self.check_open()?;
        match self.shared.failure() {
            Some(Failure { reason, .. }) => Err(Error::ReadOnly { reason }),
            None => Ok(()),
        }
    }

    async fn commit_waiting(&self, key: Bytes, expect: Expect, write: Write) -> Result<Committed, Error> {
        check_size(&key, &write)?;
        self.check_writable()?;
        let n_value_bytes = if let Write::Put { value, .. } = &write { value.len() } else { 0 };
        let room = self.shared.queue.room(key.len() + n_value_bytes).await?;
        let (reply, answer) = oneshot::channel();
        self.shared.queue.push(Request { key, expect, write, reply, room })?;
        let lost = |_| Err(Error::Uncertain { reason: "the writer has stopped".into() });
        answer.await.unwrap_or_else(lost)
    }

    fn join(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // A panic of the writer was already made known as the store's failure.
            let _ = thread.join();
        }
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.shared.close();
        self.join();
    }
}

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Embedded").field("revision", &self.shared.window().revision()).finish_non_exhaustive()
    }
}

impl Store for Embedded {
    fn get<'a>(&'a self, key: &'a [u8]) -> StoreFuture<'a, Found> {
        Box::pin(async move {
            self.check_open()?;
            Ok(self.shared.window().get(key))
        })
    }

    fn list(&self, range: Range, at: Option<Revision>) -> StoreFuture<'_, Listing> {
        Box::pin(async move {
            self.check_open()?;
            self.shared.window().list(&range, at)
        })
    }

    fn commit(&self, key: Bytes, expect: Expect, write: Write) -> StoreFuture<'_, Committed> {
        Box::pin(self.commit_waiting(key, expect, write))
    }

    fn watch(&self, prefix: Bytes, after: Revision) -> StoreFuture<'_, Watch> {
        Box::pin(async move {
            self.check_open()?;
            let source = watchers::Source::open(&self.shared, prefix, after)?;
            Ok(Watch::new(Box::new(source)))
        })
    }

    fn revision(&self) -> StoreFuture<'_, Revision> {
        Box::pin(async move {
            self.check_open()?;
            Ok(self.shared.window().revision())
        })
    }

    fn compact(&self, to: Revision) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            self.check_open()?;
            self.shared.window_mut().compact(to)
        })
    }

    fn health(&self) -> StoreFuture<'_, ()> {
        Box::pin(async move { self.check_writable() })
    }

    fn close(&self) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            self.shared.close();
            // Waits for the disk at most as long as one batch takes.
            self.join();
            Ok(())
        })
    }
}
