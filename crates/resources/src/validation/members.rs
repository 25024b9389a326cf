//! Reading members of documents.
//!
//! Absent, `null` and of the wrong type read alike: as the zero value, or as `None` where a zero value means something.

use apimachinery::members::member_of;
use serde_json::{Map, Value};
use wire::Quantity;

/// Members of an object by name. Also of one that may be absent, so that paths can be followed.
pub(crate) trait Members<'v>: Copy {
    /// A member that is there and not `null`.
    fn member(self, name: &str) -> Option<&'v Value>;

    /// A text that may be absent.
    fn optional_text(self, name: &str) -> Option<&'v str> {
        self.member(name)?.as_str()
    }

    /// A text; empty if absent.
    fn text(self, name: &str) -> &'v str {
        self.optional_text(name).unwrap_or_default()
    }

    /// A whole number that may be absent.
    fn optional_int(self, name: &str) -> Option<i64> {
        self.member(name)?.as_i64()
    }

    /// A whole number; 0 if absent.
    fn int(self, name: &str) -> i64 {
        self.optional_int(name).unwrap_or_default()
    }

    /// A boolean that may be absent.
    fn optional_flag(self, name: &str) -> Option<bool> {
        self.member(name)?.as_bool()
    }

    /// A boolean; false if absent.
    fn flag(self, name: &str) -> bool {
        self.optional_flag(name).unwrap_or_default()
    }

    /// An object that may be absent.
    fn object(self, name: &str) -> Option<&'v Value> {
        self.member(name).filter(|value| value.is_object())
    }

    /// The elements of a list.
    fn items(self, name: &str) -> &'v [Value] {
        self.member(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// The texts in a list.
    fn texts(self, name: &str) -> Vec<&'v str> {
        self.items(name).iter().map(|item| item.as_str().unwrap_or_default()).collect()
    }

    /// A map; none if it is absent or empty.
    fn map(self, name: &str) -> Option<&'v Map<String, Value>> {
        self.member(name).and_then(Value::as_object).filter(|map| !map.is_empty())
    }

    /// The entries of a map, sorted by key.
    fn entries(self, name: &str) -> impl Iterator<Item = (&'v str, &'v Value)> {
        self.map(name).into_iter().flatten().map(|(key, value)| (key.as_str(), value))
    }

    /// The amounts of a list of resources, sorted by name.
    fn amounts(self, name: &str) -> impl Iterator<Item = (&'v str, Quantity)> {
        self.entries(name).map(|(key, value)| (key, quantity(value)))
    }
}

impl<'v> Members<'v> for &'v Value {
    fn member(self, name: &str) -> Option<&'v Value> {
        member_of(self, name).filter(|value| !value.is_null())
    }
}

impl<'v> Members<'v> for Option<&'v Value> {
    fn member(self, name: &str) -> Option<&'v Value> {
        self?.member(name)
    }
}

/// An amount. Decoding has refused what is none.
pub(crate) fn quantity(value: &Value) -> Quantity {
    match value {
        Value::String(text) => text.parse().unwrap_or_default(),
        value => value.as_i64().map(Quantity::from_units).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_there_reads_as_zero() {
        for value in [json!({}), json!({"a": null}), json!(3), json!({"a": {"b": [[]]}})] {
            assert_eq!(value.text("a"), "");
            assert_eq!(value.int("a"), 0);
            assert!(!value.flag("a"));
            assert!(value.items("a").is_empty());
        }
        assert!(json!({"a": {}}).map("a").is_none());
        assert_eq!(json!({"a": ["x", 1]}).texts("a"), ["x", ""]);
        assert_eq!(quantity(&json!("1500m")).milli_value(), 1500);
    }
}
