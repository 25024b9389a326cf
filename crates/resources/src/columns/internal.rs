//! StorageVersion, StorageVersionMigration: how far objects have been rewritten in a new version.

use serde_json::Value;

use super::cell::{age, condition_holds, list, name, text, text_or};
use super::{AGE, NAME, string};
use crate::kind::{Column, Columns};

/// StorageVersion.
pub const STORAGE_VERSION: Columns = Columns {
    columns: &[
        NAME,
        string("CommonEncodingVersion", "D:StorageVersionStatus.commonEncodingVersion"),
        string("StorageVersions", "D:StorageVersionStatus.storageVersions"),
        AGE,
    ],
    cells: |object, now| {
        vec![
            name(object),
            text_or(object, "/status/commonEncodingVersion", "<unset>").into(),
            storage_versions(object).into(),
            age(object, now),
        ]
    },
};

fn storage_versions(object: &Value) -> String {
    let servers = list(object, "/status/storageVersions").iter();
    let versions = servers
        .map(|server| format!("{}={}", text(server, "/apiServerID"), text(server, "/encodingVersion")));
    let versions: Vec<String> = versions.collect();
    if versions.is_empty() { "<unset>".to_owned() } else { versions.join(",") }
}

/// StorageVersionMigration.
pub const STORAGE_VERSION_MIGRATION: Columns = Columns {
    columns: &[
        Column { format: "", ..NAME },
        string("Resource", "GroupResource to migrate"),
        string("Status", "Status of the migration"),
    ],
    cells: |object, _| {
        let mut resource = text(object, "/spec/resource/resource").to_owned();
        let group = text(object, "/spec/resource/group");
        if !group.is_empty() {
            resource = format!("{resource}.{group}");
        }
        let mut states = ["Running", "Failed", "Succeeded"].iter().rev();
        let status = states.find(|state| condition_holds(object, state)).unwrap_or(&"Unknown");
        vec![name(object), resource.into(), (*status).into()]
    },
};
