//! Differences of two texts in unified form, as upstream's library finds them.
//!
//! There are many shortest ways to turn one text into another. Which one is shown depends on the method: the longest
//! block that both have in common, and so on left and right of it (Ratcliff and Obershelp), where lines that are very
//! frequent in a long text do not begin a block.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// How many equal lines are shown around a change.
const CONTEXT: usize = 3;

/// From how many lines on frequent ones are not looked at, and how frequent those are: more than one per cent.
const LONG_FROM: usize = 200;

/// Lines that both texts have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Block {
    old: usize,
    new: usize,
    len: usize,
}

/// What becomes of some lines.
#[derive(Clone, Copy, Debug)]
struct Change {
    is_equal: bool,
    old: (usize, usize),
    new: (usize, usize),
}

/// The differences between two texts; empty if there are none.
pub(crate) fn unified_diff(old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.split('\n').collect(), new.split('\n').collect());
    let mut text = String::new();
    for group in groups(&changes(&old, &new)) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { continue };
        let _ =
            writeln!(text, "@@ -{} +{} @@", range(first.old.0, last.old.1), range(first.new.0, last.new.1));
        for change in group {
            if change.is_equal {
                push_lines(&mut text, ' ', &old[change.old.0..change.old.1]);
            } else {
                push_lines(&mut text, '-', &old[change.old.0..change.old.1]);
                push_lines(&mut text, '+', &new[change.new.0..change.new.1]);
            }
        }
    }
    text
}

fn push_lines(text: &mut String, sign: char, lines: &[&str]) {
    for line in lines {
        text.push(sign);
        text.push_str(line);
        text.push('\n');
    }
}

fn range(start: usize, stop: usize) -> String {
    match stop - start {
        1 => format!("{}", start + 1),
        0 => format!("{start},0"),
        len => format!("{},{len}", start + 1),
    }
}

/// Where the lines of the new text are that may begin a block.
fn places<'t>(new: &[&'t str]) -> BTreeMap<&'t str, Vec<usize>> {
    let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, line) in new.iter().enumerate() {
        places.entry(line).or_default().push(place);
    }
    if new.len() >= LONG_FROM {
        let frequent = new.len() / 100 + 1;
        places.retain(|_, places| places.len() <= frequent);
    }
    places
}

/// The longest block within bounds; of equally long ones the first in the old text, then in the new.
fn longest(
    old: &[&str],
    new: &[&str],
    places: &BTreeMap<&str, Vec<usize>>,
    bounds: (usize, usize, usize, usize),
) -> Block {
    let (old_start, old_end, new_start, new_end) = bounds;
    let mut best = Block { old: old_start, new: new_start, len: 0 };
    // For each place in the new text, how long the block is that ends there and at the line of the old text before.
    let mut ending: BTreeMap<usize, usize> = BTreeMap::new();
    for (at, line) in old.iter().enumerate().take(old_end).skip(old_start) {
        let mut next = BTreeMap::new();
        for &place in places.get(line).into_iter().flatten() {
            if place < new_start {
                continue;
            }
            if place >= new_end {
                break;
            }
            let before = place.checked_sub(1).and_then(|before| ending.get(&before)).copied();
            let len = before.unwrap_or_default() + 1;
            next.insert(place, len);
            if len > best.len {
                best = Block { old: at + 1 - len, new: place + 1 - len, len };
            }
        }
        ending = next;
    }
    // Frequent lines do not begin a block, but they belong to one that they are next to.
    while best.old > old_start && best.new > new_start && old[best.old - 1] == new[best.new - 1] {
        best = Block { old: best.old - 1, new: best.new - 1, len: best.len + 1 };
    }
    while best.old + best.len < old_end
        && best.new + best.len < new_end
        && old[best.old + best.len] == new[best.new + best.len]
    {
        best.len += 1;
    }
    best
}

/// All blocks in order, neighbours joined.
fn blocks(old: &[&str], new: &[&str]) -> Vec<Block> {
    let places = places(new);
    let mut found = Vec::new();
    let mut queue = vec![(0, old.len(), 0, new.len())];
    while let Some((old_start, old_end, new_start, new_end)) = queue.pop() {
        let block = longest(old, new, &places, (old_start, old_end, new_start, new_end));
        if block.len == 0 {
            continue;
        }
        found.push(block);
        if old_start < block.old && new_start < block.new {
            queue.push((old_start, block.old, new_start, block.new));
        }
        if block.old + block.len < old_end && block.new + block.len < new_end {
            queue.push((block.old + block.len, old_end, block.new + block.len, new_end));
        }
    }
    found.sort_by_key(|block| (block.old, block.new));
    let mut joined: Vec<Block> = Vec::new();
    for block in found {
        match joined.last_mut() {
            Some(last) if last.old + last.len == block.old && last.new + last.len == block.new => {
                last.len += block.len;
            }
            _ => joined.push(block),
        }
    }
    joined
}

fn changes(old: &[&str], new: &[&str]) -> Vec<Change> {
    let mut changes = Vec::new();
    let (mut at_old, mut at_new) = (0, 0);
    let end = Block { old: old.len(), new: new.len(), len: 0 };
    for block in blocks(old, new).into_iter().chain([end]) {
        if at_old < block.old || at_new < block.new {
            changes.push(Change { is_equal: false, old: (at_old, block.old), new: (at_new, block.new) });
        }
        (at_old, at_new) = (block.old + block.len, block.new + block.len);
        if block.len > 0 {
            changes.push(Change { is_equal: true, old: (block.old, at_old), new: (block.new, at_new) });
        }
    }
    changes
}

/// Changes with what is equal around them; those that are near each other are shown together.
fn groups(changes: &[Change]) -> Vec<Vec<Change>> {
    let mut changes = changes.to_vec();
    if let Some(first) = changes.first_mut().filter(|first| first.is_equal) {
        first.old.0 = first.old.0.max(first.old.1.saturating_sub(CONTEXT));
        first.new.0 = first.new.0.max(first.new.1.saturating_sub(CONTEXT));
    }
    if let Some(last) = changes.last_mut().filter(|last| last.is_equal) {
        last.old.1 = last.old.1.min(last.old.0 + CONTEXT);
        last.new.1 = last.new.1.min(last.new.0 + CONTEXT);
    }
    let mut groups = Vec::new();
    let mut group: Vec<Change> = Vec::new();
    for change in changes {
        let mut change = change;
        if change.is_equal && change.old.1 - change.old.0 > 2 * CONTEXT {
            group.push(Change {
                old: (change.old.0, change.old.0 + CONTEXT),
                new: (change.new.0, change.new.0 + CONTEXT),
                ..change
            });
            groups.push(std::mem::take(&mut group));
            change.old.0 = change.old.1 - CONTEXT;
            change.new.0 = change.new.1 - CONTEXT;
        }
        group.push(change);
    }
    groups.push(group);
    groups.retain(|group| group.iter().any(|change| !change.is_equal));
    groups
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn shows_changes_with_three_lines_around() {
        let old = "a\nb\nc\nd\ne\nf\ng\nh\n-\ni\nj\nk\nl\nm";
        let new = "a\nb\nc\nd\nE\nf\ng\nh\n-\ni\nj\nk\nm";
        let expected =
            "@@ -2,7 +2,7 @@\n b\n c\n d\n-e\n+E\n f\n g\n h\n@@ -10,5 +10,4 @@\n i\n j\n k\n-l\n m\n";
        assert_eq!(unified_diff(old, new), expected);
        assert_eq!(unified_diff(old, old), "");
        assert_eq!(unified_diff("a", "b"), "@@ -1 +1 @@\n-a\n+b\n");
    }

    /// Applies a difference: what is not shown stays.
    fn patched(old: &str, diff: &str) -> String {
        let old: Vec<&str> = old.split('\n').collect();
        let (mut at, mut lines) = (0, Vec::new());
        for line in diff.lines() {
            if let Some(header) = line.strip_prefix("@@ -") {
                let range = header.split(' ').next().expect("a range");
                let (start, len) = range.split_once(',').unwrap_or((range, "1"));
                let start: usize = start.parse().expect("a number");
                let start = if len == "0" { start } else { start - 1 };
                lines.extend_from_slice(&old[at..start]);
                at = start;
            } else {
                match line.split_at(1) {
                    ("+", line) => lines.push(line),
                    ("-", line) => {
                        assert_eq!(old[at], line);
                        at += 1;
                    }
                    (_, line) => {
                        assert_eq!(old[at], line);
                        lines.push(line);
                        at += 1;
                    }
                }
            }
        }
        lines.extend_from_slice(&old[at..]);
        lines.join("\n")
    }

    proptest! {
        #[test]
        fn turns_one_text_into_the_other(
            old in prop::collection::vec("[a-d]", 1..300),
            new in prop::collection::vec("[a-d]", 1..300),
        ) {
            let (old, new) = (old.join("\n"), new.join("\n"));
            prop_assert_eq!(patched(&old, &unified_diff(&old, &new)), new);
        }
    }
}
