//! How programs in the cluster find this server: the Service `kubernetes`, and where addresses of services come from.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use serde_json::{Value, json};

use super::{Settings, seconds};

/// A range of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr {
    address: IpAddr,
    prefix: u8,
}

/// What is wrong with ranges of service addresses.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// A text is no range.
    #[error(
        "{0:?} is no range of addresses: an address and the length of its prefix are expected, such as 10.0.0.0/24"
    )]
    NoCidr(String),
    /// There are too few or too many, or two of the same family.
    #[error(
        "service-cluster-ip-range has to be one range, or two of which one is IPv4 and one IPv6, not {0}"
    )]
    Ranges(String),
    /// A range has too many addresses, or none for services.
    #[error(
        "service-cluster-ip-range {0} has to have between 8 and 2^64 addresses: a prefix up to /{1}, from /64 on for IPv6"
    )]
    Size(Cidr, u8),
}

impl Cidr {
    /// Reads `--service-cluster-ip-range`. Empty is upstream's default.
    ///
    /// # Errors
    /// If it holds something else than one range, or one of each family.
    pub fn parse_service_ranges(text: &str) -> Result<Vec<Cidr>, NetworkError> {
        let text = if text.is_empty() { "10.0.0.0/24" } else { text };
        let ranges: Result<Vec<Cidr>, _> = text.split(',').map(|range| range.trim().parse()).collect();
        let ranges = ranges?;
        if ranges.len() > 2 || (ranges.len() == 2 && ranges[0].is_ipv4() == ranges[1].is_ipv4()) {
            return Err(NetworkError::Ranges(text.to_owned()));
        }
        for range in &ranges {
            let (least, most) = if range.is_ipv4() { (8, 29) } else { (64, 125) };
            if !(least..=most).contains(&range.prefix) {
                return Err(NetworkError::Size(*range, most));
            }
        }
        Ok(ranges)
    }

    /// The first address of the range, without bits that are not in the prefix.
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// How many bits the prefix has.
    pub fn prefix(&self) -> u8 {
        self.prefix
    }

    /// Whether its addresses are IPv4.
    pub fn is_ipv4(&self) -> bool {
        self.address.is_ipv4()
    }

    /// The address that is `number` after the first.
    pub fn nth(&self, number: u32) -> IpAddr {
        match self.address {
            IpAddr::V4(first) => Ipv4Addr::from(u32::from(first).wrapping_add(number)).into(),
            IpAddr::V6(first) => Ipv6Addr::from(u128::from(first).wrapping_add(number.into())).into(),
        }
    }
}

impl FromStr for Cidr {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Cidr, NetworkError> {
        let bad = || NetworkError::NoCidr(text.to_owned());
        let (address, prefix) = text.split_once('/').ok_or_else(bad)?;
        let address: IpAddr = address.parse().map_err(|_| bad())?;
        let prefix: u8 = prefix.parse().map_err(|_| bad())?;
        // A shift by all bits is none: that is the prefix of length 0.
        let address = match address {
            IpAddr::V4(address) if prefix <= 32 => {
                let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
                Ipv4Addr::from(u32::from(address) & mask).into()
            }
            IpAddr::V6(address) if prefix <= 128 => {
                let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
                Ipv6Addr::from(u128::from(address) & mask).into()
            }
            _ => return Err(bad()),
        };
        Ok(Cidr { address, prefix })
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

fn family(address: IpAddr) -> &'static str {
    if address.is_ipv4() { "IPv4" } else { "IPv6" }
}

pub(super) fn objects(settings: &Settings) -> Vec<Value> {
    let mut all = vec![service_cidr(settings)];
    all.extend(kubernetes_service(settings, &[settings.advertise_address]));
    all
}

/// The Service `kubernetes` with its address, and its endpoints at the addresses of servers.
pub fn kubernetes_service(settings: &Settings, servers: &[IpAddr]) -> Vec<Value> {
    let mut all = Vec::new();
    if let Some(range) = settings.service_ranges.first() {
        let address = range.nth(1);
        all.push(ip_address(address));
        all.push(service(address, settings.secure_port));
    }
    all.push(endpoints(servers, settings.secure_port));
    all.push(endpoint_slice(settings, servers));
    all
}

fn service_cidr(settings: &Settings) -> Value {
    let ranges: Vec<String> = settings.service_ranges.iter().map(Cidr::to_string).collect();
    let condition = json!({
        "type": "Ready",
        "status": "True",
        "lastTransitionTime": seconds(settings.now),
        "reason": "",
        "message": "Kubernetes default Service CIDR is ready",
    });
    json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "ServiceCIDR",
        "metadata": {"name": "kubernetes"},
        "spec": {"cidrs": ranges},
        "status": {"conditions": [condition]},
    })
}

fn ip_address(address: IpAddr) -> Value {
    let labels = json!({
        "ipaddress.kubernetes.io/ip-family": family(address),
        "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io",
    });
    json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "IPAddress",
        "metadata": {"name": address.to_string(), "labels": labels},
        "spec": {
            "parentRef": {"group": "", "resource": "services", "namespace": "default", "name": "kubernetes"},
        },
    })
}

fn service(address: IpAddr, secure_port: u16) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": "kubernetes",
            "namespace": "default",
            "labels": {"component": "apiserver", "provider": "kubernetes"},
        },
        "spec": {
            "clusterIP": address.to_string(),
            "clusterIPs": [address.to_string()],
            "internalTrafficPolicy": "Cluster",
            "ipFamilies": [family(address)],
            "ipFamilyPolicy": "SingleStack",
            "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": secure_port}],
            "sessionAffinity": "None",
            "type": "ClusterIP",
        },
        "status": {"loadBalancer": {}},
    })
}

fn endpoints(servers: &[IpAddr], port: u16) -> Value {
    let addresses: Vec<Value> = servers.iter().map(|server| json!({"ip": server.to_string()})).collect();
    json!({
        "apiVersion": "v1",
        "kind": "Endpoints",
        "metadata": {
            "name": "kubernetes",
            "namespace": "default",
            "labels": {"endpointslice.kubernetes.io/skip-mirror": "true"},
        },
        "subsets": [{
            "addresses": addresses,
            "ports": [{"name": "https", "port": port, "protocol": "TCP"}],
        }],
    })
}

/// A slice has addresses of one family: that of the own one.
fn endpoint_slice(settings: &Settings, servers: &[IpAddr]) -> Value {
    let (own, port) = (settings.advertise_address, settings.secure_port);
    let endpoints: Vec<Value> = servers
        .iter()
        .filter(|server| server.is_ipv4() == own.is_ipv4())
        .map(|server| json!({"addresses": [server.to_string()], "conditions": {"ready": true}}))
        .collect();
    json!({
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": "kubernetes",
            "namespace": "default",
            "labels": {"kubernetes.io/service-name": "kubernetes"},
        },
        "addressType": family(own),
        "endpoints": endpoints,
        "ports": [{"name": "https", "port": port, "protocol": "TCP"}],
    })
}
