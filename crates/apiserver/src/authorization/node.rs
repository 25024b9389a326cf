//! The Node authorizer: kubelets may read what the pods on their node need, and write about themselves.
//!
//! What a node may read follows from pods that are bound to it. Upstream keeps a graph of that; here the pods of the
//! namespace in question are looked at, which costs their number.

mod links;

use std::sync::Arc;

use apimachinery::selectors::fields;

use super::rbac::Rule;
use super::{Authorizer, Decision};
use crate::attributes::Attributes;
use crate::bootstrap::node_rules;
use crate::objects::Objects;
use crate::user::User;

use self::links::Links;

/// Decides for users `system:node:NAME` in the group `system:nodes`, and has no opinion about others.
pub struct Node {
    objects: Arc<dyn Objects>,
    rules: Vec<Rule>,
}

/// The name of the node that a user is.
pub fn node_name(user: &User) -> Option<&str> {
    let name = user.name.strip_prefix("system:node:").filter(|name| !name.is_empty())?;
    user.is_in("system:nodes").then_some(name)
}

impl Node {
    /// What caches say about pods and what they refer to.
    pub fn new(objects: Arc<dyn Objects>) -> Node {
        Node { objects, rules: node_rules() }
    }

    /// Whether nodes may do this. The error is the reason, which may be empty.
    fn decide(&self, node: &str, asked: &Attributes) -> Result<(), String> {
        let may = |is_allowed: bool, reason: &str| if is_allowed { Ok(()) } else { Err(reason.to_owned()) };
        let links = Links { objects: &*self.objects, node };
        let linked = |is_linked: bool| {
            let reason = format!("no relationship found between node '{node}' and this object");
            may(is_linked, &reason)
        };
        let get_linked = |is_linked: &dyn Fn() -> bool| {
            if asked.verb != "get" {
                return Err("can only get individual resources of this type".to_owned());
            }
            if !asked.subresource.is_empty() {
                return Err("cannot get subresource".to_owned());
            }
            named(asked)?;
            linked(is_linked())
        };
        let (verb, namespace, name) = (asked.verb.as_str(), asked.namespace.as_str(), asked.name.as_str());
        match (asked.group.as_str(), asked.resource.as_str(), asked.subresource.as_str()) {
            ("", "secrets" | "configmaps", subresource) => {
                may(matches!(verb, "get" | "list" | "watch"), "can only read resources of this type")?;
                may(subresource.is_empty(), "cannot read subresource")?;
                may(!namespace.is_empty(), "can only read namespaced object of this type")?;
                named(asked)?;
                linked(links.to_object(&asked.resource, namespace, name))
            }
            ("", "persistentvolumeclaims", "status") => {
                may(matches!(verb, "get" | "update" | "patch"), "can only get/update/patch this type")?;
                named(asked)?;
                linked(links.to_object("persistentvolumeclaims", namespace, name))
            }
            ("", "persistentvolumeclaims", _) => {
                get_linked(&|| links.to_object("persistentvolumeclaims", namespace, name))
            }
            ("", "persistentvolumes", _) => get_linked(&|| links.to_volume(name)),
            ("resource.k8s.io", "resourceclaims", _) => {
                get_linked(&|| links.to_object("resourceclaims", namespace, name))
            }
            ("storage.k8s.io", "volumeattachments", _) => get_linked(&|| links.to_attachment(name)),
            ("", "serviceaccounts", "token") => {
                let text = "can only create tokens for individual service accounts";
                may(verb == "create" && !name.is_empty(), text)?;
                linked(links.to_object("serviceaccounts", namespace, name))
            }
            ("", "serviceaccounts", _) => get_linked(&|| links.to_object("serviceaccounts", namespace, name)),
            ("coordination.k8s.io", "leases", _) => lease(node, asked),
            ("storage.k8s.io", "csinodes", _) => csi_node(node, asked),
            ("resource.k8s.io", "resourceslices", "") => match verb {
                "create" => Ok(()),
                "get" | "update" | "patch" | "delete" => {
                    named(asked)?;
                    linked(links.to_slice(name))
                }
                "list" | "watch" | "deletecollection" => {
                    let text =
                        "can only list/watch/deletecollection resourceslices with nodeName field selector";
                    may(selects(asked, "spec.nodeName", node), text)
                }
                _ => self.by_rules(asked),
            },
            ("", "nodes", "") => match verb {
                "create" | "update" | "patch" => Ok(()),
                "get" | "list" | "watch" if name == node => Ok(()),
                "get" | "list" | "watch" if name.is_empty() => {
                    Err(format!("node '{node}' cannot read all nodes, only its own Node object"))
                }
                "get" | "list" | "watch" => {
                    Err(format!("node '{node}' cannot read '{name}', only its own Node object"))
                }
                _ => self.by_rules(asked),
            },
            ("", "pods", "") => match verb {
                "get" => {
                    named(asked)?;
                    linked(links.to_pod(namespace, name))
                }
                "list" | "watch" if selects(asked, "spec.nodeName", node) => Ok(()),
                "list" | "watch" if !name.is_empty() => linked(links.to_pod(namespace, name)),
                "list" | "watch" => {
                    Err("can only list/watch pods with spec.nodeName field selector".to_owned())
                }
                _ => self.by_rules(asked),
            },
            _ => self.by_rules(asked),
        }
    }

    fn by_rules(&self, asked: &Attributes) -> Result<(), String> {
        if self.rules.iter().any(|rule| rule.allows(asked)) { Ok(()) } else { Err(String::new()) }
    }
}

fn named(asked: &Attributes) -> Result<(), String> {
    if asked.name.is_empty() { Err("No Object name found".to_owned()) } else { Ok(()) }
}

fn selects(asked: &Attributes, field: &str, value: &str) -> bool {
    let selector = asked.field_selector.as_deref().and_then(|selector| fields::parse(selector).ok());
    selector.is_some_and(|selector| selector.exact_value(field) == Some(value))
}

fn lease(node: &str, asked: &Attributes) -> Result<(), String> {
    if !matches!(asked.verb.as_str(), "get" | "create" | "update" | "patch" | "delete") {
        return Err("can only get, create, update, patch, or delete a node lease".to_owned());
    }
    if asked.namespace != "kube-node-lease" {
        return Err("can only access leases in the \"kube-node-lease\" system namespace".to_owned());
    }
    // Of a creation the name is not known yet: NodeRestriction looks at it.
    if asked.verb != "create" && asked.name != node {
        return Err("can only access node lease with the same name as the requesting node".to_owned());
    }
    Ok(())
}

fn csi_node(node: &str, asked: &Attributes) -> Result<(), String> {
    if !matches!(asked.verb.as_str(), "get" | "create" | "update" | "patch" | "delete") {
        return Err("can only get, create, update, patch, or delete a CSINode".to_owned());
    }
    if !asked.subresource.is_empty() {
        return Err("cannot access subresources of CSINodes".to_owned());
    }
    if asked.verb != "create" && asked.name != node {
        return Err("can only access CSINode with the same name as the requesting node".to_owned());
    }
    Ok(())
}

impl Authorizer for Node {
    fn authorize(&self, user: &User, attributes: &Attributes) -> Decision {
        let Some(node) = node_name(user) else { return Decision::NoOpinion(String::new()) };
        let decided =
            if attributes.is_resource { self.decide(node, attributes) } else { self.by_rules(attributes) };
        match decided {
            Ok(()) => Decision::Allow(String::new()),
            Err(reason) => Decision::NoOpinion(reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::test_objects::TestObjects;
    use super::*;

    fn world() -> Arc<TestObjects> {
        let pod = |name: &str, node: &str, spec: serde_json::Value| {
            let mut spec = spec;
            spec["nodeName"] = json!(node);
            ("pods", json!({"metadata": {"name": name, "namespace": "ns"}, "spec": spec}))
        };
        let used = json!({
            "serviceAccountName": "sa",
            "imagePullSecrets": [{"name": "pull"}],
            "volumes": [
                {"name": "a", "secret": {"secretName": "used"}},
                {"name": "b", "persistentVolumeClaim": {"claimName": "claim"}},
                {"name": "c", "projected": {"sources": [{"configMap": {"name": "projected"}}]}},
                {"name": "d", "ephemeral": {}},
            ],
            "containers": [{"env": [{"valueFrom": {"configMapKeyRef": {"name": "env"}}}]}],
        });
        let mirror = json!({
            "metadata": {"name": "m", "namespace": "ns", "annotations": {"kubernetes.io/config.mirror": "x"}},
            "spec": {"nodeName": "n1", "volumes": [{"secret": {"secretName": "stolen"}}]},
        });
        TestObjects::of([
            pod("p", "n1", used),
            pod("q", "n2", json!({"volumes": [{"secret": {"secretName": "other"}}]})),
            ("pods", mirror),
            (
                "persistentvolumes",
                json!({"metadata": {"name": "pv"}, "spec": {"claimRef": {"namespace": "ns", "name": "claim"},
                       "csi": {"nodePublishSecretRef": {"namespace": "ns", "name": "publish"}}}}),
            ),
            (
                "volumeattachments.storage.k8s.io",
                json!({"metadata": {"name": "va"}, "spec": {"nodeName": "n1"}}),
            ),
            (
                "resourceslices.resource.k8s.io",
                json!({"metadata": {"name": "s"}, "spec": {"nodeName": "n1"}}),
            ),
        ])
    }

    fn asked(verb: &str, resource: &str, namespace: &str, name: &str) -> Attributes {
        let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
        let (resource, group) = resource.split_once('.').unwrap_or((resource, ""));
        Attributes {
            verb: verb.into(),
            is_resource: true,
            group: group.into(),
            resource: resource.into(),
            subresource: subresource.into(),
            namespace: namespace.into(),
            name: name.into(),
            ..Attributes::default()
        }
    }

    #[test]
    fn nodes_reach_what_their_pods_need() {
        let node = Node::new(world());
        let user = |name: &str, group: &str| User {
            name: name.into(),
            groups: vec![group.into()],
            ..User::default()
        };
        let n1 = user("system:node:n1", "system:nodes");
        let unrelated = "no relationship found between node 'n1' and this object";
        let leases = "leases.coordination.k8s.io";
        for (verb, resource, namespace, name, refusal) in [
            ("get", "secrets", "ns", "used", None),
            ("get", "secrets", "ns", "pull", None),
            ("get", "secrets", "ns", "publish", None),
            ("watch", "secrets", "ns", "used", None),
            ("get", "secrets", "ns", "other", Some(unrelated)),
            ("get", "secrets", "ns", "stolen", Some(unrelated)),
            ("get", "secrets", "other", "used", Some(unrelated)),
            ("list", "secrets", "ns", "", Some("No Object name found")),
            ("list", "secrets", "", "", Some("can only read namespaced object of this type")),
            ("update", "secrets", "ns", "used", Some("can only read resources of this type")),
            ("get", "configmaps", "ns", "env", None),
            ("get", "configmaps", "ns", "projected", None),
            ("get", "persistentvolumeclaims", "ns", "claim", None),
            ("get", "persistentvolumeclaims", "ns", "p-d", None),
            ("patch", "persistentvolumeclaims/status", "ns", "claim", None),
            (
                "list",
                "persistentvolumeclaims",
                "ns",
                "",
                Some("can only get individual resources of this type"),
            ),
            ("get", "persistentvolumes", "", "pv", None),
            ("get", "persistentvolumes", "", "pv2", Some(unrelated)),
            ("get", "volumeattachments.storage.k8s.io", "", "va", None),
            ("get", "serviceaccounts", "ns", "sa", None),
            ("create", "serviceaccounts/token", "ns", "sa", None),
            ("create", "serviceaccounts/token", "ns", "x", Some(unrelated)),
            ("get", "pods", "ns", "p", None),
            ("get", "pods", "ns", "q", Some(unrelated)),
            ("list", "pods", "", "", Some("can only list/watch pods with spec.nodeName field selector")),
            ("delete", "pods", "ns", "q", None),
            ("patch", "pods", "ns", "p", Some("")),
            ("patch", "pods/status", "ns", "q", None),
            ("create", "pods/eviction", "ns", "q", None),
            ("get", "nodes", "", "n1", None),
            ("get", "nodes", "", "n2", Some("node 'n1' cannot read 'n2', only its own Node object")),
            ("list", "nodes", "", "", Some("node 'n1' cannot read all nodes, only its own Node object")),
            ("patch", "nodes/status", "", "n1", None),
            ("delete", "nodes", "", "n1", Some("")),
            ("update", leases, "kube-node-lease", "n1", None),
            (
                "update",
                leases,
                "kube-node-lease",
                "n2",
                Some("can only access node lease with the same name as the requesting node"),
            ),
            (
                "create",
                leases,
                "ns",
                "",
                Some("can only access leases in the \"kube-node-lease\" system namespace"),
            ),
            ("get", "resourceslices.resource.k8s.io", "", "s", None),
            ("list", "services", "ns", "", None),
            ("list", "deployments.apps", "ns", "", Some("")),
        ] {
            let expected =
                refusal.map_or(Decision::Allow(String::new()), |text| Decision::NoOpinion(text.to_owned()));
            assert_eq!(
                node.authorize(&n1, &asked(verb, resource, namespace, name)),
                expected,
                "{verb} {resource} {name}"
            );
        }
        let mut own = asked("list", "pods", "", "");
        own.field_selector = Some("spec.nodeName=n1,status.phase!=Failed".into());
        assert_eq!(node.authorize(&n1, &own), Decision::Allow(String::new()));
        for nobody in [user("system:node:n1", "dev"), user("bob", "system:nodes")] {
            let decision = node.authorize(&nobody, &asked("get", "secrets", "ns", "used"));
            assert_eq!(decision, Decision::NoOpinion(String::new()));
        }
    }
}
