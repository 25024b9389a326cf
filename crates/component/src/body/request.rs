//! Bodies of requests.

use std::pin::Pin;

use bytes::{Bytes, BytesMut};
use http_body::Body as _;

/// The body of a request.
#[derive(Debug)]
pub enum RequestBody {
    /// What a client in the same process sends.
    Full(Bytes),
    /// What comes through a connection.
    Incoming(hyper::body::Incoming),
}

/// Why the body of a request could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It is longer than the limit, in bytes.
    #[error("the body is longer than {0} bytes")]
    TooLarge(usize),
    /// The connection failed, or the client gave up.
    #[error("the body could not be read")]
    Broken(#[source] hyper::Error),
}

impl RequestBody {
    /// Reads all of it, but not more than `limit` bytes.
    ///
    /// # Errors
    /// If it is longer, or cannot be read. Of what is left of a body that is too long, some is read and forgotten: a
    /// client that is still writing when the connection is closed would not see the answer.
    pub async fn read(self, limit: usize) -> Result<Bytes, ReadError> {
        let mut body = match self {
            RequestBody::Full(bytes) if bytes.len() > limit => return Err(ReadError::TooLarge(limit)),
            RequestBody::Full(bytes) => return Ok(bytes),
            RequestBody::Incoming(body) => body,
        };
        if body.size_hint().lower() > limit as u64 {
            forget(body).await;
            return Err(ReadError::TooLarge(limit));
        }
        let mut first = Bytes::new();
        let mut all = BytesMut::new();
        loop {
            let next = std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await;
            let Some(frame) = next else { break };
            let Ok(bytes) = frame.map_err(ReadError::Broken)?.into_data() else { continue };
            if first.len() + all.len() + bytes.len() > limit {
                forget(body).await;
                return Err(ReadError::TooLarge(limit));
            }
            // Most bodies are one piece, which then is not copied.
            if first.is_empty() && all.is_empty() {
                first = bytes;
                continue;
            }
            if all.is_empty() {
                all.extend_from_slice(&std::mem::take(&mut first));
            }
            all.extend_from_slice(&bytes);
        }
        Ok(if all.is_empty() { first } else { all.freeze() })
    }
}

/// How much of a body that is too long is read to be forgotten.
const FORGOTTEN_BYTES_MAX: usize = 32 << 20;

async fn forget(mut body: hyper::body::Incoming) {
    let mut n_bytes = 0;
    while n_bytes < FORGOTTEN_BYTES_MAX {
        let next = std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await;
        let Some(Ok(frame)) = next else { return };
        n_bytes += frame.data_ref().map_or(0, Bytes::len);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn bodies_of_requests_have_a_limit() {
        let body = || RequestBody::Full(Bytes::from_static(b"12345"));
        assert_eq!(body().read(5).await.unwrap(), "12345");
        let error = body().read(4).await.unwrap_err();
        assert_eq!(error.to_string(), "the body is longer than 4 bytes");
    }
}
