//! Times to live.
//!
//! etcd counts leases, not keys, so keys that expire at about the same time share one, as kube-apiserver's do: a lease is
//! used for a twentieth of its time, a minute at most, and lasts that much longer.

use std::time::{Duration, Instant};

use base::Map;
use tokio::sync::Mutex;

use super::connection::{Connection, Failure, Repeat};
use super::rpc::LeaseGrantRequest;
use super::rpc::lease_client::LeaseClient;
use crate::error::Error;

/// How many keys share a lease at most; etcd deletes them all in one transaction. kube-apiserver's default.
const KEYS_MAX: usize = 1000;
/// For how long a lease is given to new keys at most, in seconds. The contract allows a minute.
const REUSE_S_MAX: u64 = 60;

/// The leases that may be shared, by the time to live that was asked for, in seconds.
#[derive(Debug, Default)]
pub(super) struct Leases {
    by_ttl_s: Mutex<Map<u64, Granted>>,
}

#[derive(Debug)]
struct Granted {
    id: i64,
    n_keys: usize,
    until: Instant,
}

#[expect(clippy::disallowed_methods, reason = "the store is an edge: what expires does so by real time")]
fn clock() -> Instant {
    Instant::now()
}

impl Leases {
    /// A lease that lasts at least so long.
    pub(super) async fn lease(&self, connection: &Connection, ttl: Duration) -> Result<i64, Error> {
        let ttl_s = (ttl.as_secs() + u64::from(ttl.subsec_nanos() > 0)).max(1);
        let reuse_s = (ttl_s / 20).min(REUSE_S_MAX);
        // Others wait while one is granted: they want the same.
        let mut by_ttl_s = self.by_ttl_s.lock().await;
        let now = clock();
        if let Some(granted) = by_ttl_s.get_mut(&ttl_s)
            && granted.until > now
            && granted.n_keys < KEYS_MAX
        {
            granted.n_keys += 1;
            return Ok(granted.id);
        }
        let id = grant(connection, ttl_s.saturating_add(reuse_s)).await?;
        by_ttl_s.retain(|_, granted| granted.until > now);
        if reuse_s > 0 {
            by_ttl_s.insert(ttl_s, Granted { id, n_keys: 1, until: now + Duration::from_secs(reuse_s) });
        }
        Ok(id)
    }

    /// Does not give this one to anybody any more.
    pub(super) async fn forget(&self, id: i64) {
        self.by_ttl_s.lock().await.retain(|_, granted| granted.id != id);
    }
}

async fn grant(connection: &Connection, ttl_s: u64) -> Result<i64, Error> {
    let ask = |channel| async move {
        let request = LeaseGrantRequest { ttl: i64::try_from(ttl_s).unwrap_or(i64::MAX), id: 0 };
        LeaseClient::new(channel).lease_grant(request).await.map(tonic::Response::into_inner)
    };
    // One that was granted without our knowing expires by itself.
    let granted = connection.call(Repeat::Always, ask).await.map_err(Failure::of_a_read)?;
    if granted.error.is_empty() {
        Ok(granted.id)
    } else {
        Err(Error::Unavailable { reason: format!("etcd grants no lease: {}", granted.error).into() })
    }
}
