//! A request besides who asks and what for.

use apimachinery::Status;
use apimachinery::options::Query;
use bytes::Bytes;
use component::body::{ReadError, RequestBody};
use http::{HeaderMap, Method};

/// The largest body that is read, in bytes: upstream's limit.
pub const BODY_BYTES_MAX: usize = 3 * 1024 * 1024;

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
    /// It is too large, or the client gave up.
    pub async fn read_body(&mut self) -> Result<Bytes, Box<Status>> {
        let Some(body) = self.body.take() else { return Ok(Bytes::new()) };
        body.read(BODY_BYTES_MAX).await.map_err(|error| {
            Box::new(match error {
                ReadError::TooLarge(limit) => {
                    Status::request_entity_too_large(format_args!("limit is {limit}"))
                }
                ReadError::Broken(_) => Status::bad_request(error.to_string()),
            })
        })
    }
}
