//! What other components of the same process add to what the server answers.

use std::future::Future;
use std::pin::Pin;

use component::serving::Response;

/// An answer that is waited for; `None` if there is nothing at the path.
pub type Answering<'a> = Pin<Box<dyn Future<Output = Option<Response>> + Send + 'a>>;

/// Answers to GET requests that are about no resource. Who may ask is decided before, as for all such paths
/// (`nonResourceURLs` of roles).
pub trait Addition: Send + Sync + 'static {
    /// Answers, if there is something at this path.
    fn answer<'a>(&'a self, path: &'a str) -> Answering<'a>;
}
