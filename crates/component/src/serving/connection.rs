//! One connection: HTTP/1.1 or HTTP/2 over it, until its end or ours.

use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use http::{HeaderValue, StatusCode, header};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};

use super::{Handler, Peer, Response, Settings};
use crate::body::{Body, RequestBody};
use crate::shutdown::{Shutdown, Stage};

/// What a client is told whose request met a mistake of ours; upstream's sentence.
const PANICKED: &str = "This request caused apiserver to panic. Look in the logs for details.";

pub(super) struct Connection<H> {
    pub(super) peer: Arc<Peer>,
    pub(super) settings: Settings,
    pub(super) handler: Arc<H>,
    pub(super) shutdown: Shutdown,
}

impl<H: Handler> Connection<H> {
    pub(super) async fn run<S>(self, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Connection { peer, settings, handler, shutdown } = self;
        let service = {
            let peer = peer.clone();
            service_fn(move |request: http::Request<Incoming>| {
                let request = request.map(RequestBody::Incoming);
                let answer = handler.clone().handle(request, peer.clone());
                async move { Ok::<_, Infallible>(without_panic(answer).await) }
            })
        };
        let stream = TokioIo::new(stream);
        if peer.is_http2() {
            let mut builder = http2::Builder::new(TokioExecutor::new());
            builder
                .timer(TokioTimer::new())
                .max_concurrent_streams(settings.n_streams_max)
                .keep_alive_interval(settings.keep_alive)
                .keep_alive_timeout(settings.keep_alive_wait)
                .initial_stream_window_size(settings.stream_window)
                .initial_connection_window_size(settings.connection_window)
                .max_header_list_size(settings.header_bytes_max);
            let connection = builder.serve_connection(stream, service);
            drive(connection, |connection| connection.graceful_shutdown(), &peer, &shutdown).await;
        } else {
            let mut builder = http1::Builder::new();
            builder
                .timer(TokioTimer::new())
                .header_read_timeout(settings.header_wait)
                .max_buf_size(settings.header_bytes_max as usize);
            let connection = builder.serve_connection(stream, service).with_upgrades();
            drive(connection, |connection| connection.graceful_shutdown(), &peer, &shutdown).await;
        }
    }
}

/// Runs a connection; `end` tells it to end after the requests that it has. Errors are the client's: it went away, or does not speak HTTP. There is nobody to tell.
async fn drive<C: Future>(connection: C, end: impl FnOnce(Pin<&mut C>), peer: &Peer, shutdown: &Shutdown) {
    tokio::pin!(connection);
    let told = async {
        tokio::select! {
            () = peer.is_to_end() => {}
            () = shutdown.reached(Stage::Stopping) => {}
        }
    };
    tokio::select! {
        _ = &mut connection => return,
        () = told => end(connection.as_mut()),
    }
    let _ = connection.await;
}

/// The answer, or 500 if the code that makes it panics. The panic hook has said where.
pub async fn without_panic(answer: impl Future<Output = Response>) -> Response {
    tokio::pin!(answer);
    let polled = std::future::poll_fn(|context| {
        match catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(context))) {
            Ok(Poll::Ready(response)) => Poll::Ready(Some(response)),
            Ok(Poll::Pending) => Poll::Pending,
            Err(_) => Poll::Ready(None),
        }
    });
    polled.await.unwrap_or_else(|| {
        let mut response = Response::new(Body::full(PANICKED));
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        let plain = HeaderValue::from_static("text/plain; charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, plain);
        response
    })
}
