//! What the server knows of stored objects without asking the store.

use std::sync::Arc;

use apimachinery::GroupResource;
use serde_json::Value;

/// Read access to the caches, for authorization, admission and allocators. Objects are documents of the storage version,
/// with resourceVersion; they may be a moment old.
pub trait Objects: Send + Sync {
    /// One object. `namespace` is empty for kinds without.
    fn get(&self, resource: &GroupResource, namespace: &str, name: &str) -> Option<Arc<Value>>;

    /// All objects of a resource, or those in one namespace, by namespace and name.
    fn list(&self, resource: &GroupResource, namespace: Option<&str>) -> Vec<Arc<Value>>;

    /// A number that is another one after anything of a resource changed. For those who keep something derived.
    fn version(&self, resource: &GroupResource) -> u64;
}
