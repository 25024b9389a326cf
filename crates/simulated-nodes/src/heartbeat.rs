//! Nodes say that they are alive: a Lease per node in `kube-node-lease` (KEP-589).

use std::sync::Arc;
use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::json;
use tokio::time::Instant;

use crate::nodes::{Known, is, now_micros};
use crate::{Client, Settings};

/// For how many intervals a lease is good, as a kubelet's.
const INTERVALS_PER_LEASE: u32 = 4;

const LEASES: &str = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases";

/// Renews the leases of all nodes, spread over the interval.
pub(crate) async fn beat(client: Client, known: Known, settings: Settings) {
    loop {
        let names = known.sorted();
        if names.is_empty() {
            known.changed().await;
            continue;
        }
        let interval = settings.heartbeat_interval(names.len());
        let begun = Instant::now();
        let n_names = u32::try_from(names.len()).unwrap_or(u32::MAX);
        for (i, name) in (0..).zip(names) {
            tokio::time::sleep_until(begun + interval * i / n_names).await;
            if known.contains(&name) {
                tokio::spawn(renew(client.clone(), name, interval * INTERVALS_PER_LEASE));
            }
        }
        tokio::time::sleep_until(begun + interval).await;
    }
}

/// Renews one lease; makes it if it is not there. What fails is tried again when its turn comes.
async fn renew(client: Client, name: Arc<str>, duration: Duration) {
    let spec = json!({
        "holderIdentity": &*name, "leaseDurationSeconds": duration.as_secs(), "renewTime": now_micros(),
    });
    let what = format!("renewing the lease of the simulated node {name}");
    let patch = json!({ "spec": spec }).to_string().into_bytes();
    let content = Some(("application/merge-patch+json", patch));
    let renewed = client.send(Method::PATCH, &format!("{LEASES}/{name}"), content, &what).await;
    let renewed = match renewed {
        Err(error) if is(&error, StatusCode::NOT_FOUND) => {
            let lease = json!({
                "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": { "name": &*name }, "spec": spec,
            });
            let content = Some(("application/json", lease.to_string().into_bytes()));
            client.send(Method::POST, LEASES, content, &what).await
        }
        renewed => renewed,
    };
    if let Err(error) = renewed {
        tracing::warn!(%error, "A heartbeat failed");
    }
}
