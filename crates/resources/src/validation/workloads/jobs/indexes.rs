//! Lists of indexes as text: `1,3-5`.

use apimachinery::go;

/// How many indexes a text names.
///
/// # Errors
///
/// What is wrong with the text, in upstream's words: no number, too large, not increasing.
pub(super) fn count(text: &str, completions: i64) -> Result<i64, String> {
    let mut n = 0;
    for (first, last) in intervals(text, completions)? {
        n += last - first + 1;
    }
    Ok(n)
}

/// The intervals that a text names, in increasing order.
pub(super) fn intervals(text: &str, completions: i64) -> Result<Vec<(i64, i64)>, String> {
    let mut intervals: Vec<(i64, i64)> = Vec::new();
    if text.is_empty() {
        return Ok(intervals);
    }
    for part in text.split(',') {
        let (first, last) = interval(part, completions)?;
        if let Some((_, before)) = intervals.last().filter(|(_, before)| *before >= first) {
            return Err(format!("non-increasing order, previous: {before}, current: {first}"));
        }
        intervals.push((first, last));
    }
    Ok(intervals)
}

fn interval(part: &str, completions: i64) -> Result<(i64, i64), String> {
    let limits: Vec<&str> = part.split('-').collect();
    match limits.as_slice() {
        [one] => index(one, completions).map(|one| (one, one)),
        [first, last] => {
            let (first, last) = (index(first, completions)?, index(last, completions)?);
            if first >= last {
                return Err(format!("non-increasing order, previous: {first}, current: {last}"));
            }
            Ok((first, last))
        }
        _ => Err(format!(
            "the fragment {} violates the requirement that an index interval can have at most two parts separated by '-'",
            go::quote(part)
        )),
    }
}

fn index(text: &str, completions: i64) -> Result<i64, String> {
    let Ok(index) = text.parse::<i64>() else {
        return Err(format!("cannot convert string to integer for index: {}", go::quote(text)));
    };
    if index >= completions {
        return Err(format!("too large index: {}", go::quote(text)));
    }
    Ok(index)
}

/// Whether two lists, both without mistakes, name an index in common.
pub(super) fn overlap(a: &[(i64, i64)], b: &[(i64, i64)]) -> bool {
    a.iter().any(|(first, last)| b.iter().any(|(start, end)| first <= end && start <= last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_indexes() {
        for (text, expected) in [
            ("", Ok(0)),
            ("1,3-5", Ok(4)),
            ("1-", Err("cannot convert string to integer for index: \"\"")),
            ("10", Err("too large index: \"10\"")),
            ("3,2", Err("non-increasing order, previous: 3, current: 2")),
            ("3-3", Err("non-increasing order, previous: 3, current: 3")),
            (
                "1-2-3",
                Err(
                    "the fragment \"1-2-3\" violates the requirement that an index interval can have at most two parts separated by '-'",
                ),
            ),
        ] {
            assert_eq!(count(text, 10), expected.map_err(str::to_owned), "{text}");
        }
        assert!(overlap(&[(0, 3)], &[(3, 4)]) && !overlap(&[(0, 2)], &[(3, 4)]));
    }
}
