//! Puts addresses and ports right that a crash has left over, or that somebody has changed by hand.
//!
//! Every address and port of a service has a key, and every key of ours has a service that needs it. A key whose service
//! is not there may be that of a service in the making, so it is only removed when it was seen a while ago already.

use std::collections::BTreeMap;
use std::net::IpAddr;

use base::Map;
use bytes::Bytes;
use serde_json::Value;
use store::{Committed, Entry, Error, Expect, Range, Revision, Write};

use super::allocation::{ADDRESSES, MANAGED_BY, PORTS, address, address_key, port_key};
use super::ports::node_ports;
use super::{Allocators, keys_of, range, strings, text};
use crate::document;
use crate::registry::Registry;
use crate::watch_cache::KEY_ROOT;

/// Keys that nobody needs: at which revision they were written, and since when they are known.
#[derive(Debug, Default)]
pub struct Suspects(Map<Bytes, (Revision, u64)>);

/// Something that was wrong.
#[derive(Debug, PartialEq, Eq)]
pub struct Finding {
    /// The object that is concerned: kind, namespace, name, uid.
    pub of: (&'static str, String, String, String),
    /// Upstream's word for it.
    pub reason: &'static str,
    /// What was to be done.
    pub action: &'static str,
    /// The same for people.
    pub message: String,
}

/// What a service needs of others.
struct Service {
    document: Value,
    key: Bytes,
}

impl Service {
    fn name(&self) -> (&str, &str) {
        let metadata = &self.document["metadata"];
        (text(metadata, "namespace"), text(metadata, "name"))
    }

    fn finding(&self, reason: &'static str, message: String) -> Finding {
        let (namespace, name) = self.name();
        let uid = text(&self.document["metadata"], "uid").to_owned();
        let of = ("Service", namespace.to_owned(), name.to_owned(), uid);
        Finding { of, reason, action: "ClusterIPAllocation", message }
    }
}

impl Allocators {
    /// Looks at all services, addresses and ports once, and puts right what is wrong. Keys without a service are removed
    /// if they have been suspects for longer than `grace_ns`. Tells what it found.
    ///
    /// # Errors
    /// The store cannot be read or written.
    pub async fn repair(
        &self,
        registry: &Registry,
        suspects: &mut Suspects,
        now_ns: u64,
        grace_ns: u64,
    ) -> Result<Vec<Finding>, Error> {
        let services = registry.store.list(Range::prefix(format!("{KEY_ROOT}services/specs/")), None).await?;
        let services: Vec<Service> = services.entries.into_iter().filter_map(read).collect();
        let mut taken: BTreeMap<Bytes, Entry> = BTreeMap::new();
        for prefix in [ADDRESSES, PORTS] {
            let listing = registry.store.list(Range::prefix(format!("{KEY_ROOT}{prefix}")), None).await?;
            taken.extend(listing.entries.into_iter().map(|entry| (entry.key.clone(), entry)));
        }
        let mut findings = Vec::new();
        let mut needed: Map<Bytes, usize> = Map::default();
        for (place, service) in services.iter().enumerate() {
            for key in keys_of(&service.document) {
                match needed.get(&key) {
                    Some(other) if !has(&taken, &key, &services[*other]) && has(&taken, &key, service) => {
                        needed.insert(key, place);
                    }
                    Some(_) => {}
                    None => _ = needed.insert(key, place),
                }
            }
        }
        for (place, service) in services.iter().enumerate() {
            self.repair_addresses(registry, service, place, &needed, &taken, &mut findings).await?;
            for port in node_ports(&service.document) {
                let key = port_key(port);
                if !taken.contains_key(&key) && needed.get(&key) == Some(&place) {
                    let name = Bytes::copy_from_slice(service.name().1.as_bytes());
                    take_again(registry, service, key, Expect::Absent, name).await?;
                }
            }
        }
        suspects.0.retain(|key, (modified, _)| {
            !needed.contains_key(key) && taken.get(key).is_some_and(|entry| entry.modified == *modified)
        });
        for (key, entry) in taken {
            let is_port = key.starts_with(format!("{KEY_ROOT}{PORTS}").as_bytes());
            let object = (!is_port).then(|| document::decode(&entry.value, entry.modified.0)).flatten();
            // Addresses that users made themselves have another manager, or none.
            let is_ours = is_port || object.as_ref().is_some_and(is_managed);
            if !is_ours || needed.contains_key(&key) {
                continue;
            }
            let (_, since_ns) = *suspects.0.entry(key.clone()).or_insert((entry.modified, now_ns));
            if now_ns - since_ns < grace_ns {
                continue;
            }
            suspects.0.remove(&key);
            match registry.store.commit(key, Expect::Modified(entry.modified), Write::Delete).await {
                Ok(_) => findings.extend(object.as_ref().map(leaked)),
                Err(Error::Conflict { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(findings)
    }

    async fn repair_addresses(
        &self,
        registry: &Registry,
        service: &Service,
        place: usize,
        needed: &Map<Bytes, usize>,
        taken: &BTreeMap<Bytes, Entry>,
        findings: &mut Vec<Finding>,
    ) -> Result<(), Error> {
        let Some(served) = registry.kinds.stored("networking.k8s.io", "ipaddresses") else { return Ok(()) };
        let addresses = strings(&service.document["spec"]["clusterIPs"]);
        for ip in addresses.iter().filter_map(|address| address.parse::<IpAddr>().ok()) {
            let (key, family) = (address_key(ip), range::family_of(ip));
            if !self.ranges.iter().any(|range| range.contains(ip)) {
                let message = format!(
                    "Cluster IP [{family}]: {ip} is not within any configured Service CIDR; please recreate service"
                );
                findings.push(service.finding("ClusterIPOutOfRange", message));
                continue;
            }
            if needed.get(&key) != Some(&place) {
                let message = format!(
                    "Cluster IP [{family}]:{ip} was assigned to multiple services; please recreate service"
                );
                findings.push(service.finding("ClusterIPAlreadyAllocated", message));
                continue;
            }
            let (namespace, name) = service.name();
            let (expected, message) = match taken.get(&key) {
                None => (Expect::Absent, format!("Cluster IP [{family}]: {ip} is not allocated; repairing")),
                Some(_) if has(taken, &key, service) => continue,
                Some(entry) => (
                    Expect::Modified(entry.modified),
                    format!(
                        "the ClusterIP [{family}]: {ip} for Service {namespace}/{name} has a wrong reference; repairing"
                    ),
                ),
            };
            let value = address(served, ip, namespace, name);
            if take_again(registry, service, key, expected, value).await? {
                findings.push(service.finding("ClusterIPNotAllocated", message));
            }
        }
        Ok(())
    }
}

/// Writes a key that a service needs; whether it was needed. The service may have gone since it was read, and with it
/// what it had.
async fn take_again(
    registry: &Registry,
    service: &Service,
    key: Bytes,
    expected: Expect,
    value: Bytes,
) -> Result<bool, Error> {
    let Committed { revision, .. } =
        match registry.store.commit(key.clone(), expected, Write::put(value)).await {
            Ok(committed) => committed,
            Err(Error::Conflict { .. }) => return Ok(false),
            Err(error) => return Err(error),
        };
    let now = registry.store.get(&service.key).await?.entry.and_then(read);
    if now.is_some_and(|service| keys_of(&service.document).contains(&key)) {
        return Ok(true);
    }
    match registry.store.commit(key, Expect::Modified(revision), Write::Delete).await {
        Ok(_) | Err(Error::Conflict { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

fn read(entry: Entry) -> Option<Service> {
    let document = document::decode(&entry.value, entry.modified.0)?;
    Some(Service { document, key: entry.key })
}

/// Whether a key is there and says that it is a service's. Ports do not say it.
fn has(taken: &BTreeMap<Bytes, Entry>, key: &Bytes, service: &Service) -> bool {
    let Some(entry) = taken.get(key) else { return false };
    let Some(object) = document::decode(&entry.value, entry.modified.0) else { return true };
    let parent = &object["spec"]["parentRef"];
    let (namespace, name) = service.name();
    is_managed(&object)
        && text(parent, "group").is_empty()
        && text(parent, "resource") == "services"
        && text(parent, "namespace") == namespace
        && text(parent, "name") == name
}

fn is_managed(object: &Value) -> bool {
    object["metadata"]["labels"]["ipaddress.kubernetes.io/managed-by"] == MANAGED_BY
}

fn leaked(object: &Value) -> Finding {
    let (metadata, parent) = (&object["metadata"], &object["spec"]["parentRef"]);
    let ip = text(metadata, "name");
    let message = format!(
        "IPAddress: {ip} for Service {}/{} appears to have leaked: cleaning up",
        text(parent, "namespace"),
        text(parent, "name")
    );
    let of = ("IPAddress", String::new(), ip.to_owned(), text(metadata, "uid").to_owned());
    Finding { of, reason: "IPAddressNotAllocated", action: "IPAddressAllocation", message }
}
