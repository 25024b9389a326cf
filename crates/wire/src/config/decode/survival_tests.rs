//! Nothing that stands in a file brings the process down.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::tests::{FULL, header};
use crate::config::*;

/// Whatever was loaded can also be judged, printed and expanded.
fn exercise(bytes: &[u8]) {
    let gates = FeatureGates::default();
    if let Ok(config) = load(bytes, "my.yaml", &gates) {
        validate(&config, &gates).iter().for_each(|error| drop(error.to_string()));
        for profile in &config.profiles {
            if let Some(PluginArgs::NodeResourcesFit(args)) = profile.plugin_args("NodeResourcesFit") {
                validate_node_resources_fit_args(args, "");
            }
            let _ = expand(&profile.plugins, &profile.scheduler_name, &|_| {
                Some(&[ExtensionPoint::Score, ExtensionPoint::Bind])
            });
        }
        to_yaml(&config);
    }
}

/// Puts `with` in the place of the n-th value below `value`, counted depth first.
fn graft(value: &mut Value, n: &mut usize, with: &Value) {
    if *n == 0 {
        *value = with.clone();
    }
    *n = n.wrapping_sub(1);
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| graft(item, n, with)),
        Value::Object(fields) => fields.values_mut().for_each(|field| graft(field, n, with)),
        _ => {}
    }
}

proptest! {
    #[test]
    fn survives_any_bytes(bytes: Vec<u8>) {
        exercise(&bytes);
        exercise(&[header("").as_bytes(), &bytes].concat());
    }

    #[test]
    fn survives_any_broken_configuration(
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0..24_usize, ".{0,3}"), 1..4),
    ) {
        let mut text: Vec<char> = FULL.chars().collect();
        for (at, length, replacement) in edits {
            let start = at.index(text.len());
            let end = text.len().min(start + length);
            text.splice(start..end, replacement.chars());
        }
        exercise(text.iter().collect::<String>().as_bytes());
    }

    #[test]
    fn survives_any_value_in_any_place(
        mut n in 0..220_usize,
        with in prop_oneof![
            Just(Value::Null),
            Just(json!({})),
            Just(json!([])),
            Just(json!([null])),
            Just(json!({"a": [{}]})),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,8}".prop_map(Value::from),
        ],
    ) {
        let mut value: Value = serde_saphyr::from_str(FULL).unwrap();
        graft(&mut value, &mut n, &with);
        exercise(value.to_string().as_bytes());
    }
}
