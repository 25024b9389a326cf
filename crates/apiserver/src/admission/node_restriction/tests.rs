//! What a kubelet may write, in upstream's words.

use serde_json::json;

use super::super::test_request::Trial;
use super::*;
use crate::attributes::Attributes;
use crate::authorization::Decision;
use crate::user::User;

struct Nobody;

impl Authorizer for Nobody {
    fn authorize(&self, _: &User, _: &Attributes) -> Decision {
        Decision::NoOpinion(String::new())
    }
}

/// What node n1 is told who does something with `name` in `ns`: the part after `is forbidden: `.
fn run(
    operation: Operation,
    resource: &str,
    name: &str,
    old: Option<Value>,
    new: Value,
) -> Result<(), String> {
    let namespace = if resource.starts_with("leases") { "kube-node-lease" } else { "ns" };
    let pod = |name: &str, node: &str| {
        let volumes = json!([{"projected": {"sources": [{"serviceAccountToken": {"audience": "vault"}}]}}]);
        (
            "pods",
            json!({"metadata": {"name": name, "namespace": "ns", "uid": "u"},
                        "spec": {"nodeName": node, "volumes": volumes}}),
        )
    };
    let mut trial = Trial::new(operation, resource, namespace).with([
        pod("p", "n1"),
        pod("q", "n2"),
        ("nodes", json!({"metadata": {"name": "n1", "uid": "u1"}})),
    ]);
    trial.attributes.name = name.to_owned();
    trial.user =
        User { name: "system:node:n1".into(), groups: vec!["system:nodes".into()], ..User::default() };
    trial.old = old;
    let outcome = trial.run(&NodeRestriction(Arc::new(Nobody)), new).map(|_| ());
    outcome.map_err(|(_, text)| match text.split_once(" is forbidden: ") {
        Some((_, text)) => text.to_owned(),
        None => text,
    })
}

fn refused(text: &str) -> Result<(), String> {
    Err(text.to_owned())
}

#[test]
fn nodes_write_about_themselves() {
    let (create, update, delete) = (Operation::Create, Operation::Update, Operation::Delete);
    let node = |name: &str, labels: Value, taints: Value| json!({"metadata": {"name": name, "labels": labels}, "spec": {"taints": taints}});
    let plain = || node("n1", json!({}), json!([]));
    let labelled = |label: &str| node("n1", json!({label: "x"}), json!([]));
    assert_eq!(run(create, "nodes", "", None, plain()), Ok(()));
    let other = refused("node \"n1\" is not allowed to modify node \"n2\"");
    assert_eq!(run(create, "nodes", "", None, node("n2", json!({}), json!([]))), other);
    assert_eq!(run(delete, "nodes", "n2", Some(plain()), Value::Null), other);
    let label = labelled("node-restriction.kubernetes.io/x");
    let text = "node \"n1\" is not allowed to set the following labels: node-restriction.kubernetes.io/x";
    assert_eq!(run(create, "nodes", "", None, label), refused(text));
    for (label, is_allowed) in [
        ("kubernetes.io/os", true),
        ("example.com/free", true),
        ("free", true),
        ("sub.node.kubernetes.io/x", true),
        ("kubelet.kubernetes.io/x", true),
        ("a.node-restriction.kubernetes.io/x", false),
        ("node-role.kubernetes.io/worker", false),
        ("kubernetes.io/nope", false),
        ("x.k8s.io/y", false),
        ("notkubernetes.io/y", true),
    ] {
        let expected =
            if is_allowed { Ok(()) } else { refused(&format!("is not allowed to modify labels: {label}")) };
        assert_eq!(run(update, "nodes", "n1", Some(plain()), labelled(label)), expected);
        assert_eq!(run(update, "nodes/status", "n1", Some(labelled(label)), plain()), expected);
        assert_eq!(run(update, "nodes", "n1", Some(labelled(label)), labelled(label)), Ok(()));
    }
    let tainted = node("n1", json!({}), json!([{"key": "a"}]));
    let text = "node \"n1\" is not allowed to modify taints";
    assert_eq!(run(update, "nodes", "n1", Some(plain()), tainted), refused(text));
    let lease = "leases.coordination.k8s.io";
    assert_eq!(run(create, lease, "", None, json!({"metadata": {"name": "n1"}})), Ok(()));
    let text = "can only access node lease with the same name as the requesting node";
    assert_eq!(run(create, lease, "", None, json!({"metadata": {"name": "n2"}})), refused(text));
    let text = "can only access CSINode with the same name as the requesting node";
    let csi = "csinodes.storage.k8s.io";
    assert_eq!(run(create, csi, "", None, json!({"metadata": {"name": "n2"}})), refused(text));
    let text = "can only create ResourceSlice with the same NodeName as the requesting node";
    let slices = "resourceslices.resource.k8s.io";
    assert_eq!(run(create, slices, "", None, json!({"spec": {"nodeName": "n2"}})), refused(text));
}

#[test]
fn nodes_make_mirror_pods_only() {
    let owner = json!({"apiVersion": "v1", "kind": "Node", "name": "n1", "uid": "u1", "controller": true});
    let good = json!({
        "metadata": {"name": "m", "annotations": {"kubernetes.io/config.mirror": "x"}, "ownerReferences": [owner]},
        "spec": {"nodeName": "n1"},
    });
    let create = |change: fn(&mut Value)| {
        let mut pod = good.clone();
        change(&mut pod);
        run(Operation::Create, "pods", "", None, pod)
    };
    assert_eq!(create(|_| {}), Ok(()));
    let only = |text: &str| refused(&format!("node \"n1\" can only create pods with {text} set to itself"));
    let text = "pod does not have \"kubernetes.io/config.mirror\" annotation, node \"n1\" can only create mirror pods";
    assert_eq!(create(|pod| pod["metadata"]["annotations"] = json!({})), refused(text));
    assert_eq!(create(|pod| pod["spec"]["nodeName"] = json!("n2")), only("spec.nodeName"));
    let owners = |pod: &mut Value, owners: Value| pod["metadata"]["ownerReferences"] = owners;
    assert_eq!(create(|pod| pod["metadata"]["ownerReferences"] = json!([])), only("an owner reference"));
    let mut two = good.clone();
    owners(&mut two, json!([owner, owner]));
    assert_eq!(run(Operation::Create, "pods", "", None, two), only("a single owner reference"));
    let change = |pod: &mut Value, member: &str, value: Value| {
        pod["metadata"]["ownerReferences"][0][member] = value;
    };
    let changed = |member: &str, value: Value| {
        let mut pod = good.clone();
        change(&mut pod, member, value);
        run(Operation::Create, "pods", "", None, pod)
    };
    assert_eq!(changed("name", json!("n2")), only("an owner reference"));
    assert_eq!(changed("controller", json!(false)), only("a controller owner reference"));
    let text = "node \"n1\" must not set blockOwnerDeletion on an owner reference";
    assert_eq!(changed("blockOwnerDeletion", json!(true)), refused(text));
    assert_eq!(changed("uid", json!("x")), refused("node n1 UID mismatch: expected x got u1"));
    let secret = |pod: &mut Value| pod["spec"]["volumes"] = json!([{"secret": {"secretName": "s"}}]);
    assert_eq!(create(secret), refused("node \"n1\" can not create pods that reference secrets"));
}

#[test]
fn nodes_look_after_their_own_pods() {
    let pod = |node: &str, labels: Value| json!({"metadata": {"name": "p", "labels": labels}, "spec": {"nodeName": node}});
    let (mine, other) = (pod("n1", json!({})), pod("n2", json!({})));
    let (create, update, delete) = (Operation::Create, Operation::Update, Operation::Delete);
    let status = |old: &Value, new: &Value| run(update, "pods/status", "p", Some(old.clone()), new.clone());
    assert_eq!(status(&mine, &mine), Ok(()));
    let text = "node \"n1\" can only update pod status for pods with spec.nodeName set to itself";
    assert_eq!(status(&other, &other), refused(text));
    let text = "node \"n1\" cannot update labels through pod status";
    assert_eq!(status(&mine, &pod("n1", json!({"a": "b"}))), refused(text));
    assert_eq!(run(delete, "pods", "p", Some(mine.clone()), Value::Null), Ok(()));
    let text = "node \"n1\" can only delete pods with spec.nodeName set to itself";
    assert_eq!(run(delete, "pods", "q", Some(other), Value::Null), refused(text));
    let text = "unexpected operation \"UPDATE\", node \"n1\" can only create and delete mirror pods";
    assert_eq!(run(update, "pods", "p", Some(mine.clone()), mine), refused(text));
    assert_eq!(run(create, "pods/eviction", "p", None, json!({})), Ok(()));
    let text = "node n1 can only evict pods with spec.nodeName set to itself";
    assert_eq!(run(create, "pods/eviction", "q", None, json!({})), refused(text));
    assert_eq!(run(create, "pods/eviction", "gone", None, json!({})), refused("pods \"gone\" not found"));
    let text = "unexpected pod subresource \"exec\", only 'status' and 'eviction' are allowed";
    assert_eq!(run(create, "pods/exec", "p", None, json!({})), refused(text));
    assert_eq!(
        run(update, "persistentvolumeclaims", "c", None, json!({})),
        refused("may only update PVC status")
    );
}

#[test]
fn nodes_get_tokens_of_their_pods() {
    let ask = |bound: Value, audiences: Value| {
        let asked = json!({"spec": {"boundObjectRef": bound, "audiences": audiences}});
        run(Operation::Create, "serviceaccounts/token", "sa", None, asked)
    };
    let bound = |pod: &str, uid: &str| json!({"apiVersion": "v1", "kind": "Pod", "name": pod, "uid": uid});
    for (bound, audiences, expected) in [
        (Value::Null, json!([]), refused("node requested token not bound to a pod")),
        (bound("p", ""), json!([]), refused("node requested token with a pod binding without a uid")),
        (
            bound("q", "u"),
            json!([]),
            refused("node requested token bound to a pod scheduled on a different node"),
        ),
        (bound("p", "u"), json!([]), Ok(())),
        (bound("p", "u"), json!(["vault"]), Ok(())),
        (bound("p", "u"), json!(["a", "b"]), refused("node may only request 0 or 1 audiences")),
        (
            bound("p", "u"),
            json!(["x"]),
            refused(
                "audience \"x\" not found in pod spec volume, system:node:n1 is not authorized to request tokens for \
                 this audience",
            ),
        ),
    ] {
        assert_eq!(ask(bound, audiences), expected);
    }
    let stale = "the UID in the bound object reference (x) does not match the UID in record. The object might have been \
                 deleted and then recreated";
    assert_eq!(ask(bound("p", "x"), json!([])), refused(stale));
}
