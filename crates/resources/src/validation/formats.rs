//! Formats of single values.

use apimachinery::{ErrorList, Path, names};
use serde_json::Value;

use super::report::Report as _;

/// What is said of a number below zero.
pub(crate) const NEGATIVE: &str = "must be greater than or equal to 0";

/// What is said of a number below one.
pub(crate) const NOT_POSITIVE: &str = "must be greater than zero";

/// What is said of a changed field that cannot be.
pub(crate) const IMMUTABLE: &str = "field is immutable";

const FILE_MODE: &str = "must be a number between 0 and 0777 (octal), both inclusive";

/// A number that must not be below zero.
pub(crate) fn nonnegative(errors: &mut ErrorList, path: &Path, name: &str, number: Option<i64>) {
    if let Some(number) = number.filter(|number| *number < 0) {
        errors.invalid(&path.child(name), number, NEGATIVE);
    }
}

/// One part of a host name.
pub(crate) fn dns_label(errors: &mut ErrorList, path: &Path, text: &str) {
    errors.invalid_each(path, text, names::dns1123_label(text));
}

/// A host name.
pub(crate) fn dns_subdomain(errors: &mut ErrorList, path: &Path, text: &str) {
    errors.invalid_each(path, text, names::dns1123_subdomain(text));
}

/// A label key.
pub(crate) fn qualified_name(errors: &mut ErrorList, path: &Path, text: &str) {
    errors.invalid_each(path, text, names::qualified_name(text));
}

/// A user or group of a process.
pub(crate) fn user_or_group(errors: &mut ErrorList, path: &Path, id: Option<i64>) {
    if let Some(id) = id.filter(|id| !(0..=i64::from(i32::MAX)).contains(id)) {
        errors.invalid(path, id, "must be between 0 and 2147483647, inclusive");
    }
}

/// The permissions of a file.
pub(crate) fn file_mode(errors: &mut ErrorList, path: &Path, mode: Option<i64>) {
    if let Some(mode) = mode.filter(|mode| !(0..=0o777).contains(mode)) {
        errors.invalid(path, mode, FILE_MODE);
    }
}

/// The number or the name of a port.
pub(crate) fn port(errors: &mut ErrorList, path: &Path, port: Option<&Value>) {
    match port.and_then(Value::as_str) {
        Some(name) => errors.invalid_each(path, name, names::port_name(name)),
        None => port_number(errors, path, port.and_then(Value::as_i64).unwrap_or_default()),
    }
}

/// The number of a port.
pub(crate) fn port_number(errors: &mut ErrorList, path: &Path, port: i64) {
    for message in names::port_number(port) {
        errors.invalid(path, port, message);
    }
}

/// A path that does not go upwards.
pub(crate) fn no_backsteps(errors: &mut ErrorList, path: &Path, text: &str) {
    if has_backsteps(text) {
        errors.invalid(path, text, "must not contain '..'");
    }
}

/// Whether a path goes upwards somewhere.
pub(crate) fn has_backsteps(text: &str) -> bool {
    text.split('/').any(|part| part == "..")
}

/// A relative path that does not go upwards.
pub(crate) fn local_descending_path(errors: &mut ErrorList, path: &Path, text: &str) {
    if text.starts_with('/') {
        errors.invalid(path, text, "must be a relative path");
    }
    no_backsteps(errors, path, text);
}

/// A relative path that does not go upwards and does not begin as names do that the kubelet uses itself.
pub(crate) fn local_path(errors: &mut ErrorList, path: &Path, text: &str) {
    local_descending_path(errors, path, text);
    if text.starts_with("..") && !text.starts_with("../") {
        errors.invalid(path, text, "must not start with '..'");
    }
}

/// The name of a CSI driver.
pub(crate) fn csi_driver(errors: &mut ErrorList, path: &Path, name: &str) {
    if name.is_empty() {
        errors.required(path, "");
    }
    if name.len() > 63 {
        errors.add(apimachinery::FieldError::too_long(path, 63));
    }
    errors.invalid_each(path, name, names::dns1123_subdomain(&name.to_lowercase()));
}

/// A host name in which labels may have underscores: what resolvers search through.
pub(crate) fn dns_subdomain_with_underscores(errors: &mut ErrorList, path: &Path, text: &str) {
    if text.len() > 253 {
        errors.invalid(path, text, "must be no more than 253 characters");
    }
    let is_outer = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'_';
    let is_label = |label: &str| {
        let bytes = label.as_bytes();
        bytes.first().is_some_and(is_outer)
            && bytes.last().is_some_and(is_outer)
            && bytes.iter().all(|byte| is_outer(byte) || *byte == b'-')
    };
    if !text.split('.').all(is_label) {
        errors.invalid(
            path,
            text,
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must \
             start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
             '[a-z0-9_]([-_a-z0-9]*[a-z0-9_])?(\\.[a-z0-9_]([-_a-z0-9]*[a-z0-9_])?)*')",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(format: fn(&mut ErrorList, &Path, &str), text: &str, expected: &str) {
        let mut errors = ErrorList::new();
        format(&mut errors, &Path::new("f"), text);
        let bodies: Vec<String> = errors.iter().map(apimachinery::FieldError::body).collect();
        assert_eq!(bodies.join("; "), expected, "{text}");
    }

    #[test]
    fn paths_stay_below() {
        check(local_path, "a/b..c", "");
        check(local_path, "/a", "Invalid value: \"/a\": must be a relative path");
        check(local_path, "a/../b", "Invalid value: \"a/../b\": must not contain '..'");
        check(local_path, "..a", "Invalid value: \"..a\": must not start with '..'");
        check(local_path, "../a", "Invalid value: \"../a\": must not contain '..'");
        check(no_backsteps, "/a/b", "");
    }

    #[test]
    fn underscores_are_for_resolvers() {
        check(dns_subdomain_with_underscores, "_srv.a-b.c", "");
        let mut errors = ErrorList::new();
        dns_subdomain_with_underscores(&mut errors, &Path::new("f"), "a..b");
        assert_eq!(errors.0.len(), 1);
    }
}
