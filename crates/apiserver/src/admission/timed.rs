//! Admission plugins, and how long they take.

use std::sync::{Arc, OnceLock};

use apimachinery::Status;
use component::metrics::{ApiServerMetrics, Histogram};
use serde_json::Value;

use super::{Operation, Plugin, Request};
use crate::clock;

/// One series for each operation and whether it was refused, found when it is first needed.
#[derive(Debug, Default)]
struct Series([[OnceLock<Arc<Histogram>>; 2]; 4]);

impl Series {
    fn observe(
        &self,
        operation: Operation,
        is_refused: bool,
        took_ns: u64,
        find: impl FnOnce(&str, &str) -> Arc<Histogram>,
    ) {
        let name = match operation {
            Operation::Create => "CREATE",
            Operation::Update => "UPDATE",
            Operation::Delete => "DELETE",
            Operation::Connect => "CONNECT",
        };
        let refused = if is_refused { "true" } else { "false" };
        let series = &self.0[operation as usize][usize::from(is_refused)];
        series.get_or_init(|| find(name, refused)).observe(took_ns as f64 / 1e9);
    }
}

struct Timed {
    plugin: Box<dyn Plugin>,
    admit: Series,
    validate: Series,
}

/// Admission plugins in their order. The first that refuses ends it.
pub struct Plugins {
    plugins: Vec<Timed>,
    admit: Series,
    validate: Series,
    counters: Arc<ApiServerMetrics>,
}

impl Plugins {
    /// These plugins.
    pub fn new(plugins: Vec<Box<dyn Plugin>>, counters: Arc<ApiServerMetrics>) -> Plugins {
        let timed = |plugin| Timed { plugin, admit: Series::default(), validate: Series::default() };
        let plugins = plugins.into_iter().map(timed).collect();
        Plugins { plugins, admit: Series::default(), validate: Series::default(), counters }
    }

    /// Lets the plugins change the object, or refuse.
    ///
    /// # Errors
    /// The answer of the first that refuses.
    pub fn admit(&self, request: &Request<'_>, mut object: Option<&mut Value>) -> Result<(), Box<Status>> {
        let began = clock::monotonic_ns();
        let mut before = began;
        let mut result = Ok(());
        for Timed { plugin, admit, .. } in &self.plugins {
            result = plugin.admit(request, object.as_deref_mut());
            let now = clock::monotonic_ns();
            admit.observe(request.operation, result.is_err(), now - before, |operation, refused| {
                self.counters.admission_seconds.with([plugin.name(), "admit", operation, refused])
            });
            before = now;
            if result.is_err() {
                break;
            }
        }
        self.admit.observe(request.operation, result.is_err(), before - began, |operation, refused| {
            self.counters.admission_step_seconds.with(["admit", operation, refused])
        });
        result
    }

    /// Lets the plugins refuse what has come of the object.
    ///
    /// # Errors
    /// The answer of the first that refuses.
    pub fn validate(&self, request: &Request<'_>, object: Option<&Value>) -> Result<(), Box<Status>> {
        let began = clock::monotonic_ns();
        let mut before = began;
        let mut result = Ok(());
        for Timed { plugin, validate, .. } in &self.plugins {
            result = plugin.validate(request, object);
            let now = clock::monotonic_ns();
            validate.observe(request.operation, result.is_err(), now - before, |operation, refused| {
                self.counters.admission_seconds.with([plugin.name(), "validate", operation, refused])
            });
            before = now;
            if result.is_err() {
                break;
            }
        }
        self.validate.observe(request.operation, result.is_err(), before - began, |operation, refused| {
            self.counters.admission_step_seconds.with(["validate", operation, refused])
        });
        result
    }
}
