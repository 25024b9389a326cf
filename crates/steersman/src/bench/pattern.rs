//! Regular expressions, as far as names of workloads need them.
//!
//! Letters stand for themselves; `.`, `[abc]`, `[^a-z]`, `(…|…)`, `*`, `+`, `?`, `^`, `$`, and `\` before a
//! character that is to stand for itself. It matches anywhere in a text unless anchored. Names are short and
//! patterns are typed by hand, so backtracking does, with a limit on its steps.

use anyhow::{Result, bail};

/// More steps than any sensible pattern needs for a name: names have about 60 characters.
const STEPS_MAX: usize = 100_000;

/// A pattern.
#[derive(Debug)]
pub(super) struct Pattern {
    alternatives: Vec<Vec<Piece>>,
}

/// Something that matches, and how often.
#[derive(Debug)]
struct Piece {
    what: What,
    min: usize,
    max: usize,
}

#[derive(Debug)]
enum What {
    Char(char),
    Any,
    Set { ranges: Vec<(char, char)>, inverted: bool },
    Group(Vec<Vec<Piece>>),
    Start,
    End,
}

impl Pattern {
    /// Reads a pattern.
    pub(super) fn parse(text: &str) -> Result<Pattern> {
        let chars: Vec<char> = text.chars().collect();
        let mut reader = Reader { chars: &chars, at: 0 };
        let alternatives = reader.alternatives()?;
        if reader.at < chars.len() {
            bail!("{text:?}: ) without (");
        }
        Ok(Pattern { alternatives })
    }

    /// Whether it matches some part of a text.
    pub(super) fn matches(&self, text: &str) -> bool {
        let chars: Vec<char> = text.chars().collect();
        let steps = std::cell::Cell::new(STEPS_MAX);
        let matcher = Matcher { chars: &chars, steps: &steps };
        (0..=chars.len()).any(|start| matcher.any(&self.alternatives, start, &mut |_| true))
    }
}

struct Reader<'p> {
    chars: &'p [char],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += 1;
        Some(next)
    }

    fn alternatives(&mut self) -> Result<Vec<Vec<Piece>>> {
        let mut alternatives = vec![Vec::new()];
        while let Some(c) = self.peek().filter(|c| *c != ')') {
            self.at += 1;
            if c == '|' {
                alternatives.push(Vec::new());
                continue;
            }
            let what = self.what(c)?;
            let (min, max) = match self.peek() {
                Some('*') => (0, usize::MAX),
                Some('+') => (1, usize::MAX),
                Some('?') => (0, 1),
                _ => (1, 1),
            };
            if (min, max) != (1, 1) {
                self.at += 1;
            }
            if let Some(last) = alternatives.last_mut() {
                last.push(Piece { what, min, max });
            }
        }
        Ok(alternatives)
    }

    fn what(&mut self, c: char) -> Result<What> {
        Ok(match c {
            '.' => What::Any,
            '^' => What::Start,
            '$' => What::End,
            '[' => self.set()?,
            '(' => {
                let inner = self.alternatives()?;
                if self.next() != Some(')') {
                    bail!("( without )");
                }
                What::Group(inner)
            }
            '*' | '+' | '?' => bail!("{c} has nothing before it"),
            '{' | '}' => bail!("{c} is not known here"),
            '\\' => match self.next() {
                Some(c) if !c.is_alphanumeric() => What::Char(c),
                Some(c) => bail!("\\{c} is not known here"),
                None => bail!("\\ at the end"),
            },
            c => What::Char(c),
        })
    }

    fn set(&mut self) -> Result<What> {
        let inverted = self.peek() == Some('^');
        self.at += usize::from(inverted);
        let mut ranges = Vec::new();
        loop {
            match self.next() {
                None => bail!("[ without ]"),
                Some(']') if !ranges.is_empty() => return Ok(What::Set { ranges, inverted }),
                Some(low) if self.peek() == Some('-') && self.chars.get(self.at + 1) != Some(&']') => {
                    self.at += 1;
                    let Some(high) = self.next() else { bail!("[ without ]") };
                    ranges.push((low, high));
                }
                Some(c) => ranges.push((c, c)),
            }
        }
    }
}

struct Matcher<'t> {
    chars: &'t [char],
    steps: &'t std::cell::Cell<usize>,
}

type Then<'a> = &'a mut dyn FnMut(usize) -> bool;

impl Matcher<'_> {
    fn any(&self, alternatives: &[Vec<Piece>], at: usize, then: Then<'_>) -> bool {
        alternatives.iter().any(|pieces| self.all(pieces, at, then))
    }

    fn all(&self, pieces: &[Piece], at: usize, then: Then<'_>) -> bool {
        match pieces.split_first() {
            None => then(at),
            Some((piece, rest)) => self.repeat(piece, 0, at, &mut |at| self.all(rest, at, then)),
        }
    }

    fn repeat(&self, piece: &Piece, n: usize, at: usize, then: Then<'_>) -> bool {
        let Some(left) = self.steps.get().checked_sub(1) else { return false };
        self.steps.set(left);
        let again = n < piece.max
            && self.once(&piece.what, at, &mut |next| {
                // What matches nothing need not be repeated.
                (next > at || n < piece.min) && self.repeat(piece, n + 1, next, then)
            });
        again || n >= piece.min && then(at)
    }

    fn once(&self, what: &What, at: usize, then: Then<'_>) -> bool {
        let here = self.chars.get(at).copied();
        match what {
            What::Group(alternatives) => self.any(alternatives, at, then),
            What::Start => at == 0 && then(at),
            What::End => here.is_none() && then(at),
            What::Char(c) => here == Some(*c) && then(at + 1),
            What::Any => here.is_some() && then(at + 1),
            What::Set { ranges, inverted } => here.is_some_and(|here| {
                ranges.iter().any(|(low, high)| (*low..=*high).contains(&here)) != *inverted && then(at + 1)
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_as_regular_expressions_do() {
        let check = |pattern: &str, text: &str, expected: bool| {
            let pattern = Pattern::parse(pattern).expect("a pattern");
            assert_eq!(pattern.matches(text), expected, "{pattern:?} in {text}");
        };
        check("Basic", "SchedulingBasic/5000Nodes", true);
        check("^Basic", "SchedulingBasic/5000Nodes", false);
        check("^Sched.*/50*Nodes$", "SchedulingBasic/5000Nodes", true);
        check("^Sched.*/50*Nodes$", "SchedulingBasic/5000Nodes_10000Pods", false);
        check("Preemption(Basic|PVs)/[0-9]+Nodes", "PreemptionPVs/5Nodes", true);
        check("Preemption(Basic|PVs)/[0-9]+Nodes", "PreemptionAsync/5Nodes", false);
        check("a|b", "xbx", true);
        check("[^a-c]", "abc", false);
        check("[^a-c]", "abd", true);
        check("colou?r", "color", true);
        check("(ab)*c", "xababc", true);
        check("^(a*)*$", "aaaaaaaaaaaaaaaaaaaaaaaaab", false);
        check("a\\.b", "a.b", true);
        check("a\\.b", "axb", false);
        check("", "anything", true);
        check("[]a-]+$", "]-a", true);
    }

    #[test]
    fn what_is_not_known_is_refused() {
        let check = |pattern: &str, wanted: &str| {
            assert_eq!(Pattern::parse(pattern).expect_err(pattern).to_string(), wanted);
        };
        check("*a", "* has nothing before it");
        check("(a", "( without )");
        check("a)", "\"a)\": ) without (");
        check("[a", "[ without ]");
        check("a{2}", "{ is not known here");
        check("\\d", "\\d is not known here");
    }
}
