//! Who may do what, by roles and bindings.

use proptest::prelude::*;
use serde_json::json;

use super::super::test_objects::TestObjects;
use super::*;

fn user(name: &str, groups: &[&str]) -> User {
    User {
        name: name.to_owned(),
        groups: groups.iter().map(|group| (*group).to_owned()).collect(),
        ..User::default()
    }
}

fn resource(verb: &str, resource: &str, namespace: &str, name: &str) -> Attributes {
    let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    let (resource, group) = resource.split_once('.').unwrap_or((resource, ""));
    Attributes {
        verb: verb.to_owned(),
        is_resource: true,
        group: group.to_owned(),
        resource: resource.to_owned(),
        subresource: subresource.to_owned(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        ..Attributes::default()
    }
}

fn path(verb: &str, path: &str) -> Attributes {
    Attributes { verb: verb.to_owned(), path: path.to_owned(), ..Attributes::default() }
}

fn role(name: &str, rules: Value) -> Value {
    json!({"metadata": {"name": name}, "rules": rules})
}

fn binding(name: &str, role: (&str, &str), subjects: Value) -> Value {
    json!({"metadata": {"name": name}, "roleRef": {"kind": role.0, "name": role.1}, "subjects": subjects})
}

fn inside(mut object: Value) -> Value {
    object["metadata"]["namespace"] = json!("ns");
    object
}

fn world() -> Arc<TestObjects> {
    let pods = json!([{"apiGroups": [""], "resources": ["pods", "*/scale"], "verbs": ["get"]}]);
    let named =
        json!([{"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["one"], "verbs": ["get"]}]);
    let all = json!([{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]);
    let urls = json!([{"nonResourceURLs": ["/healthz", "/api/*"], "verbs": ["get"]}]);
    let account = json!([{"kind": "ServiceAccount", "name": "sa"}]);
    TestObjects::of([
        ("clusterroles.rbac.authorization.k8s.io", role("pods", pods)),
        ("clusterroles.rbac.authorization.k8s.io", role("all", all)),
        ("clusterroles.rbac.authorization.k8s.io", role("urls", urls)),
        ("roles.rbac.authorization.k8s.io", inside(role("named", named))),
        (
            "clusterrolebindings.rbac.authorization.k8s.io",
            binding("b1", ("ClusterRole", "pods"), json!([{"kind": "User", "name": "alice"}])),
        ),
        (
            "clusterrolebindings.rbac.authorization.k8s.io",
            binding(
                "b2",
                ("ClusterRole", "urls"),
                json!([{"kind": "Group", "name": "system:authenticated"}]),
            ),
        ),
        (
            "clusterrolebindings.rbac.authorization.k8s.io",
            binding("nobody", ("ClusterRole", "all"), account.clone()),
        ),
        (
            "clusterrolebindings.rbac.authorization.k8s.io",
            binding("lost", ("ClusterRole", "gone"), json!([{"kind": "User", "name": "zed"}])),
        ),
        (
            "rolebindings.rbac.authorization.k8s.io",
            inside(binding("b3", ("Role", "named"), json!([{"kind": "Group", "name": "dev"}]))),
        ),
        ("rolebindings.rbac.authorization.k8s.io", inside(binding("b4", ("ClusterRole", "all"), account))),
        (
            "rolebindings.rbac.authorization.k8s.io",
            inside(binding("lost", ("Role", "gone"), json!([{"kind": "User", "name": "zed"}]))),
        ),
    ])
}

#[test]
fn decides_and_says_why() {
    let rbac = Rbac::new(world());
    let allow = |reason: &str| Decision::Allow(format!("RBAC: allowed by {reason}"));
    let no = || Decision::NoOpinion(String::new());
    let by_pods = || allow("ClusterRoleBinding \"b1\" of ClusterRole \"pods\" to User \"alice\"");
    let by_all = || allow("RoleBinding \"b4/ns\" of ClusterRole \"all\" to ServiceAccount \"sa/ns\"");
    let missing = "RBAC: [clusterrole.rbac.authorization.k8s.io \"gone\" not found, \
                   role.rbac.authorization.k8s.io \"gone\" not found]";
    let by_urls =
        || allow("ClusterRoleBinding \"b2\" of ClusterRole \"urls\" to Group \"system:authenticated\"");
    let alice = user("alice", &[]);
    let dev = user("x", &["other", "dev"]);
    let account = user("system:serviceaccount:ns:sa", &[]);
    let zed = user("zed", &[]);
    let known = user("y", &["system:authenticated"]);
    for (user, attributes, expected) in [
        (&alice, resource("get", "pods", "ns", "p"), by_pods()),
        (&alice, resource("get", "pods", "", ""), by_pods()),
        (&alice, resource("list", "pods", "ns", ""), no()),
        (&alice, resource("get", "pods/status", "ns", "p"), no()),
        (&alice, resource("get", "deployments/scale", "ns", "p"), by_pods()),
        (&alice, resource("get", "deployments.apps/scale", "ns", "p"), no()),
        (
            &dev,
            resource("get", "secrets", "ns", "one"),
            allow("RoleBinding \"b3/ns\" of Role \"named\" to Group \"dev\""),
        ),
        (&dev, resource("get", "secrets", "ns", "two"), no()),
        (&dev, resource("get", "secrets", "ns", ""), no()),
        (&dev, resource("get", "secrets", "other", "one"), no()),
        (&account, resource("delete", "nodes/x", "ns", "p"), by_all()),
        (&account, resource("delete", "nodes", "", "p"), no()),
        (&zed, resource("get", "pods", "ns", "p"), Decision::NoOpinion(missing.to_owned())),
        (
            &zed,
            resource("get", "nodes", "", "n"),
            Decision::NoOpinion("RBAC: clusterrole.rbac.authorization.k8s.io \"gone\" not found".to_owned()),
        ),
        (&known, path("get", "/healthz"), by_urls()),
        (&known, path("get", "/api/v1"), by_urls()),
        (&known, path("get", "/apis"), no()),
        (&known, path("post", "/healthz"), no()),
        (&known, path("get", "/healthz/x"), no()),
    ] {
        assert_eq!(rbac.authorize(user, &attributes), expected, "{} {attributes:?}", user.name);
    }
}

#[test]
fn a_change_counts_at_once() {
    let objects = world();
    let rbac = Rbac::new(objects.clone());
    let (alice, asked) = (user("alice", &[]), resource("list", "pods", "ns", ""));
    assert_eq!(rbac.authorize(&alice, &asked), Decision::NoOpinion(String::new()));
    let more = json!([{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}]);
    objects.put("clusterroles.rbac.authorization.k8s.io", role("pods", more));
    assert!(matches!(rbac.authorize(&alice, &asked), Decision::Allow(_)));
}

#[test]
fn rules_cover_others() {
    let rule = |value: Value| Rule::of(&value);
    let pods = |verbs: Value| rule(json!({"apiGroups": [""], "resources": ["pods"], "verbs": verbs}));
    let all = rule(json!({"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}));
    let status = rule(json!({"apiGroups": [""], "resources": ["*/status"], "verbs": ["*"]}));
    let pod_status = rule(json!({"apiGroups": [""], "resources": ["pods/status"], "verbs": ["get"]}));
    let one =
        rule(json!({"apiGroups": [""], "resources": ["pods"], "resourceNames": ["a"], "verbs": ["get"]}));
    let api = rule(json!({"nonResourceURLs": ["/api/*"], "verbs": ["get"]}));
    let api_v1 = rule(json!({"nonResourceURLs": ["/api/v1"], "verbs": ["get"]}));
    for (owned, wanted, n_missing) in [
        (vec![pods(json!(["get", "list"]))], pods(json!(["get"])), 0),
        (vec![pods(json!(["get"])), pods(json!(["list"]))], pods(json!(["get", "list"])), 0),
        (vec![pods(json!(["get"]))], pods(json!(["get", "list", "watch"])), 2),
        (vec![pods(json!(["get"]))], pods(json!(["*"])), 1),
        (vec![all.clone()], pods(json!(["*"])), 0),
        (vec![all.clone()], api_v1.clone(), 1),
        (vec![status.clone()], pod_status.clone(), 0),
        (vec![pods(json!(["get"]))], pod_status, 1),
        (vec![pods(json!(["get"]))], one.clone(), 0),
        (vec![one], pods(json!(["get"])), 1),
        (vec![api.clone()], api_v1.clone(), 0),
        (vec![api_v1], api, 1),
    ] {
        assert_eq!(covers(&owned, std::slice::from_ref(&wanted)).len(), n_missing, "{owned:?} {wanted}");
    }
}

fn any_rule() -> impl Strategy<Value = Rule> {
    let texts = |of: &'static [&'static str], n| {
        prop::collection::vec(prop::sample::select(of).prop_map(str::to_owned), n)
    };
    let resources = (
        texts(&["get", "list", "*"], 1..3),
        texts(&["", "apps", "*"], 1..3),
        texts(&["pods", "pods/status", "*/status", "*", "nodes"], 1..3),
        texts(&["a", "b"], 0..2),
    );
    let urls = (texts(&["get", "post", "*"], 1..3), texts(&["/a", "/a/*", "*", "/b"], 1..3));
    prop_oneof![
        resources.prop_map(|(verbs, api_groups, resources, resource_names)| Rule {
            verbs,
            api_groups,
            resources,
            resource_names,
            ..Rule::default()
        }),
        urls.prop_map(|(verbs, non_resource_urls)| Rule { verbs, non_resource_urls, ..Rule::default() }),
    ]
}

fn any_attributes() -> impl Strategy<Value = Attributes> {
    let text = |of: &'static [&'static str]| prop::sample::select(of);
    let resources = (
        text(&["get", "list", "delete"]),
        text(&["pods", "pods/status", "nodes", "pods.apps", "nodes.apps/status"]),
        text(&["", "a", "c"]),
    );
    let urls = (text(&["get", "post"]), text(&["/a", "/a/b", "/b", "/c"]));
    prop_oneof![
        resources.prop_map(|(verb, of, name)| {
            // The subresource is last in the notation of these tests.
            let (of, subresource) = of.split_once('/').unwrap_or((of, ""));
            Attributes { subresource: subresource.to_owned(), ..resource(verb, of, "", name) }
        }),
        urls.prop_map(|(verb, url)| path(verb, url)),
    ]
}

proptest! {
    #[test]
    fn what_is_covered_is_allowed(owned in prop::collection::vec(any_rule(), 0..4), wanted in any_rule(),
                                  asked in any_attributes()) {
        let is_covered = covers(&owned, std::slice::from_ref(&wanted)).is_empty();
        if is_covered && wanted.allows(&asked) {
            prop_assert!(owned.iter().any(|rule| rule.allows(&asked)), "{asked:?}");
        }
    }

    #[test]
    fn a_rule_covers_itself_and_its_parts_are_it(rule in any_rule(), asked in any_attributes()) {
        prop_assert!(covers(std::slice::from_ref(&rule), std::slice::from_ref(&rule)).is_empty());
        prop_assert!(covers(&split(&rule), std::slice::from_ref(&rule)).is_empty());
        prop_assert_eq!(split(&rule).iter().any(|part| part.allows(&asked)), rule.allows(&asked));
        prop_assert_eq!(Rule::of(&rule.to_value()), rule);
    }
}
