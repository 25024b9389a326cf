//! Containers and their ports.

use std::collections::BTreeSet;

use wire::{Container, ContainerPort};

use super::fault::{Checked, Within, between, fault, one_of_or_none};
use super::{names, resources};

const PORT_MAX: i32 = 65_535;
const PROTOCOLS: [&str; 3] = ["TCP", "UDP", "SCTP"];

pub(super) const RESTART_POLICIES: [&str; 3] = ["Always", "OnFailure", "Never"];

/// Checks a list of containers; `taken` are the names before it.
pub(super) fn check_all<'c>(
    containers: &'c [Container],
    list: &str,
    is_on_host_network: bool,
    taken: &mut BTreeSet<&'c str>,
) -> Checked {
    for (i, container) in containers.iter().enumerate() {
        check(container, is_on_host_network).within_item(list, i)?;
        if !taken.insert(&container.name) {
            let problem = format!("{:?} is the name of another container too; rename one", container.name);
            return fault("name", problem).within_item(list, i);
        }
    }
    Ok(())
}

fn check(container: &Container, is_on_host_network: bool) -> Checked {
    if container.name.is_empty() {
        return fault("name", "is missing: give the container a name");
    }
    names::dns_label("name", &container.name)?;
    for (i, port) in container.ports.iter().enumerate() {
        check_port(port, is_on_host_network).within_item("ports", i)?;
    }
    one_of_or_none("restartPolicy", &container.restart_policy, &RESTART_POLICIES)?;
    resources::requirements(&container.resources).within("resources")
}

fn check_port(port: &ContainerPort, is_on_host_network: bool) -> Checked {
    between("containerPort", port.container_port, 1, PORT_MAX)?;
    if port.host_port != 0 {
        between("hostPort", port.host_port, 1, PORT_MAX)?;
        if is_on_host_network && port.host_port != port.container_port {
            let problem = format!(
                "{} must be the containerPort {} when hostNetwork is true",
                port.host_port, port.container_port
            );
            return fault("hostPort", problem);
        }
    }
    one_of_or_none("protocol", &port.protocol, &PROTOCOLS)
}
