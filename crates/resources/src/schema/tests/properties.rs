use proptest::prelude::*;
use serde_json::Value;

use crate::schema::Schema;
use crate::schema::json::{DEPTH_MAX, parse};

fn any_json() -> impl Strategy<Value = Value> {
    let name = prop::sample::select(vec![
        "metadata",
        "spec",
        "status",
        "name",
        "labels",
        "containers",
        "ports",
        "replicas",
        "template",
        "selector",
        "resources",
        "limits",
        "cpu",
        "data",
        "strategy",
        "type",
        "conditions",
        "lastTransitionTime",
        "x",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2_i64..3).prop_map(Value::from),
        prop::sample::select(vec!["", "a", "1", "2024-01-01T00:00:00Z"]).prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map(name.clone(), inner, 0..5).prop_map(|members| Value::Object(
                members.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()
            )),
        ]
    })
}

proptest! {
    #[test]
    fn normalising_twice_changes_nothing_more(value in any_json()) {
        let schema = Schema::get();
        for (group, kind) in [("apps", "Deployment"), ("", "Pod"), ("", "ConfigMap"), ("", "Service")] {
            let of = schema.type_of(group, "v1", kind).expect(kind);
            let mut once = value.clone();
            schema.normalise(of, &mut once);
            let mut twice = once.clone();
            schema.normalise(of, &mut twice);
            prop_assert_eq!(&once, &twice);
        }
    }

    #[test]
    fn what_is_decoded_at_once_is_decoded_the_same(value in any_json(), is_pretty in any::<bool>()) {
        let schema = Schema::get();
        let text = if is_pretty { format!("{value:#}") } else { value.to_string() };
        for (group, kind) in [("apps", "Deployment"), ("", "Pod"), ("", "ConfigMap"), ("", "Secret")] {
            let of = schema.type_of(group, "v1", kind).expect(kind);
            if let Some(plain) = schema.decode_plain_json(of, text.as_bytes()) {
                let decoded = schema.decode_json(of, text.as_bytes()).expect("what is plain decodes");
                prop_assert_eq!(&decoded.value, &plain);
                prop_assert!(decoded.strict.is_empty());
            }
            // What was decoded has nothing remarkable in it.
            if let Ok(decoded) = schema.decode_value(of, &value) {
                let printed = decoded.value.to_string();
                prop_assert_eq!(schema.decode_plain_json(of, printed.as_bytes()), Some(decoded.value));
            }
        }
    }

    #[test]
    fn what_decodes_decodes_again_to_the_same(value in any_json()) {
        let schema = Schema::get();
        for (group, kind) in [("apps", "Deployment"), ("", "Pod"), ("", "ConfigMap")] {
            let of = schema.type_of(group, "v1", kind).expect(kind);
            if let Ok(decoded) = schema.decode_value(of, &value) {
                let again = schema.decode_value(of, &decoded.value).expect("what was decoded is well-formed");
                prop_assert_eq!(&again.value, &decoded.value);
                prop_assert!(again.strict.is_empty());
                let converted = schema.convert_patched(of, &value).expect("what decodes converts");
                prop_assert_eq!(&converted.value, &decoded.value);
                prop_assert_eq!(converted.strict.len(), decoded.strict.len());
            }
        }
    }

    #[test]
    fn reads_what_an_ordinary_parser_writes(value in any_json()) {
        let text = value.to_string();
        prop_assert_eq!(parse(text.as_bytes()).expect("JSON").into_value(), value);
    }

    #[test]
    fn no_text_makes_it_panic(text in ".{0,60}") {
        let schema = Schema::get();
        let pod = schema.type_of("", "v1", "Pod").expect("Pod");
        let _ = parse(text.as_bytes());
        let _ = schema.decode_yaml(pod, &text);
        let _ = schema.decode_json(pod, text.as_bytes());
    }
}

#[test]
fn nesting_has_a_limit_and_the_stack_is_deep_enough_for_it() {
    let schema = Schema::get();
    let of = schema.type_of("apiextensions.k8s.io", "v1", "CustomResourceDefinition").expect("the kind");
    let nested = |open: &str, close: &str, n: usize| {
        let (open, close) = (open.repeat(n), close.repeat(n));
        let schema = format!("{{\"openAPIV3Schema\":{open}{{}}{close}}}");
        format!("{{\"spec\":{{\"versions\":[{{\"schema\":{schema}}}]}}}}")
    };
    for (open, close) in [
        ("{\"not\":", "}"),
        ("{\"items\":", "}"),
        ("{\"additionalProperties\":", "}"),
        ("{\"default\":", "}"),
        ("{\"properties\":{\"a\":", "}}"),
    ] {
        let n = (DEPTH_MAX - 10) / close.len();
        let body = nested(open, close, n);
        let decoded = schema.decode_json(of, body.as_bytes()).expect(open);
        schema.convert_patched(of, &decoded.value).expect(open);
        schema.decode_yaml(of, &body).expect(open);
        let printed = decoded.value.to_string();
        assert_eq!(serde_json::from_str::<Value>(&printed).expect(open), decoded.value);
        let body = nested(open, close, DEPTH_MAX);
        let error = schema.decode_json(of, body.as_bytes()).expect_err(open).to_string();
        assert_eq!(error, "exceeded max depth");
    }
    assert!(parse("[".repeat(1_000_000).as_bytes()).is_err());
    assert!(schema.decode_yaml(of, &"[".repeat(1_000_000)).is_err());
    assert!(schema.decode_yaml(of, &"- ".repeat(100_000)).is_err());
}

#[test]
fn aliases_do_not_multiply_without_limit() {
    let schema = Schema::get();
    let of = schema.type_of("", "v1", "ConfigMap").expect("ConfigMap");
    let mut text = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
    for at in 1..12 {
        let before = at - 1;
        text.push_str(&format!("a{at}: &a{at} [{}]\n", vec![format!("*a{before}"); 10].join(",")));
    }
    let error = schema.decode_yaml(of, &text).expect_err("too much").to_string();
    assert_eq!(error, "yaml: document contains excessive aliasing");
}
