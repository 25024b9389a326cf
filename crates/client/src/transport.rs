//! What carries requests to a server.

use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use kube::client::Body;

/// Whatever a request can fail with before there is an answer.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The body of an answer, as it comes.
pub type Answer = UnsyncBoxBody<Bytes, BoxError>;

/// An answer that is waited for.
pub type Answering<'t> = Pin<Box<dyn Future<Output = Result<Response<Answer>, BoxError>> + Send + 't>>;

/// A way to one API server: sockets with TLS and credentials, or a server in the same process.
///
/// The URI of a request is path and query. Dropping the future, or the answer's body, gives the request up.
pub trait Transport: Send + Sync + 'static {
    /// Sends a request and waits for the head of the answer, whatever its status.
    fn send(&self, request: Request<Bytes>) -> Answering<'_>;
}

/// Sockets, TLS, credentials and the plugins that give them are kube's business.
impl Transport for kube::Client {
    fn send(&self, request: Request<Bytes>) -> Answering<'_> {
        Box::pin(async move {
            let answer = kube::Client::send(self, request.map(Body::from)).await?;
            Ok(answer.map(|body| body.map_err(Into::into).boxed_unsync()))
        })
    }
}
