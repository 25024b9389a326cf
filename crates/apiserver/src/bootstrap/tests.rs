//! What a fresh cluster has, compared with recordings of one.

use std::io::Read as _;
use std::path::PathBuf;

use proptest::prelude::*;

use super::*;
use crate::authorization::rbac::{Rule, covers};

fn settings() -> Settings {
    Settings {
        advertise_address: "192.0.2.10".parse().unwrap(),
        secure_port: 6443,
        service_ranges: Cidr::parse_service_ranges("10.96.0.0/16").unwrap(),
        now: "2026-11-29T12:00:00Z".parse().unwrap(),
    }
}

fn find<'o>(objects: &'o [Value], kind: &str, name: &str) -> &'o Value {
    objects
        .iter()
        .find(|object| object["kind"] == kind && object["metadata"]["name"] == name)
        .unwrap_or_else(|| panic!("no {kind} {name}"))
}

fn recorded() -> Vec<Value> {
    let file =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/golden/apiserver/auth.jsonl.gz");
    let Ok(packed) = std::fs::File::open(&file) else {
        println!("SKIPPED: no recordings at {}", file.display());
        return Vec::new();
    };
    let mut text = String::new();
    flate2::read::GzDecoder::new(packed).read_to_string(&mut text).expect("gzip");
    let scenarios = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a scenario"));
    scenarios.filter(|scenario| scenario["id"].as_str().unwrap().starts_with("auth/bootstrap-")).collect()
}

fn steps(scenarios: &[Value]) -> impl Iterator<Item = (&str, &Value)> {
    let steps = scenarios.iter().flat_map(|scenario| scenario["steps"].as_array().unwrap());
    steps.map(|step| (step["request"]["path"].as_str().unwrap(), &step["response"]))
}

#[test]
fn a_recorded_cluster_has_the_same_names() {
    let objects = objects(&settings());
    for (path, response) in steps(&recorded()) {
        let Some(names) = response["projected"]["0"].as_array() else { continue };
        let resource = path.rsplit('/').next().unwrap();
        let plural = |object: &Value| {
            let kind = object["kind"].as_str().unwrap().to_lowercase();
            if kind.ends_with("class") { format!("{kind}es") } else { format!("{kind}s") }
        };
        let own = objects.iter().filter(|object| plural(object) == resource);
        let mut own: Vec<&str> = own.map(|object| object["metadata"]["name"].as_str().unwrap()).collect();
        own.sort_unstable();
        let names: Vec<&str> = names.iter().map(|name| name.as_str().unwrap()).collect();
        assert_eq!(own, names, "{resource}");
    }
}

#[test]
fn a_recorded_cluster_has_the_same_objects() {
    let objects = objects(&settings());
    for (_, response) in steps(&recorded()) {
        let mut body = response["body"].clone();
        if !body.is_object() || response["status"] != 200 {
            continue;
        }
        let name = body["metadata"]["name"].as_str().unwrap().to_owned();
        let own = find(&objects, body["kind"].as_str().unwrap(), &name);
        for member in ["creationTimestamp", "resourceVersion", "uid"] {
            body["metadata"].as_object_mut().unwrap().remove(member);
        }
        if body["kind"] == "FlowSchema" {
            body["status"]["conditions"][0]["lastTransitionTime"] = json!("2026-11-29T12:00:00Z");
        }
        assert_eq!(*own, body);
    }
}

#[test]
fn the_service_of_the_api_has_the_first_address() {
    let objects = objects(&settings());
    let service = objects.iter().find(|object| object["kind"] == "Service").unwrap();
    assert_eq!(service["spec"]["clusterIP"], "10.96.0.1");
    assert_eq!(service["spec"]["ports"][0]["targetPort"], 6443);
    assert_eq!(find(&objects, "IPAddress", "10.96.0.1")["spec"]["parentRef"]["name"], "kubernetes");
    let endpoints = find(&objects, "Endpoints", "kubernetes");
    assert_eq!(endpoints["subsets"][0]["addresses"][0]["ip"], "192.0.2.10");
    assert_eq!(find(&objects, "ServiceCIDR", "kubernetes")["spec"]["cidrs"], json!(["10.96.0.0/16"]));
}

#[test]
fn ranges_are_checked() {
    let first = |text: &str| {
        Cidr::parse_service_ranges(text)
            .map(|ranges| ranges.iter().map(|range| range.nth(1).to_string()).collect::<Vec<_>>())
            .map_err(|error| error.to_string())
    };
    assert_eq!(first("").unwrap(), ["10.0.0.1"]);
    assert_eq!(first("10.96.3.7/16,fd00::5/112").unwrap(), ["10.96.0.1", "fd00::1"]);
    for (text, error) in [
        ("x", "\"x\" is no range of addresses"),
        ("10.0.0.0/33", "\"10.0.0.0/33\" is no range of addresses"),
        ("10.0.0.0/24,10.1.0.0/24", "has to be one range, or two"),
        ("10.0.0.0/30", "has to have between 8 and 2^64 addresses"),
        ("fd00::/32", "has to have between 8 and 2^64 addresses"),
    ] {
        assert!(first(text).unwrap_err().contains(error), "{text}: {:?}", first(text));
    }
}

#[test]
fn what_is_complete_is_left_alone() {
    for object in objects(&settings()) {
        assert_eq!(reconcile(None, &object), Some(object.clone()));
        let mut stored = object.clone();
        stored["metadata"]["uid"] = json!("u");
        stored["metadata"]["labels"]["more"] = json!("x");
        assert_eq!(reconcile(Some(&stored), &object), None, "{}", object["metadata"]);
    }
}

#[test]
fn missing_rules_and_subjects_come_back() {
    let objects = objects(&settings());
    let node = find(&objects, "ClusterRole", "system:node");
    let mut stored = node.clone();
    let own = json!({"verbs": ["own"], "apiGroups": [""], "resources": ["x"]});
    stored["rules"] = json!([own]);
    stored["metadata"]["labels"] = json!({"mine": "1"});
    let changed = reconcile(Some(&stored), node).unwrap();
    assert!(covers(&Rule::list(&changed["rules"]), &Rule::list(&node["rules"])).is_empty());
    assert_eq!(changed["rules"][0], own, "what somebody added stays");
    let labels = json!({"mine": "1", "kubernetes.io/bootstrapping": "rbac-defaults"});
    assert_eq!(changed["metadata"]["labels"], labels);
    assert_eq!(reconcile(Some(&changed), node), None);
    stored["metadata"]["annotations"]["rbac.authorization.kubernetes.io/autoupdate"] = json!("false");
    assert_eq!(reconcile(Some(&stored), node), None, "somebody looks after it");

    let binding = find(&objects, "ClusterRoleBinding", "system:public-info-viewer");
    let mut stored = binding.clone();
    stored["subjects"] = json!([{"kind": "User", "name": "x"}, binding["subjects"][1]]);
    let changed = reconcile(Some(&stored), binding).unwrap();
    assert_eq!(changed["subjects"].as_array().unwrap().len(), 3);
    let mut stored = binding.clone();
    stored["roleRef"]["name"] = json!("other");
    assert_eq!(reconcile(Some(&stored), binding).as_ref(), Some(binding), "to be made anew");

    let admin = find(&objects, "ClusterRole", "admin");
    let mut stored = admin.clone();
    stored["aggregationRule"]["clusterRoleSelectors"] = json!([{"matchLabels": {"a": "b"}}]);
    let changed = reconcile(Some(&stored), admin).unwrap();
    assert_eq!(changed["aggregationRule"]["clusterRoleSelectors"].as_array().unwrap().len(), 2);
}

#[test]
fn flow_control_and_endpoints_are_put_right() {
    let objects = objects(&settings());
    for (name, annotation, is_put_right) in
        [("exempt", "false", true), ("probes", "true", true), ("probes", "false", false)]
    {
        let schema = find(&objects, "FlowSchema", name);
        let mut stored = schema.clone();
        stored["spec"]["matchingPrecedence"] = json!(7);
        stored["metadata"]["annotations"]["apf.kubernetes.io/autoupdate-spec"] = json!(annotation);
        let spec = reconcile(Some(&stored), schema).map(|changed| changed["spec"].clone());
        assert_eq!(spec, is_put_right.then(|| schema["spec"].clone()), "{name}");
    }
    let endpoints = find(&objects, "Endpoints", "kubernetes");
    let mut stored = endpoints.clone();
    stored["subsets"][0]["addresses"][0]["ip"] = json!("192.0.2.99");
    assert_eq!(reconcile(Some(&stored), endpoints).as_ref(), Some(endpoints));
}

proptest! {
    #[test]
    fn no_text_makes_a_range_panic(text in "[0-9a-f:./]{0,24}") {
        let _ = text.parse::<Cidr>();
    }
}
