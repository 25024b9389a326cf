//! One series: a number that threads count in.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

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
    /// One per bound, and one for what is above all of them.
    buckets: Box<[AtomicU64]>,
    /// The sum, as the bits of a float.
    sum: AtomicU64,
}

impl Histogram {
    /// Counts a value.
    pub fn observe(&self, value: f64) {
        let bucket = self.bounds.partition_point(|bound| *bound < value);
        self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        let add = |bits| Some((f64::from_bits(bits) + value).to_bits());
        // The closure never refuses.
        let _ = self.sum.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }

    /// How many values were counted.
    pub fn count(&self) -> u64 {
        self.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed)).sum()
    }
}

impl Metric for Histogram {
    type Shape = &'static [f64];
    const TYPE: Type = Type::Histogram;

    fn new(bounds: &'static [f64]) -> Histogram {
        let buckets = (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect();
        Histogram { bounds, buckets, sum: AtomicU64::new(0) }
    }

    fn write(&self, name: &str, labels: &[(&str, &str)], lines: &mut Lines<'_>) {
        let bucket_name = format!("{name}_bucket");
        let mut total = 0;
        for (place, bucket) in self.buckets.iter().enumerate() {
            total += bucket.load(Ordering::Relaxed);
            let bound = super::number(self.bounds.get(place).copied().unwrap_or(f64::INFINITY));
            let labels: Vec<_> = labels.iter().copied().chain([("le", bound.as_str())]).collect();
            lines.value(&bucket_name, &labels, total as f64);
        }
        lines.value(&format!("{name}_sum"), labels, f64::from_bits(self.sum.load(Ordering::Relaxed)));
        lines.value(&format!("{name}_count"), labels, total as f64);
    }

    fn reset(&self) {
        for bucket in &self.buckets {
            bucket.store(0, Ordering::Relaxed);
        }
        self.sum.store(0.0_f64.to_bits(), Ordering::Relaxed);
    }
}
