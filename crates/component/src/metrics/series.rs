//! One series: a number that threads count in.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};

use super::{Lines, Type};

/// A kind of series.
pub trait Metric: Send + Sync + 'static {
    /// What all series of a family have in common.
    type Shape: Copy + Send + Sync + 'static;
    /// What the text format calls it.
    const TYPE: Type;
    /// A series that has counted nothing.
    fn new(shape: Self::Shape) -> Self;
    /// Writes the values.
    fn write(&self, name: &str, labels: &[(&str, &str)], lines: &mut Lines<'_>);
    /// Begins to count anew; what is no count stays.
    fn reset(&self) {}
}

/// Only grows.
#[derive(Debug)]
pub struct Counter(AtomicU64);

impl Counter {
    /// One more.
    pub fn inc(&self) {
        self.add(1);
    }

    /// So many more.
    pub fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    /// How many.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Metric for Counter {
    type Shape = ();
    const TYPE: Type = Type::Counter;

    fn new((): ()) -> Counter {
        Counter(AtomicU64::new(0))
    }

    fn write(&self, name: &str, labels: &[(&str, &str)], lines: &mut Lines<'_>) {
        lines.value(name, labels, self.get() as f64);
    }

    fn reset(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

/// Goes up and down.
#[derive(Debug)]
pub struct Gauge(AtomicI64);

impl Gauge {
    /// Sets it.
    pub fn set(&self, value: i64) {
        self.0.store(value, Ordering::Relaxed);
    }

    /// So many more, or fewer.
    pub fn add(&self, more: i64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    /// Its value.
    pub fn get(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    /// One more until what is returned is dropped.
    pub fn hold(self: &Arc<Self>) -> Held {
        self.add(1);
        Held(self.clone())
    }
}

/// Counts one in a gauge until it is dropped.
#[derive(Debug)]
pub struct Held(Arc<Gauge>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.add(-1);
    }
}

impl Metric for Gauge {
    type Shape = ();
    const TYPE: Type = Type::Gauge;

    fn new((): ()) -> Gauge {
        Gauge(AtomicI64::new(0))
    }

    fn write(&self, name: &str, labels: &[(&str, &str)], lines: &mut Lines<'_>) {
        lines.value(name, labels, self.get() as f64);
    }
}

/// How many were at most so large, by upper bounds.
#[derive(Debug)]
pub struct Histogram {
    bounds: &'static [f64],
    shards: [Shard; N_SHARDS],
}

/// What some of the threads have counted. Each request is counted in dozens of histograms: where two processors count in
/// the same place, they wait for each other's caches each time.
#[derive(Debug)]
#[repr(align(64))]
struct Shard {
    /// One per bound, and one for what is above all of them.
    buckets: Box<[AtomicU64]>,
    /// The sum, as the bits of a float.
    sum: AtomicU64,
}

/// In how many places threads count.
const N_SHARDS: usize = 2;

/// How many numbers lie so close together that processors take them for one.
const N_PER_CACHE_LINE: usize = 8;

/// The place of this thread.
fn own_shard() -> usize {
    static N_THREADS: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static OWN: usize = N_THREADS.fetch_add(1, Ordering::Relaxed) % N_SHARDS;
    }
    OWN.with(|own| *own)
}

impl Shard {
    fn new(n_buckets: usize) -> Shard {
        // Whole lines, so that the next shard begins in another one.
        let n_numbers = n_buckets.next_multiple_of(N_PER_CACHE_LINE);
        let buckets = (0..n_numbers).map(|_| AtomicU64::new(0)).collect();
        Shard { buckets, sum: AtomicU64::new(0) }
    }

    fn sum(&self) -> f64 {
        f64::from_bits(self.sum.load(Ordering::Relaxed))
    }
}

impl Histogram {
    /// Counts a value.
    pub fn observe(&self, value: f64) {
        // Most of what is measured is short.
        let bucket = self.bounds.iter().position(|bound| *bound >= value).unwrap_or(self.bounds.len());
        let shard = &self.shards[own_shard()];
        shard.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        let add = |bits| Some((f64::from_bits(bits) + value).to_bits());
        // The closure never refuses.
        let _ = shard.sum.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }

    /// How many values are in each bucket.
    fn counts(&self) -> impl Iterator<Item = u64> {
        let in_bucket =
            |place: usize| self.shards.iter().map(|shard| shard.buckets[place].load(Ordering::Relaxed)).sum();
        (0..=self.bounds.len()).map(in_bucket)
    }

    /// How many values were counted.
    pub fn count(&self) -> u64 {
        self.counts().sum()
    }
}

impl Metric for Histogram {
    type Shape = &'static [f64];
    const TYPE: Type = Type::Histogram;

    fn new(bounds: &'static [f64]) -> Histogram {
        Histogram { bounds, shards: std::array::from_fn(|_| Shard::new(bounds.len() + 1)) }
    }

    fn write(&self, name: &str, labels: &[(&str, &str)], lines: &mut Lines<'_>) {
        let bucket_name = format!("{name}_bucket");
        let mut total = 0;
        for (place, count) in self.counts().enumerate() {
            total += count;
            let bound = super::number(self.bounds.get(place).copied().unwrap_or(f64::INFINITY));
            let labels: Vec<_> = labels.iter().copied().chain([("le", bound.as_str())]).collect();
            lines.value(&bucket_name, &labels, total as f64);
        }
        let sum = self.shards.iter().map(Shard::sum).sum();
        lines.value(&format!("{name}_sum"), labels, sum);
        lines.value(&format!("{name}_count"), labels, total as f64);
    }

    fn reset(&self) {
        for shard in &self.shards {
            for bucket in &shard.buckets {
                bucket.store(0, Ordering::Relaxed);
            }
            shard.sum.store(0.0_f64.to_bits(), Ordering::Relaxed);
        }
    }
}
