//! A request besides who asks and what for.

use apimachinery::Status;
use apimachinery::options::Query;
use bytes::Bytes;
use component::body::{ReadError, RequestBody};
use http::{HeaderMap, Method};
use tokio::time::{Instant, timeout_at};

/// The largest body that is read, in bytes: upstream's limit.
pub const BODY_BYTES_MAX: usize = 3 * 1024 * 1024;

/// What a client is told whose request took too long.
pub(crate) const TIMED_OUT: &str = "request did not complete within the allotted timeout";

/// A request besides who asks and what for.
#[derive(Debug)]
pub struct Call {
    /// The method.
    pub method: Method,
    /// The query's parameters.
    pub query: Vec<(String, String)>,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, until it is read.
    pub body: Option<RequestBody>,
    /// When the body has to be there; `None` if it may take any time.
    pub read_by: Option<Instant>,
    /// What the client is warned about, whatever the answer is.
    pub warnings: Vec<String>,
}

impl Call {
    /// The query's parameters.
    pub fn query(&self) -> Query<'_> {
        Query(&self.query)
    }

    /// Reads the body; a second time there is none.
    ///
    /// # Errors
    /// It is too large, it is not there in time, or the client gave up.
    pub async fn read_body(&mut self) -> Result<Bytes, Box<Status>> {
        let Some(body) = self.body.take() else { return Ok(Bytes::new()) };
        let read = body.read(BODY_BYTES_MAX);
        let read = match self.read_by {
            Some(end) => timeout_at(end, read).await.map_err(|_| Box::new(Status::timeout(TIMED_OUT, 0)))?,
            None => read.await,
        };
        read.map_err(|error| {
            Box::new(match error {
                ReadError::TooLarge(limit) => {
                    Status::request_entity_too_large(format_args!("limit is {limit}"))
                }
                ReadError::Broken(_) => Status::bad_request(error.to_string()),
            })
        })
    }
}
