//! What users are told when the store refuses.

use apimachinery::{GroupResource, Status};
use store::Error;

/// The answer to a request that the store refused. Conflicts are for the caller to resolve; one that comes here is told
/// as such.
pub fn store_error(resource: &GroupResource, name: &str, error: &Error) -> Box<Status> {
    Box::new(match error {
        Error::Conflict { .. } => Status::modified(resource, name),
        Error::Compacted { .. } => Status::expired("The resourceVersion for the provided list is too old."),
        Error::FutureRevision { asked, current } => Status::too_large_resource_version(asked.0, current.0),
        // Upstream passes on etcd's words.
        Error::TooLarge { .. } => Status::unknown("etcdserver: request is too large"),
        Error::InvalidKey => Status::bad_request(error.to_string()),
        Error::Lagged { .. } => Status::internal_error(error.to_string()),
        Error::ReadOnly { .. } | Error::Uncertain { .. } | Error::Unavailable { .. } | Error::Closed => {
            Status::service_unavailable(error.to_string())
        }
    })
}
