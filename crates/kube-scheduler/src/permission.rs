//! Whether this process may act.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// Whether this process may act on the cluster. Clones are the same.
///
/// Leader election gives and takes it. Whoever writes to the API server asks just before, so that a process which has
/// lost its lease stops at once, whatever it has begun. Permission that was given until some time ends by itself: a process
/// that was stopped for a while and goes on has lost it before it does anything.
#[derive(Clone, Debug)]
pub struct Permission(Arc<watch::Sender<Given>>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Given {
    Not,
    Until(Instant),
    ForEver,
}

impl Given {
    fn holds(self) -> bool {
        match self {
            Given::Not => false,
            Given::Until(end) => Instant::now() < end,
            Given::ForEver => true,
        }
    }
}

impl Permission {
    /// Permission that somebody has to give first.
    pub fn none() -> Permission {
        Permission(Arc::new(watch::Sender::new(Given::Not)))
    }

    /// Permission from the start, for a scheduler that is alone.
    pub fn given() -> Permission {
        let permission = Permission::none();
        permission.give();
        permission
    }

    /// Gives it.
    pub fn give(&self) {
        self.0.send_replace(Given::ForEver);
    }

    /// Gives it until some time; given again before that, it goes on.
    pub fn give_until(&self, end: Instant) {
        self.0.send_replace(Given::Until(end));
    }

    /// Takes it away.
    pub fn take(&self) {
        self.0.send_replace(Given::Not);
    }

    /// Whether it is given now.
    pub fn is_given(&self) -> bool {
        self.0.borrow().holds()
    }

    /// Waits until it is given.
    pub async fn wait(&self) {
        // The sender lives as long as self.
        let _ = self.0.subscribe().wait_for(|given| given.holds()).await;
    }

    /// Waits until it is taken away or has ended.
    pub async fn lost(&self) {
        let mut changes = self.0.subscribe();
        loop {
            let given = *changes.borrow_and_update();
            match given {
                _ if !given.holds() => return,
                Given::Until(end) => tokio::select! {
                    () = sleep_until(end) => {}
                    _ = changes.changed() => {}
                },
                _ => {
                    let _ = changes.changed().await;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_ends_by_itself_unless_it_is_given_again() {
        let permission = Permission::none();
        assert!(!permission.is_given());
        let begun = Instant::now();
        permission.give_until(begun + Duration::from_secs(10));
        permission.wait().await;
        let other = permission.clone();
        let lost = tokio::spawn(async move { other.lost().await });
        tokio::time::sleep(Duration::from_secs(9)).await;
        permission.give_until(begun + Duration::from_secs(20));
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert!(permission.is_given() && !lost.is_finished());
        tokio::time::sleep(Duration::from_secs(7)).await;
        assert!(!permission.is_given() && lost.is_finished());
        permission.give();
        assert!(permission.is_given());
        permission.take();
        permission.lost().await;
    }
}
