//! Whether this process may act.

use std::sync::Arc;

use tokio::sync::watch;

/// Whether this process may act on the cluster. Clones are the same.
///
/// Leader election gives and takes it. Whoever writes to the API server asks just before, so that a process which has
/// lost its lease stops at once, whatever it has begun.
#[derive(Clone, Debug)]
pub struct Permission(Arc<watch::Sender<bool>>);

impl Permission {
    /// Permission that somebody has to give first.
    pub fn none() -> Permission {
        Permission(Arc::new(watch::Sender::new(false)))
    }

    /// Permission from the start, for a scheduler that is alone.
    pub fn given() -> Permission {
        let permission = Permission::none();
        permission.give();
        permission
    }

    /// Gives it.
    pub fn give(&self) {
        self.0.send_replace(true);
    }

    /// Takes it away.
    pub fn take(&self) {
        self.0.send_replace(false);
    }

    /// Whether it is given now.
    pub fn is_given(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it is given.
    pub async fn wait(&self) {
        // The sender lives as long as self.
        let _ = self.0.subscribe().wait_for(|given| *given).await;
    }

    /// Waits until it is taken away.
    pub async fn lost(&self) {
        let _ = self.0.subscribe().wait_for(|given| !*given).await;
    }
}
