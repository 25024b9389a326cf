//! Guessing which of a few known words was meant.

use base::spelling::distance;

/// How many letters may be wrong: one in three.
const LETTERS_PER_SLIP: usize = 3;

/// Longer words are no slips, and not worth quadratic work.
const WORD_LEN_MAX: usize = 64;

/// `; did you mean "NoSchedule"?`, or nothing if no known word is close.
pub(super) fn did_you_mean(found: &str, known: &[&str]) -> String {
    closest(found, known).map_or_else(String::new, |word| format!("; did you mean {word:?}?"))
}

/// The known word that is closest, if any is close enough to be what was meant. A wrong case is no distance,
/// and a word whose beginning is given is always close.
pub(super) fn closest<'k>(found: &str, known: &[&'k str]) -> Option<&'k str> {
    if found.is_empty() || found.len() > WORD_LEN_MAX {
        return None;
    }
    let folded = found.to_ascii_lowercase();
    let allowed = (found.chars().count() / LETTERS_PER_SLIP).max(1);
    let with_distance = known.iter().map(|known| (distance(&folded, &known.to_ascii_lowercase()), *known));
    match with_distance.min() {
        Some((best, word)) if best <= allowed => Some(word),
        _ => known.iter().copied().find(|known| {
            folded.len() >= LETTERS_PER_SLIP && known.to_ascii_lowercase().starts_with(&folded)
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let known = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
        assert_eq!(closest("noschedule", &known), Some("NoSchedule"));
        assert_eq!(closest("NoExcute", &known), Some("NoExecute"));
        assert_eq!(closest("prefer", &known), Some("PreferNoSchedule"));
        assert_eq!(closest("Never", &known), None);
        assert_eq!(closest("", &known), None);
    }
}
