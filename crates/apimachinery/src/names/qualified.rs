//! Keys and values of labels and annotations, keys of config maps, and relatives.

use super::dns::{dns1123_subdomain, subdomain};
use super::{is_framed, rule, too_many_bytes, too_many_characters};
use crate::field::{ErrorList, FieldError, Path};

const NAME_LEN_MAX: usize = 63;
const CONFIG_MAP_KEY_LEN_MAX: usize = 253;

const NAME_PATTERN: &str = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const NAME_WORDS: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with \
                          an alphanumeric character";

fn is_name(text: &str) -> bool {
    is_framed(text, |byte| byte.is_ascii_alphanumeric(), |byte| matches!(byte, b'-' | b'_' | b'.'))
}

fn name_rule(subject: &str) -> String {
    rule(&format!("{subject}{NAME_WORDS}"), NAME_PATTERN, &["MyName", "my.name", "123-abc"])
}

/// A label key: a name, after an optional DNS subdomain and a slash.
pub fn qualified_name(text: &str) -> Vec<String> {
    let mut messages = Vec::new();
    let name = match text.split_once('/') {
        None => text,
        Some((_, name)) if name.contains('/') => {
            let words = name_rule("a valid label key ");
            return vec![format!(
                "{words} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
            )];
        }
        Some((prefix, name)) => {
            if prefix.is_empty() {
                messages.push("prefix part must be non-empty".to_owned());
            } else {
                let problems = subdomain(prefix, too_many_bytes(253));
                messages.extend(problems.into_iter().map(|problem| format!("prefix part {problem}")));
            }
            name
        }
    };
    if name.is_empty() {
        messages.push("name part must be non-empty".to_owned());
    } else if name.len() > NAME_LEN_MAX {
        messages.push(format!("name part {}", too_many_bytes(NAME_LEN_MAX)));
    }
    if !is_name(name) {
        messages.push(name_rule("name part "));
    }
    messages
}

/// The value of a label: empty, or like a label key without prefix.
pub fn label_value(text: &str) -> Vec<String> {
    let mut messages = Vec::new();
    if text.len() > NAME_LEN_MAX {
        messages.push(too_many_bytes(NAME_LEN_MAX));
    }
    if !(text.is_empty() || is_name(text)) {
        let words = format!("a valid label must be an empty string or {}", &NAME_WORDS["must ".len()..]);
        messages.push(rule(&words, &format!("({NAME_PATTERN})?"), &["MyValue", "my_value", "12345"]));
    }
    messages
}

/// A key of the data of a ConfigMap or Secret.
pub fn config_map_key(text: &str) -> Vec<String> {
    let mut messages = Vec::new();
    if text.len() > CONFIG_MAP_KEY_LEN_MAX {
        messages.push(too_many_characters(CONFIG_MAP_KEY_LEN_MAX));
    }
    let is_inside = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if text.is_empty() || !text.bytes().all(is_inside) {
        let words = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
        messages.push(rule(words, "[-._a-zA-Z0-9]+", &["key.name", "KEY_NAME", "key-name"]));
    }
    match text {
        "." => messages.push("must not be '.'".to_owned()),
        ".." => messages.push("must not be '..'".to_owned()),
        text if text.starts_with("..") => messages.push("must not start with '..'".to_owned()),
        _ => {}
    }
    messages
}

/// The name of an environment variable, by the relaxed rule that is in force.
pub fn env_var_name(text: &str) -> Vec<String> {
    if text.is_empty() {
        return vec!["environment variable name must be non-empty".to_owned()];
    }
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'=') {
        return Vec::new();
    }
    vec![
        "a valid environment variable name must consist only of printable ASCII characters other than '='"
            .to_owned(),
    ]
}

/// The name of an HTTP header.
pub fn http_header_name(text: &str) -> Vec<String> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Vec::new();
    }
    let words = "a valid HTTP header must consist of alphanumeric characters or '-'";
    vec![rule(words, "[-A-Za-z0-9]+", &["X-Header-Name"])]
}

/// Digits with a `%`.
pub fn percent(text: &str) -> Vec<String> {
    let digits = text.strip_suffix('%').unwrap_or_default();
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Vec::new();
    }
    let words = "a valid percent string must be a numeric string followed by an ending '%'";
    vec![rule(words, "[0-9]+%", &["1%", "93%"])]
}

/// A DNS subdomain, a slash, and a path of characters that URLs have: the name of a controller or signer.
/// The errors name the part that is wrong.
pub fn domain_prefixed_path(field: &Path, text: &str) -> ErrorList {
    if text.is_empty() {
        return vec![FieldError::required(field, "")].into();
    }
    let (host, path) = match text.split_once('/') {
        Some((host, path)) if !host.is_empty() && !path.is_empty() => (host, path),
        _ => {
            let message = "must be a domain-prefixed path (such as \"acme.io/foo\")";
            return vec![FieldError::invalid(field, text, message)].into();
        }
    };
    let mut errors = ErrorList::new();
    errors.invalid_each(field, host, dns1123_subdomain(host));
    let is_inside = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~%!$&'()*+,;=:".contains(&byte);
    if !path.bytes().all(is_inside) {
        let message = rule("Invalid path", r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+", &[]);
        errors.push(FieldError::invalid(field, path, message));
    }
    errors
}

/// A label key that has its prefix.
pub fn domain_prefixed_key(field: &Path, text: &str) -> ErrorList {
    if text.is_empty() {
        return vec![FieldError::required(field, "")].into();
    }
    let mut errors = ErrorList::new();
    errors.invalid_each(field, text, qualified_name(text));
    if errors.is_empty() && !text.contains('/') {
        let message = "must be a domain-prefixed key (such as \"acme.io/foo\")";
        errors.push(FieldError::invalid(field, text, message));
    }
    errors
}
