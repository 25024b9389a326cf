//! Pieces of a body that a future makes, driven by whoever reads them.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};

use super::Broken;

/// How many bytes wait in an outbox before its filler has to.
const OUTBOX_BYTES: usize = 16 << 10;

/// Where the future of [`super::Body::produced`] puts pieces.
#[derive(Clone, Debug, Default)]
pub struct Outbox(Arc<Mutex<Pieces>>);

#[derive(Debug, Default)]
struct Pieces {
    all: Vec<Bytes>,
    n_bytes: usize,
}

impl Outbox {
    fn pieces(&self) -> MutexGuard<'_, Pieces> {
        lock(&self.0)
    }

    /// Puts a piece in, and waits for the reader if there are many bytes already.
    pub async fn put(&self, bytes: Bytes) {
        let is_full = {
            let mut pieces = self.pieces();
            pieces.n_bytes += bytes.len();
            pieces.all.push(bytes);
            pieces.n_bytes >= OUTBOX_BYTES
        };
        if is_full {
            // The reader polls again for the next piece, after it has taken these: nobody has to wake it.
            std::future::poll_fn(
                |_| if self.pieces().all.is_empty() { Poll::Ready(()) } else { Poll::Pending },
            )
            .await;
        }
    }

    /// Everything that is in it; a single piece is not copied.
    fn take(&self) -> Option<Bytes> {
        let mut pieces = self.pieces();
        let n_bytes = std::mem::take(&mut pieces.n_bytes);
        if pieces.all.len() <= 1 {
            return pieces.all.pop().filter(|bytes| !bytes.is_empty());
        }
        let mut joined = BytesMut::with_capacity(n_bytes);
        pieces.all.drain(..).for_each(|piece| joined.extend_from_slice(&piece));
        Some(joined.freeze()).filter(|bytes| !bytes.is_empty())
    }
}

/// The future, what it has put out, and whether somebody takes it.
pub(super) struct Produced {
    outbox: Outbox,
    shared: Arc<Mutex<Producing>>,
    patience: Duration,
}

struct Producing {
    future: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    /// How often the reader was given something.
    n_given: u64,
    /// Whether the reader waits for more.
    is_awaited: bool,
    is_watched: bool,
    is_given_up: bool,
    on_give_up: Option<Box<dyn FnOnce() + Send>>,
}

impl Produced {
    pub(super) fn new<F>(
        patience: Duration,
        on_give_up: impl FnOnce() + Send + 'static,
        produce: impl FnOnce(Outbox) -> F,
    ) -> Produced
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let outbox = Outbox::default();
        let future: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(produce(outbox.clone()));
        let producing = Producing {
            future: Some(future),
            n_given: 0,
            is_awaited: false,
            is_watched: false,
            is_given_up: false,
            on_give_up: Some(Box::new(on_give_up)),
        };
        Produced { outbox, shared: Arc::new(Mutex::new(producing)), patience }
    }

    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Broken>>> {
        let mut producing = lock(&self.shared);
        if std::mem::take(&mut producing.is_given_up) {
            return Poll::Ready(Some(Err(Broken)));
        }
        if let Some(future) = &mut producing.future
            && future.as_mut().poll(context).is_ready()
        {
            producing.future = None;
        }
        match self.outbox.take() {
            Some(bytes) => {
                producing.n_given += 1;
                producing.is_awaited = false;
                // Whoever was given something asks again soon, or does not read.
                if producing.future.is_some() && !std::mem::replace(&mut producing.is_watched, true) {
                    tokio::spawn(watch(Arc::downgrade(&self.shared), self.outbox.clone(), self.patience));
                }
                Poll::Ready(Some(Ok(bytes)))
            }
            None if producing.future.is_none() => Poll::Ready(None),
            None => {
                producing.is_awaited = true;
                Poll::Pending
            }
        }
    }
}

/// Gives the body up if the reader does not ask again for some time after it was given something.
async fn watch(shared: std::sync::Weak<Mutex<Producing>>, outbox: Outbox, patience: Duration) {
    let Some(n_given) = shared.upgrade().map(|shared| lock(&shared).n_given) else { return };
    tokio::time::sleep(patience).await;
    let Some(shared) = shared.upgrade() else { return };
    let mut producing = lock(&shared);
    producing.is_watched = false;
    if producing.n_given == n_given && !producing.is_awaited && producing.future.is_some() {
        producing.is_given_up = true;
        // What it holds may be large, and takes locks of its own when it goes.
        let (future, on_give_up) = (producing.future.take(), producing.on_give_up.take());
        drop(producing);
        drop(future);
        *outbox.pieces() = Pieces::default();
        if let Some(tell) = on_give_up {
            tell();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::super::Body;
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);

    #[tokio::test]
    async fn what_is_put_into_an_outbox_comes_out_joined_up_to_a_limit() {
        let mut body = Body::produced(
            PATIENCE,
            || {},
            |outbox| async move {
                outbox.put(Bytes::from_static(b"a")).await;
                outbox.put(Bytes::from_static(b"b")).await;
                tokio::task::yield_now().await;
                outbox.put(vec![b'c'; OUTBOX_BYTES].into()).await;
                outbox.put(Bytes::from_static(b"d")).await;
            },
        );
        assert_eq!(body.next().await.unwrap().unwrap(), "ab");
        assert_eq!(body.next().await.unwrap().unwrap().len(), OUTBOX_BYTES);
        assert_eq!(body.next().await.unwrap().unwrap(), "d");
        assert_eq!(body.next().await, None);
        assert_eq!(Body::produced(PATIENCE, || {}, |_| async {}).collect().await.unwrap(), "");
    }

    #[tokio::test(start_paused = true)]
    async fn who_does_not_read_is_given_up_and_nothing_is_held_for_him() {
        let held = Arc::new(());
        let keeps = Arc::clone(&held);
        let told = Arc::new(Mutex::new(false));
        let tell = Arc::clone(&told);
        let mut body = Body::produced(
            PATIENCE,
            move || *lock(&tell) = true,
            |outbox| async move {
                let _keeps = keeps;
                loop {
                    outbox.put(vec![b'x'; OUTBOX_BYTES].into()).await;
                }
            },
        );
        for _ in 0..100 {
            assert!(body.next().await.unwrap().is_ok());
            tokio::time::sleep(PATIENCE / 2).await;
        }
        assert!(!*lock(&told), "who is slow is not given up");
        tokio::time::sleep(2 * PATIENCE).await;
        assert!(*lock(&told));
        assert_eq!(Arc::strong_count(&held), 1);
        assert_eq!(body.next().await, Some(Err(Broken)));
        assert_eq!(body.next().await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_the_next_piece_is_not_given_up() {
        let mut body = Body::produced(
            PATIENCE,
            || {},
            |outbox| async move {
                outbox.put(Bytes::from_static(b"a")).await;
                tokio::time::sleep(100 * PATIENCE).await;
                outbox.put(Bytes::from_static(b"b")).await;
            },
        );
        assert_eq!(body.next().await.unwrap().unwrap(), "a");
        assert_eq!(body.next().await.unwrap().unwrap(), "b");
        assert_eq!(body.next().await, None);
    }
}
