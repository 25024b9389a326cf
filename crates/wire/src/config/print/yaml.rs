//! YAML as Kubernetes lays it out: keys sorted, lists not indented below their key, strings
//! quoted only where they would not read back as strings.

use std::fmt::Write as _;

use serde_json::{Map, Value};

/// Writes a value as a YAML document.
pub(super) fn emit(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Object(fields) if !fields.is_empty() => write_fields(&mut out, fields, 0),
        Value::Array(items) if !items.is_empty() => write_items(&mut out, items, 0),
        value => write_scalar(&mut out, value),
    }
    out
}

/// Writes the fields of a non-empty object. The cursor is where the first key goes.
fn write_fields(out: &mut String, fields: &Map<String, Value>, indent: usize) {
    // Sorted here rather than trusted to be: the order of a map is a feature of serde_json.
    let mut sorted: Vec<_> = fields.iter().collect();
    sorted.sort_by_key(|(key, _)| *key);
    for (index, (key, value)) in sorted.into_iter().enumerate() {
        if index > 0 {
            pad(out, indent);
        }
        write_text(out, key);
        out.push(':');
        match value {
            Value::Object(fields) if !fields.is_empty() => {
                out.push('\n');
                pad(out, indent + 2);
                write_fields(out, fields, indent + 2);
            }
            Value::Array(items) if !items.is_empty() => {
                out.push('\n');
                pad(out, indent);
                write_items(out, items, indent);
            }
            value => {
                out.push(' ');
                write_scalar(out, value);
            }
        }
    }
}

/// Writes the items of a non-empty list. The cursor is where the first dash goes.
fn write_items(out: &mut String, items: &[Value], indent: usize) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            pad(out, indent);
        }
        out.push_str("- ");
        match item {
            Value::Object(fields) if !fields.is_empty() => write_fields(out, fields, indent + 2),
            Value::Array(items) if !items.is_empty() => write_items(out, items, indent + 2),
            item => write_scalar(out, item),
        }
    }
}

fn pad(out: &mut String, indent: usize) {
    out.extend(std::iter::repeat_n(' ', indent));
}

/// Writes what fits on the line, and ends the line.
fn write_scalar(out: &mut String, value: &Value) {
    match value {
        Value::String(text) => write_text(out, text),
        Value::Array(_) => out.push_str("[]"),
        Value::Object(_) => out.push_str("{}"),
        Value::Null | Value::Bool(_) | Value::Number(_) => {
            // Writing to a string cannot fail.
            let _ = write!(out, "{value}");
        }
    }
    out.push('\n');
}

fn write_text(out: &mut String, text: &str) {
    let printable = !text.chars().any(|c| c.is_control() || is_special(c));
    if !printable || reads_as_something_else(text) {
        // A JSON string is a double-quoted YAML scalar, but for the characters that JSON
        // leaves alone and YAML does not print.
        out.push('"');
        text.chars().for_each(|c| write_escaped(out, c));
        out.push('"');
    } else if breaks_plain(text) {
        out.push('\'');
        out.push_str(&text.replace('\'', "''"));
        out.push('\'');
    } else {
        out.push_str(text);
    }
}

/// Line separators, byte-order marks and non-characters.
fn is_special(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

fn write_escaped(out: &mut String, c: char) {
    match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c if c.is_control() || is_special(c) => {
            // Writing to a string cannot fail.
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        }
        c => out.push(c),
    }
}

/// Whether a plain scalar of this text would be null, a boolean, a number or a date.
fn reads_as_something_else(text: &str) -> bool {
    let word = matches!(
        text.to_ascii_lowercase().as_str(),
        "" | "~" | "null" | "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n"
    );
    word || text == "<<" || text == "=" || is_number(text) || is_date(text)
}

fn is_number(text: &str) -> bool {
    let text: String = text.chars().filter(|c| *c != '_').collect();
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(&text).to_ascii_lowercase();
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(digits) = unsigned.strip_prefix(prefix) {
            return !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
        }
    }
    // Rust also reads `inf`, `infinity` and `nan`, which are strings without their dot.
    let starts_as_number = unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    let sexagesimal = unsigned.contains(':')
        && unsigned
            .split(':')
            .all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit() || c == '.'));
    matches!(unsigned.as_str(), ".inf" | ".nan")
        || (starts_as_number && (unsigned.parse::<f64>().is_ok() || sexagesimal))
}

/// Whether a text begins as `2001-02-03` does.
fn is_date(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let mut n_digits = || parts.next().map(|part| part.chars().take_while(char::is_ascii_digit));
    let [year, month, day] = [n_digits(), n_digits(), n_digits()].map(|d| d.map(Iterator::count));
    year == Some(4) && matches!(month, Some(1 | 2)) && matches!(day, Some(1 | 2))
}

/// Whether the text, unquoted, would be syntax.
fn breaks_plain(text: &str) -> bool {
    const INDICATORS: &str = "#,[]{}&*!|>'\"%@`";
    let mut chars = text.chars();
    let first_breaks = match (chars.next(), chars.next()) {
        (Some('?' | ':' | '-'), second) => second.is_none_or(|c| c == ' '),
        (Some(first), _) => INDICATORS.contains(first),
        (None, _) => true,
    };
    first_breaks
        || text.starts_with("---")
        || text.starts_with("...")
        || text.starts_with(' ')
        || text.ends_with([' ', ':'])
        || text.contains(": ")
        || text.contains(" #")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::document;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn lays_out_as_kubernetes_does() {
        let value = json!({
            "zero": 0, "list": [{"b": 1, "a": [1, [2, 3], {}]}, "x", []], "map": {"k": {"l": null}},
            "empty": {}, "none": "",
        });
        let text = "empty: {}\nlist:\n- a:\n  - 1\n  - - 2\n    - 3\n  - {}\n  b: 1\n- x\n- []\n\
                    map:\n  k:\n    l: null\nnone: \"\"\nzero: 0\n";
        assert_eq!(emit(&value), text);
    }

    #[test]
    fn quotes_only_what_needs_it() {
        let table = [
            ("leases", "leases"),
            ("application/vnd.kubernetes.protobuf", "application/vnd.kubernetes.protobuf"),
            ("http://x:80/y", "http://x:80/y"),
            ("10.0.0.1", "10.0.0.1"),
            ("15s", "15s"),
            ("-x", "-x"),
            ("a#b", "a#b"),
            ("*", "'*'"),
            ("it's: so", "'it''s: so'"),
            ("#x", "'#x'"),
            ("- x", "'- x'"),
            (" x", "' x'"),
            ("", "\"\""),
            ("true", "\"true\""),
            ("No", "\"No\""),
            ("010", "\"010\""),
            ("1e3", "\"1e3\""),
            ("0x1F", "\"0x1F\""),
            ("1_000", "\"1_000\""),
            ("12:30", "\"12:30\""),
            ("2001-02-03", "\"2001-02-03\""),
            (".inf", "\".inf\""),
            ("~", "\"~\""),
            ("a\nb", "\"a\\nb\""),
        ];
        for (text, printed) in table {
            assert_eq!(emit(&json!(text)), format!("{printed}\n"), "{text}");
        }
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let text = prop_oneof![any::<String>(), "[-+.:#_'\"0-9a-fA-FxyYnNoO ~{}\\[\\]]{0,6}"];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            text.clone().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 5, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map(text.clone(), inner, 0..5)
                    .prop_map(|fields| fields.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn reads_back_what_it_wrote(value in any_value()) {
            let text = emit(&value);
            let node = document::parse(text.as_bytes());
            prop_assert_eq!(node.map(|node| node.to_value()), Ok(value), "{}", text);
        }
    }
}
