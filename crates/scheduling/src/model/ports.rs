//! Host ports.

use base::Symbol;

use super::Compiler;

/// The address that stands for every address of the host.
const ANY: &str = "0.0.0.0";

/// A port that a pod occupies on its host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostPort {
    /// The address, or `None` for all (`0.0.0.0` or unset). IPv6 `::` is an address like any other.
    pub ip: Option<Symbol>,
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: Symbol,
    /// The port number.
    pub port: i32,
}

impl HostPort {
    /// Compiles a container port, if it asks for a host port.
    pub fn compile(port: &wire::ContainerPort, compiler: &mut Compiler<'_>) -> Option<HostPort> {
        (port.host_port > 0).then(|| HostPort {
            ip: (!port.host_ip.is_empty() && port.host_ip != ANY).then(|| compiler.symbol(&port.host_ip)),
            protocol: compiler.symbol(if port.protocol.is_empty() { "TCP" } else { &port.protocol }),
            port: port.host_port,
        })
    }

    /// Whether both cannot be had on one host.
    pub fn conflicts(&self, other: &HostPort) -> bool {
        self.port == other.port
            && self.protocol == other.protocol
            && (self.ip.is_none() || other.ip.is_none() || self.ip == other.ip)
    }
}
