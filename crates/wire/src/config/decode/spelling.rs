//! Guessing what a misspelt name was meant to be.

use base::spelling::distance;

/// How many letters may be wrong: one in three, but not more than this.
const MAX_DISTANCE: usize = 4;

/// The known name that is closest to `name`, if any is close enough to be what was meant.
pub fn closest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    // Names beyond any known length are no typos, and not worth quadratic work.
    if name.len() > 64 {
        return None;
    }
    let allowed = (name.chars().count() / 3).clamp(1, MAX_DISTANCE);
    // A wrong case is the commonest slip, and no distance.
    let folded = name.to_ascii_lowercase();
    let with_distance = known.iter().map(|known| (distance(&folded, &known.to_ascii_lowercase()), *known));
    let (best, known) = with_distance.min()?;
    (best <= allowed).then_some(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let known = ["parallelism", "profiles", "percentageOfNodesToScore", "plugins"];
        let table = [
            ("Profiles", Some("profiles")),
            ("profile", Some("profiles")),
            ("paralellism", Some("parallelism")),
            ("percentOfNodesToScore", Some("percentageOfNodesToScore")),
            ("plugin", Some("plugins")),
            ("foo", None),
            ("", None),
        ];
        for (name, meant) in table {
            assert_eq!(closest(name, &known), meant, "{name}");
        }
        assert_eq!(closest("x", &[]), None);
    }
}
