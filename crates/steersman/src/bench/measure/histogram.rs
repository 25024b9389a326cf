//! Spans of time, counted in buckets.

/// Each power of two is cut into so many buckets, so that a bucket is at most 1/64 = 1.6% wide.
const STEPS_LOG2: u32 = 6;
const STEPS: usize = 1 << STEPS_LOG2;
/// 64 exact buckets, then 58 powers of two.
const N_BUCKETS: usize = STEPS + (64 - STEPS_LOG2 as usize) * STEPS;

/// How often which span of time, in nanoseconds, was seen.
#[derive(Clone, Debug)]
pub(in crate::bench) struct Histogram {
    buckets: Box<[u64]>,
    count: u64,
    sum: u128,
}

impl Default for Histogram {
    fn default() -> Histogram {
        Histogram { buckets: vec![0; N_BUCKETS].into_boxed_slice(), count: 0, sum: 0 }
    }
}

impl Histogram {
    /// Takes in a value.
    pub(in crate::bench) fn add(&mut self, value: u64) {
        self.buckets[bucket(value)] += 1;
        self.count += 1;
        self.sum += u128::from(value);
    }

    /// Takes in all values of another one.
    pub(in crate::bench) fn merge(&mut self, other: &Histogram) {
        for (own, more) in self.buckets.iter_mut().zip(&other.buckets) {
            *own += more;
        }
        self.count += other.count;
        self.sum += other.sum;
    }

    /// How many values there are.
    pub(in crate::bench) fn count(&self) -> u64 {
        self.count
    }

    /// The mean; 0 if there is no value.
    pub(in crate::bench) fn mean(&self) -> f64 {
        if self.count == 0 { 0.0 } else { self.sum as f64 / self.count as f64 }
    }

    /// The value that so many hundredths of the values do not exceed, to 1.6%; 0 if there is no value.
    pub(in crate::bench) fn percentile(&self, percent: u64) -> u64 {
        let rank = (self.count * percent).div_ceil(100).max(1);
        let mut seen = 0;
        for (i, n) in self.buckets.iter().enumerate() {
            seen += n;
            if seen >= rank {
                return middle(i);
            }
        }
        0
    }
}

fn bucket(value: u64) -> usize {
    if value < STEPS as u64 {
        return value as usize;
    }
    let power = value.ilog2() - STEPS_LOG2;
    (power as usize + 1) * STEPS + ((value >> power) as usize - STEPS)
}

/// The value in the middle of a bucket.
fn middle(i: usize) -> u64 {
    if i < STEPS {
        return i as u64;
    }
    let power = i / STEPS - 1;
    let low = ((i % STEPS + STEPS) as u64) << power;
    low + ((1_u64 << power) >> 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::Stream;

    #[test]
    fn buckets_are_in_order_and_narrow() {
        let mut stream = Stream::new(1, "histogram");
        for power in 0..63 {
            for _ in 0..20 {
                let value = (1_u64 << power) + stream.below(1 << power.min(40)) as u64;
                let found = middle(bucket(value));
                assert!(found.abs_diff(value) * 64 <= value, "{value} is counted as {found}");
                assert!(bucket(value) <= bucket(value + 1));
            }
        }
        assert!(bucket(u64::MAX) < N_BUCKETS);
    }

    #[test]
    fn percentiles_are_those_of_the_values() {
        let mut histogram = Histogram::default();
        assert_eq!((histogram.percentile(50), histogram.mean()), (0, 0.0));
        (1..=50).for_each(|value| histogram.add(value));
        let mut other = Histogram::default();
        (51..=100).for_each(|value| other.add(value));
        histogram.merge(&other);
        assert_eq!(histogram.count(), 100);
        assert_eq!(histogram.percentile(50), 50);
        assert!(histogram.percentile(99).abs_diff(99) <= 1);
        assert!((histogram.mean() - 50.5).abs() < 1e-9);
    }
}
