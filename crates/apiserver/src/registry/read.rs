//! Reading single objects.

use std::sync::Arc;
use std::time::Duration;

use apimachinery::options::resource_version_for_one;
use apimachinery::{GroupResource, Status};
use bytes::Bytes;
use serde_json::Value;
use store::Entry;

use super::{Registry, Target, store_error};
use crate::authorization::Authorized;
use crate::document;
use crate::objects::Objects as _;
use crate::watch_cache::Cached;

/// How long a read waits for a version that has not come yet.
const WAIT_FOR_VERSION_MAX: Duration = Duration::from_secs(3);

/// An object as it is stored.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its bytes, without resourceVersion.
    pub stored: Bytes,
    /// Its version.
    pub revision: u64,
}

impl Found {
    /// The document, with its version.
    pub fn document(&self) -> Value {
        document::decode(&self.stored, self.revision).unwrap_or_default()
    }
}

impl From<&Entry> for Found {
    fn from(entry: &Entry) -> Found {
        Found { stored: entry.value.clone(), revision: entry.modified.0 }
    }
}

impl From<&Arc<Cached>> for Found {
    fn from(cached: &Arc<Cached>) -> Found {
        Found { stored: cached.stored.clone(), revision: cached.revision }
    }
}

impl Registry {
    /// One object: as it is now, or at least as new as `resource_version` says.
    ///
    /// # Errors
    /// It is not there, or the version has not come in time.
    pub async fn get(
        &self,
        _: &Authorized,
        target: &Target,
        resource_version: &str,
    ) -> Result<Found, Box<Status>> {
        let wanted = resource_version_for_one(resource_version)?;
        let key = self.key(target)?;
        if resource_version == "0" {
            // Any version does: that of the cache costs nothing.
            let cached = self.cache(target.served).get(&target.namespace, &target.name);
            return cached.as_ref().map(Found::from).ok_or_else(|| target.not_found());
        }
        if wanted > 0 {
            self.wait_for_version(wanted).await?;
        }
        self.stored(target, &key).await?.as_ref().map(Found::from).ok_or_else(|| target.not_found())
    }

    /// Waits until something that new is known.
    ///
    /// # Errors
    /// It has not come in time.
    pub async fn wait_for_version(&self, wanted: u64) -> Result<(), Box<Status>> {
        if self.caches.wait_for(wanted, WAIT_FOR_VERSION_MAX).await {
            return Ok(());
        }
        Err(Box::new(Status::too_large_resource_version(wanted, self.caches.progress())))
    }

    /// Waits until the caches know everything that was written before now.
    ///
    /// # Errors
    /// The store cannot be asked, or the caches do not catch up.
    pub async fn wait_for_now(&self) -> Result<(), Box<Status>> {
        let resource = GroupResource::default();
        let now = self.store.revision().await.map_err(|error| store_error(&resource, "", &error))?;
        self.wait_for_version(now.0).await
    }

    /// Admission looks at caches. What a client has just made and now refers to may not be in them yet: then waits for
    /// it, for admission would refuse.
    pub(super) async fn catch_up_for(&self, target: &Target, object: &Value) {
        let has = |resource: &str, group: &str, namespace: &str, name: &str| {
            name.is_empty()
                || self.caches.get(&GroupResource::new(group, resource), namespace, name).is_some()
        };
        let text = |name: &str| object["spec"][name].as_str().unwrap_or_default();
        let is_pod = target.kind().kind == "Pod" && target.kind().group.is_empty();
        let account = match text("serviceAccountName") {
            "" => "default",
            name => name,
        };
        let is_complete = has("namespaces", "", "", &target.namespace)
            && (!is_pod
                || has("serviceaccounts", "", &target.namespace, account)
                    && has("priorityclasses", "scheduling.k8s.io", "", text("priorityClassName"))
                    && has("nodes", "", "", text("nodeName")));
        if !is_complete {
            // If it fails, admission says what is missing.
            let _ = self.wait_for_now().await;
        }
    }

    /// What the store has under a key.
    pub(super) async fn stored(&self, target: &Target, key: &[u8]) -> Result<Option<Entry>, Box<Status>> {
        let found = self.store.get(key).await;
        let found = found.map_err(|error| store_error(&target.group_resource(), &target.name, &error))?;
        Ok(found.entry)
    }
}
