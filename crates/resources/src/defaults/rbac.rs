//! Roles and who has them.

use serde_json::Value;

use crate::document::{Members as _, members_of};

const GROUP: &str = "rbac.authorization.k8s.io";

/// A RoleBinding or ClusterRoleBinding.
pub(crate) fn binding(object: &mut Value) {
    let object = members_of(object);
    if let Some(role) = object.members_mut("roleRef") {
        role.fill_empty("apiGroup", GROUP);
    }
    object.for_each("subjects", |subject| {
        if matches!(subject.text("kind"), "User" | "Group") {
            subject.fill_empty("apiGroup", GROUP);
        }
    });
}
