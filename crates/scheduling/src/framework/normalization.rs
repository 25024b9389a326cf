//! How raw scores are brought into one range.

use super::MAX_NODE_SCORE;

/// A rule that makes 0..=100 of a node's raw score, given the least and the greatest among all nodes that are
/// compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Normalization {
    /// The raw scores are in that range.
    AsIs,
    /// Upstream's default: in proportion to the greatest.
    Proportional,
    /// The same turned around: the greatest becomes 0.
    ReverseProportional,
    /// The least becomes 0 and the greatest 100, what is between in proportion, rounded down.
    Range,
    /// As PodTopologySpread does: fewer is better.
    Spread,
}

impl Normalization {
    /// The normalized score.
    pub fn apply(self, raw: i64, min: i64, max: i64) -> i64 {
        let top = max.max(0);
        match self {
            Normalization::AsIs => raw,
            Normalization::Proportional if top == 0 => raw,
            Normalization::Proportional => MAX_NODE_SCORE * raw / top,
            Normalization::ReverseProportional if top == 0 => MAX_NODE_SCORE,
            Normalization::ReverseProportional => MAX_NODE_SCORE - MAX_NODE_SCORE * raw / top,
            Normalization::Range if max == min => 0,
            Normalization::Range => {
                (MAX_NODE_SCORE as f64 * ((raw - min) as f64 / (max - min) as f64)) as i64
            }
            Normalization::Spread if top == 0 => MAX_NODE_SCORE,
            Normalization::Spread => MAX_NODE_SCORE * (top + min - raw) / top,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn puts_raw_scores_into_the_range_of_all() {
        let all = |normalization: Normalization| [2, 3, 6].map(|raw| normalization.apply(raw, 2, 6));
        assert_eq!(all(Normalization::AsIs), [2, 3, 6]);
        assert_eq!(all(Normalization::Proportional), [33, 50, 100]);
        assert_eq!(all(Normalization::ReverseProportional), [67, 50, 0]);
        assert_eq!(all(Normalization::Range), [0, 25, 100]);
        assert_eq!(all(Normalization::Spread), [100, 83, 33]);
    }

    #[test]
    fn nothing_to_compare_is_no_division_by_zero() {
        let zero = |normalization: Normalization| normalization.apply(0, 0, 0);
        assert_eq!(zero(Normalization::Proportional), 0);
        assert_eq!(zero(Normalization::ReverseProportional), 100);
        assert_eq!(zero(Normalization::Range), 0);
        assert_eq!(zero(Normalization::Spread), 100);
    }
}
