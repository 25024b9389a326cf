//! Whether addresses and ports of services are what services say.

use std::time::Duration;

use apimachinery::GroupResource;
use base::Map;
use serde_json::json;
use store::{Expect, Write};
use tokio::sync::Mutex;

use super::Loop;
use crate::field_manager::FieldManager;
use crate::registry::Registry;
use crate::services::{Finding, Suspects};
use crate::{chance, clock, document};

/// Who tells of it, with upstream's name.
const REPORTER: &str = "ipallocator-repair-controller";

/// How long an address or a port may be taken before its service is there: as long as a request takes at most.
const GRACE: Duration = Duration::from_secs(60);

#[derive(Default)]
pub(super) struct Allocations(Mutex<State>);

#[derive(Default)]
struct State {
    suspects: Suspects,
    /// What stays wrong until somebody does something is told once.
    told: Map<String, ()>,
}

impl Loop for Allocations {
    fn resources(&self, _: &Registry) -> Vec<GroupResource> {
        vec![GroupResource::new("networking.k8s.io", "ipaddresses")]
    }

    /// Half of upstream's three minutes: what is seen twice is put right in three.
    fn period(&self) -> Option<Duration> {
        Some(Duration::from_secs(90))
    }

    /// A look costs all services, and each new one changes addresses.
    fn rest(&self) -> Duration {
        Duration::from_secs(2)
    }

    async fn look(&self, registry: &Registry) -> bool {
        let mut state = self.0.lock().await;
        let State { suspects, told } = &mut *state;
        let grace_ns = u64::try_from(GRACE.as_nanos()).unwrap_or(u64::MAX);
        let repaired = registry.allocators.repair(registry, suspects, clock::monotonic_ns(), grace_ns).await;
        let Ok(findings) = repaired else { return false };
        let mut standing = Map::default();
        for finding in findings {
            let is_standing = !matches!(finding.reason, "ClusterIPNotAllocated" | "IPAddressNotAllocated");
            let text = format!("{:?} {}", finding.of, finding.message);
            if !is_standing || !told.contains_key(&text) {
                tell(registry, &finding).await;
            }
            if is_standing {
                standing.insert(text, ());
            }
        }
        *told = standing;
        true
    }
}

/// Records an event. Nobody has to know of it, so it may fail.
async fn tell(registry: &Registry, finding: &Finding) {
    let Some(served) = registry.kinds.stored("", "events") else { return };
    let (kind, namespace, name, uid) = &finding.of;
    let api_version = if *kind == "Service" { "v1" } else { "networking.k8s.io/v1" };
    let mut regarding = json!({"kind": kind, "name": name, "uid": uid, "apiVersion": api_version});
    let mut event_namespace = "default";
    if !namespace.is_empty() {
        regarding["namespace"] = namespace.as_str().into();
        event_namespace = namespace;
    }
    let now = clock::now();
    let event_name = format!("{name}.{:016x}", now.as_nanosecond());
    let mut event = json!({
        "metadata": {
            "name": event_name,
            "namespace": event_namespace,
            "uid": chance::uid(),
            "creationTimestamp": clock::print(now),
        },
        "involvedObject": regarding,
        "reason": finding.reason,
        "message": finding.message,
        "source": {},
        "firstTimestamp": null,
        "lastTimestamp": null,
        "type": "Warning",
        "eventTime": now.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string(),
        "action": finding.action,
        "reportingComponent": REPORTER,
        "reportingInstance": REPORTER,
    });
    FieldManager::of_server(served).create(&mut event, None);
    let write = Write::Put { value: document::encode(served.kind, &event), ttl: Some(registry.event_ttl) };
    let key = registry.cache(served).key(event_namespace, &event_name);
    let _ = registry.store.commit(key, Expect::Absent, write).await;
}
