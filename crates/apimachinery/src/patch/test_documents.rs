//! Small random documents for property tests, that meet each other often.

use proptest::prelude::*;
use serde_json::{Map, Value};

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<bool>().prop_map(Value::from),
        (0..3_i64).prop_map(Value::from),
        "[xy]".prop_map(Value::from)
    ]
}

fn nested(leaf: BoxedStrategy<Value>, name: &'static str) -> BoxedStrategy<Value> {
    let grow = move |inner: BoxedStrategy<Value>| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(name, inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect()))
        ]
        .boxed()
    };
    leaf.prop_recursive(3, 24, 4, grow).boxed()
}

/// Any document.
pub(super) fn document() -> impl Strategy<Value = Value> {
    nested(prop_oneof![4 => scalar(), 1 => Just(Value::Null)].boxed(), "[abcd]")
}

/// An object without any null.
pub(super) fn object_without_nulls() -> impl Strategy<Value = Map<String, Value>> {
    nested(scalar().boxed(), "[abcd]").prop_map(|value| match value {
        Value::Object(members) => members,
        other => Map::from_iter([("a".to_owned(), other)]),
    })
}

/// Any document, with names that a Pod has and directives of strategic merge.
pub(super) fn podlike() -> impl Strategy<Value = Value> {
    let name = "spec|containers|name|env|args|finalizers|metadata|volumes|\\$patch|\\$retainKeys|\
                \\$setElementOrder/(containers|finalizers|args|x)|\\$deleteFromPrimitiveList/(finalizers|args)";
    let word =
        prop_oneof![Just("delete"), Just("replace"), Just("merge"), Just("a"), Just("b"), Just("name")];
    let leaf = prop_oneof![4 => word.prop_map(Value::from), 1 => scalar(), 1 => Just(Value::Null)];
    nested(leaf.boxed(), name)
}
