//! Documents as Go prints them.

use std::fmt::Write as _;

use serde_json::{Number, Value};

/// The JSON that Go's encoder makes: compact, with `<`, `>`, `&` and two line separators escaped.
pub fn compact_json(value: &Value) -> String {
    escape_html(&value.to_string())
}

fn escape_html(json: &str) -> String {
    if !json.contains(['<', '>', '&', '\u{2028}', '\u{2029}']) {
        return json.to_owned();
    }
    let mut escaped = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                // Writing to a string cannot fail.
                let _ = write!(escaped, "\\u{:04x}", u32::from(c));
            }
            c => escaped.push(c),
        }
    }
    escaped
}

/// A value as `%v` prints it: `map[a:1 b:[x y] c:<nil>]`, members sorted by name.
pub fn value_text(value: &Value) -> String {
    let mut text = String::new();
    push_value(&mut text, value);
    text
}

fn push_value(text: &mut String, value: &Value) {
    match value {
        Value::Null => text.push_str("<nil>"),
        Value::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => text.push_str(&number_text(number)),
        Value::String(string) => text.push_str(string),
        Value::Array(items) => {
            text.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    text.push(' ');
                }
                push_value(text, item);
            }
            text.push(']');
        }
        Value::Object(members) => {
            text.push_str("map[");
            for (i, (name, member)) in members.iter().enumerate() {
                if i > 0 {
                    text.push(' ');
                }
                text.push_str(name);
                text.push(':');
                push_value(text, member);
            }
            text.push(']');
        }
    }
}

/// Integers in full; others in the shortest form that reads back, with an exponent where that is below -4 or
/// above 20.
fn number_text(number: &Number) -> String {
    if number.is_i64() || number.is_u64() {
        return number.to_string();
    }
    let Some(value) = number.as_f64() else { return number.to_string() };
    let scientific = format!("{value:e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return scientific };
    let Ok(exponent) = exponent.parse::<i32>() else { return scientific };
    if (-4..21).contains(&exponent) {
        return format!("{value}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
}

/// The type that Go decodes a value to, as messages name it; none for null.
pub fn type_name(value: &Value) -> Option<&'static str> {
    match value {
        Value::Null => None,
        Value::Bool(_) => Some("bool"),
        Value::Number(number) if number.is_i64() || number.is_u64() => Some("int64"),
        Value::Number(_) => Some("float64"),
        Value::String(_) => Some("string"),
        Value::Array(_) => Some("[]interface {}"),
        Value::Object(_) => Some("map[string]interface {}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn prints_trees() {
        for (value, text) in [
            (json!({"spec": {"replicas": 4, "x": null}}), "map[spec:map[replicas:4 x:<nil>]]"),
            (json!([1, "a b", true, 1.5, []]), "[1 a b true 1.5 []]"),
            (json!(1e21), "1e+21"),
            (json!(1e20), "100000000000000000000"),
            (json!(0.00001), "1e-05"),
            (json!(1.0), "1"),
        ] {
            assert_eq!(value_text(&value), text);
        }
    }

    #[test]
    fn escapes_what_html_would_take_for_its_own() {
        assert_eq!(compact_json(&json!({"a": "<b>&\u{2028}"})), r#"{"a":"\u003cb\u003e\u0026\u2028"}"#);
    }
}
