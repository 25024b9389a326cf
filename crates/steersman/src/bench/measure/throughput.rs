//! Pods per second, sampled over time.
//!
//! Upstream samples once per second. The core alone may be done before that, so samples begin at a
//! millisecond and become twice as long whenever there are too many of them.

const FIRST_SAMPLE_NS: u64 = 1_000_000;
/// More samples than these are merged in pairs. 512 of them tell percentiles well and cost 4 kB.
const N_SAMPLES_MAX: usize = 512;

/// How many pods came when.
#[derive(Clone, Debug)]
pub(in crate::bench) struct Throughput {
    sample_ns: u64,
    samples: Vec<u64>,
    count: u64,
}

impl Default for Throughput {
    fn default() -> Throughput {
        Throughput { sample_ns: FIRST_SAMPLE_NS, samples: Vec::new(), count: 0 }
    }
}

impl Throughput {
    /// Takes in a pod that came at this time since the beginning.
    pub(in crate::bench) fn add(&mut self, at_ns: u64) {
        self.count += 1;
        while at_ns / self.sample_ns >= N_SAMPLES_MAX as u64 {
            self.sample_ns *= 2;
            self.samples = self.samples.chunks(2).map(|pair| pair.iter().sum()).collect();
        }
        let i = (at_ns / self.sample_ns) as usize;
        if self.samples.len() <= i {
            self.samples.resize(i + 1, 0);
        }
        self.samples[i] += 1;
    }

    /// How many pods there were.
    pub(in crate::bench) fn count(&self) -> u64 {
        self.count
    }

    /// Pods per second that so many hundredths of the samples do not exceed. The last sample is cut short and
    /// does not count; `None` if there is no other.
    pub(in crate::bench) fn percentile(&self, percent: usize) -> Option<f64> {
        let mut full = self.samples.clone();
        full.pop();
        full.sort_unstable();
        let rank = (full.len() * percent).div_ceil(100).max(1);
        full.get(rank - 1).map(|n| *n as f64 * 1e9 / self.sample_ns as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_become_longer_when_there_are_many() {
        let mut throughput = Throughput::default();
        // One pod every 100 us for two seconds: 10,000 per second.
        (0..20_000).for_each(|i| throughput.add(i * 100_000));
        assert_eq!(throughput.count(), 20_000);
        assert!(throughput.samples.len() <= N_SAMPLES_MAX);
        assert_eq!(throughput.sample_ns, 4_000_000);
        assert_eq!(throughput.percentile(50), Some(10_000.0));
        assert_eq!(throughput.samples.iter().sum::<u64>(), 20_000);
    }

    #[test]
    fn there_is_no_rate_without_a_full_sample() {
        assert_eq!(Throughput::default().percentile(50), None);
        let mut throughput = Throughput::default();
        throughput.add(10);
        assert_eq!(throughput.percentile(50), None);
        throughput.add(FIRST_SAMPLE_NS);
        assert_eq!(throughput.percentile(50), Some(1000.0));
    }
}
