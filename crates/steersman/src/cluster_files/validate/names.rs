//! Names, namespaces and labels.

use std::collections::BTreeMap;

use wire::Object;
use wire::selector::{is_dns_subdomain, is_label_value, is_qualified_name};

use super::fault::{Checked, Within, fault};

const DNS_LABEL_LEN_MAX: usize = 63;

/// Checks what every object has.
pub(super) fn check(object: &Object) -> Checked {
    let metadata = object.meta();
    match object {
        Object::Namespace(_) | Object::Service(_) => dns_label("metadata.name", &metadata.name)?,
        _ => dns_subdomain("metadata.name", &metadata.name)?,
    }
    if !metadata.namespace.is_empty() {
        dns_label("metadata.namespace", &metadata.namespace)?;
    }
    labels(&metadata.labels).within("metadata.labels")
}

/// Checks labels, or what is to be equal to labels.
pub(super) fn labels(labels: &BTreeMap<String, String>) -> Checked {
    for (key, value) in labels {
        label_key(key, key)?;
        if !is_label_value(value) {
            return fault(
                key,
                format!(
                    "{value:?} is no label value: that is empty or at most 63 letters, digits, '-', '_' and '.', \
                     and begins and ends with a letter or digit"
                ),
            );
        }
    }
    Ok(())
}

/// Checks the key of a label or of a taint.
pub(super) fn label_key(field: &str, key: &str) -> Checked {
    if is_qualified_name(key) {
        return Ok(());
    }
    fault(
        field,
        format!(
            "{key:?} is no label key: that is a name of at most 63 letters, digits, '-', '_' and '.', after an \
             optional DNS subdomain and '/', such as example.com/my-name"
        ),
    )
}

fn is_dns_label(text: &str) -> bool {
    text.len() <= DNS_LABEL_LEN_MAX && !text.contains('.') && is_dns_subdomain(text)
}

/// Checks a name without dots.
pub(super) fn dns_label(field: &str, found: &str) -> Checked {
    if is_dns_label(found) {
        return Ok(());
    }
    let rule = "at most 63 lower-case letters, digits and '-', beginning and ending with a letter or digit";
    fault(field, format!("{found:?} must be {rule}{}", such_as(found, is_dns_label)))
}

fn dns_subdomain(field: &str, found: &str) -> Checked {
    if is_dns_subdomain(found) {
        return Ok(());
    }
    let rule =
        "at most 253 lower-case letters, digits, '-' and '.', beginning and ending with a letter or digit";
    fault(field, format!("{found:?} must be {rule}{}", such_as(found, is_dns_subdomain)))
}

/// `, such as "web-1"` for `Web_1`.
fn such_as(found: &str, is_right: fn(&str) -> bool) -> String {
    let replaced = found.to_lowercase().replace(|c: char| c != '.' && !c.is_ascii_alphanumeric(), "-");
    let undotted = replaced.replace('.', "-");
    let candidates = [replaced.trim_matches('-'), undotted.trim_matches('-')];
    let right = candidates.into_iter().find(|candidate| is_right(candidate));
    right.map_or_else(String::new, |right| format!(", such as {right:?}"))
}
