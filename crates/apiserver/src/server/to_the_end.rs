//! Work that goes on when nobody waits for it any more.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;

/// Does the work where it is waited for. If whoever waits leaves, what is left of it becomes a task of its own: nearly
/// all work ends before that, and costs no task.
pub(super) fn to_the_end<F>(work: F) -> ToTheEnd<F>
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    ToTheEnd { work: Some(Box::pin(work)), runtime: Handle::current() }
}

/// Work that was begun, or will be.
pub(super) struct ToTheEnd<F>
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    /// `None` when it has ended, or broken down.
    work: Option<Pin<Box<F>>>,
    /// Whoever waits may leave from outside of it.
    runtime: Handle,
}

impl<F> Future for ToTheEnd<F>
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        // Taken out meanwhile: work that panics is not gone on with.
        let mut work = self.work.take().expect("what has ended is not waited for");
        let polled = work.as_mut().poll(context);
        if polled.is_pending() {
            self.work = Some(work);
        }
        polled
    }
}

impl<F> Drop for ToTheEnd<F>
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    fn drop(&mut self) {
        if let Some(work) = self.work.take() {
            self.runtime.spawn(work);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::AssertUnwindSafe;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use tokio::sync::Notify;
    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn work_is_done_where_it_is_waited_for() {
        let task = tokio::task::try_id();
        assert_eq!(to_the_end(async { tokio::task::try_id() }).await, task);
    }

    #[tokio::test]
    async fn work_goes_on_without_whoever_waited() {
        let (go, done) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let work = {
            let (go, done) = (Arc::clone(&go), Arc::clone(&done));
            to_the_end(async move {
                go.notified().await;
                done.notify_one();
            })
        };
        assert!(timeout(Duration::from_millis(1), work).await.is_err(), "it waits");
        go.notify_one();
        done.notified().await;
    }

    #[tokio::test]
    async fn work_goes_on_also_if_it_had_not_begun() {
        let done = Arc::new(Notify::new());
        let end = Arc::clone(&done);
        drop(to_the_end(async move { end.notify_one() }));
        done.notified().await;
    }

    #[tokio::test]
    async fn whoever_waits_may_leave_from_outside() {
        let done = Arc::new(Notify::new());
        let end = Arc::clone(&done);
        let work = to_the_end(async move { end.notify_one() });
        std::thread::spawn(move || drop(work)).join().expect("dropping does not panic");
        done.notified().await;
    }

    #[tokio::test]
    async fn work_that_panics_is_not_gone_on_with() {
        let n_polls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&n_polls);
        let mut work = Box::pin(to_the_end(std::future::poll_fn(move |_| -> Poll<()> {
            counted.fetch_add(1, Ordering::SeqCst);
            panic!("a defect")
        })));
        let polled = std::future::poll_fn(|context| {
            Poll::Ready(std::panic::catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))).is_err())
        });
        assert!(polled.await);
        drop(work);
        tokio::task::yield_now().await;
        assert_eq!(n_polls.load(Ordering::SeqCst), 1);
    }
}
