//! RoleBinding, ClusterRoleBinding.

use jiff::Timestamp;
use serde_json::Value;

use super::cell::{age, list, name, text};
use super::{AGE, NAME, string, wide};
use crate::kind::Columns;

/// RoleBinding.
pub const ROLE_BINDING: Columns = Columns {
    columns: &[
        NAME,
        string("Role", "D:RoleBinding.roleRef"),
        AGE,
        wide("Users", "Users in the roleBinding"),
        wide("Groups", "Groups in the roleBinding"),
        wide("ServiceAccounts", "ServiceAccounts in the roleBinding"),
    ],
    cells,
};

/// ClusterRoleBinding.
pub const CLUSTER_ROLE_BINDING: Columns = Columns {
    columns: &[
        NAME,
        string("Role", "D:ClusterRoleBinding.roleRef"),
        AGE,
        wide("Users", "Users in the clusterRoleBinding"),
        wide("Groups", "Groups in the clusterRoleBinding"),
        wide("ServiceAccounts", "ServiceAccounts in the clusterRoleBinding"),
    ],
    cells,
};

fn cells(object: &Value, now: Timestamp) -> Vec<Value> {
    let role = format!("{}/{}", text(object, "/roleRef/kind"), text(object, "/roleRef/name"));
    vec![
        name(object),
        role.into(),
        age(object, now),
        subjects(object, "User").into(),
        subjects(object, "Group").into(),
        subjects(object, "ServiceAccount").into(),
    ]
}

fn subjects(object: &Value, kind: &str) -> String {
    let of_kind = list(object, "/subjects").iter().filter(|subject| subject["kind"] == kind);
    let names = of_kind.map(|subject| match kind {
        "ServiceAccount" => format!("{}/{}", text(subject, "/namespace"), text(subject, "/name")),
        _ => text(subject, "/name").to_owned(),
    });
    names.collect::<Vec<_>>().join(", ")
}
