//! What is counted of requests, for metrics.

use std::time::Duration;

/// A request that has been answered, or was not.
#[derive(Clone, Copy, Debug)]
pub struct Sent<'s> {
    /// `GET`, `POST` …
    pub method: &'s str,
    /// Where the server is.
    pub server: &'s str,
    /// The status code; `None` if there was no answer.
    pub code: Option<u16>,
    /// How long it was until the head of the answer.
    pub took: Duration,
    /// How long it had to wait before it was sent, because of a limit of this client's.
    pub held_back: Duration,
    /// Bytes of its body.
    pub n_bytes: usize,
}

/// Is told of requests.
pub trait Meter: Send + Sync {
    /// A request has been answered, or has failed.
    fn sent(&self, sent: &Sent<'_>);

    /// The whole body of an answer has come.
    fn received(&self, method: &str, server: &str, n_bytes: usize);
}
