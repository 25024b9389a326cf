//! One change of one object, and what is sent about it.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use super::cached::Cached;
use crate::negotiation::Target;

/// One change of one object.
#[derive(Debug)]
pub struct Change {
    /// The store's revision that it made.
    pub revision: u64,
    /// The object afterwards; `None` if it was deleted.
    pub object: Option<Arc<Cached>>,
    /// The object before; `None` if it was created.
    pub previous: Option<Arc<Cached>>,
    frames: Mutex<Vec<(FrameKey, Bytes)>>,
}

/// What an event of a watch says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameType {
    /// The object is there now, or is selected now.
    Added,
    /// The object has changed.
    Modified,
    /// The object is gone, or is not selected any more.
    Deleted,
}

impl FrameType {
    /// As events say it.
    pub fn as_str(self) -> &'static str {
        match self {
            FrameType::Added => "ADDED",
            FrameType::Modified => "MODIFIED",
            FrameType::Deleted => "DELETED",
        }
    }
}

/// In which form something is sent: those who want the same form share the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameKey {
    /// What the event says.
    pub frame_type: FrameType,
    /// The group of the served version.
    pub group: &'static str,
    /// The served version.
    pub version: &'static str,
    /// What the object is turned into.
    pub target: Target,
    /// Which version of that, and which options.
    pub variant: u8,
}

impl Change {
    /// A change that nothing was sent about yet.
    pub fn new(revision: u64, object: Option<Arc<Cached>>, previous: Option<Arc<Cached>>) -> Change {
        Change { revision, object, previous, frames: Mutex::default() }
    }

    /// How much memory it holds on to, about.
    pub fn n_bytes(&self) -> usize {
        let of = |cached: &Option<Arc<Cached>>| cached.as_ref().map_or(0, |it| it.stored.len());
        of(&self.object) + of(&self.previous)
    }

    /// What is sent about it in some form, made by whoever needs it first.
    pub fn frame(&self, key: FrameKey, make: impl FnOnce() -> Bytes) -> Bytes {
        let mut frames = self.frames.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, frame)) = frames.iter().find(|(known, _)| *known == key) {
            return frame.clone();
        }
        let frame = make();
        frames.push((key, frame.clone()));
        frame
    }
}
