//! Ranges of addresses (KEP-4858: what is new must be in a form that all readers take for the same range).

use std::net::IpAddr;

use apimachinery::{ErrorList, Path};

use super::ip;
use super::report::Report as _;

const NO_CIDR: &str = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";

/// A range: its first address and the number of bits that all its addresses share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cidr {
    /// Any address in it, as written.
    pub(crate) address: IpAddr,
    /// How many bits are shared.
    pub(crate) n_bits: u32,
}

impl Cidr {
    /// Reads a range; leading zeros mean nothing.
    pub(crate) fn parse_sloppy(text: &str) -> Option<Self> {
        let (address, n_bits) = text.split_once('/')?;
        let is_decimal = !n_bits.is_empty() && n_bits.bytes().all(|byte| byte.is_ascii_digit());
        let n_bits: u32 = n_bits.parse().ok().filter(|_| is_decimal)?;
        let address = ip::parse_sloppy(address)?;
        let n_bits_max = if address.is_ipv4() { 32 } else { 128 };
        (n_bits <= n_bits_max).then_some(Self { address, n_bits })
    }

    /// The first address.
    pub(crate) fn first(self) -> IpAddr {
        match self.address {
            IpAddr::V4(v4) => {
                let mask = u32::MAX.checked_shl(32 - self.n_bits).unwrap_or_default();
                IpAddr::V4((v4.to_bits() & mask).into())
            }
            IpAddr::V6(v6) => {
                let mask = u128::MAX.checked_shl(128 - self.n_bits).unwrap_or_default();
                IpAddr::V6((v6.to_bits() & mask).into())
            }
        }
    }

    /// Whether another range is in this one, and smaller.
    pub(crate) fn is_strict_superset_of(self, other: Self) -> bool {
        self.address.is_ipv4() == other.address.is_ipv4()
            && self.n_bits < other.n_bits
            && Self { address: other.address, n_bits: self.n_bits }.first() == self.first()
    }
}

/// A range; those in `accepted` stand in the stored object already and stay.
pub(crate) fn cidr(errors: &mut ErrorList, path: &Path, text: &str, accepted: &[&str]) {
    let Some(range) = Cidr::parse_sloppy(text) else {
        errors.invalid(path, text, NO_CIDR);
        return;
    };
    if accepted.contains(&text) {
        return;
    }
    let (address, n_bits) = text.split_once('/').unwrap_or((text, ""));
    if address.parse::<IpAddr>().is_err() || n_bits != range.n_bits.to_string() {
        errors.invalid(path, text, "must not have leading 0s in IP or prefix length");
    }
    if matches!(range.address, IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some()) {
        errors.invalid(path, text, "must not have an IPv4-mapped IPv6 address");
    }
    if range.first() != range.address {
        errors.invalid(path, text, "must not have bits set beyond the prefix length");
    }
}

/// A range that must be written in the one form that every address has.
pub(crate) fn canonical_cidr(errors: &mut ErrorList, path: &Path, text: &str) {
    let n_errors = errors.0.len();
    cidr(errors, path, text, &[]);
    if errors.0.len() > n_errors {
        return;
    }
    let Some(range) = Cidr::parse_sloppy(text) else { return };
    let canonical = format!("{}/{}", range.address, range.n_bits);
    if canonical != text {
        errors.invalid(path, text, format!("must be in canonical form (\"{canonical}\")"));
    }
}

/// Whether ranges or addresses are one of each version.
pub(crate) fn are_of_both_versions(addresses: &[IpAddr]) -> bool {
    addresses.iter().any(IpAddr::is_ipv4) && addresses.iter().any(IpAddr::is_ipv6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_is_wrong_with_a_range() {
        for (text, expected) in [
            ("10.9.8.0/24", ""),
            ("2001:db8::/64", ""),
            ("0.0.0.0/0", ""),
            ("x", NO_CIDR),
            ("10.9.8.0/33", NO_CIDR),
            ("10.09.8.0/24", "must not have leading 0s in IP or prefix length"),
            ("10.9.8.0/024", "must not have leading 0s in IP or prefix length"),
            ("10.9.8.1/24", "must not have bits set beyond the prefix length"),
            ("::ffff:1.2.3.0/120", "must not have an IPv4-mapped IPv6 address"),
        ] {
            let mut errors = ErrorList::new();
            cidr(&mut errors, &Path::new("f"), text, &[]);
            let details: Vec<&str> = errors.iter().map(|error| error.detail.as_str()).collect();
            assert_eq!(details.join("; "), expected, "{text}");
        }
        let mut errors = ErrorList::new();
        canonical_cidr(&mut errors, &Path::new("f"), "2001:DB8::/64");
        assert_eq!(
            errors.to_string(),
            r#"f: Invalid value: "2001:DB8::/64": must be in canonical form ("2001:db8::/64")"#
        );
    }

    #[test]
    fn knows_what_is_within() {
        let range = |text| Cidr::parse_sloppy(text).expect(text);
        assert!(range("10.0.0.0/8").is_strict_superset_of(range("10.1.0.0/16")));
        assert!(!range("10.0.0.0/8").is_strict_superset_of(range("10.0.0.0/8")));
        assert!(!range("10.0.0.0/8").is_strict_superset_of(range("11.0.0.0/16")));
        assert!(!range("::/0").is_strict_superset_of(range("10.0.0.0/8")));
        assert!(range("0.0.0.0/0").is_strict_superset_of(range("10.0.0.0/8")));
    }
}
