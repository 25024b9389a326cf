//! Addresses and ports of services, each given to one service only.
//!
//! An address is taken by creating its `IPAddress` object, a port by creating its key: the store makes sure that only one
//! of two who want the same gets it, also among several servers. What was taken for a write that then failed is given
//! back; what is left over after a crash, or was changed by hand, is put right by [`Allocators::repair`].

mod allocation;
mod ports;
mod range;
mod repair;

use apimachinery::field::{FieldError, FieldValue, Path};
use apimachinery::{ErrorList, GroupKind, Status};
use resources::kind::Kind;
use resources::kinds::service as rules;
use serde_json::{Value, json};
use std::net::IpAddr;
use store::Revision;

pub use allocation::Allocation;
pub use range::{Range, RangeError};
pub use repair::{Finding, Suspects};

use crate::chance::Random;
use crate::registry::Registry;

/// Where addresses and ports are taken from.
#[derive(Debug)]
pub struct Allocators {
    /// `--service-cluster-ip-range`: one range, or one of each family.
    pub ranges: Vec<Range>,
    /// `--service-node-port-range`: the first and the last port.
    pub node_ports: (u16, u16),
    random: Random,
}

fn is_service(kind: &Kind) -> bool {
    kind.group.is_empty() && kind.kind == "Service"
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

impl Allocators {
    /// Of these ranges.
    pub fn new(ranges: Vec<Range>, node_ports: (u16, u16)) -> Allocators {
        Allocators { ranges, node_ports, random: Random::new("services") }
    }

    /// Takes what a new service needs.
    ///
    /// # Errors
    /// What it asks for is taken, or out of range, or there is nothing left.
    pub async fn begin_create(
        &self,
        registry: &Registry,
        kind: &Kind,
        object: &mut Value,
        is_dry_run: bool,
    ) -> Result<Allocation, Box<Status>> {
        let mut allocation = Allocation::new(registry, is_dry_run);
        if is_service(kind) {
            rules::normalise_on_create(object);
            self.allocate(&mut allocation, object, None).await?;
        }
        Ok(allocation)
    }

    /// Takes what a changed service needs besides, and remembers what it does not need any more.
    ///
    /// # Errors
    /// As of a new one.
    pub async fn begin_update(
        &self,
        allocation: &mut Allocation,
        kind: &Kind,
        subresource: &str,
        object: &mut Value,
        old: &Value,
    ) -> Result<(), Box<Status>> {
        if is_service(kind) && subresource.is_empty() {
            rules::normalise_on_update(object, old);
            rules::patch_on_update(object, old);
            rules::type_change(object, old);
            self.allocate(allocation, object, Some(old)).await?;
            for key in keys_of(old) {
                if !keys_of(object).contains(&key) {
                    allocation.give_back_later(key);
                }
            }
        }
        Ok(())
    }

    /// Gives back what a service had that is gone, and its endpoints, which are nobody else's.
    pub async fn release(&self, registry: &Registry, kind: &Kind, object: &Value, _: Revision) {
        if !is_service(kind) {
            return;
        }
        let mut allocation = Allocation::new(registry, false);
        keys_of(object).into_iter().for_each(|key| allocation.give_back_later(key));
        let metadata = &object["metadata"];
        let key = format!(
            "{}services/endpoints/{}/{}",
            crate::watch_cache::KEY_ROOT,
            text(metadata, "namespace"),
            text(metadata, "name")
        );
        allocation.give_back_later(key.into());
        allocation.keep().await;
    }

    async fn allocate(
        &self,
        allocation: &mut Allocation,
        service: &mut Value,
        old: Option<&Value>,
    ) -> Result<(), Box<Status>> {
        let ty = text(&service["spec"], "type").to_owned();
        if ty != "ExternalName" {
            self.set_families(service, old)?;
            self.allocate_addresses(allocation, service, old).await?;
        }
        self.allocate_ports(allocation, service, old).await
    }

    /// The IP families of a service that does not say, and whether those that it says are there.
    fn set_families(&self, service: &mut Value, old: Option<&Value>) -> Result<(), Box<Status>> {
        let configured: Vec<&str> = self.ranges.iter().map(Range::family).collect();
        let name = text(&service["metadata"], "name").to_owned();
        let spec = &mut service["spec"];
        let is_headless = text(spec, "clusterIP") == "None";
        let has_selector = spec["selector"].as_object().is_some_and(|selector| !selector.is_empty());
        // Whoever makes the endpoints may use families that the cluster has not.
        let is_free = is_headless && !has_selector;
        let mut families: Vec<String> = strings(&spec["ipFamilies"]);
        let addresses = strings(&spec["clusterIPs"]);
        let own_policy = text(spec, "ipFamilyPolicy").to_owned();
        let mut errors = ErrorList::new();
        let path = Path::new("spec");
        for (i, family) in families.iter().enumerate() {
            if !configured.contains(&family.as_str()) && !is_free {
                let path = path.child("ipFamilies").index(i);
                errors.push(FieldError::invalid(&path, family.as_str(), "not configured on this cluster"));
            }
        }
        for (i, address) in addresses.iter().enumerate() {
            let Ok(address) = address.parse::<IpAddr>() else { continue };
            let family = range::family_of(address);
            if !configured.contains(&family) {
                let path = path.child("clusterIPs").index(i);
                let detail = format!("{family} is not configured on this cluster");
                errors.push(FieldError::invalid(&path, address.to_string(), detail));
            }
        }
        if own_policy == "RequireDualStack" && configured.len() < 2 && !is_free {
            let path = path.child("ipFamilyPolicy");
            let detail = "this cluster is not configured for dual-stack services";
            errors.push(FieldError::invalid(&path, own_policy.as_str(), detail));
        }
        let wants_two = matches!(own_policy.as_str(), "RequireDualStack" | "PreferDualStack");
        if !wants_two && (addresses.len() > 1 || families.len() > 1) && old.is_none() {
            let what = if addresses.len() > 1 { "cluster IPs" } else { "IP families" };
            let detail =
                format!("must be 'RequireDualStack' or 'PreferDualStack' when multiple {what} are specified");
            errors.push(FieldError::invalid(&path.child("ipFamilyPolicy"), own_policy.as_str(), detail));
        }
        if !errors.is_empty() {
            return Err(Box::new(Status::invalid(&GroupKind::new("", "Service"), &name, &errors)));
        }
        let old_policy = old.map(|old| text(&old["spec"], "ipFamilyPolicy").to_owned()).unwrap_or_default();
        let policy = match (own_policy.as_str(), old_policy.as_str()) {
            ("", "") if is_free => "RequireDualStack",
            ("", "") => "SingleStack",
            ("", old) => old,
            (own, _) => own,
        }
        .to_owned();
        if families.is_empty() {
            families = addresses
                .iter()
                .filter_map(|address| address.parse().ok())
                .map(|address| range::family_of(address).to_owned())
                .collect();
        }
        if families.is_empty() {
            families.extend(configured.first().map(|family| (*family).to_owned()));
        }
        let other = if families[..] == ["IPv4"] { "IPv6" } else { "IPv4" };
        let gets_both = policy != "SingleStack" && (is_free || configured.contains(&other));
        if families.len() == 1 && gets_both {
            families.push(other.to_owned());
        }
        if policy == "SingleStack" {
            families.truncate(1);
        }
        spec["ipFamilyPolicy"] = policy.into();
        spec["ipFamilies"] = json!(families);
        Ok(())
    }

    async fn allocate_addresses(
        &self,
        allocation: &mut Allocation,
        service: &mut Value,
        old: Option<&Value>,
    ) -> Result<(), Box<Status>> {
        if text(&service["spec"], "clusterIP") == "None" {
            service["spec"]["clusterIPs"] = json!(["None"]);
            return Ok(());
        }
        let families = strings(&service["spec"]["ipFamilies"]);
        let mut addresses = strings(&service["spec"]["clusterIPs"]);
        addresses.retain(|address| !address.is_empty());
        let had = old.map(|old| strings(&old["spec"]["clusterIPs"])).unwrap_or_default();
        for (i, family) in families.iter().enumerate() {
            let Some(range) = self.ranges.iter().find(|range| range.family() == family) else { continue };
            match addresses.get(i) {
                Some(address) if had.contains(address) => {}
                Some(address) => self.take_address(allocation, service, range, address).await?,
                None => {
                    let address = self.next_address(allocation, service, range).await?;
                    addresses.push(address.to_string());
                }
            }
        }
        service["spec"]["clusterIP"] = addresses.first().cloned().unwrap_or_default().into();
        service["spec"]["clusterIPs"] = json!(addresses);
        Ok(())
    }

    /// Takes the address that was asked for.
    async fn take_address(
        &self,
        allocation: &mut Allocation,
        service: &Value,
        range: &Range,
        address: &str,
    ) -> Result<(), Box<Status>> {
        // What is no address is for validation to say.
        let Ok(ip) = address.parse::<IpAddr>() else { return Ok(()) };
        let error = if !range.contains(ip) {
            format!(
                "the provided IP ({address}) is not in the valid range. The range of valid IPs is {range}"
            )
        } else if allocation.take_address(ip, service).await? {
            return Ok(());
        } else {
            "provided IP is already allocated".to_owned()
        };
        let detail = format!("failed to allocate IP {address}: {error}");
        let value = FieldValue::list(&strings(&service["spec"]["clusterIPs"]));
        let mut errors = ErrorList::new();
        errors.push(FieldError::invalid(&Path::new("spec").child("clusterIPs"), value, detail));
        let name = text(&service["metadata"], "name");
        Err(Box::new(Status::invalid(&GroupKind::new("", "Service"), name, &errors)))
    }

    /// Takes any address: at random above the part that is for those who ask, then there too.
    async fn next_address(
        &self,
        allocation: &mut Allocation,
        service: &Value,
        range: &Range,
    ) -> Result<IpAddr, Box<Status>> {
        for held in allocation.held(allocation::ADDRESSES) {
            let Ok(ip) = held.parse::<IpAddr>() else { continue };
            if range.contains(ip) && allocation.take_address(ip, service).await? {
                return Ok(ip);
            }
        }
        for (first, n) in range.bands() {
            let offset = self.random.below(usize::try_from(n).unwrap_or(usize::MAX)) as u64;
            for i in 0..n {
                let ip = range.at(first + (offset + i) % n);
                if allocation.take_address(ip, service).await? {
                    return Ok(ip);
                }
            }
        }
        let name = text(&service["metadata"], "name");
        let message = format!("failed to allocate a serviceIP for Service {name:?}: range is full");
        Err(Box::new(Status::internal_error(message)))
    }
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// What a stored service has taken.
fn keys_of(service: &Value) -> Vec<bytes::Bytes> {
    let addresses = strings(&service["spec"]["clusterIPs"]);
    let addresses = addresses.iter().filter_map(|address| address.parse().ok()).map(allocation::address_key);
    let ports = ports::node_ports(service).into_iter().map(allocation::port_key);
    addresses.chain(ports).collect()
}
