//! ComponentStatus, ConfigMap, Namespace, PodTemplate, ResourceQuota, Secret, ServiceAccount.

use serde_json::Value;

use super::cell::{age, at, count, joined, labels, list, members, name, quantity, text};
use super::{AGE, NAME, string};
use crate::kind::Columns;

/// ComponentStatus.
pub const COMPONENT_STATUS: Columns = Columns {
    columns: &[
        NAME,
        string("Status", "Status of the component conditions"),
        string("Message", "Message of the component conditions"),
        string("Error", "Error of the component conditions"),
    ],
    cells: |object, _| {
        let healthy = list(object, "/conditions").iter().find(|condition| condition["type"] == "Healthy");
        let status = match healthy {
            None => "Unknown",
            Some(condition) if condition["status"] == "True" => "Healthy",
            Some(_) => "Unhealthy",
        };
        let of_healthy = |pointer| healthy.map_or("", |condition| text(condition, pointer));
        vec![name(object), status.into(), of_healthy("/message").into(), of_healthy("/error").into()]
    },
};

/// ConfigMap.
pub const CONFIG_MAP: Columns = Columns {
    columns: &[NAME, string("Data", "D:ConfigMap.data"), AGE],
    cells: |object, now| {
        let n_keys = count(object, "/data") + count(object, "/binaryData");
        vec![name(object), n_keys.into(), age(object, now)]
    },
};

/// Namespace.
pub const NAMESPACE: Columns = Columns {
    columns: &[NAME, string("Status", "The status of the namespace"), AGE],
    cells: |object, now| vec![name(object), text(object, "/status/phase").into(), age(object, now)],
};

/// PodTemplate.
pub const POD_TEMPLATE: Columns = Columns {
    columns: &[
        NAME,
        string("Containers", "Names of each container in the template."),
        string("Images", "Images referenced by each container in the template."),
        string("Pod Labels", "The labels for the pod template."),
    ],
    cells: |object, _| {
        vec![
            name(object),
            members(object, "/template/spec/containers", "name").into(),
            members(object, "/template/spec/containers", "image").into(),
            labels(object, "/template/metadata/labels").into(),
        ]
    },
};

/// ResourceQuota.
pub const RESOURCE_QUOTA: Columns = Columns {
    columns: &[
        NAME,
        string("Request", "Request represents a minimum amount of cpu/memory that a container may consume."),
        string(
            "Limit",
            "Limits control the maximum amount of cpu/memory that a container may use independent of contention on \
             the node.",
        ),
        AGE,
    ],
    cells: |object, now| {
        let (limits, requests): (Vec<_>, Vec<_>) =
            amounts(object).into_iter().partition(|amount| amount.starts_with("limits."));
        let in_a_row = |amounts: &[String]| joined(amounts.iter().map(String::as_str), ", ");
        vec![name(object), in_a_row(&requests).into(), in_a_row(&limits).into(), age(object, now)]
    },
};

/// `pods: 1/10` for every resource of a quota.
fn amounts(quota: &Value) -> Vec<String> {
    let hard = at(quota, "/status/hard").and_then(Value::as_object);
    let names = hard.into_iter().flat_map(|hard| hard.keys());
    let amounts = names.map(|resource| {
        let used = quantity(quota, "/status/used", resource);
        format!("{resource}: {used}/{}", quantity(quota, "/status/hard", resource))
    });
    amounts.collect()
}

/// Secret.
pub const SECRET: Columns = Columns {
    columns: &[NAME, string("Type", "D:Secret.type"), string("Data", "D:Secret.data"), AGE],
    cells: |object, now| {
        vec![name(object), text(object, "/type").into(), count(object, "/data").into(), age(object, now)]
    },
};

/// ServiceAccount.
pub const SERVICE_ACCOUNT: Columns =
    Columns { columns: &[NAME, AGE], cells: |object, now| vec![name(object), age(object, now)] };
