//! Addresses (KEP-4858: what is new must be in a form that all readers take for the same address).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use apimachinery::{ErrorList, Path};

use super::report::Report as _;

const NO_ADDRESS: &str = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";

/// An address in any form that was ever accepted: leading zeros of decimal parts mean nothing.
pub(crate) fn parse_sloppy(text: &str) -> Option<IpAddr> {
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    if text.contains('%') {
        return None;
    }
    match text.rsplit_once(':') {
        None => parse_sloppy_v4(text).map(IpAddr::V4),
        Some((front, last)) => {
            let v4 = parse_sloppy_v4(last)?;
            format!("{front}:{v4}").parse::<Ipv6Addr>().ok().map(IpAddr::V6)
        }
    }
}

fn parse_sloppy_v4(text: &str) -> Option<Ipv4Addr> {
    let mut octets = [0u8; 4];
    let mut parts = text.split('.');
    for octet in &mut octets {
        let part = parts.next()?;
        let is_decimal = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        *octet = part.parse().ok().filter(|_| is_decimal)?;
    }
    parts.next().is_none().then(|| octets.into())
}

/// An address; those in `accepted` stand in the stored object already and stay.
pub(crate) fn address(errors: &mut ErrorList, path: &Path, text: &str, accepted: &[&str]) {
    let Some(address) = parse_sloppy(text) else {
        errors.invalid(path, text, NO_ADDRESS);
        return;
    };
    if accepted.contains(&text) {
        return;
    }
    if text.parse::<IpAddr>().is_err() {
        errors.invalid(path, text, "must not have leading 0s");
    }
    if matches!(address, IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some()) {
        errors.invalid(path, text, "must not be an IPv4-mapped IPv6 address");
    }
}

/// Whether an address is of the sixth version.
pub(crate) fn is_v6(text: &str) -> bool {
    matches!(parse_sloppy(text), Some(IpAddr::V6(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_is_wrong_with_an_address() {
        for (text, expected) in [
            ("10.9.8.7", ""),
            ("2001:db8::1", ""),
            ("10.09.8.7", "f: Invalid value: \"10.09.8.7\": must not have leading 0s"),
            (
                "::ffff:1.2.3.4",
                "f: Invalid value: \"::ffff:1.2.3.4\": must not be an IPv4-mapped IPv6 address",
            ),
            (
                "300.1.1.1",
                "f: Invalid value: \"300.1.1.1\": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)",
            ),
            (
                "1.2.3",
                "f: Invalid value: \"1.2.3\": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)",
            ),
        ] {
            let mut errors = ErrorList::new();
            address(&mut errors, &Path::new("f"), text, &[]);
            let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
            assert_eq!(texts.join("; "), expected);
        }
    }

    #[test]
    fn what_is_stored_stays() {
        let mut errors = ErrorList::new();
        address(&mut errors, &Path::new("f"), "010.0.0.1", &["010.0.0.1"]);
        assert!(errors.is_empty());
    }
}
