//! The server for clients in the same process: requests and answers without a socket, TLS and HTTP in between.
//!
//! A request takes the same way as one from outside: authentication (the user travels as an extension of the request,
//! which nothing from a socket can have), authorization, limits, admission, registry, store. The components of an
//! all-in-one process are made of [`InProcess`] instead of a connection, and do not know the difference.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use component::body::{Body, RequestBody};
use component::serving::{Handler as _, Peer, without_panic};
use http::{Request, Response, StatusCode};
use tower_service::Service;

use crate::call::BODY_BYTES_MAX;
use crate::server::Server;
use crate::user::User;

/// A client in the same process, as one user. Cloning it is cheap.
#[derive(Clone)]
pub struct InProcess {
    server: Arc<Server>,
    peer: Arc<Peer>,
    user: User,
}

impl InProcess {
    /// A client of a server that is who `user` is. What the user may do is asked as of anybody.
    pub fn new(server: Arc<Server>, user: User) -> InProcess {
        InProcess { server, peer: Peer::in_process(), user }
    }

    /// Who it is.
    pub fn user(&self) -> &User {
        &self.user
    }

    /// Asks, and gets the answer's head and the body as it comes. Dropping the future or the body gives up.
    pub async fn ask(&self, request: Request<Bytes>) -> Response<Body> {
        let mut request = request.map(RequestBody::Full);
        request.extensions_mut().insert(self.user.clone());
        without_panic(Arc::clone(&self.server).handle(request, Arc::clone(&self.peer))).await
    }
}

impl std::fmt::Debug for InProcess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InProcess").field("user", &self.user.name).finish_non_exhaustive()
    }
}

/// As client libraries want it. A body that breaks off is answered with 400, one that is too long with 413, as through
/// a connection.
impl<B> Service<Request<B>> for InProcess
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: std::fmt::Display,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // How many requests there may be at once is the server's to say, to everybody alike.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let client = self.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            Ok(match read(body).await {
                Ok(body) => client.ask(Request::from_parts(parts, body)).await,
                Err(error) => {
                    let mut response = Response::new(Body::full(error));
                    *response.status_mut() = StatusCode::BAD_REQUEST;
                    response
                }
            })
        })
    }
}

/// Reads a body; of one that is longer than the server takes, just enough for the server to see that.
async fn read<B>(body: B) -> Result<Bytes, String>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: std::fmt::Display,
{
    let mut body = std::pin::pin!(body);
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    while first.len() + all.len() <= BODY_BYTES_MAX {
        let Some(frame) = std::future::poll_fn(|context| body.as_mut().poll_frame(context)).await else {
            break;
        };
        let frame = frame.map_err(|error| format!("the body could not be read: {error}"))?;
        let Ok(bytes) = frame.into_data() else { continue };
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
