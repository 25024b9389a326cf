//! Many objects that go.

use std::sync::Arc;

use apimachinery::Status;

use super::{Deletion, Registry, Target};
use crate::authorization::Authorized;
use crate::watch_cache::Cached;

/// Objects that were deleted, as they were when they were listed.
#[derive(Debug)]
pub struct Collection {
    /// The objects.
    pub objects: Vec<Arc<Cached>>,
    /// The revision of the list.
    pub revision: u64,
}

impl Registry {
    /// Deletes these objects, one after the other. Those that are gone already do not count as failures.
    ///
    /// # Errors
    /// The first one of another kind.
    pub async fn delete_collection(
        &self,
        request: &Authorized,
        target: &Target,
        deletion: &Deletion,
        objects: &[Arc<Cached>],
    ) -> Result<(), Box<Status>> {
        let prefix_len = self.cache(target.served).prefix().len();
        for object in objects {
            let (namespace, name) = object.namespace_and_name(prefix_len);
            let target = Target { namespace: namespace.to_owned(), name: name.to_owned(), ..target.clone() };
            match self.delete(request, &target, deletion).await {
                Err(status) if !status.is_not_found() => return Err(status),
                _ => {}
            }
        }
        Ok(())
    }
}
