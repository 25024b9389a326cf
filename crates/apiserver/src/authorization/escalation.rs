//! Nobody gives away what they do not have.
//!
//! Whoever writes a role has to hold all its rules, and whoever binds one those of the role, unless RBAC lets them
//! `escalate` roles or `bind` that one. The registry asks after admission, before it stores.

use std::collections::BTreeSet;

use apimachinery::go::quote;
use apimachinery::{GroupResource, Status};
use serde_json::Value;

use super::rbac::{GROUP, Rbac, Rule, covers};
use super::{Authorizer, Decision};
use crate::attributes::Attributes;
use crate::user::User;

/// Whether a user may write a Role or ClusterRole as it is. `attributes` are the request's, `old` is what is stored.
///
/// # Errors
/// The 403 that names the rules that the user does not hold.
pub fn check_role(
    rbac: &Rbac,
    authorizer: &dyn Authorizer,
    user: &User,
    attributes: &Attributes,
    role: &Value,
    old: Option<&Value>,
) -> Result<(), Box<Status>> {
    let escalate = Attributes {
        verb: "escalate".to_owned(),
        subresource: String::new(),
        version: "*".to_owned(),
        ..resource_attributes(attributes)
    };
    if user.is_in(User::MASTERS)
        || old.is_some_and(|old| differs_for_garbage_only(role, old))
        || matches!(authorizer.authorize(user, &escalate), Decision::Allow(_))
    {
        return Ok(());
    }
    let forbidden = |error: String| {
        let name = role["metadata"]["name"].as_str().unwrap_or_default();
        let resource = GroupResource::new(GROUP, attributes.resource.as_str());
        Box::new(Status::forbidden(&resource, name, error))
    };
    let namespace = attributes.namespace.as_str();
    confirm(rbac, user, namespace, &Rule::list(&role["rules"])).map_err(forbidden)?;
    let aggregates = |role: &Value| {
        role["aggregationRule"]["clusterRoleSelectors"].as_array().is_some_and(|list| !list.is_empty())
    };
    if attributes.resource == "clusterroles" && (aggregates(role) || old.is_some_and(aggregates)) {
        let everything = [
            Rule {
                verbs: vec!["*".into()],
                api_groups: vec!["*".into()],
                resources: vec!["*".into()],
                ..Rule::default()
            },
            Rule { verbs: vec!["*".into()], non_resource_urls: vec!["*".into()], ..Rule::default() },
        ];
        confirm(rbac, user, "", &everything).map_err(|_| {
            forbidden("must have cluster-admin privileges to use the aggregationRule".to_owned())
        })?;
    }
    Ok(())
}

/// Whether a user may write a RoleBinding or ClusterRoleBinding as it is.
///
/// # Errors
/// The 403 that names the rules that the user does not hold, or 404 if there is no such role.
pub fn check_binding(
    rbac: &Rbac,
    authorizer: &dyn Authorizer,
    user: &User,
    attributes: &Attributes,
    binding: &Value,
    old: Option<&Value>,
) -> Result<(), Box<Status>> {
    if user.is_in(User::MASTERS) || old.is_some_and(|old| differs_for_garbage_only(binding, old)) {
        return Ok(());
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let is_cluster_role = binding["roleRef"]["kind"] == "ClusterRole";
    let role = text(&binding["roleRef"]["name"]);
    let namespace = if attributes.resource == "rolebindings" { attributes.namespace.as_str() } else { "" };
    let bind = Attributes {
        verb: "bind".to_owned(),
        is_resource: true,
        group: text(&binding["roleRef"]["apiGroup"]),
        version: "*".to_owned(),
        resource: if is_cluster_role { "clusterroles".to_owned() } else { "roles".to_owned() },
        namespace: namespace.to_owned(),
        name: role.clone(),
        ..Attributes::default()
    };
    if matches!(authorizer.authorize(user, &bind), Decision::Allow(_)) {
        return Ok(());
    }
    let rules = rbac.role(if is_cluster_role { "" } else { namespace }, &role).ok_or_else(|| {
        let kind = if is_cluster_role { "clusterrole" } else { "role" };
        Box::new(Status::not_found(&GroupResource::new(GROUP, kind), &role))
    })?;
    confirm(rbac, user, namespace, &rules).map_err(|error| {
        let resource = GroupResource::new(GROUP, attributes.resource.as_str());
        Box::new(Status::forbidden(&resource, &text(&binding["metadata"]["name"]), error))
    })
}

fn resource_attributes(attributes: &Attributes) -> Attributes {
    Attributes {
        is_resource: true,
        group: attributes.group.clone(),
        resource: attributes.resource.clone(),
        namespace: attributes.namespace.clone(),
        name: attributes.name.clone(),
        ..Attributes::default()
    }
}

/// Whether only what garbage collection needs to change has changed.
fn differs_for_garbage_only(new: &Value, old: &Value) -> bool {
    let without = |object: &Value| {
        let mut object = object.clone();
        if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            for member in ["ownerReferences", "finalizers", "managedFields", "resourceVersion"] {
                metadata.remove(member);
            }
        }
        object
    };
    let owned = |object: &Value, member: &str| object["metadata"].get(member).cloned();
    let is_changed =
        ["ownerReferences", "finalizers"].iter().any(|name| owned(new, name) != owned(old, name));
    is_changed && without(new) == without(old)
}

/// Whether a user holds rules; if not, upstream's sentence.
fn confirm(rbac: &Rbac, user: &User, namespace: &str, rules: &[Rule]) -> Result<(), String> {
    let (owned, errors) = rbac.rules_for(user, namespace);
    let missing = covers(&owned, rules);
    if missing.is_empty() {
        return Ok(());
    }
    let lines: BTreeSet<String> = compact(missing).iter().map(Rule::to_string).collect();
    let lines: Vec<String> = lines.into_iter().collect();
    let groups: Vec<String> = user.groups.iter().map(|group| quote(group)).collect();
    let mut text = format!(
        "user {} (groups=[{}]) is attempting to grant RBAC permissions not currently held:\n{}",
        quote(&user.name),
        groups.join(" "),
        lines.join("\n")
    );
    match errors.as_slice() {
        [] => {}
        [error] => text.push_str(&format!("; resolution errors: [{error}]")),
        errors => text.push_str(&format!("; resolution errors: [[{}]]", errors.join(", "))),
    }
    Err(text)
}

/// Rules that differ only in the verb as one.
fn compact(rules: Vec<Rule>) -> Vec<Rule> {
    let mut compacted: Vec<Rule> = Vec::new();
    for rule in rules {
        let is_same = |own: &&mut Rule| {
            rule.non_resource_urls.is_empty()
                && own.api_groups == rule.api_groups
                && own.resources == rule.resources
                && own.resource_names == rule.resource_names
        };
        match compacted.iter_mut().find(is_same) {
            Some(own) => own.verbs.extend(rule.verbs),
            None => compacted.push(rule),
        }
    }
    compacted
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::super::test_objects::TestObjects;
    use super::*;

    fn world() -> Arc<TestObjects> {
        let role = |name: &str, rules: Value| {
            ("clusterroles.rbac.authorization.k8s.io", json!({"metadata": {"name": name}, "rules": rules}))
        };
        let binding = |name: &str, user: &str, role: &str| {
            let subjects = json!([{"kind": "User", "name": user}]);
            let binding = json!({
                "metadata": {"name": name},
                "roleRef": {"kind": "ClusterRole", "name": role},
                "subjects": subjects,
            });
            ("clusterrolebindings.rbac.authorization.k8s.io", binding)
        };
        TestObjects::of([
            role("pods", json!([{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}])),
            role(
                "big",
                json!([{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "list"]}]),
            ),
            role(
                "escalate",
                json!([{"apiGroups": [GROUP], "resources": ["clusterroles"], "verbs": ["escalate"]}]),
            ),
            role(
                "bind",
                json!([{"apiGroups": [GROUP], "resources": ["clusterroles"], "resourceNames": ["big"],
                        "verbs": ["bind"]}]),
            ),
            binding("b1", "alice", "pods"),
            binding("b2", "eve", "escalate"),
            binding("b3", "ben", "bind"),
            binding("b4", "ben", "gone"),
        ])
    }

    fn user(name: &str) -> User {
        User { name: name.into(), groups: vec!["dev".into(), User::AUTHENTICATED.into()], ..User::default() }
    }

    fn asked(resource: &str) -> Attributes {
        Attributes {
            verb: "create".into(),
            is_resource: true,
            group: GROUP.into(),
            resource: resource.into(),
            ..Attributes::default()
        }
    }

    #[test]
    fn roles_have_only_rules_that_the_writer_holds() {
        let rbac = Rbac::new(world());
        let check = |who: &str, role: &Value, old: Option<&Value>| {
            check_role(&rbac, &rbac, &user(who), &asked("clusterroles"), role, old)
                .map_err(|status| (status.code, status.message))
        };
        let pods = json!({"metadata": {"name": "r"},
                          "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]});
        let more = json!({"metadata": {"name": "r"}, "rules": [
            {"apiGroups": [""], "resources": ["pods", "nodes"], "verbs": ["get", "list"]},
            {"nonResourceURLs": ["/x"], "verbs": ["get"]},
        ]});
        assert_eq!(check("alice", &pods, None), Ok(()));
        assert_eq!(check("eve", &more, None), Ok(()), "escalate");
        let text = "clusterroles.rbac.authorization.k8s.io \"r\" is forbidden: user \"alice\" \
                    (groups=[\"dev\" \"system:authenticated\"]) is attempting to grant RBAC permissions not \
                    currently held:\n\
                    {APIGroups:[\"\"], Resources:[\"nodes\"], Verbs:[\"get\" \"list\"]}\n\
                    {APIGroups:[\"\"], Resources:[\"pods\"], Verbs:[\"list\"]}\n\
                    {NonResourceURLs:[\"/x\"], Verbs:[\"get\"]}";
        assert_eq!(check("alice", &more, None), Err((403, text.to_owned())));
        let mut owned = more.clone();
        owned["metadata"]["ownerReferences"] = json!([{"uid": "u"}]);
        assert_eq!(check("alice", &owned, Some(&more)), Ok(()), "only for the garbage collector");
        let aggregated = json!({"metadata": {"name": "r"}, "rules": null,
                                "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]}});
        let text = "clusterroles.rbac.authorization.k8s.io \"r\" is forbidden: must have cluster-admin privileges to \
                    use the aggregationRule";
        assert_eq!(check("alice", &aggregated, None), Err((403, text.to_owned())));
    }

    #[test]
    fn bindings_give_only_rules_that_the_writer_holds() {
        let rbac = Rbac::new(world());
        let check = |who: &str, role: &str| {
            let role = json!({"apiGroup": GROUP, "kind": "ClusterRole", "name": role});
            let binding = json!({"metadata": {"name": "b"}, "roleRef": role});
            check_binding(&rbac, &rbac, &user(who), &asked("clusterrolebindings"), &binding, None)
                .map_err(|status| (status.code, status.message))
        };
        assert_eq!(check("alice", "pods"), Ok(()));
        assert_eq!(check("ben", "big"), Ok(()), "bind");
        let missing = "clusterrole.rbac.authorization.k8s.io \"nope\" not found";
        assert_eq!(check("alice", "nope"), Err((404, missing.to_owned())));
        let (code, text) = check("ben", "pods").unwrap_err();
        assert_eq!(code, 403);
        let end = "{APIGroups:[\"\"], Resources:[\"pods\"], Verbs:[\"get\"]}; resolution errors: \
                   [clusterrole.rbac.authorization.k8s.io \"gone\" not found]";
        assert!(text.ends_with(end), "{text}");
    }
}
