//! Randomness that can be repeated.
//!
//! Every purpose draws from a stream of its own, so that one more draw for one purpose does not shift the
//! outcome of all others.

use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;

use crate::Digest;

/// A named stream of random numbers: the same seed and name give the same numbers on every machine.
#[derive(Clone, Debug)]
pub struct Stream(Pcg64Mcg);

impl Stream {
    /// The stream `name` of the generator seeded with `seed`.
    pub fn new(seed: u64, name: &str) -> Stream {
        // The digest of the name keeps streams apart.
        let hash = Digest::default().bytes(name.as_bytes()).value();
        Stream(Pcg64Mcg::seed_from_u64(seed ^ hash))
    }

    /// A number in `0..n`, each equally likely; 0 if `n` is 0.
    pub fn below(&mut self, n: usize) -> usize {
        if n <= 1 {
            return 0;
        }
        // Lemire's method: a widening multiplication, repeated only in the rare biased case.
        let n = n as u64;
        loop {
            let wide = u128::from(self.0.next_u64()) * u128::from(n);
            if (wide as u64) >= n.wrapping_neg() % n {
                return (wide >> 64) as usize;
            }
        }
    }

    /// A new seed, for a part that has streams of its own.
    pub fn seed(&mut self) -> u64 {
        self.0.next_u64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_itself_for_the_same_seed_and_name_only() {
        let draw = |seed, name| {
            let mut stream = Stream::new(seed, name);
            (0..8).map(|_| stream.below(1_000_000)).collect::<Vec<_>>()
        };
        assert_eq!(draw(1, "tie"), draw(1, "tie"));
        assert_ne!(draw(1, "tie"), draw(2, "tie"));
        assert_ne!(draw(1, "tie"), draw(1, "preemption"));
    }

    #[test]
    fn reaches_every_number_below_the_bound_and_none_else() {
        let mut stream = Stream::new(7, "cover");
        let mut seen = [0_u32; 5];
        for _ in 0..5_000 {
            seen[stream.below(5)] += 1;
        }
        assert!(seen.iter().all(|&n| n > 800), "{seen:?}");
        assert_eq!(stream.below(0), 0);
    }
}
