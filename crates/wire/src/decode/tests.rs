mod errors;
mod hostile;

use std::fs;

use super::*;
use crate::{Pod, Quantity};

/// Kind and `namespace/name` of each object read.
fn names(decoded: &Decoded) -> Vec<String> {
    let name = |sourced: &Sourced| {
        let (kind, meta) = (sourced.object.kind().name(), sourced.object.meta());
        match meta.namespace.as_str() {
            "" => format!("{kind} {}", meta.name),
            namespace => format!("{kind} {namespace}/{}", meta.name),
        }
    };
    decoded.objects.iter().map(name).collect()
}

fn read(name: &str, text: &str) -> Decoded {
    read_bytes(name, text.as_bytes()).unwrap_or_else(|error| panic!("{error}"))
}

fn check(name: &str, text: &str, expected: &[&str]) {
    assert_eq!(names(&read(name, text)), expected, "{text}");
}

fn only_pod(text: &str) -> Pod {
    let mut objects = read("test", text).objects;
    match (objects.pop().map(|sourced| sourced.object), objects.is_empty()) {
        (Some(Object::Pod(pod)), true) => *pod,
        other => panic!("{other:?}"),
    }
}

const POD: &str = r#"{"kind":"Pod","apiVersion":"v1","metadata":{"name":"p","namespace":"n"}}"#;

#[test]
fn json_may_be_one_object_lines_or_concatenated() {
    check("a.json", POD, &["Pod n/p"]);
    check("a.jsonl", &format!("{POD}\n\n  {POD}\n"), &["Pod n/p", "Pod n/p"]);
    check("stdin", &format!("{POD}{POD} {POD}"), &["Pod n/p", "Pod n/p", "Pod n/p"]);
    check("a.json", "", &[]);
    check("a.json", " \n", &[]);
    check("a.json", &format!("\u{feff}{POD}"), &["Pod n/p"]);
}

#[test]
fn fields_of_json_may_come_in_any_order() {
    check("a.json", r#"{"apiVersion":"v1","kind":"Node","metadata":{"name":"x"}}"#, &["Node x"]);
    check("a.json", r#"{"metadata":{"name":"x"},"kind":"Node","apiVersion":"v1"}"#, &["Node x"]);
    check("a.json", r#"{"kind":"N\u006fde","apiVersion":"v1","metadata":{"name":"x"}}"#, &["Node x"]);
}

#[test]
fn yaml_may_have_many_documents_and_empty_ones_do_not_count() {
    let text = "\
# A comment.
---
# Another.
---
apiVersion: v1
kind: Node
metadata: {name: a}
---
--- # nothing here
null
...
%YAML 1.2
---
apiVersion: v1
kind: Node
metadata:
  name: b
--- {apiVersion: v1, kind: Node, metadata: {name: c}}
";
    let decoded = read("nodes.yaml", text);
    assert_eq!(names(&decoded), ["Node a", "Node b", "Node c"]);
    let origins: Vec<String> = decoded.objects.iter().map(|sourced| sourced.origin.to_string()).collect();
    assert_eq!(
        origins,
        [
            "nodes.yaml, document 1 (line 5)",
            "nodes.yaml, document 2 (line 14)",
            "nodes.yaml, document 3 (line 18)"
        ]
    );
}

#[test]
fn yaml_in_flow_style_is_not_taken_for_json() {
    check("a.yaml", "{apiVersion: v1, kind: Node, metadata: {name: a}}", &["Node a"]);
    check("stdin", "{apiVersion: v1, kind: Node, metadata: {name: a}}\n", &["Node a"]);
}

#[test]
fn block_text_may_hold_whatever_is_indented() {
    let text = "apiVersion: v1\nkind: Node\nmetadata:\n  name: a\n  annotations:\n    x: |\n      ---\n      kind: no\n";
    check("a.yaml", text, &["Node a"]);
}

#[test]
fn windows_line_ends_are_line_ends() {
    check("a.yaml", "apiVersion: v1\r\nkind: Node\r\nmetadata:\r\n  name: a\r\n---\r\n# no\r\n", &["Node a"]);
}

#[test]
fn lists_of_every_sort_are_read_item_by_item() {
    let list = format!(r#"{{"apiVersion":"v1","items":[{POD},{POD}],"kind":"List","metadata":{{}}}}"#);
    check("a.json", &list, &["Pod n/p", "Pod n/p"]);
    let typed = r#"{"kind":"PodList","apiVersion":"v1","items":[{"metadata":{"name":"p"}},{"metadata":{"name":"q"}}]}"#;
    check("a.json", typed, &["Pod default/p", "Pod default/q"]);
    check("a.yaml", typed, &["Pod default/p", "Pod default/q"]);
    check("a.json", r#"{"kind":"NodeList","apiVersion":"v1","items":null}"#, &[]);
    let yaml = "\
apiVersion: apps/v1
kind: ReplicaSetList
items:
- metadata: {name: r}
- metadata: {name: s, namespace: ns}
";
    let decoded = read("a.yaml", yaml);
    assert_eq!(names(&decoded), ["ReplicaSet default/r", "ReplicaSet ns/s"]);
    assert_eq!(decoded.objects[1].origin.to_string(), "a.yaml, document 1 (line 1), items[1]");
}

#[test]
fn kinds_nobody_reads_are_counted() {
    let text = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: d}
---
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: s}
---
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: c}}
- {apiVersion: v1, kind: ConfigMap, metadata: {name: d}}
- {apiVersion: v1, kind: Namespace, metadata: {name: ns}}
---
apiVersion: v1
kind: SecretList
items: [{metadata: {name: s}}]
";
    let skipped = [("ConfigMap", 2), ("Deployment", 1), ("Secret", 1), ("Service.serving.knative.dev", 1)];
    let skipped: BTreeMap<String, usize> =
        skipped.into_iter().map(|(kind, n)| (kind.to_owned(), n)).collect();
    let from_yaml = read("a.yaml", text);
    assert_eq!(names(&from_yaml), ["Namespace ns"]);
    assert_eq!(from_yaml.skipped, skipped);
    let json = r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d"}}
        {"apiVersion":"serving.knative.dev/v1","kind":"Service","metadata":{"name":"s"}}
        {"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"ConfigMap"},
            {"apiVersion":"v1","kind":"ConfigMap"},{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"ns"}}]}
        {"apiVersion":"v1","kind":"SecretList","items":[{"metadata":{"name":"s"}}]}"#;
    let from_json = read("a.json", json);
    assert_eq!(names(&from_json), ["Namespace ns"]);
    assert_eq!(from_json.skipped, skipped);
}

#[test]
fn namespaced_objects_get_a_namespace_and_others_keep_none() {
    check("a.yaml", "{apiVersion: v1, kind: Pod, metadata: {name: p}}", &["Pod default/p"]);
    check("a.yaml", "{apiVersion: v1, kind: Pod, metadata: {generateName: p-}}", &["Pod default/"]);
    check("a.yaml", "{apiVersion: v1, kind: Node, metadata: {name: a, namespace: ns}}", &["Node a"]);
}

#[test]
fn null_is_absent_everywhere() {
    let pod = only_pod(
        "\
apiVersion: v1
kind: Pod
metadata:
  name: p
  namespace:
  creationTimestamp: null
  labels: {app: , tier: web}
  ownerReferences: null
spec:
  affinity: null
  priority: null
  nodeSelector: null
  hostNetwork: null
  containers:
  - name: c
    ports: null
    resources: {requests: {cpu: null, memory: 1Gi}, limits: null}
  tolerations: [null]
  overhead: ~
status: null
",
    );
    assert_eq!(pod.metadata.namespace, "default");
    assert_eq!(pod.metadata.creation_timestamp, None);
    assert_eq!(pod.metadata.labels["app"], "");
    assert_eq!(pod.spec.affinity, None);
    assert_eq!(pod.spec.priority, None);
    assert_eq!(pod.spec.containers[0].resources.requests["cpu"], Quantity::ZERO);
    assert_eq!(pod.spec.tolerations.len(), 1);
}

#[test]
fn absent_and_empty_differ_where_kubernetes_says_so() {
    let pod = only_pod(
        r#"{"kind":"Pod","apiVersion":"v1","metadata":{"name":"p"},"spec":{"priority":0,"hostUsers":false,
            "topologySpreadConstraints":[{"labelSelector":{}},{"labelSelector":null},{}]}}"#,
    );
    assert_eq!(pod.spec.priority, Some(0));
    assert_eq!(pod.spec.host_users, Some(false));
    let selectors = pod.spec.topology_spread_constraints.iter();
    assert_eq!(selectors.map(|it| it.label_selector.is_some()).collect::<Vec<_>>(), [true, false, false]);
}

#[test]
fn quantities_may_be_numbers() {
    let text = "\
apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers:
  - name: c
    resources:
      requests: {cpu: 0.5, memory: 1e3, example.com/gpu: 2.0}
      limits: {cpu: 1, memory: '1.5Gi'}
";
    let resources = only_pod(text).spec.containers.remove(0).resources;
    assert_eq!(resources.requests["cpu"], Quantity::from_milli(500));
    assert_eq!(resources.requests["memory"], Quantity::from_units(1000));
    assert_eq!(resources.requests["example.com/gpu"], Quantity::from_units(2));
    assert_eq!(resources.limits["cpu"], Quantity::from_units(1));
    assert_eq!(resources.limits["memory"], Quantity::from_units(3 << 29));
}

#[test]
fn names_that_are_not_camel_case_are_read() {
    let pod = only_pod(
        r#"{"kind":"Pod","apiVersion":"v1","metadata":{"name":"p"},"spec":{
            "containers":[{"name":"c","ports":[{"hostIP":"1.2.3.4","hostPort":80}]}],
            "volumes":[{"name":"v","awsElasticBlockStore":{"volumeID":"vol"}},
                       {"name":"w","azureDisk":{"diskName":"d","diskURI":"u"}}]},
            "status":{"qosClass":"Burstable"}}"#,
    );
    assert_eq!(pod.spec.containers[0].ports[0].host_ip, "1.2.3.4");
    assert_eq!(
        pod.spec.volumes[0].aws_elastic_block_store.as_ref().map(|it| it.volume_id.as_str()),
        Some("vol")
    );
    assert_eq!(pod.spec.volumes[1].azure_disk.as_ref().map(|it| it.disk_uri.as_str()), Some("u"));
    assert_eq!(pod.status.qos_class, "Burstable");
}

#[test]
fn written_objects_read_back_the_same() {
    let text = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"n","labels":{"a":"b"}},"spec":{"priority":0,"affinity":{},"containers":[{"name":"c","resources":{"requests":{"cpu":"1500m"}}}]}}"#;
    let object = read("a.json", text).objects.remove(0).object;
    let written = serde_json::to_string(&object).expect("json");
    assert_eq!(written.len(), text.len(), "{written}");
    assert_eq!(read("a.json", &written).objects.remove(0).object, object);
    assert_eq!(read("a.yaml", &written).objects.remove(0).object, object);
}

#[test]
fn every_kind_of_the_table_reads_quickly_slowly_and_in_yaml() {
    for kind in crate::Kind::ALL {
        for version in kind.api_versions() {
            let name = kind.name();
            let object = format!(r#"{{"kind":"{name}","apiVersion":"{version}","metadata":{{"name":"x"}}}}"#);
            let backwards =
                format!(r#"{{"metadata":{{"name":"x"}},"kind":"{name}","apiVersion":"{version}"}}"#);
            let list = format!(
                r#"{{"kind":"{name}List","apiVersion":"{version}","items":[{{"metadata":{{"name":"x"}}}}]}}"#
            );
            let read_object = |file: &str, text: &str| read(file, text).objects.remove(0).object;
            let expected = read_object("a.json", &object);
            assert_eq!(expected.kind(), *kind);
            assert_eq!(read_object("a.yml", &object), expected);
            assert_eq!(read_object("a.json", &backwards), expected);
            assert_eq!(read_object("a.json", &list), expected);
        }
    }
}

#[test]
fn folders_are_read_by_name_and_nothing_else_in_them_is() {
    let folder = std::env::temp_dir().join(format!("wire-decode-{}", std::process::id()));
    let node = |name: &str| format!("{{apiVersion: v1, kind: Node, metadata: {{name: {name}}}}}\n");
    fs::create_dir_all(folder.join("b")).expect("folder");
    fs::create_dir_all(folder.join(".git")).expect("folder");
    for (file, text) in [
        ("c.yml", node("third")),
        ("a.yaml", node("first")),
        ("b/x.jsonl", r#"{"kind":"Node","apiVersion":"v1","metadata":{"name":"second"}}"#.to_owned()),
        ("README.md", "# not an object".to_owned()),
        (".git/x.yaml", "not: an object".to_owned()),
    ] {
        fs::write(folder.join(file), text).expect("file");
    }
    let decoded = read_path(&folder).expect("readable");
    assert_eq!(names(&decoded), ["Node first", "Node second", "Node third"]);
    assert!(decoded.objects[1].origin.file.ends_with("x.jsonl"));
    let one = read_path(&folder.join("a.yaml")).expect("readable");
    assert_eq!(names(&one), ["Node first"]);
    let nothing = read_path(&folder.join(".git")).map(|decoded| names(&decoded));
    assert!(nothing.expect_err("no kind").to_string().contains("kind is missing"));
    fs::remove_dir_all(folder.join("b")).expect("folder");
    fs::create_dir_all(folder.join("b")).expect("folder");
    let empty = read_path(&folder.join("b")).expect_err("nothing there").to_string();
    assert!(
        empty.ends_with("there is no .yaml, .yml, .json, .jsonl or .ndjson file in this folder"),
        "{empty}"
    );
    let missing = read_path(&folder.join("none.yaml")).expect_err("nothing there").to_string();
    assert!(missing.starts_with("cannot read ") && missing.ends_with("none.yaml"), "{missing}");
    fs::remove_dir_all(&folder).expect("folder");
}
