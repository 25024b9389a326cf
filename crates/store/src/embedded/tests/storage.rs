//! A disk that remembers what it was told, and fails when it is asked to.

use std::io;
use std::sync::{Arc, Mutex};

use redb::StorageBackend;

/// What was done to a disk.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    Write(u64, Vec<u8>),
    SetLen(u64),
    Sync,
}

#[derive(Debug, Default)]
struct State {
    bytes: Vec<u8>,
    deeds: Vec<Deed>,
    /// How many more bytes may be written.
    room: Option<u64>,
    is_sync_broken: bool,
}

/// A disk in memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Disk {
    state: Arc<Mutex<State>>,
}

impl Disk {
    pub(super) fn with(bytes: Vec<u8>) -> Disk {
        let disk = Disk::default();
        disk.state.lock().unwrap().bytes = bytes;
        disk
    }

    pub(super) fn n_bytes(&self) -> usize {
        self.state.lock().unwrap().bytes.len()
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        self.state.lock().unwrap().bytes.clone()
    }

    pub(super) fn deeds(&self) -> Vec<Deed> {
        self.state.lock().unwrap().deeds.clone()
    }

    pub(super) fn n_deeds(&self) -> usize {
        self.state.lock().unwrap().deeds.len()
    }

    pub(super) fn fill_up(&self, room: u64) {
        self.state.lock().unwrap().room = Some(room);
    }

    /// There is room without end.
    pub(super) fn make_room(&self) {
        self.state.lock().unwrap().room = None;
    }

    pub(super) fn has_room(&self) -> bool {
        self.state.lock().unwrap().room.is_none()
    }

    pub(super) fn break_sync(&self) {
        self.state.lock().unwrap().is_sync_broken = true;
    }
}

/// Does what a disk does.
pub(super) fn apply(bytes: &mut Vec<u8>, deed: &Deed) {
    match deed {
        Deed::Write(offset, data) => {
            let offset = usize::try_from(*offset).unwrap();
            let end = offset + data.len();
            bytes.resize(bytes.len().max(end), 0);
            bytes[offset..end].copy_from_slice(data);
        }
        Deed::SetLen(n_bytes) => bytes.resize(usize::try_from(*n_bytes).unwrap(), 0),
        Deed::Sync => {}
    }
}

fn full() -> io::Error {
    io::Error::from(io::ErrorKind::StorageFull)
}

impl StorageBackend for Disk {
    fn len(&self) -> Result<u64, io::Error> {
        Ok(self.state.lock().unwrap().bytes.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), io::Error> {
        let state = self.state.lock().unwrap();
        let offset = usize::try_from(offset).unwrap();
        match state.bytes.get(offset..offset + out.len()) {
            Some(bytes) => {
                out.copy_from_slice(bytes);
                Ok(())
            }
            None => Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
        }
    }

    fn set_len(&self, len: u64) -> Result<(), io::Error> {
        let mut state = self.state.lock().unwrap();
        if state.room.is_some_and(|room| len > state.bytes.len() as u64 + room) {
            return Err(full());
        }
        apply(&mut state.bytes, &Deed::SetLen(len));
        state.deeds.push(Deed::SetLen(len));
        Ok(())
    }

    fn sync_data(&self) -> Result<(), io::Error> {
        let mut state = self.state.lock().unwrap();
        if state.is_sync_broken {
            return Err(io::Error::other("the disk has failed"));
        }
        state.deeds.push(Deed::Sync);
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), io::Error> {
        let mut state = self.state.lock().unwrap();
        if let Some(room) = &mut state.room {
            *room = room.checked_sub(data.len() as u64).ok_or_else(full)?;
        }
        let deed = Deed::Write(offset, data.to_vec());
        apply(&mut state.bytes, &deed);
        state.deeds.push(deed);
        Ok(())
    }
}
