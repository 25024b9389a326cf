//! Rules for names that only few kinds have.

use std::net::{IpAddr, Ipv4Addr};

use apimachinery::names::{NameRule, dns1123_subdomain};

/// A host name, with upstream's newer sentence about its length (`k8s-long-name` of KEP-5073).
pub(super) const LONG_NAME: NameRule = NameRule::Own(long_name);

/// The name of an IPAddress is the address, in its one canonical form (KEP-1880).
pub(super) const IP_ADDRESS: NameRule = NameRule::Own(ip_address);

fn long_name(name: &str, is_prefix: bool) -> Vec<String> {
    let messages =
        if is_prefix { NameRule::Dns1123Subdomain.check_prefix(name) } else { dns1123_subdomain(name) };
    messages
        .into_iter()
        .map(|message| message.replace("no more than 253 characters", "no more than 253 bytes"))
        .collect()
}

fn ip_address(name: &str, _is_prefix: bool) -> Vec<String> {
    let message = match name.parse::<IpAddr>() {
        Ok(IpAddr::V6(address)) if address.to_ipv4_mapped().is_some() => {
            "must not be an IPv4-mapped IPv6 address".to_owned()
        }
        Ok(address) if address.to_string() == name => return Vec::new(),
        Ok(address) => format!("must be in canonical form (\"{address}\")"),
        Err(_) if has_leading_zeros(name) => "must not have leading 0s".to_owned(),
        Err(_) => "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)".to_owned(),
    };
    vec![message]
}

/// Whether it is an IPv4 address but for zeros that some programs take to mean octal numbers.
fn has_leading_zeros(name: &str) -> bool {
    let without = |part: &str| match part.trim_start_matches('0') {
        "" if !part.is_empty() => "0".to_owned(),
        rest => rest.to_owned(),
    };
    name.split('.').map(without).collect::<Vec<_>>().join(".").parse::<Ipv4Addr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::{IP_ADDRESS, LONG_NAME};

    #[test]
    fn addresses_are_names_in_canonical_form_only() {
        for (name, expected) in [
            ("10.0.0.1", ""),
            ("2001:db8::1", ""),
            ("10.0.0.01", "must not have leading 0s"),
            ("2001:DB8::1", "must be in canonical form (\"2001:db8::1\")"),
            ("::ffff:10.0.0.1", "must not be an IPv4-mapped IPv6 address"),
            ("10.0.0", "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"),
        ] {
            assert_eq!(IP_ADDRESS.check(name).concat(), expected, "{name}");
        }
    }

    #[test]
    fn long_names_are_counted_in_bytes() {
        assert_eq!(LONG_NAME.check(&"a".repeat(254)), ["must be no more than 253 bytes"]);
        assert!(LONG_NAME.check_prefix("a-").is_empty());
    }
}
