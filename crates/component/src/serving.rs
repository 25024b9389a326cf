//! HTTPS.
//!
//! ```text
//! accept -> TLS handshake -> HTTP/1.1 or HTTP/2, by ALPN -> Handler
//! ```
//!
//! One task per connection. What can pile up has a limit in [`Settings`]; what can hang has a time in it. Client
//! certificates are asked for and checked here, but a bad one does not end the handshake: whoever authenticates answers
//! 401, as upstream does.

mod connection;
mod listener;
mod names;
mod peer;
#[cfg(test)]
mod tests;
mod tls;

use std::sync::Arc;
use std::time::Duration;

pub use connection::without_panic;
pub use listener::{Listener, bind, bind_beside, serve};
pub use peer::Peer;
pub use tls::{Tls, TlsError, TlsOptions, TlsVersion};

use crate::body::{Body, RequestBody};

/// A request as handlers get it.
pub type Request = http::Request<RequestBody>;

/// What handlers answer with.
pub type Response = http::Response<Body>;

/// What answers requests.
pub trait Handler: Send + Sync + 'static {
    /// Answers a request. A future that panics is an answer of 500 to that request and nothing else.
    fn handle(
        self: Arc<Self>,
        request: Request,
        peer: Arc<Peer>,
    ) -> impl Future<Output = Response> + Send + 'static;
}

/// Limits and times of a server.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Open connections; further ones wait in the system's backlog. Each costs about 40 KB with TLS.
    pub n_connections_max: usize,
    /// How long a TLS handshake may take.
    pub handshake_wait: Duration,
    /// How long an HTTP/1.1 connection may take from the end of an answer to the next request's last header: both idle
    /// connections and slow headers.
    pub header_wait: Duration,
    /// Requests of one HTTP/2 connection at a time (`--http2-max-streams-per-connection`).
    pub n_streams_max: u32,
    /// After how long without a sign of life an HTTP/2 client is asked for one, and a TCP connection probed.
    pub keep_alive: Duration,
    /// How long the answer to that may take, and how long sent bytes may stay unacknowledged.
    pub keep_alive_wait: Duration,
    /// Bytes of a request's body that HTTP/2 clients may send before somebody reads them.
    pub stream_window: u32,
    /// The same for all requests of a connection.
    pub connection_window: u32,
    /// Bytes of headers of one request.
    pub header_bytes_max: u32,
    /// How long requests may go on after [`crate::shutdown::Stage::Stopping`].
    pub stop_wait: Duration,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            n_connections_max: 16_384,
            handshake_wait: Duration::from_secs(10),
            header_wait: Duration::from_secs(90),
            n_streams_max: 100,
            keep_alive: Duration::from_secs(30),
            keep_alive_wait: Duration::from_secs(30),
            stream_window: 256 << 10,
            connection_window: 1 << 20,
            header_bytes_max: 256 << 10,
            stop_wait: Duration::from_secs(60),
        }
    }
}
