//! APIService.

use serde_json::Value;

use super::cell::{age, at, condition, name, text};
use super::{AGE, NAME, string};
use crate::kind::Columns;

/// APIService.
pub const API_SERVICE: Columns = Columns {
    columns: &[
        NAME,
        string("Service", "The reference to the service that hosts this API endpoint."),
        string("Available", "Whether this service is available."),
        AGE,
    ],
    cells: |object, now| {
        let service = at(object, "/spec/service").map_or("Local".to_owned(), |service| {
            format!("{}/{}", text(service, "/namespace"), text(service, "/name"))
        });
        vec![name(object), service.into(), available(object).into(), age(object, now)]
    },
};

fn available(object: &Value) -> String {
    let Some(condition) = condition(object, "Available") else { return "Unknown".to_owned() };
    match (text(condition, "/status"), text(condition, "/reason")) {
        ("True", _) => "True".to_owned(),
        (status, reason) => format!("{status} ({reason})"),
    }
}
