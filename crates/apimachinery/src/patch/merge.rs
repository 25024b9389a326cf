//! Merge patch: RFC 7386, as upstream's library reads it.
//!
//! Where a member is new, or takes the place of something that is no object, null members are left out of it at
//! any depth, also inside lists.

use serde_json::{Map, Value};

use crate::json::JsonError;
use crate::status::Status;

/// A merge patch that has been read.
#[derive(Clone, Debug, PartialEq)]
pub struct MergePatch {
    members: Map<String, Value>,
    /// What strict field validation objects to: members that occur twice.
    pub strict_errors: Vec<String>,
}

impl MergePatch {
    /// Reads a merge patch. Fails with a bad request where it is no JSON object.
    pub fn decode(bytes: &[u8]) -> Result<Self, Box<Status>> {
        let decoded = super::decode(bytes, "error decoding patch: ")?;
        let strict_errors = decoded.strict_errors();
        match decoded.value {
            Value::Object(members) => Ok(Self { members, strict_errors }),
            Value::Null => Err(Box::new(Status::bad_request("Invalid JSON Patch"))),
            other => {
                let error = JsonError::mismatch(&other, "map[string]interface {}");
                Err(Box::new(Status::bad_request(format!("error decoding patch: {error}"))))
            }
        }
    }

    /// A merge patch of these members.
    pub fn new(members: Map<String, Value>) -> Self {
        Self { members, strict_errors: Vec::new() }
    }

    /// The patched document. A document that is no object is replaced.
    pub fn apply(&self, document: Value) -> Value {
        let mut members = match document {
            Value::Object(members) => members,
            _ => Map::new(),
        };
        merge(&mut members, &self.members);
        members.into()
    }
}

fn merge(document: &mut Map<String, Value>, patch: &Map<String, Value>) {
    for (name, value) in patch {
        match (document.get_mut(name), value) {
            (_, Value::Null) => {
                document.remove(name);
            }
            (Some(Value::Object(current)), Value::Object(value)) => merge(current, value),
            // What takes the place of an object is taken as it is.
            (Some(current @ Value::Object(_)), value) => *current = value.clone(),
            (_, value) => {
                document.insert(name.clone(), without_nulls(value));
            }
        }
    }
}

/// A value without null members. Null elements of lists stay.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.iter().filter(|(_, value)| !value.is_null());
            Value::Object(kept.map(|(name, value)| (name.clone(), without_nulls(value))).collect())
        }
        Value::Array(items) => items.iter().map(without_nulls).collect(),
        scalar => scalar.clone(),
    }
}

/// The merge patch that makes `to` of `from`. None of it can set a member to null, because there is no patch
/// that does.
pub fn diff(from: &Map<String, Value>, to: &Map<String, Value>) -> Map<String, Value> {
    let mut patch = Map::new();
    for (name, value) in to {
        match (from.get(name), value) {
            (Some(current), value) if current == value => {}
            (Some(Value::Object(current)), Value::Object(value)) => {
                patch.insert(name.clone(), diff(current, value).into());
            }
            (_, value) => {
                patch.insert(name.clone(), value.clone());
            }
        }
    }
    for name in from.keys().filter(|name| !to.contains_key(*name)) {
        patch.insert(name.clone(), Value::Null);
    }
    patch
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::patch::test_documents::{document, object_without_nulls};

    fn check(document: Value, patch: Value, expected: Value) {
        let patch = MergePatch::decode(patch.to_string().as_bytes()).expect("a patch");
        assert_eq!(patch.apply(document), expected);
    }

    #[test]
    fn the_examples_of_the_rfc() {
        check(json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"}));
        check(json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"}));
        check(json!({"a": "b"}), json!({"a": null}), json!({}));
        check(json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"}));
        check(json!({"a": {"b": "c"}}), json!({"a": {"b": "d", "c": null}}), json!({"a": {"b": "d"}}));
        check(json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]}));
        check(json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1}));
        check(json!([1, 2]), json!({"a": "b", "c": null}), json!({"a": "b"}));
        check(json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}}));
    }

    #[test]
    fn prunes_nulls_of_what_is_new_also_in_lists() {
        check(json!({}), json!({"a": [{"b": null, "c": 1}, null]}), json!({"a": [{"c": 1}, null]}));
        check(json!({"a": {}}), json!({"a": [{"b": null}]}), json!({"a": [{"b": null}]}));
    }

    #[test]
    fn says_why_a_patch_is_none() {
        for (text, message) in [
            ("null", "Invalid JSON Patch"),
            (
                "[1]",
                "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}",
            ),
            (
                "{bad",
                "error decoding patch: invalid character 'b' looking for beginning of object key string",
            ),
            ("", "error decoding patch: unexpected end of JSON input"),
        ] {
            let status = MergePatch::decode(text.as_bytes()).expect_err(text);
            assert_eq!((status.code, status.message.as_str()), (400, message));
        }
    }

    #[test]
    fn reports_members_that_occur_twice() {
        let patch = MergePatch::decode(br#"{"spec":{"replicas":2,"replicas":3}}"#).expect("a patch");
        assert_eq!(patch.strict_errors, ["duplicate field \"spec.replicas\""]);
        assert_eq!(patch.apply(json!({})), json!({"spec": {"replicas": 3}}));
    }

    proptest! {
        #[test]
        fn a_difference_applied_gives_the_target(from in object_without_nulls(), to in object_without_nulls()) {
            let patch = MergePatch::new(diff(&from, &to));
            prop_assert_eq!(patch.apply(Value::Object(from)), Value::Object(to));
        }

        #[test]
        fn applying_twice_is_applying_once(from in document(), patch in object_without_nulls()) {
            let patch = MergePatch::new(patch);
            let once = patch.apply(from);
            prop_assert_eq!(patch.apply(once.clone()), once);
        }

        #[test]
        fn nothing_changes_nothing(from in object_without_nulls()) {
            prop_assert_eq!(MergePatch::new(Map::new()).apply(from.clone().into()), Value::Object(from));
        }

        #[test]
        fn never_panics(from in document(), patch in "\\PC{0,30}") {
            if let Ok(patch) = MergePatch::decode(patch.as_bytes()) {
                patch.apply(from);
            }
        }
    }
}
