//! What the handle, the writer and the watches share.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

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
    /// Why nothing can be written any more.
    failure: OnceLock<Arc<str>>,
}

impl Shared {
    pub(super) fn new(window: Window, limits: Limits) -> Shared {
        Shared {
            limits,
            queue: Queue::new(limits.waiting_bytes_max),
            watchers: Watchers::default(),
            window: RwLock::new(window),
            is_closed: AtomicBool::new(false),
            failure: OnceLock::new(),
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

    pub(super) fn failure(&self) -> Option<&Arc<str>> {
        self.failure.get()
    }

    /// Makes the store read-only. The first reason stays.
    pub(super) fn fail(&self, reason: Arc<str>) {
        let _ = self.failure.set(reason);
    }
}
