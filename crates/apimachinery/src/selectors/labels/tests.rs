use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::field::Path;

fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn selects_by_every_operator() {
    let one = labels(&[("idx", "1"), ("par", "odd")]);
    for (selector, expected) in [
        ("", true),
        ("idx=1", true),
        ("idx==1", true),
        (" idx = 1 ", true),
        ("idx!=1", false),
        ("nope!=1", true),
        ("idx in (1,2)", true),
        ("idx notin (1,2)", false),
        ("nope notin (1)", true),
        ("idx", true),
        ("!idx", false),
        ("idx>0,idx<2", true),
        ("idx>1", false),
        ("par>0", false),
        ("nope>0", false),
        ("idx=1,par=even", false),
        ("idx in ()", false),
        ("idx=", false),
        ("in in (in)", false),
    ] {
        assert_eq!(parse(selector).expect(selector).matches(&one), expected, "{selector}");
    }
    let empty = labels(&[("a", "")]);
    for selector in ["a=", "a in ()", "a in (,x)", "a in (x,)", "a in (x,,y)", "a==,a"] {
        assert!(parse(selector).expect(selector).matches(&empty), "{selector}");
    }
}

#[test]
fn says_where_a_text_is_no_selector() {
    let key = "a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with \
               an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is \
               '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. \
               'example.com/MyName')";
    let value = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must \
                 start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used \
                 for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
    for (selector, message) in [
        ("idx in (", "unable to parse requirement: found '', expected: ',', ')' or identifier".to_owned()),
        ("idx in (1", "unable to parse requirement: found '', expected: ',' or ')'".to_owned()),
        ("a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt".to_owned()),
        ("=x", "found '=', expected: !, identifier, or 'end of string'".to_owned()),
        (",", "found ',', expected: !, identifier, or 'end of string'".to_owned()),
        ("idx=bad value!", "found 'value', expected: ',' or 'end of string'".to_owned()),
        ("idx!", "unable to parse requirement: found '!', expected: in, notin, =, ==, !=, gt, lt".to_owned()),
        ("in (1)", "unable to parse requirement: found '(', expected: in, notin, =, ==, !=, gt, lt".to_owned()),
        ("idx>=1", "unable to parse requirement: found '=', expected: identifier".to_owned()),
        ("idx=1,", "found '', expected: identifier after ','".to_owned()),
        ("idx in 1", "unable to parse requirement: found '1' expected: '('".to_owned()),
        ("!", "unable to parse requirement: found '', expected: identifier".to_owned()),
        (
            "idx>abc",
            "unable to parse requirement: values[0]: Invalid value: \"abc\": for 'Gt', 'Lt' operators, the value must be \
             an integer"
                .to_owned(),
        ),
        ("x/y/z=1", format!("unable to parse requirement: <nil>: Invalid value: \"x/y/z\": {key}")),
        ("a=-", format!("unable to parse requirement: values[0][a]: Invalid value: \"-\": {value}")),
    ] {
        assert_eq!(parse(selector).expect_err(selector).to_string(), message, "{selector}");
    }
}

#[test]
fn prints_the_canonical_form() {
    for (selector, canonical) in [
        ("b , a", "a,b"),
        ("x in (c,a,b,a)", "x in (a,b,c)"),
        ("x notin ( )", "x notin ()"),
        ("b==1,a=2,c!=3,!d,e>5", "a=2,b==1,c!=3,!d,e>5"),
        ("", ""),
    ] {
        assert_eq!(parse(selector).expect(selector).to_string(), canonical);
    }
    assert_eq!(parse("a=b").expect("a selector").exact_value("a"), Some("b"));
    assert_eq!(parse("a in (b,c)").expect("a selector").exact_value("a"), None);
    assert!(!LabelSelector::nothing().matches(&labels(&[])));
}

#[test]
fn validates_selectors_of_documents() {
    let selector = json!({
        "matchLabels": {"ok": "v"},
        "matchExpressions": [
            {"key": "a", "operator": "In"},
            {"key": "a", "operator": "Exists", "values": ["x"]},
            {"key": "a", "operator": "Near"},
            {"key": "a", "operator": "In", "values": ["ok"]},
        ],
    });
    let path = Path::new("spec").child("selector");
    assert_eq!(
        validate(&selector, &path, true).to_string(),
        "[spec.selector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or \
         'NotIn', spec.selector.matchExpressions[1].values: Forbidden: may not be specified when `operator` is \
         'Exists' or 'DoesNotExist', spec.selector.matchExpressions[2].operator: Invalid value: \"Near\": not a valid \
         selector operator]"
    );
    let selector = json!({"matchLabels": {"a b": "c d"}, "matchExpressions": [
        {"key": "a", "operator": "In", "values": ["b c"]},
    ]});
    assert_eq!(validate(&selector, &path, true).0.len(), 3);
    assert_eq!(validate(&selector, &path, false).0.len(), 2);
}

#[test]
fn typed_selectors_select_the_same() {
    let typed: wire::LabelSelector = serde_json::from_value(json!({
        "matchLabels": {"b": "1"},
        "matchExpressions": [
            {"key": "a", "operator": "NotIn", "values": ["y", "x"]}, {"key": "c", "operator": "DoesNotExist"},
        ],
    }))
    .expect("a selector");
    let selector = from_document(&typed).expect("valid");
    assert_eq!(selector.to_string(), "a notin (x,y),b=1,!c");
    assert!(selector.matches(&labels(&[("b", "1")])));
    assert!(!selector.matches(&labels(&[("b", "1"), ("c", "")])));
}

fn requirement() -> impl Strategy<Value = String> {
    let key = "(e\\.g/)?[a-c]";
    let value = "[xy1]?";
    prop_oneof![
        key.prop_map(|key| key),
        key.prop_map(|key| format!("!{key}")),
        (key, prop_oneof![Just("="), Just("=="), Just("!=")], value)
            .prop_map(|(key, operator, value)| format!("{key}{operator}{value}")),
        (key, prop_oneof![Just("<"), Just(">")], -2..3_i64)
            .prop_filter("a label cannot be negative", |(_, _, value)| *value >= 0)
            .prop_map(|(key, operator, value)| format!("{key}{operator}{value}")),
        (key, prop_oneof![Just("in"), Just("notin")], proptest::collection::vec(value, 0..3))
            .prop_map(|(key, operator, values)| format!("{key} {operator} ({})", values.join(","))),
    ]
}

proptest! {
    #[test]
    fn what_is_printed_reads_back(requirements in proptest::collection::vec(requirement(), 0..4)) {
        let selector = parse(&requirements.join(",")).expect("made of requirements");
        let printed = selector.to_string();
        let again = parse(&printed).expect("canonical");
        prop_assert_eq!(again.to_string(), printed);
        for set in [labels(&[]), labels(&[("a", "x"), ("b", "")]), labels(&[("a", "1"), ("e.g/b", "y")])] {
            prop_assert_eq!(selector.matches(&set), again.matches(&set));
        }
    }

    #[test]
    fn never_panics(selector in "[a\0é!=<>(), intoä/.\\-]{0,16}") {
        if let Ok(selector) = parse(&selector) {
            prop_assert!(parse(&selector.to_string()).is_ok());
        }
    }
}
