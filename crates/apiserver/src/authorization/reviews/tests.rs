//! Reviews in upstream's words.

use std::sync::Arc;

use serde_json::json;

use super::super::modes::parse;
use super::super::test_objects::TestObjects;
use super::*;
use crate::authentication::Tokens;
use crate::objects::Objects;

fn world() -> Arc<dyn Objects> {
    let rule = json!([{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]);
    let urls = json!([{"nonResourceURLs": ["/healthz"], "verbs": ["get"]}]);
    let binding = |namespace: Value, kind: &str, role: &str, subject: Value| {
        json!({
            "metadata": {"name": "b", "namespace": namespace},
            "roleRef": {"kind": kind, "name": role},
            "subjects": [subject],
        })
    };
    TestObjects::of([
        (
            "roles.rbac.authorization.k8s.io",
            json!({"metadata": {"name": "r", "namespace": "ns"}, "rules": rule}),
        ),
        ("clusterroles.rbac.authorization.k8s.io", json!({"metadata": {"name": "info"}, "rules": urls})),
        (
            "rolebindings.rbac.authorization.k8s.io",
            binding(json!("ns"), "Role", "r", json!({"kind": "User", "name": "zed"})),
        ),
        (
            "clusterrolebindings.rbac.authorization.k8s.io",
            binding(
                Value::Null,
                "ClusterRole",
                "info",
                json!({"kind": "Group", "name": "system:authenticated"}),
            ),
        ),
    ])
}

fn ask(user: &User, resource: &str, review: Value) -> Result<Value, (u16, String)> {
    let modes = Modes::new(&parse("Node,RBAC").unwrap(), &world());
    let tokens = Tokens::parse("t", "tok,zed,uid-zed,\"a,b\"").unwrap();
    let authentication = Authentication {
        tokens: Arc::new(tokens),
        allows_anonymous: true,
        api_audiences: vec!["https://kubernetes".into()],
        ..Authentication::default()
    };
    let now = "2026-11-29T12:00:00Z".parse().unwrap();
    let reviewer = Reviewer { modes: &modes, authentication: &authentication, user, now };
    let answered = reviewer.answer(resource, &review).expect("a review");
    answered.map_err(|status| (status.code, status.message))
}

fn zed() -> User {
    User {
        name: "zed".into(),
        uid: "u".into(),
        groups: vec!["dev".into(), User::AUTHENTICATED.into()],
        extra: vec![("k".into(), vec!["v".into()])],
    }
}

#[test]
fn answers_whether_somebody_may() {
    let pods = json!({"namespace": "ns", "resource": "pods", "verb": "get"});
    let by_role = "RBAC: allowed by RoleBinding \"b/ns\" of Role \"r\" to User \"zed\"";
    let by_group =
        "RBAC: allowed by ClusterRoleBinding \"b\" of ClusterRole \"info\" to Group \"system:authenticated\"";
    let healthz = json!({"path": "/healthz", "verb": "get"});
    let labels = json!({"requirements": [{"key": "a", "operator": "X"}]});
    for (spec, status) in [
        (json!({"user": "zed", "resourceAttributes": pods}), json!({"allowed": true, "reason": by_role})),
        (json!({"user": "bob", "resourceAttributes": pods}), json!({"allowed": false})),
        (
            json!({"groups": ["system:masters"], "resourceAttributes": {"verb": "*", "resource": "*"}}),
            json!({"allowed": true}),
        ),
        (json!({"user": "zed", "nonResourceAttributes": healthz}), json!({"allowed": false})),
        (
            json!({"groups": ["system:authenticated"], "nonResourceAttributes": healthz}),
            json!({"allowed": true, "reason": by_group}),
        ),
        (
            json!({"user": "bob", "resourceAttributes": {"verb": "list", "resource": "pods", "labelSelector": labels}}),
            json!({"allowed": false,
                   "evaluationError": "spec.resourceAttributes.labelSelector ignored due to parse error"}),
        ),
        (
            json!({"user": "system:node:n1", "groups": ["system:nodes"], "resourceAttributes":
                   {"verb": "get", "resource": "pods", "namespace": "ns", "name": "p"}}),
            json!({"allowed": false, "reason": "no relationship found between node 'n1' and this object"}),
        ),
        (
            json!({"user": "system:node:n1", "groups": ["system:nodes"], "resourceAttributes":
                   {"verb": "list", "resource": "pods", "fieldSelector":
                    {"requirements": [{"key": "spec.nodeName", "operator": "In", "values": ["n1"]}]}}}),
            json!({"allowed": true}),
        ),
    ] {
        let review = json!({"metadata": {}, "spec": spec});
        let answered = ask(&User::anonymous(), "subjectaccessreviews", review).unwrap();
        assert_eq!(answered["status"], status, "{spec}");
        assert_eq!(answered["spec"], spec);
    }
    let own = json!({"metadata": {}, "spec": {"resourceAttributes": pods}});
    let answered = ask(&zed(), "selfsubjectaccessreviews", own).unwrap();
    assert_eq!(answered["status"], json!({"allowed": true, "reason": by_role}));
    let local = json!({"metadata": {"namespace": "ns"}, "spec": {"user": "zed", "resourceAttributes": pods}});
    assert_eq!(ask(&zed(), "localsubjectaccessreviews", local).unwrap()["status"]["allowed"], true);
}

#[test]
fn refuses_what_is_no_question() {
    let pods = json!({"namespace": "ns", "resource": "pods", "verb": "get"});
    let path = json!({"path": "/x", "verb": "get"});
    let start = ".authorization.k8s.io \"\" is invalid: ";
    let check = |resource: &str, metadata: Value, spec: Value, text: &str| {
        let refused = ask(&zed(), resource, json!({"metadata": metadata, "spec": spec}));
        assert_eq!(refused, Err((422, format!("{start}{text}"))));
    };
    let (subject, local) = ("subjectaccessreviews", "localsubjectaccessreviews");
    check(
        subject,
        json!({}),
        json!({"user": "zed"}),
        "spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must \
         be specified",
    );
    check(
        subject,
        json!({}),
        json!({"user": "zed", "resourceAttributes": pods, "nonResourceAttributes": path}),
        "spec.nonResourceAttributes: Invalid value: {\"Path\":\"/x\",\"Verb\":\"get\"}: cannot be specified in \
         combination with resourceAttributes",
    );
    check(
        subject,
        json!({}),
        json!({"resourceAttributes": pods}),
        "spec.user: Invalid value: \"\": at least one of user or group must be specified",
    );
    check(
        subject,
        json!({"name": "x"}),
        json!({"user": "zed", "resourceAttributes": pods}),
        "metadata: Invalid value: {\"name\":\"x\"}: must be empty",
    );
    // Owners alone are no mistake; they are quoted in the order of their type.
    check(
        subject,
        json!({"managedFields": [{"apiVersion": "v1", "fieldsV1": {"f:a": {}}, "manager": "m"}], "name": "x"}),
        json!({"user": "zed", "resourceAttributes": pods}),
        "metadata: Invalid value: {\"name\":\"x\",\"managedFields\":[{\"manager\":\"m\",\"apiVersion\":\"v1\",\
         \"fieldsV1\":{\"f:a\":{}}}]}: must be empty",
    );
    check(
        local,
        json!({"namespace": "other"}),
        json!({"user": "zed", "resourceAttributes": pods}),
        "spec.resourceAttributes.namespace: Invalid value: \"ns\": must match metadata.namespace",
    );
    check(
        local,
        json!({"namespace": "ns"}),
        json!({"user": "zed", "nonResourceAttributes": path}),
        "spec.nonResourceAttributes: Invalid value: {\"Path\":\"/x\",\"Verb\":\"get\"}: disallowed on this kind of \
         request",
    );
}

#[test]
fn tells_users_about_themselves() {
    let review = json!({"metadata": {}, "spec": {"namespace": "ns"}});
    let answered = ask(&zed(), "selfsubjectrulesreviews", review).unwrap();
    assert_eq!(answered["spec"], json!({}));
    let expected = json!({
        "resourceRules": [{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}],
        "nonResourceRules": [{"verbs": ["get"], "nonResourceURLs": ["/healthz"]}],
        "incomplete": false,
    });
    assert_eq!(answered["status"], expected);
    let node = User { name: "system:node:n".into(), groups: vec!["system:nodes".into()], ..User::default() };
    let answered = ask(&node, "selfsubjectrulesreviews", json!({"spec": {"namespace": "ns"}})).unwrap();
    assert_eq!(answered["status"]["incomplete"], true);
    let refused = ask(&zed(), "selfsubjectrulesreviews", json!({"spec": {}}));
    assert_eq!(refused, Err((400, "no namespace on request".to_owned())));

    let answered = ask(&zed(), "selfsubjectreviews", json!({"metadata": {}})).unwrap();
    let expected = json!({"userInfo": {"username": "zed", "uid": "u", "groups": ["dev", "system:authenticated"],
                                       "extra": {"k": ["v"]}}});
    assert_eq!(answered["status"], expected);
    assert_eq!(answered["metadata"]["creationTimestamp"], "2026-11-29T12:00:00Z");
}

#[test]
fn tells_whose_token_it_is() {
    let user = json!({"username": "zed", "uid": "uid-zed", "groups": ["a", "b", "system:authenticated"]});
    let good = |audience: &str| json!({"authenticated": true, "user": user, "audiences": [audience]});
    let bad = json!({"user": {}, "error": "invalid bearer token"});
    for (spec, status) in [
        (json!({"token": "tok"}), good("https://kubernetes")),
        (json!({"token": "tok", "audiences": ["x", "https://kubernetes"]}), good("https://kubernetes")),
        (json!({"token": "tok", "audiences": ["x"]}), bad.clone()),
        (json!({"token": "nope"}), bad),
    ] {
        let answered = ask(&zed(), "tokenreviews", json!({"metadata": {}, "spec": spec})).unwrap();
        assert_eq!(answered["status"], status, "{spec}");
    }
    let refused = ask(&zed(), "tokenreviews", json!({"spec": {"token": ""}}));
    assert_eq!(refused, Err((400, "token is required for TokenReview in authentication".to_owned())));
}
