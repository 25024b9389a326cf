use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn selector(json: &str) -> LabelSelector {
    serde_json::from_str(json).expect(json)
}

fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn check(json: &str, pairs: &[(&str, &str)], expected: bool) {
    assert_eq!(selector(json).matches(&labels(pairs)), expected, "{json} on {pairs:?}");
}

#[test]
fn an_empty_selector_selects_everything() {
    check("{}", &[], true);
    check("{}", &[("a", "b")], true);
}

#[test]
fn negative_operators_hold_of_absent_labels() {
    let not_in = r#"{"matchExpressions":[{"key":"a","operator":"NotIn","values":["x","y"]}]}"#;
    check(not_in, &[], true);
    check(not_in, &[("a", "z")], true);
    check(not_in, &[("a", "x")], false);
    let absent = r#"{"matchExpressions":[{"key":"a","operator":"DoesNotExist"}]}"#;
    check(absent, &[], true);
    check(absent, &[("a", "")], false);
}

#[test]
fn all_requirements_must_hold() {
    let both = r#"{"matchLabels":{"a":"b"},"matchExpressions":[{"key":"c","operator":"Exists"}]}"#;
    check(both, &[("a", "b"), ("c", "")], true);
    check(both, &[("a", "b")], false);
    check(both, &[("c", "d")], false);
}

#[test]
fn an_invalid_requirement_selects_nothing() {
    check(r#"{"matchExpressions":[{"key":"a","operator":"Gt","values":["1"]}]}"#, &[("a", "2")], false);
    check(r#"{"matchExpressions":[{"key":"a","operator":"NotIn"}]}"#, &[], false);
    check(r#"{"matchExpressions":[{"key":"a","operator":"DoesNotExist","values":["x"]}]}"#, &[], false);
    check(r#"{"matchExpressions":[{"key":"not a key","operator":"DoesNotExist"}]}"#, &[], false);
    check(r#"{"matchLabels":{"not a key":"x"}}"#, &[("not a key", "x")], false);
}

#[test]
fn label_selectors_print_as_kubectl_reads_them() {
    let check = |json: &str, text: &str| assert_eq!(label_selector_as_text(&selector(json)), text);
    check("{}", "");
    check(r#"{"matchLabels":{"b":"2","a":"1"}}"#, "a=1,b=2");
    check(
        r#"{"matchLabels":{"a":"b"},"matchExpressions":[
            {"key":"d","operator":"DoesNotExist"},
            {"key":"c","operator":"In","values":["y","x"]},
            {"key":"e","operator":"NotIn","values":["z"]},
            {"key":"f","operator":"Exists"}]}"#,
        "a=b,c in (x,y),!d,e notin (z),f",
    );
}

#[test]
fn label_keys_are_qualified_names() {
    let long = "a".repeat(63);
    for key in ["a", "A.b_c-9", "example.com/a", "a.b-c.d/E", long.as_str()] {
        assert!(is_qualified_name(key), "{key}");
    }
    let too_long = "a".repeat(64);
    let long_prefix = format!("{}/a", "a".repeat(254));
    for key in ["", "-a", "a-", "a b", "/a", "a/", "a/b/c", "UPPER/a", "a..b/c", "ä", &too_long, &long_prefix]
    {
        assert!(!is_qualified_name(key), "{key}");
    }
    assert!(is_label_value(""));
    assert!(!is_label_value("a/b"));
}

fn problems(errors: &[SelectorError]) -> Vec<String> {
    errors.iter().map(ToString::to_string).collect()
}

#[test]
fn label_selector_errors_name_the_field() {
    let selector = selector(
        r#"{"matchLabels":{"ok":"not ok"},"matchExpressions":[
            {"key":"a","operator":"in","values":["x"]},
            {"key":"a","operator":"In"},
            {"key":"a","operator":"Exists","values":["x"]}]}"#,
    );
    let found = problems(&validate_label_selector(&selector, "spec.selector"));
    assert_eq!(found.len(), 4);
    assert!(
        found[0].starts_with(r#"spec.selector.matchLabels[ok]: Invalid value: "not ok": a label value is"#)
    );
    assert_eq!(
        found[1],
        "spec.selector.matchExpressions[0].operator: Unsupported value: \"in\": supported values: \
         \"In\", \"NotIn\", \"Exists\", \"DoesNotExist\""
    );
    assert_eq!(
        found[2],
        "spec.selector.matchExpressions[1].values: Invalid value: []: for 'in', 'notin' operators, values set \
         can't be empty"
    );
    assert_eq!(
        found[3],
        "spec.selector.matchExpressions[2].values: Invalid value: [\"x\"]: values set must be empty for exists \
         and does not exist"
    );
}

#[test]
fn node_selector_errors_name_the_field() {
    let selector: NodeSelector = serde_json::from_str(
        r#"{"nodeSelectorTerms":[
            {"matchExpressions":[{"key":"a","operator":"Gt","values":["1","2"]},
                                 {"key":"a","operator":"Lt","values":["x"]},
                                 {"key":"a","operator":"Near"}]},
            {"matchFields":[{"key":"metadata.name","operator":"In","values":["a","b"]},
                            {"key":"metadata.name","operator":"Exists"}]}]}"#,
    )
    .expect("json");
    let found = problems(&validate_node_selector(&selector, "required"));
    assert_eq!(found.len(), 5);
    assert_eq!(
        found[0],
        "required.nodeSelectorTerms[0].matchExpressions[0].values: Invalid value: [\"1\", \"2\"]: for 'Gt', 'Lt' \
         operators, exactly one value is required"
    );
    assert_eq!(
        found[1],
        "required.nodeSelectorTerms[0].matchExpressions[1].values[0]: Invalid value: \"x\": for 'Gt', 'Lt' \
         operators, the value must be an integer"
    );
    assert!(found[2].contains("matchExpressions[2].operator: Unsupported value: \"Near\""));
    assert!(found[3].contains("nodeSelectorTerms[1].matchFields[0].values"));
    assert!(found[4].contains("nodeSelectorTerms[1].matchFields[1].operator"));
}

fn any_labels() -> impl Strategy<Value = BTreeMap<String, String>> {
    prop::collection::btree_map("[a-c]", "[x-z]", 0..4)
}

fn one_requirement(key: &str, operator: &str, values: &[String]) -> LabelSelector {
    let requirement = LabelSelectorRequirement {
        key: key.to_owned(),
        operator: operator.to_owned(),
        values: values.to_vec(),
    };
    LabelSelector { match_expressions: vec![requirement], ..LabelSelector::default() }
}

proptest! {
    #[test]
    fn in_and_not_in_are_complements(
        key in "[a-d]", values in prop::collection::vec("[x-z]", 1..4), labels in any_labels(),
    ) {
        let is_in = one_requirement(&key, "In", &values).matches(&labels);
        let not_in = one_requirement(&key, "NotIn", &values).matches(&labels);
        prop_assert_ne!(is_in, not_in);
        prop_assert!(labels.contains_key(&key) || not_in);
    }

    #[test]
    fn exists_and_does_not_exist_are_complements(key in "[a-d]", labels in any_labels()) {
        let exists = one_requirement(&key, "Exists", &[]).matches(&labels);
        prop_assert_eq!(exists, labels.contains_key(&key));
        prop_assert_ne!(exists, one_requirement(&key, "DoesNotExist", &[]).matches(&labels));
    }

    #[test]
    fn labels_select_whoever_has_them_all(wanted in any_labels(), labels in any_labels()) {
        let selector = LabelSelector { match_labels: wanted.clone(), ..LabelSelector::default() };
        let has_all = wanted.iter().all(|(key, value)| labels.get(key) == Some(value));
        prop_assert_eq!(selector.matches(&labels), has_all);
    }

    #[test]
    fn what_validates_is_what_matches_somewhere(
        operator in "In|NotIn|Exists|DoesNotExist|Gt|", values in prop::collection::vec("[x-z]", 0..2),
    ) {
        let selector = one_requirement("a", &operator, &values);
        let some = [labels(&[]), labels(&[("a", "x")]), labels(&[("a", "y")]), labels(&[("a", "z")])];
        let is_valid = validate_label_selector(&selector, "").is_empty();
        prop_assert_eq!(some.iter().any(|labels| selector.matches(labels)), is_valid);
    }
}
