//! What a write has taken and will give back.

use std::net::IpAddr;
use std::sync::Arc;

use apimachinery::{GroupResource, Status};
use bytes::Bytes;
use serde_json::{Value, json};
use store::{Error, Expect, Store, Write};

use super::{range, text};
use crate::field_manager::FieldManager;
use crate::registry::{Registry, store_error};
use crate::served::Served;
use crate::watch_cache::KEY_ROOT;
use crate::{chance, document};

/// What keys of ports begin with.
pub(super) const PORTS: &str = "ranges/servicenodeports/";
/// What keys of addresses begin with.
pub(super) const ADDRESSES: &str = "ipaddresses/";

pub(super) fn address_key(address: IpAddr) -> Bytes {
    format!("{KEY_ROOT}{ADDRESSES}{address}").into()
}

pub(super) fn port_key(port: u16) -> Bytes {
    format!("{KEY_ROOT}{PORTS}{port}").into()
}

/// What a write has taken, given back unless it goes through; and what it will give back once it has.
#[derive(Debug)]
pub struct Allocation {
    store: Arc<dyn Store>,
    addresses: Option<Served>,
    is_dry_run: bool,
    is_kept: bool,
    taken: Vec<Bytes>,
    left: Vec<Bytes>,
    /// What an earlier attempt of the same write has taken.
    held: Vec<Bytes>,
}

impl Allocation {
    /// Nothing yet.
    pub fn new(registry: &Registry, is_dry_run: bool) -> Allocation {
        Allocation {
            store: Arc::clone(&registry.store),
            addresses: registry.kinds.stored("networking.k8s.io", "ipaddresses"),
            is_dry_run,
            is_kept: false,
            taken: Vec::new(),
            left: Vec::new(),
            held: Vec::new(),
        }
    }

    /// The write is tried again: what was taken is held, in case that it is needed again.
    pub fn begin_again(&mut self) {
        self.held.append(&mut self.taken);
        self.left.clear();
    }

    /// Keys that an earlier attempt has taken and this one has not used yet.
    pub(super) fn held(&self, prefix: &str) -> Vec<String> {
        let keys = self.held.iter().filter_map(|key| std::str::from_utf8(key).ok());
        let ends = keys.filter_map(|key| key.strip_prefix(KEY_ROOT)?.strip_prefix(prefix));
        ends.map(str::to_owned).collect()
    }

    /// Takes a key that nobody has; false if somebody has it.
    pub(super) async fn take(&mut self, key: Bytes, value: Bytes) -> Result<bool, Box<Status>> {
        let failed = |error: &Error| store_error(&GroupResource::new("", "services"), "", error);
        if self.taken.contains(&key) {
            return Ok(false);
        }
        if let Some(place) = self.held.iter().position(|held| *held == key) {
            self.taken.push(self.held.swap_remove(place));
            return Ok(true);
        }
        if self.is_dry_run {
            let found = self.store.get(&key).await.map_err(|error| failed(&error))?;
            return Ok(found.entry.is_none());
        }
        match self.store.commit(key.clone(), Expect::Absent, Write::put(value)).await {
            Ok(_) => {
                self.taken.push(key);
                Ok(true)
            }
            Err(Error::Conflict { .. }) => Ok(false),
            Err(error) => Err(failed(&error)),
        }
    }

    /// Takes an address by creating its object.
    pub(super) async fn take_address(&mut self, ip: IpAddr, service: &Value) -> Result<bool, Box<Status>> {
        let metadata = &service["metadata"];
        let encode = |served| address(served, ip, text(metadata, "namespace"), text(metadata, "name"));
        let value = self.addresses.map(encode).unwrap_or_default();
        self.take(address_key(ip), value).await
    }

    /// Remembers what is not needed any more once the write has gone through.
    pub(super) fn give_back_later(&mut self, key: Bytes) {
        self.left.push(key);
    }

    /// The write has gone through: gives back what is not needed any more.
    pub async fn keep(mut self) {
        self.is_kept = true;
        self.left.append(&mut self.held);
        self.settle().await;
    }

    /// The write has not gone through, and may be tried again at once: gives back what was taken for it.
    pub async fn undo(mut self) {
        self.taken.append(&mut self.held);
        self.settle().await;
    }

    /// Whether the write has gone through is not known: what it has taken may be in use. The next repair finds out.
    pub fn leave(&mut self) {
        self.taken.clear();
    }

    /// Gives back now what else would be given back later.
    async fn settle(&mut self) {
        if self.is_dry_run {
            return;
        }
        while let Some(key) = self.given_back_last().last().cloned() {
            give_back(self.store.as_ref(), vec![key]).await;
            self.given_back_last().pop();
        }
    }

    fn given_back_last(&mut self) -> &mut Vec<Bytes> {
        if self.is_kept { &mut self.left } else { &mut self.taken }
    }
}

/// The object that says to whom an address belongs.
pub(super) fn address(served: Served, ip: IpAddr, namespace: &str, name: &str) -> Bytes {
    let mut object = json!({
        "metadata": {
            "name": ip.to_string(),
            "uid": chance::uid(),
            "creationTimestamp": crate::clock::print(crate::clock::now()),
            "labels": {
                "ipaddress.kubernetes.io/ip-family": range::family_of(ip),
                "ipaddress.kubernetes.io/managed-by": MANAGED_BY,
            },
        },
        "spec": {"parentRef": {"resource": "services", "namespace": namespace, "name": name}},
    });
    FieldManager::of_server(served).create(&mut object, None);
    document::encode(served.kind, &object)
}

/// Whose addresses are given out and taken back here.
pub(super) const MANAGED_BY: &str = "ipallocator.k8s.io";

async fn give_back(store: &dyn Store, keys: Vec<Bytes>) {
    for key in keys {
        // What is not given back now is found at the next repair.
        let _ = store.commit(key, Expect::Anything, Write::Delete).await;
    }
}

impl Drop for Allocation {
    fn drop(&mut self) {
        if !self.is_kept {
            self.taken.append(&mut self.held);
        }
        let keys = std::mem::take(self.given_back_last());
        if keys.is_empty() || self.is_dry_run {
            return;
        }
        let store = Arc::clone(&self.store);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { give_back(store.as_ref(), keys).await });
        }
    }
}
