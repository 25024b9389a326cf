//! Amounts of resources: not finer than thousandths.

use serde_json::Value;
use wire::Quantity;

use crate::document::{Members as _, Object};

const NANOS_PER_MILLI: i128 = 1_000_000;

/// Rounds each amount of a list of resources up to thousandths.
pub(super) fn round(of: &mut Object, list: &str) {
    for amount in of.members_mut(list).into_iter().flat_map(Object::values_mut) {
        if let Some(rounded) = amount.as_str().and_then(rounded) {
            *amount = Value::String(rounded);
        }
    }
}

/// Both lists of a member `resources`.
pub(super) fn round_resources(of: &mut Object) {
    if let Some(resources) = of.members_mut("resources") {
        round(resources, "limits");
        round(resources, "requests");
    }
}

/// An amount that is finer than thousandths, rounded up. The texts of most amounts show at once that they are not.
fn rounded(text: &str) -> Option<String> {
    if !text.ends_with(['n', 'u']) && !text.contains(['e', 'E', '.']) {
        return None;
    }
    let amount: Quantity = text.parse().ok()?;
    let nanos = amount.as_nanos();
    let over = nanos.rem_euclid(NANOS_PER_MILLI);
    if over == 0 {
        return None;
    }
    // Upstream rounds away from zero.
    let up = if nanos > 0 { nanos + NANOS_PER_MILLI - over } else { nanos - over };
    Some(Quantity::from_nanos(up).with_format(amount.format()).to_string())
}

#[cfg(test)]
mod tests {
    use super::rounded;

    #[test]
    fn amounts_are_rounded_away_from_zero() {
        for (text, expected) in [
            ("100u", Some("1m")),
            ("1n", Some("1m")),
            ("1500u", Some("2m")),
            ("-1n", Some("-1m")),
            ("1m", None),
            ("2Gi", None),
            ("1e3", None),
        ] {
            assert_eq!(rounded(text).as_deref(), expected, "{text}");
        }
    }
}
