//! Guessing what a misspelt name was meant to be.

/// How many letters may be wrong: one in three, but not more than this.
const MAX_DISTANCE: usize = 4;

/// The known name that is closest to `name`, if any is close enough to be what was meant.
pub fn closest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    // Names beyond any known length are no typos, and not worth quadratic work.
    if name.len() > 64 {
        return None;
    }
    let allowed = (name.chars().count() / 3).clamp(1, MAX_DISTANCE);
    let with_distance = known.iter().map(|known| (distance(name, known), *known));
    let (best, known) = with_distance.min()?;
    (best <= allowed).then_some(known)
}

/// Edit distance, ignoring case: a wrong case is the commonest slip.
fn distance(a: &str, b: &str) -> usize {
    let fold = |text: &str| text.chars().map(|c| c.to_ascii_lowercase()).collect::<Vec<_>>();
    let (a, b) = (fold(a), fold(b));
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
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
