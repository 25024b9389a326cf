//! What is measured while pods are created and bound.

use std::collections::BTreeMap;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use tokio::time::Instant;

use super::attempts::Latencies;
use crate::bench::measure::{Histogram, Scope, peak_rss_bytes, rss_bytes};

/// Samples are as long as upstream's where there are enough of them, and shorter where there would be too few.
const SAMPLE: Duration = Duration::from_secs(1);
const SHORT_SAMPLE: Duration = Duration::from_millis(100);
const N_SAMPLES_MIN: u64 = 10;

/// Takes the measures of one period.
pub(super) struct Period {
    name: String,
    scope: Scope,
    begun: Instant,
    cpu_begun: Duration,
    /// When pods in scope were seen bound, since the beginning.
    bound: Vec<Duration>,
    created_to_bound: Histogram,
}

/// The measures of a period.
pub(super) struct Measured {
    /// What is measured, such as the namespace of the pods.
    pub(super) name: String,
    /// How many nodes there were at the end.
    pub(super) n_nodes: u64,
    /// When pods were seen bound, since the beginning, sorted.
    bound: Vec<Duration>,
    /// From sending the create of a pod to seeing it bound, in nanoseconds.
    pub(super) created_to_bound: Histogram,
    /// The core's attempts; `None` if the scheduler is elsewhere.
    pub(super) attempts: Option<Latencies>,
    /// What the process has needed; `None` if the cluster is elsewhere.
    pub(super) process: Option<Process>,
}

/// What the process has needed.
pub(super) struct Process {
    /// Of all its threads, in the period.
    pub(super) cpu: Duration,
    /// How long the period was.
    pub(super) time: Duration,
    /// In RAM at the end.
    pub(super) rss_bytes: Option<u64>,
    /// The most since the workload began.
    pub(super) peak_rss_bytes: Option<u64>,
}

impl Period {
    /// Begins a period.
    pub(super) fn new(name: String, scope: Scope) -> Period {
        Period {
            name,
            scope,
            begun: Instant::now(),
            cpu_begun: cpu(),
            bound: Vec::new(),
            created_to_bound: Histogram::default(),
        }
    }

    /// A pod was seen bound.
    pub(super) fn bound(&mut self, namespace: &str, labels: Option<&BTreeMap<String, String>>, at: Instant) {
        if self.scope.includes(namespace, labels) {
            self.bound.push(at - self.begun);
        }
    }

    /// It is known of a pod when its create was sent and when it was seen bound.
    pub(super) fn created_to_bound(
        &mut self,
        namespace: &str,
        labels: Option<&BTreeMap<String, String>>,
        sent: Instant,
        bound: Instant,
    ) {
        if sent >= self.begun && self.scope.includes(namespace, labels) {
            self.created_to_bound.add((bound - sent).as_nanos() as u64);
        }
    }

    /// Ends the period.
    pub(super) fn finish(self, n_nodes: u64, attempts: Option<Latencies>, is_own: bool) -> Measured {
        let process = Process {
            cpu: cpu().saturating_sub(self.cpu_begun),
            time: self.begun.elapsed(),
            rss_bytes: rss_bytes(),
            peak_rss_bytes: peak_rss_bytes(),
        };
        Measured {
            name: self.name,
            n_nodes,
            bound: self.bound,
            created_to_bound: self.created_to_bound,
            attempts,
            process: is_own.then_some(process),
        }
    }
}

impl Measured {
    /// How many pods in scope were bound.
    pub(super) fn n_bound(&self) -> usize {
        self.bound.len()
    }

    /// Pods per second, from the beginning to the last of them.
    pub(super) fn per_second(&self) -> f64 {
        match self.bound.last() {
            Some(last) if !last.is_zero() => self.bound.len() as f64 / last.as_secs_f64(),
            _ => 0.0,
        }
    }

    /// Pods per second that so many hundredths of the samples do not exceed. The last sample is cut short and does not
    /// count; `None` if there is no other.
    pub(super) fn percentile(&self, percent: usize) -> Option<f64> {
        let last = *self.bound.last()?;
        let sample = if last.as_secs() < N_SAMPLES_MIN { SHORT_SAMPLE } else { SAMPLE };
        let mut samples = vec![0_u64; (last.as_nanos() / sample.as_nanos()) as usize];
        for at in &self.bound {
            if let Some(sample) = samples.get_mut((at.as_nanos() / sample.as_nanos()) as usize) {
                *sample += 1;
            }
        }
        samples.sort_unstable();
        let rank = (samples.len() * percent).div_ceil(100).max(1);
        samples.get(rank - 1).map(|n| *n as f64 / sample.as_secs_f64())
    }

    /// The time of attempts, however they ended.
    pub(super) fn attempt(&self) -> Option<Histogram> {
        let mut all = Histogram::default();
        self.attempts.as_ref()?.iter().for_each(|some| all.merge(some));
        Some(all)
    }
}

/// The processor's time of all threads since the process began.
fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(times: impl Iterator<Item = u64>) -> Measured {
        Measured {
            name: String::new(),
            n_nodes: 0,
            bound: times.map(Duration::from_millis).collect(),
            created_to_bound: Histogram::default(),
            attempts: None,
            process: None,
        }
    }

    #[test]
    fn samples_are_a_second_long_if_there_are_ten() {
        // 1,000 per second for 5 s: samples of 0.1 s. From 12 s on there are samples of a second, the last five empty.
        let measured_short = measured(1..=5000);
        assert_eq!((measured_short.percentile(50), measured_short.per_second()), (Some(1000.0), 1000.0));
        let long = measured((1..=8000).chain([12_500]));
        assert_eq!((long.percentile(10), long.percentile(90)), (Some(0.0), Some(1000.0)));
        assert_eq!(measured([].into_iter()).percentile(50), None);
        assert_eq!(measured([20].into_iter()).percentile(50), None);
    }

    #[tokio::test]
    async fn pods_out_of_scope_do_not_count() {
        let scope =
            Scope { namespaces: vec!["a".to_owned()], labels: [("k".to_owned(), "v".to_owned())].into() };
        let mut period = Period::new("p".to_owned(), scope);
        let now = Instant::now();
        let labels = BTreeMap::from([("k".to_owned(), "v".to_owned())]);
        period.bound("a", Some(&labels), now);
        period.bound("a", None, now);
        period.bound("b", Some(&labels), now);
        period.created_to_bound("a", Some(&labels), now, now);
        let measured = period.finish(3, None, false);
        assert_eq!((measured.n_bound(), measured.created_to_bound.count()), (1, 1));
    }
}
