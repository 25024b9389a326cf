//! What is refused, and in which words.

use super::super::read_bytes;

fn check(name: &str, text: &str, expected: &str) {
    let error = read_bytes(name, text.as_bytes()).map(|decoded| decoded.objects).expect_err(text);
    assert_eq!(error.to_string(), expected);
}

#[test]
fn a_wrong_field_is_named_with_its_object_and_place() {
    let json = r#"
{"kind":"Node","apiVersion":"v1","metadata":{"name":"a"}}
{"kind":"Pod","apiVersion":"v1","metadata":{"name":"p","namespace":"ns"},"spec":{"containers":[{"name":"c","ports":[{"hostPort":"80"}]}]}}"#;
    let problem =
        r#"Pod ns/p: spec.containers[0].ports[0].hostPort: invalid type: string "80", expected i32"#;
    check("a.jsonl", json, &format!("a.jsonl, document 2 (line 3): {problem}"));
    let yaml = "\
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Pod
  metadata: {name: p, namespace: ns}
  spec:
    containers:
    - name: c
      ports: [{hostPort: '80'}]
";
    check("a.yaml", yaml, &format!("a.yaml, document 1 (line 1), items[0]: {problem}"));
}

#[test]
fn a_wrong_quantity_says_what_would_be_right() {
    check(
        "a.yaml",
        "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{resources: {requests: {memory: 1 GiB}}}]}}",
        "a.yaml, document 1 (line 1): Pod p: spec.containers[0].resources.requests.memory: \"1 GiB\" is not a \
         quantity: there is a space in it; write a number with an optional suffix, such as 500m, 2 or 1.5Gi",
    );
}

#[test]
fn wrong_types_are_errors() {
    for (field, expected) in [
        (r#""spec":[]"#, "spec: invalid type: sequence, expected a map"),
        (r#""spec":"x""#, r#"spec: invalid type: string "x", expected a map"#),
        (r#""spec":{"containers":{}}"#, "spec.containers: invalid type: map, expected a sequence"),
        (
            r#""spec":{"nodeName":7}"#,
            "spec.nodeName: invalid type: integer `7`, expected a string; put it in quotes",
        ),
        (
            r#""spec":{"priority":3000000000}"#,
            "spec.priority: invalid value: integer `3000000000`, expected i32",
        ),
        (
            r#""spec":{"nodeSelector":{"a":1}}"#,
            "spec.nodeSelector.a: invalid type: integer `1`, expected a string; put it in quotes",
        ),
        (
            r#""spec":{"hostNetwork":"yes"}"#,
            r#"spec.hostNetwork: invalid type: string "yes", expected a boolean"#,
        ),
        (
            r#""status":{"startTime":"noon"}"#,
            r#"status.startTime: "noon" is not a time: write it like 2026-01-09T23:00:14Z"#,
        ),
    ] {
        let text = format!(r#"{{"kind":"Pod","apiVersion":"v1","metadata":{{"name":"p"}},{field}}}"#);
        for file in ["a.json", "a.yaml"] {
            check(file, &text, &format!("{file}, document 1 (line 1): Pod p: {expected}"));
        }
    }
}

#[test]
fn yaml_words_that_are_truth_values_are_told_to_be_quoted() {
    for (word, value) in [("no", "false"), ("on", "true")] {
        check(
            "a.yaml",
            &format!("{{apiVersion: v1, kind: Pod, metadata: {{name: p, labels: {{country: {word}}}}}}}"),
            &format!(
                "a.yaml, document 1 (line 1): Pod p: metadata.labels.country: invalid type: boolean `{value}`, \
                 expected a string; put it in quotes"
            ),
        );
    }
}

#[test]
fn documents_that_are_no_objects_are_told_what_objects_are() {
    let no_object = "where a Kubernetes object should be: a map with apiVersion, kind and metadata";
    check("a.json", "[1]", &format!("a.json, document 1 (line 1): found a list {no_object}"));
    check("a.json", r#"["Pod","v1"]"#, &format!("a.json, document 1 (line 1): found a list {no_object}"));
    check("a.yaml", "---\n\njust words\n", &format!("a.yaml, document 1 (line 3): found text {no_object}"));
    let no_kind = "kind is missing: write which kind of object this is, such as kind: Pod";
    check("a.yaml", "a: b", &format!("a.yaml, document 1 (line 1): {no_kind}"));
    check("a.json", r#"{"a":"b"}"#, &format!("a.json, document 1 (line 1): {no_kind}"));
    check("a.json", r#"{"kind":""}"#, &format!("a.json, document 1 (line 1): {no_kind}"));
    check("a.yaml", "kind: 7", "a.yaml, document 1 (line 1): kind must be text, not a number");
    check("a.json", r#"{"kind":7}"#, "a.json, document 1 (line 1): kind must be text, not a number");
}

#[test]
fn versions_that_are_not_known_are_told_which_are() {
    check(
        "a.yaml",
        "{apiVersion: v2, kind: Pod, metadata: {name: p}}",
        r#"a.yaml, document 1 (line 1): Pod: apiVersion "v2" is not one that can be read: v1 is"#,
    );
    check(
        "a.json",
        r#"{"apiVersion":"resource.k8s.io/v1beta1","kind":"ResourceClaim"}"#,
        "a.json, document 1 (line 1): ResourceClaim: apiVersion \"resource.k8s.io/v1beta1\" is not one that can \
         be read: resource.k8s.io/v1 or resource.k8s.io/v1beta2 is",
    );
    check(
        "a.yaml",
        "{kind: CSINode, metadata: {name: p}}",
        "a.yaml, document 1 (line 1): CSINode: apiVersion is missing: write apiVersion: storage.k8s.io/v1",
    );
}

#[test]
fn objects_need_names() {
    let expected = "Pod: metadata.name is missing: give the object a name";
    check("a.yaml", "{apiVersion: v1, kind: Pod}", &format!("a.yaml, document 1 (line 1): {expected}"));
    let item = r#"{"apiVersion":"v1","kind":"PodList","items":[{"metadata":{"labels":{}}}]}"#;
    check("a.json", item, &format!("a.json, document 1 (line 1), items[0]: {expected}"));
}

#[test]
fn lists_must_be_lists_of_objects() {
    for file in ["a.json", "a.yaml"] {
        let items = r#"{"kind":"PodList","apiVersion":"v1","items":{}}"#;
        check(file, items, &format!("{file}, document 1 (line 1): PodList: items must be a list, not a map"));
        let nested = r#"{"kind":"List","apiVersion":"v1","items":[{"kind":"List","items":[]}]}"#;
        let expected = "items[0]: a List within a list: write its items into the list itself";
        check(file, nested, &format!("{file}, document 1 (line 1), {expected}"));
    }
}

#[test]
fn broken_json_is_shown_where_it_breaks() {
    let text =
        "{\"kind\":\"Node\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"a\"}}\n  {\"kind\": oops}\n";
    check("a.json", text, "a.json, line 2, column 12: this is not valid JSON: expected value");
    check(
        "a.json",
        "\n{\"kind\":\n\"Pod\"",
        "a.json, line 3, column 5: this is not valid JSON: EOF while parsing an object",
    );
    check(
        "a.json",
        "{} x",
        "a.json, document 1 (line 1): kind is missing: write which kind of object this is, such as kind: Pod",
    );
}

#[test]
fn broken_yaml_is_shown_where_it_breaks() {
    let text = "apiVersion: v1\nkind: Node\nmetadata: {name: a}\n---\nkind: Pod\nmetadata:\n  name: [a\n";
    let error = read_bytes("a.yaml", text.as_bytes()).expect_err("broken").to_string();
    assert!(error.starts_with("a.yaml, line "), "{error}");
    assert!(error.contains("this is not valid YAML: "), "{error}");
    let text = "apiVersion: v1\nkind: Node\n---\nkind: Pod\n\tx: y\n";
    let error = read_bytes("a.yaml", text.as_bytes()).expect_err("broken").to_string();
    assert!(error.contains("missing"), "the first document is judged first: {error}");
    let text = "# one\n---\nkind: Pod\nkind: Node\n";
    let error = read_bytes("a.yaml", text.as_bytes()).expect_err("twice").to_string();
    assert!(error.starts_with("a.yaml, line 4, column 1: "), "{error}");
}

#[test]
fn text_must_be_utf8() {
    let error = |name: &str, bytes: &[u8]| read_bytes(name, bytes).expect_err("no text").to_string();
    assert_eq!(error("a.yaml", b"a: b\nc: \xFF"), "a.yaml, line 2: this is not UTF-8 text");
    assert_eq!(error("a.json", b"{\"a\":\n\"\xFF\"}"), "a.json, line 2: this is not UTF-8 text");
}
