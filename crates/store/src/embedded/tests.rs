//! The embedded store as a whole.

use std::sync::Arc;

use super::{Embedded, Limits};
use crate::conformance;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keeps_every_promise() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Embedded::open(folder.path(), Limits::default()).expect("a new store");
    conformance::keeps_every_promise(Arc::new(store)).await;
}
