//! EndpointSlice.

use serde_json::Value;

use super::cell::{age, at, list, name, text, texts, with_more};
use super::{AGE, NAME, string};
use crate::kind::Columns;

/// How many ports and endpoints are shown.
const SHOWN_MAX: usize = 3;

/// EndpointSlice.
pub const ENDPOINT_SLICE: Columns = Columns {
    columns: &[
        NAME,
        string("AddressType", "D:EndpointSlice.addressType"),
        string("Ports", "D:EndpointSlice.ports"),
        string("Endpoints", "D:EndpointSlice.endpoints"),
        AGE,
    ],
    cells: |object, now| {
        let ports: Vec<String> = list(object, "/ports").iter().map(port).collect();
        let endpoints = list(object, "/endpoints").iter();
        let addresses: Vec<String> =
            endpoints.flat_map(|endpoint| texts(endpoint, "/addresses")).map(str::to_owned).collect();
        vec![
            name(object),
            text(object, "/addressType").into(),
            first(&ports).into(),
            first(&addresses).into(),
            age(object, now),
        ]
    },
};

fn port(port: &Value) -> String {
    match (at(port, "/port"), at(port, "/name")) {
        (Some(number), _) => number.to_string(),
        (None, Some(name)) => name.as_str().unwrap_or_default().to_owned(),
        (None, None) => "*".to_owned(),
    }
}

fn first(all: &[String]) -> String {
    if all.is_empty() {
        return "<unset>".to_owned();
    }
    with_more(&all[..all.len().min(SHOWN_MAX)], ",", all.len())
}
