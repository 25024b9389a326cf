//! The API server of this process as a client of the components sees it.

use apiserver::in_process::InProcess;
use bytes::Bytes;
use client::{Answering, Transport};
use http::Request;
use http_body_util::BodyExt as _;

/// Requests without sockets.
pub(crate) struct Within(pub(crate) InProcess);

impl Transport for Within {
    fn send(&self, request: Request<Bytes>) -> Answering<'_> {
        Box::pin(async move {
            let answer = self.0.ask(request).await;
            Ok(answer.map(|body| body.map_err(Into::into).boxed_unsync()))
        })
    }
}
