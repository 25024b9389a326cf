//! Where two answers differ.

use serde_json::Value;

/// The path of the first difference, with what is expected and what is there.
pub(crate) fn first_difference(expected: &Value, actual: &Value) -> Option<(String, String, String)> {
    difference(expected, actual, &mut String::from("expect"))
}

fn difference(expected: &Value, actual: &Value, path: &mut String) -> Option<(String, String, String)> {
    let length = path.len();
    match (expected, actual) {
        (Value::Object(wanted), Value::Object(found)) => {
            let mut keys: Vec<&String> = wanted.keys().chain(found.keys()).collect();
            keys.sort();
            keys.dedup();
            for key in keys {
                path.push('.');
                path.push_str(key);
                let (wanted, found) = (wanted.get(key), found.get(key));
                let result = match (wanted, found) {
                    (Some(wanted), Some(found)) => difference(wanted, found, path),
                    _ => Some((path.clone(), show(wanted), show(found))),
                };
                if result.is_some() {
                    return result;
                }
                path.truncate(length);
            }
            None
        }
        (Value::Array(wanted), Value::Array(found)) if wanted.len() == found.len() => {
            for (i, (wanted, found)) in wanted.iter().zip(found).enumerate() {
                path.push_str(&format!("[{i}]"));
                let result = difference(wanted, found, path);
                if result.is_some() {
                    return result;
                }
                path.truncate(length);
            }
            None
        }
        _ if expected == actual => None,
        _ => Some((path.clone(), show(Some(expected)), show(Some(actual)))),
    }
}

fn show(value: Option<&Value>) -> String {
    value.map_or_else(|| "nothing".to_owned(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn finds_the_first_difference_with_its_path() {
        let expected = json!({"a": [1, {"b": 2}], "c": null});
        assert_eq!(first_difference(&expected, &expected), None);
        let actual = json!({"a": [1, {"b": 3}], "c": null});
        let difference = first_difference(&expected, &actual);
        assert_eq!(difference, Some(("expect.a[1].b".into(), "2".into(), "3".into())));
        let missing = first_difference(&expected, &json!({"a": [1, {"b": 2}]}));
        assert_eq!(missing, Some(("expect.c".into(), "null".into(), "nothing".into())));
    }
}
