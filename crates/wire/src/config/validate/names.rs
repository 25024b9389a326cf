//! Why Kubernetes does not accept something as the name of a label or a resource, in its words.

use crate::selector;

const PART_LEN_MAX: usize = 63;
const PREFIX_LEN_MAX: usize = 253;

const NAME_RULE: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must \
    start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', \
    regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

const VALUE_RULE: &str = "a valid label must be an empty string or consist of alphanumeric \
    characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. \
    'MyValue',  or 'my_value',  or '12345', regex used for validation is \
    '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

const PREFIX_RULE: &str = "a lowercase RFC 1123 subdomain must consist of lower case \
    alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character \
    (e.g. 'example.com', regex used for validation is \
    '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

/// Why a text is not a qualified name (`name` or `prefix/name`); nothing means that it is one.
pub(super) fn qualified_name_errors(text: &str) -> Vec<String> {
    let mut errors = Vec::new();
    let (prefix, name) = match text.split_once('/') {
        None => (None, text),
        Some((_, rest)) if rest.contains('/') => {
            return vec![format!(
                "a qualified name {NAME_RULE} with an optional DNS subdomain prefix and '/' \
                 (e.g. 'example.com/MyName')"
            )];
        }
        Some((prefix, name)) => (Some(prefix), name),
    };
    match prefix {
        None => {}
        Some("") => errors.push("prefix part must be non-empty".to_owned()),
        Some(prefix) if prefix.len() > PREFIX_LEN_MAX => {
            errors.push(format!("prefix part must be no more than {PREFIX_LEN_MAX} bytes"));
        }
        Some(prefix) if selector::is_dns_subdomain(prefix) => {}
        Some(_) => errors.push(format!("prefix part {PREFIX_RULE}")),
    }
    if name.is_empty() {
        errors.push("name part must be non-empty".to_owned());
    }
    if name.len() > PART_LEN_MAX {
        errors.push(format!("name part must be no more than {PART_LEN_MAX} bytes"));
    } else if !selector::is_qualified_name(name) {
        errors.push(format!("name part {NAME_RULE}"));
    }
    errors
}

/// Why a text is not a label value; nothing means that it is one.
pub(super) fn label_value_errors(text: &str) -> Vec<String> {
    if text.len() > PART_LEN_MAX {
        vec![format!("must be no more than {PART_LEN_MAX} bytes")]
    } else if selector::is_label_value(text) {
        Vec::new()
    } else {
        vec![VALUE_RULE.to_owned()]
    }
}

/// Whether a qualified name is a resource that Kubernetes itself gives no meaning to.
pub(super) fn is_extended_resource(name: &str) -> bool {
    let native = !name.contains('/') || name.contains("kubernetes.io/");
    // A quota on the resource is written with this prefix, and must be a name as well.
    let quota_prefix = "requests.";
    !native
        && !name.starts_with(quota_prefix)
        && qualified_name_errors(&format!("{quota_prefix}{name}")).is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_qualified_names() {
        for name in ["cpu", "example.com/gpu", "A_b.c-9", "a.b-c.d/x", &"x".repeat(63)] {
            assert_eq!(qualified_name_errors(name), [""; 0], "{name}");
        }
    }

    #[test]
    fn says_which_part_of_a_name_is_wrong() {
        let long_prefix = format!("{}/x", "a".repeat(254));
        let long_name = "x".repeat(64);
        let table = [
            ("", vec!["name part must be non-empty", "name part must consist"]),
            ("-x", vec!["name part must consist"]),
            ("x y", vec!["name part must consist"]),
            ("/x", vec!["prefix part must be non-empty"]),
            ("a..b/x", vec!["prefix part a lowercase RFC 1123 subdomain"]),
            ("A/x", vec!["prefix part a lowercase RFC 1123 subdomain"]),
            ("a/b/c", vec!["a qualified name must consist"]),
            (&long_name, vec!["name part must be no more than 63 bytes"]),
            (&long_prefix, vec!["prefix part must be no more than 253 bytes"]),
        ];
        for (name, starts) in table {
            let errors = qualified_name_errors(name);
            assert_eq!(errors.len(), starts.len(), "{name}: {errors:?}");
            for (error, start) in errors.iter().zip(starts) {
                assert!(error.starts_with(start), "{name}: {error}");
            }
        }
    }

    #[test]
    fn knows_label_values() {
        for value in ["", "a", "A_b.c-9"] {
            assert_eq!(label_value_errors(value), [""; 0], "{value}");
        }
        for value in ["-", "a b", "a/b", "a-"] {
            assert_eq!(label_value_errors(value), [VALUE_RULE], "{value}");
        }
        let long = "must be no more than 63 bytes";
        assert_eq!(label_value_errors(&"x".repeat(64)), [long]);
    }

    #[test]
    fn tells_extended_resources_from_native_ones() {
        let table = [
            ("example.com/gpu", true),
            ("cpu", false),
            ("hugepages-2Mi", false),
            ("kubernetes.io/x", false),
            ("x.kubernetes.io/y", false),
            ("requests.example.com/gpu", false),
        ];
        for (name, extended) in table {
            assert_eq!(is_extended_resource(name), extended, "{name}");
        }
        // Too long once a quota puts its prefix in front.
        assert!(!is_extended_resource(&format!("{}/gpu", "a".repeat(250))));
    }
}
