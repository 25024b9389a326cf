//! Random choices from one named stream.

use base::Stream;

/// Draws from a stream in the ways that generators need.
#[derive(Clone, Debug)]
pub(crate) struct Dice(Stream);

impl Dice {
    /// The dice `name` of the history with this seed.
    pub(crate) fn new(seed: u64, name: &str) -> Dice {
        Dice(Stream::new(seed, name))
    }

    /// A number in `0..n`; 0 if `n` is 0.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0.below(n)
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.0.below(high + 1 - low)
    }

    /// Yes, this many times in a hundred.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.0.below(100) < percent
    }

    /// One of these.
    ///
    /// # Panics
    /// If there is none.
    pub(crate) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.0.below(choices.len())]
    }

    /// The index of one of these weights, each as likely as its weight says.
    pub(crate) fn weighted(&mut self, weights: &[usize]) -> usize {
        let mut drawn = self.0.below(weights.iter().sum());
        for (i, weight) in weights.iter().enumerate() {
            if drawn < *weight {
                return i;
            }
            drawn -= weight;
        }
        0
    }
}
