//! Series that differ in their labels.

use std::hash::BuildHasher as _;
use std::sync::{Arc, PoisonError, RwLock};

use base::Map;

use super::{Metric, Text};

/// Series of one family. Labels may come from requests, so there has to be an end: what comes later is counted under
/// `other`. A series costs about 200 bytes, a histogram's 800; this is at most 13 MB per family.
const N_SERIES_MAX: usize = 16_384;

type Series<M, const N: usize> = Vec<([Box<str>; N], Arc<M>)>;

/// All series of one name.
pub struct Family<M: Metric, const N: usize> {
    name: &'static str,
    help: &'static str,
    labels: [&'static str; N],
    shape: M::Shape,
    /// By the hash of the labels, so that finding one needs no owned key.
    series: RwLock<Map<u64, Series<M, N>>>,
}

impl<M: Metric, const N: usize> Family<M, N> {
    pub(super) fn new(
        name: &'static str,
        help: &'static str,
        labels: [&'static str; N],
        shape: M::Shape,
    ) -> Family<M, N> {
        Family { name, help, labels, shape, series: RwLock::default() }
    }

    /// The series with these values of the labels.
    pub fn with(&self, values: [&str; N]) -> Arc<M> {
        let series = self.series.read().unwrap_or_else(PoisonError::into_inner);
        let key = key(&series, values);
        if let Some(found) = find(&series, key, values) {
            return found;
        }
        let n_series = series.len();
        drop(series);
        let values = if n_series < N_SERIES_MAX { values } else { ["other"; N] };
        let mut series = self.series.write().unwrap_or_else(PoisonError::into_inner);
        let key = self::key(&series, values);
        // Somebody else may have been faster.
        if let Some(found) = find(&series, key, values) {
            return found;
        }
        let metric = Arc::new(M::new(self.shape));
        series.entry(key).or_default().push((values.map(Box::from), metric.clone()));
        metric
    }

    /// Begins to count anew.
    pub(super) fn reset(&self) {
        let series = self.series.read().unwrap_or_else(PoisonError::into_inner);
        series.values().flatten().for_each(|(_, metric)| metric.reset());
    }

    pub(super) fn write(&self, text: &mut Text) {
        let series = self.series.read().unwrap_or_else(PoisonError::into_inner);
        let mut sorted: Vec<_> = series.values().flatten().collect();
        if sorted.is_empty() {
            return;
        }
        sorted.sort_by_key(|(values, _)| values);
        let mut lines = text.family(self.name, M::TYPE, self.help);
        for (values, metric) in sorted {
            let labels: Vec<_> =
                self.labels.iter().copied().zip(values.iter().map(|value| &**value)).collect();
            metric.write(self.name, &labels, &mut lines);
        }
    }
}

fn key<M, const N: usize>(series: &Map<u64, Series<M, N>>, values: [&str; N]) -> u64 {
    series.hasher().hash_one(values)
}

fn find<M, const N: usize>(series: &Map<u64, Series<M, N>>, key: u64, values: [&str; N]) -> Option<Arc<M>> {
    let is_same = |own: &[Box<str>; N]| own.iter().zip(values).all(|(own, value)| **own == *value);
    series.get(&key)?.iter().find(|(own, _)| is_same(own)).map(|(_, metric)| metric.clone())
}

#[cfg(test)]
mod tests {
    use super::super::Counter;
    use super::*;

    #[test]
    fn there_is_an_end_to_series() {
        let family = Family::<Counter, 1>::new("n", "", ["l"], ());
        for number in 0..N_SERIES_MAX + 10 {
            family.with([&number.to_string()]).inc();
        }
        assert_eq!(family.with(["other"]).get(), 10);
        assert_eq!(family.with(["0"]).get(), 1);
    }
}
