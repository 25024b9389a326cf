//! Roles and bindings that components need, as text that can be compared with upstream's.
//!
//! ```text
//! role NAME                                       (NAMESPACE/NAME of roles in a namespace)
//!   label KEY                                     aggregated into another role
//!   aggregates KEY                                rules come from roles with this label
//!   allow VERBS on GROUPS : RESOURCES [named NAMES]
//!   allow VERBS at URLS
//! binding NAME of KIND/ROLE
//!   to KIND NAME                                  (NAMESPACE/NAME of service accounts)
//! ```

use serde_json::{Map, Value, json};

use crate::authorization::rbac::{GROUP, Rule};

const CLUSTER_ROLES: &str = include_str!("cluster_roles.txt");
const ROLES: &str = include_str!("roles.txt");
const BINDINGS: &str = include_str!("bindings.txt");

/// Cluster roles, their bindings, roles, their bindings: upstream's order.
pub(super) fn objects() -> Vec<Value> {
    let cluster_roles = read(CLUSTER_ROLES);
    let mut bindings = controller_bindings(&cluster_roles);
    let mut inside = Vec::new();
    for binding in read(BINDINGS) {
        if binding["kind"] == "RoleBinding" { inside.push(binding) } else { bindings.push(binding) }
    }
    let mut all = cluster_roles;
    all.extend(bindings);
    all.extend(read(ROLES));
    all.extend(inside);
    all
}

/// What the Node authorizer lets every node do.
pub fn node_rules() -> Vec<Rule> {
    let roles = read(CLUSTER_ROLES);
    let node = roles.iter().find(|role| role["metadata"]["name"] == "system:node");
    Rule::list(&node.expect("the role of nodes is in the text")["rules"])
}

/// Each controller's role is bound to the service account of its name.
fn controller_bindings(cluster_roles: &[Value]) -> Vec<Value> {
    let names = cluster_roles.iter().filter_map(|role| role["metadata"]["name"].as_str());
    let controllers = names.filter_map(|name| Some((name, name.strip_prefix("system:controller:")?)));
    let binding = |(name, account): (&str, &str)| {
        let mut binding = object("ClusterRoleBinding", name);
        binding["roleRef"] = json!({"apiGroup": GROUP, "kind": "ClusterRole", "name": name});
        binding["subjects"] =
            json!([{"kind": "ServiceAccount", "name": account, "namespace": "kube-system"}]);
        binding
    };
    controllers.map(binding).collect()
}

fn object(kind: &str, name: &str) -> Value {
    let (namespace, name) = name.split_once('/').unwrap_or(("", name));
    let mut metadata = Map::new();
    metadata.insert("name".into(), name.into());
    if !namespace.is_empty() {
        metadata.insert("namespace".into(), namespace.into());
    }
    metadata.insert("annotations".into(), json!({"rbac.authorization.kubernetes.io/autoupdate": "true"}));
    metadata.insert("labels".into(), json!({"kubernetes.io/bootstrapping": "rbac-defaults"}));
    json!({"apiVersion": format!("{GROUP}/v1"), "kind": kind, "metadata": metadata})
}

/// Reads one of the texts. They are part of the program: a line that makes no sense is a mistake that a test finds.
fn read(text: &str) -> Vec<Value> {
    let mut objects: Vec<Value> = Vec::new();
    for line in text.lines() {
        let (word, rest) = line.trim_start().split_once(' ').expect("lines have a word and more");
        match word {
            "role" => {
                let kind = if rest.contains('/') { "Role" } else { "ClusterRole" };
                let mut role = object(kind, rest);
                role["rules"] = Value::Null;
                objects.push(role);
                continue;
            }
            "binding" => {
                let (name, role) = rest.split_once(" of ").expect("a binding is of a role");
                let (role_kind, role) = role.split_once('/').expect("a role has a kind");
                let kind = if name.contains('/') { "RoleBinding" } else { "ClusterRoleBinding" };
                let mut binding = object(kind, name);
                binding["roleRef"] = json!({"apiGroup": GROUP, "kind": role_kind, "name": role});
                objects.push(binding);
                continue;
            }
            _ => {}
        }
        let last = objects.last_mut().expect("what belongs to an object follows it");
        match word {
            "label" => last["metadata"]["labels"][rest] = "true".into(),
            "aggregates" => {
                last["aggregationRule"] = json!({"clusterRoleSelectors": [{"matchLabels": {rest: "true"}}]});
            }
            "allow" => push(&mut last["rules"], rule(rest).to_value()),
            "to" => push(&mut last["subjects"], subject(rest)),
            word => unreachable!("no line begins with {word}"),
        }
    }
    objects
}

fn push(list: &mut Value, item: Value) {
    match list {
        Value::Array(items) => items.push(item),
        list => *list = json!([item]),
    }
}

fn rule(text: &str) -> Rule {
    let list = |text: &str| -> Vec<String> {
        text.split(',').map(|item| if item == "core" { String::new() } else { item.to_owned() }).collect()
    };
    if let Some((verbs, urls)) = text.split_once(" at ") {
        let non_resource_urls = urls.split(' ').map(str::to_owned).collect();
        return Rule { verbs: list(verbs), non_resource_urls, ..Rule::default() };
    }
    let (verbs, rest) = text.split_once(" on ").expect("a rule is at URLs or on resources");
    let (groups, resources) = rest.split_once(" : ").expect("groups and resources have a colon between them");
    let (resources, names) = resources.split_once(" named ").unwrap_or((resources, ""));
    Rule {
        verbs: list(verbs),
        api_groups: list(groups),
        resources: list(resources),
        resource_names: if names.is_empty() { Vec::new() } else { list(names) },
        non_resource_urls: Vec::new(),
    }
}

fn subject(text: &str) -> Value {
    let (kind, name) = text.split_once(' ').expect("a subject has a kind and a name");
    match name.split_once('/') {
        Some((namespace, name)) => json!({"kind": kind, "name": name, "namespace": namespace}),
        None => json!({"apiGroup": GROUP, "kind": kind, "name": name}),
    }
}
