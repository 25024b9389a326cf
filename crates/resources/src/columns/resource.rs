//! The kinds of dynamic resource allocation.

use jiff::Timestamp;
use serde_json::Value;

use super::cell::{age, at, condition, is_being_deleted, list, name, number, since, text};
use super::{AGE, NAME, integer, string};
use crate::kind::Columns;

/// DeviceClass.
pub const DEVICE_CLASS: Columns = Columns { columns: &[NAME, AGE], cells: name_and_age };

/// ResourceClaimTemplate.
pub const RESOURCE_CLAIM_TEMPLATE: Columns = Columns { columns: &[NAME, AGE], cells: name_and_age };

fn name_and_age(object: &Value, now: Timestamp) -> Vec<Value> {
    vec![name(object), age(object, now)]
}

/// DeviceTaintRule.
pub const DEVICE_TAINT_RULE: Columns = Columns {
    columns: &[
        NAME,
        string("Key", "D:DeviceTaint.key"),
        string("Value", "D:DeviceTaint.value"),
        string("Effect", "D:DeviceTaint.effect"),
        string("TimeAdded", "D:DeviceTaint.timeAdded"),
        AGE,
    ],
    cells: |object, now| {
        vec![
            name(object),
            text(object, "/spec/taint/key").into(),
            text(object, "/spec/taint/value").into(),
            text(object, "/spec/taint/effect").into(),
            since(object, "/spec/taint/timeAdded", now).into(),
            age(object, now),
        ]
    },
};

/// ResourceClaim.
pub const RESOURCE_CLAIM: Columns = Columns {
    columns: &[
        NAME,
        string("State", "A summary of the current state (allocated, pending, reserved, etc.)."),
        AGE,
    ],
    cells: |object, now| vec![name(object), state(object).into(), age(object, now)],
};

fn state(claim: &Value) -> String {
    let is_deleted = is_being_deleted(claim);
    let mut states = Vec::new();
    if is_deleted {
        states.push("deleted");
    }
    if at(claim, "/status/allocation").is_some() {
        states.push("allocated");
        if !list(claim, "/status/reservedFor").is_empty() {
            states.push("reserved");
        }
    } else if !is_deleted {
        states.push("pending");
    }
    states.join(",")
}

/// ResourceSlice.
pub const RESOURCE_SLICE: Columns = Columns {
    columns: &[
        NAME,
        string("Node", "D:ResourceSliceSpec.nodeName"),
        string("Driver", "D:ResourceSliceSpec.driver"),
        string("Pool", "D:ResourcePool.name"),
        AGE,
    ],
    cells: |object, now| {
        let node = at(object, "/spec/nodeName").and_then(Value::as_str).unwrap_or("<unset>");
        vec![
            name(object),
            node.into(),
            text(object, "/spec/driver").into(),
            text(object, "/spec/pool/name").into(),
            age(object, now),
        ]
    },
};

/// ResourcePoolStatusRequest.
pub const RESOURCE_POOL_STATUS_REQUEST: Columns = Columns {
    columns: &[
        NAME,
        string("Driver", "The driver to query pools for."),
        string("Total", "Total number of devices across all pools."),
        string("Available", "Number of available devices across all pools."),
        string("Allocated", "Number of allocated devices across all pools."),
        string("Unavailable", "Number of unavailable devices across all pools."),
        string("Errors", "Number of pools with validation errors."),
        integer("Pools", "Total number of matching pools."),
        string("Status", "Processing status."),
        string("Completed", "Time since the observation completed."),
    ],
    cells: |object, now| {
        let pools = list(object, "/status/pools");
        let total = |pointer: &str| {
            let sum: i64 = pools.iter().map(|pool| number(pool, pointer)).sum();
            Value::from(sum.to_string())
        };
        let n_errors = pools.iter().filter(|pool| at(pool, "/validationError").is_some()).count();
        let complete = condition(object, "Complete");
        vec![
            name(object),
            text(object, "/spec/driver").into(),
            total("/totalDevices"),
            total("/availableDevices"),
            total("/allocatedDevices"),
            total("/unavailableDevices"),
            n_errors.to_string().into(),
            number(object, "/status/poolCount").into(),
            if complete.is_some() { "Complete" } else { "Pending" }.into(),
            complete.map_or(String::new(), |complete| since(complete, "/lastTransitionTime", now)).into(),
        ]
    },
};
