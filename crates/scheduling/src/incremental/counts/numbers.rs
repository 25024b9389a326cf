//! A number per domain, most of them 0 at first.

use base::Map;

/// With fewer domains than this, all have a place.
const ALWAYS_MANY: usize = 64;
/// If one domain in this many has a number other than 0, all get a place.
const MANY: usize = 8;

/// Numbers by domain.
pub(super) enum Numbers {
    /// Those that are not 0.
    Few(Map<u32, i64>),
    /// All of them.
    Many(Vec<i64>),
}

impl Numbers {
    /// Zeros for `n_domains` domains.
    pub(super) fn new(n_domains: usize) -> Numbers {
        if n_domains < ALWAYS_MANY { Numbers::Many(vec![0; n_domains]) } else { Numbers::Few(Map::default()) }
    }

    /// The number of a domain.
    pub(super) fn get(&self, domain: u32) -> i64 {
        match self {
            Numbers::Few(numbers) => numbers.get(&domain).copied().unwrap_or(0),
            Numbers::Many(numbers) => numbers.get(domain as usize).copied().unwrap_or(0),
        }
    }

    /// Adds to the number of a domain, of which there are `n_domains`; returns it as it was before.
    pub(super) fn add(&mut self, domain: u32, by: i64, n_domains: usize) -> i64 {
        match self {
            Numbers::Few(numbers) => {
                let number = numbers.entry(domain).or_default();
                let before = *number;
                *number += by;
                if *number == 0 {
                    numbers.remove(&domain);
                } else if numbers.len() * MANY > n_domains {
                    let highest = numbers.keys().max().map_or(0, |highest| *highest as usize);
                    let mut many = vec![0; n_domains.max(highest + 1)];
                    numbers.iter().for_each(|(domain, number)| many[*domain as usize] = *number);
                    *self = Numbers::Many(many);
                }
                before
            }
            Numbers::Many(numbers) => {
                if numbers.len() <= domain as usize {
                    numbers.resize(domain as usize + 1, 0);
                }
                let number = &mut numbers[domain as usize];
                let before = *number;
                *number += by;
                before
            }
        }
    }

    /// How much memory this takes, in numbers.
    pub(super) fn size(&self) -> usize {
        match self {
            Numbers::Few(numbers) => 2 * numbers.capacity(),
            Numbers::Many(numbers) => numbers.capacity(),
        }
    }

    /// The domains with a number other than 0, if these are few.
    pub(super) fn few(&self) -> Option<impl Iterator<Item = u32> + '_> {
        match self {
            Numbers::Few(numbers) => Some(numbers.keys().copied()),
            Numbers::Many(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn is_a_table_of_numbers(
            changes in prop::collection::vec((0_u32..200, -3_i64..4), 0..300),
            n_domains in 1_usize..200,
        ) {
            let mut numbers = Numbers::new(n_domains);
            let mut expected = [0_i64; 200];
            for (domain, by) in changes {
                prop_assert_eq!(numbers.add(domain, by, n_domains), expected[domain as usize]);
                expected[domain as usize] += by;
            }
            for (domain, number) in expected.iter().enumerate() {
                prop_assert_eq!(numbers.get(domain as u32), *number);
            }
            if let Some(few) = numbers.few() {
                prop_assert!(few.into_iter().all(|domain| expected[domain as usize] != 0));
            }
        }
    }
}
