//! Ranges of addresses.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// How many addresses of a range are ever given out: as many as upstream gives out of a large IPv6 range.
const N_ADDRESSES_MAX: u64 = 1 << 20;

/// A range of addresses of services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    base: IpAddr,
    prefix_len: u8,
}

/// A text that is no range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no range of addresses; one is written as 10.96.0.0/16")]
pub struct RangeError(String);

/// The family of an address, as services say it.
pub(super) fn family_of(address: IpAddr) -> &'static str {
    if address.is_ipv4() { "IPv4" } else { "IPv6" }
}

impl FromStr for Range {
    type Err = RangeError;

    fn from_str(text: &str) -> Result<Range, RangeError> {
        let error = || RangeError(text.to_owned());
        let (address, prefix_len) = text.split_once('/').ok_or_else(error)?;
        let address: IpAddr = address.parse().map_err(|_| error())?;
        let prefix_len: u8 = prefix_len.parse().map_err(|_| error())?;
        let n_bits = if address.is_ipv4() { 32 } else { 128 };
        // Fewer than two usable addresses are of no use.
        if prefix_len + 2 > n_bits {
            return Err(error());
        }
        let host_bits = u32::from(n_bits - prefix_len);
        let base = match address {
            IpAddr::V4(v4) => {
                let mask = u32::MAX.checked_shl(host_bits).unwrap_or(0);
                IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() & mask))
            }
            IpAddr::V6(v6) => {
                let mask = u128::MAX.checked_shl(host_bits).unwrap_or(0);
                IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & mask))
            }
        };
        Ok(Range { base, prefix_len })
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.base, self.prefix_len)
    }
}

impl Range {
    /// `IPv4` or `IPv6`.
    pub fn family(&self) -> &'static str {
        family_of(self.base)
    }

    /// How many addresses there are to give out, without the first (the network's) and, of IPv4, the last (broadcast).
    fn n_usable(&self) -> u64 {
        let host_bits = if self.base.is_ipv4() { 32 } else { 128 } - u32::from(self.prefix_len);
        let all = 1_u64.checked_shl(host_bits).unwrap_or(u64::MAX);
        let unusable = if self.base.is_ipv4() { 2 } else { 1 };
        (all - unusable).min(N_ADDRESSES_MAX)
    }

    /// The address after so many.
    pub(super) fn at(&self, offset: u64) -> IpAddr {
        match self.base {
            IpAddr::V4(base) => {
                let offset = u32::try_from(offset).unwrap_or(u32::MAX);
                IpAddr::V4(Ipv4Addr::from_bits(base.to_bits().saturating_add(offset)))
            }
            IpAddr::V6(base) => {
                IpAddr::V6(Ipv6Addr::from_bits(base.to_bits().saturating_add(u128::from(offset))))
            }
        }
    }

    /// The first address that can be given out: that of the API itself.
    pub fn first(&self) -> IpAddr {
        self.at(1)
    }

    /// Whether an address can be given out.
    pub fn contains(&self, address: IpAddr) -> bool {
        let offset = match (self.base, address) {
            (IpAddr::V4(base), IpAddr::V4(address)) => {
                address.to_bits().checked_sub(base.to_bits()).map(u128::from)
            }
            (IpAddr::V6(base), IpAddr::V6(address)) => address.to_bits().checked_sub(base.to_bits()),
            _ => None,
        };
        offset.is_some_and(|offset| offset >= 1 && offset <= u128::from(self.n_usable()))
    }

    /// Where addresses are looked for, in order: (first offset, how many). The lower part is last, because it is for those
    /// who ask for an address.
    pub(super) fn bands(&self) -> [(u64, u64); 2] {
        let n = self.n_usable();
        let reserved = (n / 16).clamp(16, 256).min(n);
        [(1 + reserved, n - reserved), (1, reserved)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_know_what_is_in_them() {
        let range: Range = "10.96.3.4/16".parse().unwrap();
        assert_eq!(range.to_string(), "10.96.0.0/16");
        assert_eq!(range.first().to_string(), "10.96.0.1");
        for (address, is_in) in [
            ("10.96.0.0", false),
            ("10.96.0.1", true),
            ("10.96.255.254", true),
            ("10.96.255.255", false),
            ("10.97.0.1", false),
            ("fd00::1", false),
        ] {
            assert_eq!(range.contains(address.parse().unwrap()), is_in, "{address}");
        }
        assert_eq!(range.bands(), [(257, 65278), (1, 256)]);
        assert_eq!("fd00::/112".parse::<Range>().unwrap().family(), "IPv6");
        for wrong in ["", "10.0.0.0", "10.0.0.0/31", "10.0.0.0/33", "x/8"] {
            assert!(wrong.parse::<Range>().is_err(), "{wrong}");
        }
    }
}
