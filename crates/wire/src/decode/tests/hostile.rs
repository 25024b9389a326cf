//! Input that means harm: it must be refused, or skipped, at a bounded cost.

use proptest::prelude::*;

use super::super::read_bytes;

fn refuses(name: &str, text: &str) {
    assert!(read_bytes(name, text.as_bytes()).is_err());
}

#[test]
fn nesting_has_a_limit() {
    let depth = 100_000;
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        let text = format!("{}1{}", open.repeat(depth), close.repeat(depth));
        refuses("a.json", &text);
        refuses("a.yaml", &text);
        let field = format!(r#"{{"kind":"Pod","apiVersion":"v1","status":{{"phase":{text}}}}}"#);
        refuses("a.json", &field);
        refuses("a.yaml", &field);
    }
    refuses("a.yaml", &"- ".repeat(depth));
    let list = format!("{}{}", r#"{"kind":"List","items":["#.repeat(1000), "]}".repeat(1000));
    refuses("a.json", &list);
}

#[test]
fn unknown_fields_may_nest_as_deep_as_yaml_and_json_may() {
    let field = format!("{}{}", "[".repeat(100), "]".repeat(100));
    let text = format!(r#"{{"kind":"Pod","apiVersion":"v1","metadata":{{"name":"p"}},"x":{field}}}"#);
    for name in ["a.json", "a.yaml"] {
        assert_eq!(read_bytes(name, text.as_bytes()).map(|decoded| decoded.objects.len()).ok(), Some(1));
    }
}

#[test]
fn aliases_may_not_explode() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for i in 1..12 {
        let before = format!("*a{}", i - 1);
        text += &format!("a{i}: &a{i} [{}]\n", vec![before; 10].join(", "));
    }
    refuses("a.yaml", &text);
    let wide = format!("a: &a {}\nb: [{}]\n", "x".repeat(1 << 20), vec!["*a"; 1000].join(", "));
    refuses("a.yaml", &wide);
}

#[test]
fn aliases_may_be_used() {
    let text = "\
apiVersion: v1
kind: Pod
metadata: {name: p, labels: &labels {app: web}}
spec:
  nodeSelector: *labels
";
    assert_eq!(read_bytes("a.yaml", text.as_bytes()).map(|decoded| decoded.objects.len()).ok(), Some(1));
}

proptest! {
    #[test]
    fn no_input_is_too_strange(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for name in ["a.json", "a.yaml", "stdin"] {
            let _ = read_bytes(name, &bytes);
        }
    }

    #[test]
    fn no_damage_is_too_strange(at in 0_usize..200, n in 0_usize..20, with in "[-{}\\[\\]:,\"'&*|>!%@#a-c \n\t]{0,6}") {
        let text = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\n  labels: {\"a\": 'b'}\nspec:\n  containers:\n  - name: c\n    resources: {requests: {cpu: 1}}\n---\n{\"kind\": \"Pod\", \"apiVersion\": \"v1\"}\n";
        let start = at.min(text.len());
        let end = (start + n).min(text.len());
        let damaged = format!("{}{with}{}", &text[..start], &text[end..]);
        for name in ["a.json", "a.yaml", "stdin"] {
            let _ = read_bytes(name, damaged.as_bytes());
        }
    }
}
