//! ConfigMap, Secret.

use apimachinery::field::FieldValue;
use apimachinery::{ErrorList, FieldError, Path, json, names};
use serde_json::Value;

use super::members::Members as _;
use super::parts::Parts as _;
use super::report::Report as _;
use super::update::{is_unchanged, unchanged};

/// How many bytes all values together may have.
const DATA_LEN_MAX: usize = 1024 * 1024;

const KEPT: &str = "field is immutable when `immutable` is set";

/// What is wrong with a ConfigMap.
pub(crate) fn validate_config_map(object: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    let (data, binary_data) = (Path::new("data"), Path::new("binaryData"));
    let mut n_bytes = 0;
    for (key, value) in object.entries("data") {
        errors.invalid_each(&data.key(key), key, names::config_map_key(key));
        if object.part("binaryData").member(key).is_some() {
            errors.invalid(&data.key(key), key, "duplicate of key present in binaryData");
        }
        n_bytes += value.as_str().map_or(0, str::len);
    }
    for (key, value) in object.entries("binaryData") {
        errors.invalid_each(&binary_data.key(key), key, names::config_map_key(key));
        n_bytes += decoded_len(value.as_str().unwrap_or_default());
    }
    if n_bytes > DATA_LEN_MAX {
        errors.push(FieldError::too_long(&Path::new(""), DATA_LEN_MAX));
    }
    errors
}

/// How many bytes a text in base64 stands for.
fn decoded_len(text: &str) -> usize {
    text.trim_end_matches('=').len() * 3 / 4
}

/// What is wrong with a changed ConfigMap.
pub(crate) fn validate_config_map_update(object: &Value, old: &Value) -> ErrorList {
    let mut errors = kept(object, old, &["data", "binaryData"]);
    errors.extend(validate_config_map(object));
    errors
}

/// What must not change once an object is marked as immutable.
fn kept(object: &Value, old: &Value, names: &[&str]) -> ErrorList {
    let mut errors = ErrorList::new();
    if !old.flag("immutable") {
        return errors;
    }
    if !object.flag("immutable") {
        errors.forbidden(&Path::new("immutable"), KEPT);
    }
    for name in names.iter().filter(|name| !is_unchanged(object, old, name)) {
        errors.forbidden(&Path::new(name), KEPT);
    }
    errors
}

/// What is wrong with a Secret.
pub(crate) fn validate_secret(object: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    let path = Path::new("data");
    let mut n_bytes = 0;
    for (key, value) in object.entries("data") {
        errors.invalid_each(&path.key(key), key, names::config_map_key(key));
        n_bytes += decoded_len(value.as_str().unwrap_or_default());
    }
    if n_bytes > DATA_LEN_MAX {
        errors.push(FieldError::too_long(&path, DATA_LEN_MAX));
    }
    let data = object.object("data");
    let mut demand = |keys: &[&str]| {
        for key in keys {
            errors.required(&path.key(key), "");
        }
    };
    match object.text("type") {
        "kubernetes.io/service-account-token" => {
            let key = "kubernetes.io/service-account.name";
            if object.part("metadata").part("annotations").text(key).is_empty() {
                errors.required(&Path::new("metadata").child("annotations").key(key), "");
            }
        }
        "kubernetes.io/dockercfg" => docker_config(&mut errors, &path, data, ".dockercfg"),
        "kubernetes.io/dockerconfigjson" => docker_config(&mut errors, &path, data, ".dockerconfigjson"),
        "kubernetes.io/basic-auth"
            if data.member("username").is_none() && data.member("password").is_none() =>
        {
            demand(&["username", "password"]);
        }
        "kubernetes.io/ssh-auth" if data.text("ssh-privatekey").is_empty() => demand(&["ssh-privatekey"]),
        "kubernetes.io/tls" => {
            let missing = ["tls.crt", "tls.key"].into_iter().filter(|key| data.member(key).is_none());
            demand(&missing.collect::<Vec<_>>());
        }
        _ => {}
    }
    errors
}

fn docker_config(errors: &mut ErrorList, path: &Path, data: Option<&Value>, key: &str) {
    let path = path.key(key);
    let Some(encoded) = data.optional_text(key) else {
        errors.required(&path, "");
        return;
    };
    let text = decoded(encoded);
    let problem = match json::decode(&text) {
        Err(error) => error.to_string(),
        Ok(decoded) => match decoded.value {
            Value::Object(_) | Value::Null => return,
            other => {
                let ty = match other {
                    Value::String(_) => "string",
                    Value::Bool(_) => "bool",
                    Value::Number(_) => "number",
                    _ => "array",
                };
                format!("json: cannot unmarshal {ty} into Go value of type map[string]interface {{}}")
            }
        },
    };
    errors.invalid(&path, FieldValue::from("<secret contents redacted>"), problem);
}

/// The bytes of a text in base64. Decoding has refused what is none.
pub(crate) fn decoded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(decoded_len(text));
    let (mut group, mut n_bits) = (0u32, 0);
    for byte in text.bytes() {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => continue,
        };
        group = (group << 6 | u32::from(digit)) & 0xffff;
        n_bits += 6;
        if n_bits >= 8 {
            n_bits -= 8;
            bytes.push((group >> n_bits & 0xff) as u8);
        }
    }
    bytes
}

/// What is wrong with a changed Secret.
pub(crate) fn validate_secret_update(object: &Value, old: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    unchanged(&mut errors, &Path::new("type"), object, old, "type");
    errors.extend(kept(object, old, &["data"]));
    errors.extend(validate_secret(object));
    errors
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(errors: &ErrorList, expected: &[&str]) {
        let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(texts, expected);
    }

    #[test]
    fn secrets_of_a_type_have_its_keys() {
        for (secret, expected) in [
            (
                json!({"type": "kubernetes.io/tls", "data": {"tls.key": ""}}),
                vec!["data[tls.crt]: Required value"],
            ),
            (
                json!({"type": "kubernetes.io/basic-auth"}),
                vec!["data[username]: Required value", "data[password]: Required value"],
            ),
            (json!({"type": "kubernetes.io/basic-auth", "data": {"password": ""}}), vec![]),
            (json!({"type": "kubernetes.io/ssh-auth"}), vec!["data[ssh-privatekey]: Required value"]),
            (
                json!({"type": "kubernetes.io/service-account-token"}),
                vec!["metadata.annotations[kubernetes.io/service-account.name]: Required value"],
            ),
            (json!({"type": "kubernetes.io/dockercfg"}), vec!["data[.dockercfg]: Required value"]),
            (json!({"type": "kubernetes.io/dockercfg", "data": {".dockercfg": "e30="}}), vec![]),
            (
                json!({"type": "kubernetes.io/dockercfg", "data": {".dockercfg": "eA=="}}),
                vec![
                    "data[.dockercfg]: Invalid value: \"<secret contents redacted>\": invalid character 'x' looking \
                     for beginning of value",
                ],
            ),
        ] {
            check(&validate_secret(&secret), &expected);
        }
    }

    #[test]
    fn what_is_immutable_stays() {
        let old = json!({"immutable": true, "data": {"a": "b"}});
        check(&validate_config_map_update(&old, &old), &[]);
        let new = json!({"data": {}, "binaryData": {"a": ""}});
        check(
            &validate_config_map_update(&new, &old),
            &[
                "immutable: Forbidden: field is immutable when `immutable` is set",
                "data: Forbidden: field is immutable when `immutable` is set",
                "binaryData: Forbidden: field is immutable when `immutable` is set",
            ],
        );
    }

    #[test]
    fn counts_the_bytes_of_base64() {
        for (text, bytes) in [("", ""), ("eA==", "x"), ("eHk=", "xy"), ("eHl6", "xyz"), ("eHl6eA==", "xyzx")]
        {
            assert_eq!(decoded(text), bytes.as_bytes());
            assert_eq!(decoded_len(text), bytes.len());
        }
    }
}
