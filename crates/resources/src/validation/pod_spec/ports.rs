//! Ports of containers.

use apimachinery::{ErrorList, Path, names};
use serde_json::Value;

use super::super::formats::port_number;
use super::super::members::Members as _;
use super::super::report::Report as _;

/// The ports of one container.
pub(super) fn ports(errors: &mut ErrorList, path: &Path, ports: &[Value]) {
    let mut known: Vec<&str> = Vec::new();
    for (i, port) in ports.iter().enumerate() {
        let path = path.index(i);
        let name = port.text("name");
        if !name.is_empty() {
            let messages = names::port_name(name);
            if !messages.is_empty() {
                errors.invalid_each(&path.child("name"), name, messages);
            } else if known.contains(&name) {
                errors.duplicate(&path.child("name"), name);
            } else {
                known.push(name);
            }
        }
        match port.int("containerPort") {
            0 => errors.required(&path.child("containerPort"), ""),
            number => port_number(errors, &path.child("containerPort"), number),
        }
        if port.int("hostPort") != 0 {
            port_number(errors, &path.child("hostPort"), port.int("hostPort"));
        }
        errors.one_of(&path.child("protocol"), port.text("protocol"), &["SCTP", "TCP", "UDP"]);
    }
}

/// No two containers that run at once have the same port of the node. `containers` are with their index in `path`.
pub(super) fn host_port_conflicts<'v>(
    errors: &mut ErrorList,
    path: &Path,
    containers: impl Iterator<Item = (usize, &'v Value)>,
) {
    let mut taken: Vec<String> = Vec::new();
    for (i, container) in containers {
        for (j, port) in container.items("ports").iter().enumerate() {
            let number = port.int("hostPort");
            if number == 0 {
                continue;
            }
            let key = format!("{}/{}/{number}", port.text("protocol"), port.text("hostIP"));
            if taken.contains(&key) {
                errors.duplicate(&path.index(i).child("ports").index(j).child("hostPort"), key);
            } else {
                taken.push(key);
            }
        }
    }
}

/// On the node's network a container's port is the node's. Templates may leave it open: it is filled in later.
pub(super) fn match_host_network(errors: &mut ErrorList, path: &Path, spec: &Value, is_pod: bool) {
    if !spec.flag("hostNetwork") {
        return;
    }
    for (i, container) in spec.items("containers").iter().enumerate() {
        for (j, port) in container.items("ports").iter().enumerate() {
            let number = port.int("hostPort");
            if (is_pod || number != 0) && number != port.int("containerPort") {
                let path = path.index(i).child("ports").index(j).child("hostPort");
                errors.invalid(&path, number, "must match `containerPort` when `hostNetwork` is true");
            }
        }
    }
}
