//! Names that can be part of a host name (RFC 1123, RFC 1035).

use super::{is_framed, rule, too_many_characters};

const LABEL_LEN_MAX: usize = 63;
const SUBDOMAIN_LEN_MAX: usize = 253;

const LABEL_PATTERN: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const SUBDOMAIN_PATTERN: &str = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";

fn is_lower_or_digit(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

fn is_label(text: &str) -> bool {
    is_framed(text, is_lower_or_digit, |byte| byte == b'-')
}

fn is_subdomain(text: &str) -> bool {
    text.split('.').all(is_label)
}

/// One part of a host name: lower-case letters, digits and `-`.
pub fn dns1123_label(text: &str) -> Vec<String> {
    let mut messages = Vec::new();
    if text.len() > LABEL_LEN_MAX {
        messages.push(too_many_characters(LABEL_LEN_MAX));
    }
    if !is_label(text) {
        messages.push(if is_subdomain(text) {
            "must not contain dots".to_owned()
        } else {
            let words = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', \
                         and must start and end with an alphanumeric character";
            rule(words, LABEL_PATTERN, &["my-name", "123-abc"])
        });
    }
    messages
}

/// A host name: labels with dots between.
pub fn dns1123_subdomain(text: &str) -> Vec<String> {
    subdomain(text, too_many_characters(SUBDOMAIN_LEN_MAX))
}

/// The prefix of a qualified name, whose length upstream counts in bytes.
pub(super) fn subdomain(text: &str, too_long: String) -> Vec<String> {
    let mut messages = Vec::new();
    if text.len() > SUBDOMAIN_LEN_MAX {
        messages.push(too_long);
    }
    if !is_subdomain(text) {
        let words = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or \
                     '.', and must start and end with an alphanumeric character";
        messages.push(rule(words, SUBDOMAIN_PATTERN, &["example.com"]));
    }
    messages
}

/// A host name whose first label is `*`.
pub fn wildcard_dns1123_subdomain(text: &str) -> Vec<String> {
    let mut messages = Vec::new();
    if text.len() > SUBDOMAIN_LEN_MAX {
        messages.push(too_many_characters(SUBDOMAIN_LEN_MAX));
    }
    if !text.strip_prefix("*.").is_some_and(is_subdomain) {
        let words = "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, \
                     which must consist of lower case alphanumeric characters, '-' or '.' and end with an \
                     alphanumeric character";
        messages.push(rule(words, &format!(r"\*\.{SUBDOMAIN_PATTERN}"), &["*.example.com"]));
    }
    messages
}

/// One part of a host name that begins with a letter.
pub fn dns1035_label(text: &str) -> Vec<String> {
    let mut messages = Vec::new();
    if text.len() > LABEL_LEN_MAX {
        messages.push(too_many_characters(LABEL_LEN_MAX));
    }
    if !(is_label(text) && text.starts_with(|c: char| c.is_ascii_lowercase())) {
        let words = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an \
                     alphabetic character, and end with an alphanumeric character";
        messages.push(rule(words, "[a-z]([-a-z0-9]*[a-z0-9])?", &["my-name", "abc-123"]));
    }
    messages
}
