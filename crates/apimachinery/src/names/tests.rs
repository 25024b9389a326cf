use proptest::prelude::*;

use super::*;
use crate::field::Path;

const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must \
                     start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for \
                     validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or \
                         '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used \
                         for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const DNS1035: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an \
                       alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', \
                       regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const WILDCARD: &str = "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which \
                        must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric \
                        character (e.g. '*.example.com', regex used for validation is \
                        '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const NAME: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an \
                    alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is \
                    '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and \
                     must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', \
                     regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const CONFIG_KEY: &str = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. \
                          'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is \
                          '[-._a-zA-Z0-9]+')";

fn check(rule: fn(&str) -> Vec<String>, table: &[(&str, &[&str])]) {
    for (text, messages) in table {
        assert_eq!(rule(text), *messages, "{text:?}");
    }
}

#[test]
fn dns_names() {
    let long = "a".repeat(64);
    check(
        dns1123_label,
        &[
            ("a-1", &[]),
            ("1", &[]),
            ("", &[LABEL]),
            ("a.b", &["must not contain dots"]),
            ("A", &[LABEL]),
            ("-a", &[LABEL]),
            (&long, &["must be no more than 63 characters"]),
        ],
    );
    let long = "a".repeat(254);
    check(
        dns1123_subdomain,
        &[
            ("a.b-c.1", &[]),
            ("", &[SUBDOMAIN]),
            ("a..b", &[SUBDOMAIN]),
            ("a.b.", &[SUBDOMAIN]),
            ("ä", &[SUBDOMAIN]),
            (&long, &["must be no more than 253 characters"]),
        ],
    );
    check(dns1035_label, &[("a-1", &[]), ("1a", &[DNS1035]), ("", &[DNS1035]), ("a-", &[DNS1035])]);
    check(wildcard_dns1123_subdomain, &[("*.a.b", &[]), ("a.b", &[WILDCARD]), ("*.", &[WILDCARD])]);
}

#[test]
fn label_keys_and_values() {
    let name = format!("name part {NAME}");
    let prefix = format!("prefix part {SUBDOMAIN}");
    let whole = format!(
        "a valid label key {NAME} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
    );
    let long_prefix = format!("{}/a", "a".repeat(254));
    check(
        qualified_name,
        &[
            ("MyName", &[]),
            ("example.com/a_b.c", &[]),
            ("", &["name part must be non-empty", &name]),
            ("a/", &["name part must be non-empty", &name]),
            ("/a", &["prefix part must be non-empty"]),
            ("A/b", &[&prefix]),
            ("a/b/c", &[&whole]),
            ("bad key!", &[&name]),
            (&"a".repeat(64), &["name part must be no more than 63 bytes"]),
            (&long_prefix, &["prefix part must be no more than 253 bytes"]),
        ],
    );
    check(
        label_value,
        &[
            ("", &[]),
            ("My_Value.1", &[]),
            ("-", &[VALUE]),
            ("a b", &[VALUE]),
            (&"v".repeat(64), &["must be no more than 63 bytes"]),
        ],
    );
}

#[test]
fn keys_ports_and_others() {
    check(
        config_map_key,
        &[
            ("a.B_c-1", &[]),
            ("...", &["must not start with '..'"]),
            (".", &["must not be '.'"]),
            ("..", &["must not be '..'"]),
            ("a b", &[CONFIG_KEY]),
            ("", &[CONFIG_KEY]),
            (&"a".repeat(254), &["must be no more than 253 characters"]),
        ],
    );
    let charset = "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)";
    let letter = "must contain at least one letter (a-z)";
    check(
        port_name,
        &[
            ("http-2", &[]),
            ("HTTP", &[charset, letter]),
            ("80", &[letter]),
            ("a--b", &["must not contain consecutive hyphens"]),
            ("-a", &["must not begin or end with a hyphen"]),
            ("", &[charset, letter]),
            ("aaaaaaaaaaaaaaaa", &["must be no more than 15 characters"]),
        ],
    );
    assert!(port_number(65535).is_empty());
    assert_eq!(port_number(0), ["must be between 1 and 65535, inclusive"]);
    check(
        env_var_name,
        &[
            ("a.b c", &[]),
            ("", &["environment variable name must be non-empty"]),
            (
                "a=b",
                &[
                    "a valid environment variable name must consist only of printable ASCII characters other than '='",
                ],
            ),
        ],
    );
    assert!(percent("10%").is_empty());
    assert_eq!(
        percent("10"),
        [
            "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex \
          used for validation is '[0-9]+%')"
        ]
    );
    assert!(http_header_name("X-A").is_empty());
    assert_eq!(http_header_name("X A").len(), 1);
}

#[test]
fn prefixed_names_say_which_part_is_wrong() {
    let field = Path::new("f");
    assert!(domain_prefixed_path(&field, "acme.io/foo/bar").is_empty());
    assert_eq!(domain_prefixed_path(&field, "").to_string(), "f: Required value");
    assert_eq!(
        domain_prefixed_path(&field, "foo").to_string(),
        r#"f: Invalid value: "foo": must be a domain-prefixed path (such as "acme.io/foo")"#
    );
    assert_eq!(
        domain_prefixed_path(&field, "a.b/c d").to_string(),
        r#"f: Invalid value: "c d": Invalid path (regex used for validation is '[A-Za-z0-9/\-._~%!$&'()*+,;=:]+')"#
    );
    assert_eq!(
        domain_prefixed_key(&field, "foo").to_string(),
        r#"f: Invalid value: "foo": must be a domain-prefixed key (such as "acme.io/foo")"#
    );
}

#[test]
fn prefixes_may_end_with_a_hyphen() {
    assert!(NameRule::Dns1123Subdomain.check_prefix("gen-").is_empty());
    assert!(!NameRule::Dns1123Subdomain.check_prefix("gen.").is_empty());
    assert!(!NameRule::Dns1123Subdomain.check_prefix("-").is_empty());
    assert!(!NameRule::Dns1123Subdomain.check("gen-").is_empty());
    assert!(NameRule::PathSegment.check("system:a").is_empty());
    assert_eq!(NameRule::PathSegment.check("a/b%"), ["may not contain '/'", "may not contain '%'"]);
    assert_eq!(NameRule::PathSegment.check(".."), ["may not be '..'"]);
    assert!(NameRule::PathSegment.check_prefix("..").is_empty());
}

proptest! {
    #[test]
    fn checks_never_panic(text in ".{0,80}") {
        for rule in [NameRule::Dns1123Label, NameRule::Dns1035Label, NameRule::PathSegment] {
            rule.check(&text);
            rule.check_prefix(&text);
        }
        domain_prefixed_path(&Path::new("f"), &text);
        config_map_key(&text);
        port_name(&text);
        label_value(&text);
    }

    #[test]
    fn agrees_with_the_selectors_of_wire(text in "[aA1._/-]{0,8}") {
        prop_assert_eq!(qualified_name(&text).is_empty(), wire::selector::is_qualified_name(&text));
        prop_assert_eq!(label_value(&text).is_empty(), wire::selector::is_label_value(&text));
        prop_assert_eq!(dns1123_subdomain(&text).is_empty(), wire::selector::is_dns_subdomain(&text));
    }
}
