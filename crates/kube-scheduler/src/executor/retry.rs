//! When to send a request again.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use client::Error;
use http::StatusCode;

use super::Shared;

/// How long to wait before the second try; doubled after each further one.
const FIRST_WAIT: Duration = Duration::from_millis(50);

/// How long to wait at most.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Whether an answer leaves open what was done, or says that it may be done later.
pub(super) fn is_open(error: &Error) -> bool {
    match error {
        // A server that is not understood may have done anything.
        Error::Unreachable { .. } | Error::Misunderstood { .. } => true,
        Error::Refused(refusal) => {
            refusal.code.is_server_error()
                || refusal.code == StatusCode::TOO_MANY_REQUESTS
                || refusal.code == StatusCode::REQUEST_TIMEOUT
        }
        Error::Access(_) => false,
    }
}

/// Waits between tries, longer each time.
pub(super) struct Patience {
    wait: Duration,
}

impl Patience {
    pub(super) fn new() -> Patience {
        Patience { wait: FIRST_WAIT }
    }

    /// Waits before another try after this error.
    pub(super) async fn wait_after(&mut self, error: &Error) {
        let told = error.refusal().and_then(|refusal| refusal.retry_after_seconds).unwrap_or(0);
        tokio::time::sleep(self.wait.max(Duration::from_secs(told))).await;
        self.wait = (self.wait * 2).min(LONGEST_WAIT);
    }
}

/// Counts one request until it is dropped.
pub(super) struct UnderWay<'n>(&'n AtomicUsize);

impl UnderWay<'_> {
    pub(super) fn begin(n: &AtomicUsize) -> UnderWay<'_> {
        n.fetch_add(1, Ordering::AcqRel);
        UnderWay(n)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Shared {
    /// Waits until this process may act and not too many requests are under way, and sends one.
    pub(super) async fn send(
        &self,
        method: http::Method,
        path: &str,
        content: Option<(&str, Vec<u8>)>,
        what: &str,
    ) -> Result<bytes::Bytes, Error> {
        // Never closed.
        let _slot = self.slots.acquire().await;
        self.permission.wait().await;
        let _under_way = UnderWay::begin(&self.n_under_way);
        self.connection.send(method, path, content, what).await
    }
}
