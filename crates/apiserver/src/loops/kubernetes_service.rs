//! The Service `kubernetes`, and where it leads: to all API servers of the cluster.
//!
//! Servers that share a store each hold a lease there, as upstream's do (`--endpoint-reconciler-type=lease`). A server
//! whose store is its own is the only one.

use std::net::IpAddr;
use std::time::Duration;

use apimachinery::GroupResource;
use serde_json::json;
use store::{Error, Expect, Range, Write};

use super::Loop;
use crate::bootstrap::{Settings, kubernetes_service};
use crate::registry::Registry;
use crate::start::make_one;
use crate::watch_cache::KEY_ROOT;

/// As often as upstream.
const PERIOD: Duration = Duration::from_secs(10);

/// How long a server is there after it was last heard of.
const LEASE: Duration = Duration::from_secs(15);

/// What keys of leases begin with.
const LEASES: &str = "masterleases/";

pub(super) struct KubernetesService(pub(super) Settings);

impl Loop for KubernetesService {
    fn resources(&self, _: &Registry) -> Vec<GroupResource> {
        Vec::new()
    }

    fn period(&self) -> Option<Duration> {
        Some(PERIOD)
    }

    async fn look(&self, registry: &Registry) -> bool {
        self.put_right(registry).await.is_ok()
    }

    async fn end(&self, registry: &Registry) {
        if registry.store.is_shared() {
            let _ = registry.store.commit(self.lease(), Expect::Anything, Write::Delete).await;
            if let Ok(others) = leases(registry).await
                && !others.is_empty()
            {
                let _ = self.write(registry, &others).await;
            }
        }
    }
}

impl KubernetesService {
    async fn put_right(&self, registry: &Registry) -> Result<(), Error> {
        let own = self.0.advertise_address;
        let mut addresses = vec![own];
        if registry.store.is_shared() {
            let lease = json!({
                "kind": "Endpoints",
                "apiVersion": "v1",
                "metadata": {},
                "subsets": [{"addresses": [{"ip": own.to_string()}]}],
            });
            let write = Write::Put { value: lease.to_string().into(), ttl: Some(LEASE) };
            registry.store.commit(self.lease(), Expect::Anything, write).await?;
            addresses.extend(leases(registry).await?);
            addresses.sort_unstable();
            addresses.dedup();
        }
        self.write(registry, &addresses).await
    }

    fn lease(&self) -> bytes::Bytes {
        format!("{KEY_ROOT}{LEASES}{}", self.0.advertise_address).into()
    }

    async fn write(&self, registry: &Registry, addresses: &[IpAddr]) -> Result<(), Error> {
        for object in kubernetes_service(&self.0, addresses) {
            if object["kind"] == "Service" && !has_address(registry, &object).await? {
                continue;
            }
            make_one(registry, object).await?;
        }
        Ok(())
    }
}

/// Whether nobody else has the address that the service is to have.
async fn has_address(registry: &Registry, service: &serde_json::Value) -> Result<bool, Error> {
    let Some(served) = registry.kinds.stored("networking.k8s.io", "ipaddresses") else { return Ok(true) };
    let key = registry.cache(served).key("", service["spec"]["clusterIP"].as_str().unwrap_or_default());
    let entry = registry.store.get(&key).await?.entry;
    let object = entry.and_then(|entry| crate::document::decode(&entry.value, entry.modified.0));
    Ok(object.is_some_and(|object| {
        let parent = &object["spec"]["parentRef"];
        parent["resource"] == "services" && parent["namespace"] == "default" && parent["name"] == "kubernetes"
    }))
}

/// The addresses of all servers that hold a lease.
async fn leases(registry: &Registry) -> Result<Vec<IpAddr>, Error> {
    let prefix = format!("{KEY_ROOT}{LEASES}");
    let listing = registry.store.list(Range::prefix(prefix.clone()), None).await?;
    let keys = listing.entries.iter().filter_map(|entry| std::str::from_utf8(&entry.key).ok());
    Ok(keys.filter_map(|key| key.strip_prefix(prefix.as_str())?.parse().ok()).collect())
}
