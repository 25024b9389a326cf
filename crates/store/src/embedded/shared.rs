//! What the handle, the writer and the watches share.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::limits::Limits;
use super::queue::Queue;
use super::watchers::Watchers;
use super::window::Window;

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) limits: Limits,
    pub(super) queue: Queue,
    pub(super) watchers: Watchers,
    window: RwLock<Window>,
    is_closed: AtomicBool,
    /// Whether there is a failure: asked at each write.
    has_failed: AtomicBool,
    failure: RwLock<Option<Failure>>,
}

/// Why nothing can be written.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    /// What happened, and what helps.
    pub(super) reason: Arc<str>,
    /// Whether it stays so until a new start.
    pub(super) is_final: bool,
}

impl Shared {
    pub(super) fn new(window: Window, limits: Limits) -> Shared {
        Shared {
            limits,
            queue: Queue::new(limits.waiting_bytes_max),
            watchers: Watchers::default(),
            window: RwLock::new(window),
            is_closed: AtomicBool::new(false),
            has_failed: AtomicBool::new(false),
            failure: RwLock::new(None),
        }
    }

    /// The window, to read. Only the writer changes it, and readers do not panic.
    pub(super) fn window(&self) -> RwLockReadGuard<'_, Window> {
        self.window.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn window_mut(&self) -> RwLockWriteGuard<'_, Window> {
        self.window.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Acquire)
    }

    /// Refuses everything from now on; what waits in the queue is still written.
    pub(super) fn close(&self) {
        self.is_closed.store(true, Ordering::Release);
        self.queue.close();
        self.watchers.wake_all();
    }

    pub(super) fn failure(&self) -> Option<Failure> {
        if !self.has_failed.load(Ordering::Acquire) {
            return None;
        }
        self.failure.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Makes the store read-only. The first final reason stays.
    pub(super) fn fail(&self, failure: Failure) {
        let mut current = self.failure.write().unwrap_or_else(PoisonError::into_inner);
        if !current.as_ref().is_some_and(|current| current.is_final) {
            *current = Some(failure);
        }
        self.has_failed.store(true, Ordering::Release);
    }

    /// Makes the store writable again, unless it has failed for good.
    pub(super) fn recover(&self) {
        let mut current = self.failure.write().unwrap_or_else(PoisonError::into_inner);
        if !current.as_ref().is_some_and(|current| current.is_final) {
            *current = None;
            self.has_failed.store(false, Ordering::Release);
        }
    }
}
