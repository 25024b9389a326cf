//! The stages of a graceful end.

use std::convert::Infallible;
use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// How far the end has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Nobody has asked for an end.
    #[default]
    Running,
    /// Still serving, but no longer ready: load balancers look elsewhere (`--shutdown-delay-duration`).
    Draining,
    /// No new connections; requests are finished, streams end.
    Stopping,
    /// Whatever is still open is dropped.
    Ending,
}

/// Tells all parts of a process how far its end has come. Clones are the same.
#[derive(Clone, Debug)]
pub struct Shutdown(Arc<watch::Sender<Stage>>);

impl Default for Shutdown {
    fn default() -> Shutdown {
        Shutdown(Arc::new(watch::Sender::new(Stage::Running)))
    }
}

impl Shutdown {
    /// A process that is running.
    pub fn new() -> Shutdown {
        Shutdown::default()
    }

    /// How far the end has come.
    pub fn stage(&self) -> Stage {
        *self.0.borrow()
    }

    /// Goes on to a stage. There is no way back.
    pub fn advance(&self, stage: Stage) {
        self.0.send_if_modified(|current| {
            let is_further = stage > *current;
            *current = stage.max(*current);
            is_further
        });
    }

    /// Waits until a stage has been reached or passed. Nothing is lost if the future is dropped and made again.
    pub async fn reached(&self, stage: Stage) {
        let mut stages = self.0.subscribe();
        // The sender lives as long as self.
        let _ = stages.wait_for(|current| *current >= stage).await;
    }

    /// Goes on a stage with SIGTERM or SIGINT: to [`Stage::Draining`] with the first, to [`Stage::Ending`] with the
    /// second. Signals are caught from this call on, not from when the future is first polled: a process that is told
    /// to end just after it has said that it serves ends as it should.
    ///
    /// # Errors
    /// If the system does not let signals be caught.
    pub fn follow_signals(&self) -> std::io::Result<impl Future<Output = Infallible> + use<>> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let shutdown = self.clone();
        Ok(async move {
            loop {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
                let next = if shutdown.stage() == Stage::Running { Stage::Draining } else { Stage::Ending };
                shutdown.advance(next);
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn stages_only_go_forward() {
        let shutdown = Shutdown::new();
        let other = shutdown.clone();
        other.reached(Stage::Running).await;
        shutdown.advance(Stage::Stopping);
        other.reached(Stage::Draining).await;
        other.reached(Stage::Stopping).await;
        shutdown.advance(Stage::Draining);
        assert_eq!(other.stage(), Stage::Stopping);
    }

    #[tokio::test]
    async fn who_waits_is_woken() {
        let shutdown = Shutdown::new();
        let waiting = tokio::spawn({
            let shutdown = shutdown.clone();
            async move { shutdown.reached(Stage::Ending).await }
        });
        tokio::task::yield_now().await;
        shutdown.advance(Stage::Stopping);
        shutdown.advance(Stage::Ending);
        waiting.await.unwrap();
    }
}
