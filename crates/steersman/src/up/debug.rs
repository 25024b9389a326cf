//! What the scheduler of this process says, through the API server.

use apiserver::addition::{Addition, Answering};
use component::body::Body;
use component::serving::Response;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use kube_scheduler::driver::Handle;
use kube_scheduler::why::LastDecisions;

/// Answers about pods (`/debug/steersman/pods/NAMESPACE/NAME`).
pub(super) struct Debug {
    pub(super) decisions: LastDecisions,
    pub(super) handle: Handle,
}

impl Addition for Debug {
    fn answer<'a>(&'a self, path: &'a str) -> Answering<'a> {
        Box::pin(async move {
            let words = self.decisions.answer(&self.handle, path).await?;
            let mut response = Response::new(Body::full(words));
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            Some(response)
        })
    }
}
