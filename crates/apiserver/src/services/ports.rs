//! Node ports.

use apimachinery::field::{FieldError, Path};
use apimachinery::{ErrorList, GroupKind, Status};
use resources::kinds::service;
use serde_json::Value;

use super::allocation::{Allocation, PORTS, port_key};
use super::{Allocators, text};

/// The ports on nodes that a service has.
pub(super) fn node_ports(service: &Value) -> Vec<u16> {
    let spec = &service["spec"];
    let ports = spec["ports"].as_array().into_iter().flatten().map(|port| &port["nodePort"]);
    let mut ports: Vec<u16> = ports
        .chain([&spec["healthCheckNodePort"]])
        .filter_map(Value::as_u64)
        .filter_map(|port| u16::try_from(port).ok())
        .filter(|port| *port > 0)
        .collect();
    ports.sort_unstable();
    ports.dedup();
    ports
}

impl Allocators {
    /// Takes the ports that a service asks for or needs.
    pub(super) async fn allocate_ports(
        &self,
        allocation: &mut Allocation,
        service: &mut Value,
        old: Option<&Value>,
    ) -> Result<(), Box<Status>> {
        let had = old.map(node_ports).unwrap_or_default();
        let name = text(&service["metadata"], "name").to_owned();
        let needs = service::needs_node_ports(service);
        let is_external = matches!(text(&service["spec"], "type"), "NodePort" | "LoadBalancer");
        let n_ports = service["spec"]["ports"].as_array().map_or(0, Vec::len);
        let mut taken: Vec<u16> = Vec::new();
        // (service port, protocol, node port): of the same number with another protocol the same node port.
        let mut by_number: Vec<(u64, String, u16)> = Vec::new();
        for i in 0..n_ports {
            let port = &service["spec"]["ports"][i];
            let number = port["port"].as_u64().unwrap_or_default();
            let protocol = text(port, "protocol").to_owned();
            let asked =
                port["nodePort"].as_u64().and_then(|port| u16::try_from(port).ok()).unwrap_or_default();
            let given = if asked > 0 && is_external {
                if !had.contains(&asked) && !taken.contains(&asked) {
                    let path = Path::new("spec").child("ports").index(i).child("nodePort");
                    self.take_port(allocation, &name, &path, asked).await?;
                }
                asked
            } else if needs {
                let shared = by_number
                    .iter()
                    .find(|(known, other, _)| *known == number && *other != protocol)
                    .map(|(_, _, port)| *port)
                    .filter(|port| {
                        !by_number.iter().any(|(_, other, known)| known == port && *other == protocol)
                    });
                match shared {
                    Some(port) => port,
                    None => self.next_port(allocation).await?,
                }
            } else {
                continue;
            };
            taken.push(given);
            by_number.push((number, protocol, given));
            service["spec"]["ports"][i]["nodePort"] = given.into();
        }
        self.allocate_health_check_port(allocation, service, &name, &had).await
    }

    async fn allocate_health_check_port(
        &self,
        allocation: &mut Allocation,
        service: &mut Value,
        name: &str,
        had: &[u16],
    ) -> Result<(), Box<Status>> {
        let spec = &service["spec"];
        let needs = service::needs_health_check_port(service);
        let asked = spec["healthCheckNodePort"]
            .as_u64()
            .and_then(|port| u16::try_from(port).ok())
            .unwrap_or_default();
        if !needs || asked > 0 && had.contains(&asked) {
            return Ok(());
        }
        let given = if asked > 0 {
            let path = Path::new("spec").child("healthCheckNodePort");
            self.take_port(allocation, name, &path, asked).await?;
            asked
        } else {
            self.next_port(allocation).await?
        };
        service["spec"]["healthCheckNodePort"] = given.into();
        Ok(())
    }

    async fn take_port(
        &self,
        allocation: &mut Allocation,
        name: &str,
        path: &Path,
        port: u16,
    ) -> Result<(), Box<Status>> {
        let (first, last) = self.node_ports;
        let detail = if port < first || port > last {
            format!("provided port is not in the valid range. The range of valid ports is {first}-{last}")
        } else if allocation.take(port_key(port), name.to_owned().into()).await? {
            return Ok(());
        } else {
            "provided port is already allocated".to_owned()
        };
        let mut errors = ErrorList::new();
        errors.push(FieldError::invalid(path, i64::from(port), detail));
        Err(Box::new(Status::invalid(&GroupKind::new("", "Service"), name, &errors)))
    }

    /// Any free port: at random above the part that is for those who ask, then there too.
    async fn next_port(&self, allocation: &mut Allocation) -> Result<u16, Box<Status>> {
        for held in allocation.held(PORTS) {
            let Ok(port) = held.parse() else { continue };
            if allocation.take(port_key(port), bytes::Bytes::from_static(b"{}")).await? {
                return Ok(port);
            }
        }
        let (first, last) = self.node_ports;
        let n = usize::from(last - first) + 1;
        let reserved = (n / 32).clamp(16, 128).min(n);
        for (begin, n) in [(reserved, n - reserved), (0, reserved)] {
            let offset = self.random.below(n);
            for i in 0..n {
                let step = u16::try_from(begin + (offset + i) % n).unwrap_or_default();
                let port = first + step;
                if allocation.take(port_key(port), bytes::Bytes::from_static(b"{}")).await? {
                    return Ok(port);
                }
            }
        }
        Err(Box::new(Status::internal_error("failed to allocate a nodePort: range is full")))
    }
}
