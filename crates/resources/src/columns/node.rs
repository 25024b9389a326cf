//! Node, RuntimeClass.

use std::collections::BTreeSet;

use serde_json::Value;

use super::cell::{age, at, condition, flag, joined, list, name, text, text_or};
use super::{AGE, NAME, string, wide};
use crate::kind::Columns;

/// Node.
pub const NODE: Columns = Columns {
    columns: &[
        NAME,
        string("Status", "The status of the node"),
        string("Roles", "The roles of the node"),
        AGE,
        string("Version", "D:NodeSystemInfo.kubeletVersion"),
        wide("Internal-IP", "D:NodeStatus.addresses"),
        wide("External-IP", "D:NodeStatus.addresses"),
        wide("OS-Image", "D:NodeSystemInfo.osImage"),
        wide("Kernel-Version", "D:NodeSystemInfo.kernelVersion"),
        wide("Container-Runtime", "D:NodeSystemInfo.containerRuntimeVersion"),
    ],
    cells: |object, now| {
        let info = at(object, "/status/nodeInfo").unwrap_or(&Value::Null);
        vec![
            name(object),
            status(object).into(),
            roles(object).into(),
            age(object, now),
            text(info, "/kubeletVersion").into(),
            address(object, "InternalIP").into(),
            address(object, "ExternalIP").into(),
            text_or(info, "/osImage", "<unknown>").into(),
            kernel(info).into(),
            text_or(info, "/containerRuntimeVersion", "<unknown>").into(),
        ]
    },
};

fn status(node: &Value) -> String {
    let ready = match condition(node, "Ready") {
        None => "Unknown",
        Some(condition) if condition["status"] == "True" => "Ready",
        Some(_) => "NotReady",
    };
    let cordoned = if flag(node, "/spec/unschedulable") { ",SchedulingDisabled" } else { "" };
    format!("{ready}{cordoned}")
}

fn roles(node: &Value) -> String {
    let labels = at(node, "/metadata/labels").and_then(Value::as_object);
    let roles: BTreeSet<&str> = labels
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| match key.strip_prefix("node-role.kubernetes.io/") {
            Some(role) => Some(role),
            None if key == "kubernetes.io/role" => value.as_str(),
            None => None,
        })
        .filter(|role| !role.is_empty())
        .collect();
    if roles.is_empty() { "<none>".to_owned() } else { joined(roles, ",") }
}

fn address<'d>(node: &'d Value, address_type: &str) -> &'d str {
    let mut addresses = list(node, "/status/addresses").iter();
    let found = addresses.find(|address| address["type"] == address_type);
    found.map_or("<none>", |address| text(address, "/address"))
}

fn kernel(info: &Value) -> String {
    let version = text_or(info, "/kernelVersion", "<unknown>");
    match text(info, "/architecture") {
        "" => version.to_owned(),
        architecture => format!("{version} ({architecture})"),
    }
}

/// RuntimeClass.
pub const RUNTIME_CLASS: Columns = Columns {
    columns: &[NAME, string("Handler", "D:ObjectMeta.handler"), AGE],
    cells: |object, now| vec![name(object), text(object, "/handler").into(), age(object, now)],
};
