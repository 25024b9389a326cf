//! Counters, gauges and histograms, in Prometheus' text format 0.0.4.
//!
//! A family has a name, a help text and names of labels; its series are made when they are first counted. Hot code keeps
//! the series ([`Family::with`]) or looks it up without allocating. Families render sorted by name, series by labels, so
//! that two scrapes differ only in what changed.

mod apiserver;
mod family;
mod process;
mod series;

use std::fmt::Write as _;
use std::sync::{Arc, PoisonError, RwLock};

use http::{HeaderValue, header};

pub use apiserver::ApiServerMetrics;
pub use family::Family;
pub use process::collect_process;
pub use series::{Counter, Gauge, Held, Histogram, Metric};

use crate::body::Body;
use crate::serving::Response;

/// What the text format calls a family's kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// How many were at most so large.
    Histogram,
}

impl Type {
    fn as_str(self) -> &'static str {
        match self {
            Type::Counter => "counter",
            Type::Gauge => "gauge",
            Type::Histogram => "histogram",
        }
    }
}

type Collect = dyn Fn(&mut Text) + Send + Sync;

/// All families of a process. Clones are the same.
#[derive(Clone, Default)]
pub struct Registry(Arc<RwLock<Vec<Box<Collect>>>>);

impl Registry {
    /// No families.
    pub fn new() -> Registry {
        Registry::default()
    }

    /// Adds something that knows its values when it is asked, and writes them.
    pub fn collect_with(&self, collect: impl Fn(&mut Text) + Send + Sync + 'static) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).push(Box::new(collect));
    }

    /// Adds a family.
    pub fn family<M: Metric, const N: usize>(
        &self,
        name: &'static str,
        help: &'static str,
        labels: [&'static str; N],
        shape: M::Shape,
    ) -> Arc<Family<M, N>> {
        let family = Arc::new(Family::new(name, help, labels, shape));
        let collected = family.clone();
        self.collect_with(move |text| collected.write(text));
        family
    }

    /// All families as text.
    pub fn render(&self) -> String {
        let mut text = Text::default();
        for collect in self.0.read().unwrap_or_else(PoisonError::into_inner).iter() {
            collect(&mut text);
        }
        text.families.sort();
        text.families.concat()
    }

    /// The answer to `/metrics`.
    pub fn answer(&self) -> Response {
        let mut response = Response::new(Body::full(self.render()));
        let plain = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, plain);
        response
    }
}

/// Families as text while they are written.
#[derive(Default)]
pub struct Text {
    families: Vec<String>,
}

impl Text {
    /// Begins a family.
    pub fn family(&mut self, name: &str, kind: Type, help: &str) -> Lines<'_> {
        let help = help.replace('\\', "\\\\").replace('\n', "\\n");
        self.families.push(format!("# HELP {name} {help}\n# TYPE {name} {}\n", kind.as_str()));
        Lines(self.families.last_mut().expect("one was pushed"))
    }
}

/// The series of a family as text while they are written.
pub struct Lines<'t>(&'t mut String);

impl Lines<'_> {
    /// Writes a value.
    pub fn value(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        self.0.push_str(name);
        for (place, (label, text)) in labels.iter().enumerate() {
            let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            // Writing to a string cannot fail.
            let _ = write!(self.0, "{}{label}=\"{escaped}\"", if place == 0 { '{' } else { ',' });
        }
        if !labels.is_empty() {
            self.0.push('}');
        }
        let _ = writeln!(self.0, " {}", number(value));
    }
}

/// A number as the text format has it.
fn number(value: f64) -> String {
    if value == f64::INFINITY { "+Inf".to_owned() } else { value.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renders_the_text_format() {
        let registry = Registry::new();
        let requests = registry.family::<Counter, 2>("requests_total", "How\nmany", ["verb", "code"], ());
        let seconds = registry.family::<Histogram, 0>("duration_seconds", "How long", [], &[0.5, 1.0]);
        let open = registry.family::<Gauge, 0>("open", "How many are open", [], ());
        requests.with(["get", "200"]).add(2);
        requests.with(["a\"b", "200"]).inc();
        for value in [0.25, 0.5, 0.75, 3.0] {
            seconds.with([]).observe(value);
        }
        open.with([]).set(-1);
        let expected = r#"# HELP duration_seconds How long
# TYPE duration_seconds histogram
duration_seconds_bucket{le="0.5"} 2
duration_seconds_bucket{le="1"} 3
duration_seconds_bucket{le="+Inf"} 4
duration_seconds_sum 4.5
duration_seconds_count 4
# HELP open How many are open
# TYPE open gauge
open -1
# HELP requests_total How\nmany
# TYPE requests_total counter
requests_total{verb="a\"b",code="200"} 1
requests_total{verb="get",code="200"} 2
"#;
        assert_eq!(registry.render(), expected.replace("a\"b", "a\\\"b"));
    }

    #[test]
    fn a_gauge_counts_what_is_held() {
        let registry = Registry::new();
        let open = registry.family::<Gauge, 1>("open", "", ["kind"], ());
        let (first, second) = (open.with(["a"]).hold(), open.with(["a"]).hold());
        assert_eq!(open.with(["a"]).get(), 2);
        drop((first, second));
        assert_eq!(open.with(["a"]).get(), 0);
    }
}
