//! Refusals as small numbers.

use crate::framework::Status;

/// The number of a verdict: 0 for a node on which the pod fits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Verdict(u16);

impl Verdict {
    /// The pod fits.
    pub(super) const FITS: Verdict = Verdict(0);

    /// The number as an index.
    pub(super) fn index(self) -> usize {
        usize::from(self.0)
    }

    /// The verdict with this index.
    pub(super) fn at(index: usize) -> Verdict {
        Verdict(index as u16)
    }
}

/// When a filter is asked: plugins in order, and a plugin's rules in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank(pub(super) usize, pub(super) usize);

/// The refusals that a shape has met with, each with the rank of who said so.
#[derive(Default)]
pub(super) struct Verdicts {
    refusals: Vec<(Rank, Status)>,
}

impl Verdicts {
    /// More kinds of refusal than this are not told apart by number; see [`Verdicts::number`].
    const MAX: usize = u16::MAX as usize - 1;

    /// The number of a refusal; `None` if there are too many, or if it is none but a failure.
    pub(super) fn number(&mut self, rank: Rank, status: &Status) -> Option<Verdict> {
        // That an attempt fails is for the long way to report.
        if !status.code.is_rejected() {
            return None;
        }
        let known = self.refusals.iter().position(|(other, said)| *other == rank && said.reads_like(status));
        if let Some(known) = known {
            return Some(Verdict(known as u16 + 1));
        }
        if self.refusals.len() == Verdicts::MAX {
            return None;
        }
        self.refusals.push((rank, status.without_operands()));
        Some(Verdict(self.refusals.len() as u16))
    }

    /// Who refused, and what was said; `None` if the pod fits.
    pub(super) fn refusal(&self, verdict: Verdict) -> Option<&(Rank, Status)> {
        self.refusals.get(usize::from(verdict.0).checked_sub(1)?)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.refusals.len() + 1
    }
}

/// A number of nodes per verdict.
#[derive(Default)]
pub(super) struct Histogram(Vec<usize>);

impl Histogram {
    /// Counts `n` more nodes.
    pub(super) fn add(&mut self, verdict: Verdict, n: usize) {
        let i = usize::from(verdict.0);
        if self.0.len() <= i {
            self.0.resize(i + 1, 0);
        }
        self.0[i] += n;
    }

    /// The verdicts that occur.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Verdict, usize)> + '_ {
        let occurring = self.0.iter().enumerate().filter(|(_, n)| **n > 0);
        occurring.map(|(i, n)| (Verdict(i as u16), *n))
    }
}
