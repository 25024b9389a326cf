//! Counters, gauges and histograms, in Prometheus' text format 0.0.4.
//!
//! A family has a name, a help text and names of labels; its series are made when they are first counted. Hot code keeps
//! the series ([`Family::with`]) or looks it up without allocating. Families render sorted by name, series by labels, so
//! that two scrapes differ only in what changed.

mod apiserver;
mod family;
mod number;
mod options;
mod process;
mod series;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, PoisonError, RwLock};

use http::{HeaderValue, header};

pub use apiserver::ApiServerMetrics;
pub use family::Family;
pub(crate) use number::number;
pub use options::{Options, OptionsError};
pub use process::{collect_process, process_start_seconds};
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

type Reset = dyn Fn() + Send + Sync;

/// All families of a process. Clones are the same.
#[derive(Clone, Default)]
pub struct Registry(Arc<Families>);

#[derive(Default)]
struct Families {
    options: Options,
    collect: RwLock<Vec<Box<Collect>>>,
    reset: RwLock<Vec<Box<Reset>>>,
}

impl Registry {
    /// No families.
    pub fn new() -> Registry {
        Registry::default()
    }

    /// No families, and what will be left out of those that come.
    pub fn with_options(options: Options) -> Registry {
        Registry(Arc::new(Families { options, ..Families::default() }))
    }

    /// Adds something that knows its values when it is asked, and writes them.
    pub fn collect_with(&self, collect: impl Fn(&mut Text) + Send + Sync + 'static) {
        self.0.collect.write().unwrap_or_else(PoisonError::into_inner).push(Box::new(collect));
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
        let (collected, reset) = (family.clone(), family.clone());
        self.collect_with(move |text| collected.write(text));
        self.reset_with(move || reset.reset());
        family
    }

    /// Adds something that is to be done when everything begins to count anew.
    pub fn reset_with(&self, reset: impl Fn() + Send + Sync + 'static) {
        self.0.reset.write().unwrap_or_else(PoisonError::into_inner).push(Box::new(reset));
    }

    /// Lets counters and histograms count anew; gauges stay.
    pub fn reset(&self) {
        for reset in self.0.reset.read().unwrap_or_else(PoisonError::into_inner).iter() {
            reset();
        }
    }

    /// All families as text.
    pub fn render(&self) -> String {
        let mut text = Text { options: self.0.options.clone(), families: Vec::new() };
        for collect in self.0.collect.read().unwrap_or_else(PoisonError::into_inner).iter() {
            collect(&mut text);
        }
        text.finish()
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
    options: Options,
    families: Vec<Written>,
}

/// One family.
struct Written {
    text: String,
    is_hidden: bool,
    /// The values of labels that are told apart, where not all are.
    known: Vec<(String, Vec<String>)>,
    /// Series that have become one because their labels are not told apart: values by name and labels, in the order in
    /// which they first came.
    merged: Vec<(String, f64)>,
    positions: BTreeMap<String, usize>,
}

impl Text {
    /// Begins a family.
    pub fn family(&mut self, name: &str, kind: Type, help: &str) -> Lines<'_> {
        let help = help.replace('\\', "\\\\").replace('\n', "\\n");
        self.families.push(Written {
            text: format!("# HELP {name} {help}\n# TYPE {name} {}\n", kind.as_str()),
            is_hidden: self.options.hides(name),
            known: self.options.known_labels(name),
            merged: Vec::new(),
            positions: BTreeMap::new(),
        });
        Lines(self.families.last_mut().expect("one was pushed"))
    }

    /// All that was written, families in order of their names.
    fn finish(self) -> String {
        let shown = self.families.into_iter().filter(|family| !family.is_hidden);
        let mut texts: Vec<String> = shown
            .map(|family| {
                let mut text = family.text;
                for (series, value) in family.merged {
                    // Writing to a string cannot fail.
                    let _ = writeln!(text, "{series} {}", number(value));
                }
                text
            })
            .collect();
        texts.sort();
        texts.concat()
    }
}

/// The series of a family as text while they are written.
pub struct Lines<'t>(&'t mut Written);

impl Lines<'_> {
    /// Writes a value.
    pub fn value(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        let Written { text, known, merged, positions, .. } = &mut *self.0;
        if known.is_empty() {
            write_series(text, name, labels);
            let _ = writeln!(text, " {}", number(value));
            return;
        }
        let is_unexpected = |label: &str, value: &str| {
            let known = known.iter().find(|(name, _)| name == label);
            known.is_some_and(|(_, values)| !values.iter().any(|known| known == value))
        };
        let labels: Vec<(&str, &str)> = labels
            .iter()
            .map(|(label, value)| (*label, if is_unexpected(label, value) { "unexpected" } else { *value }))
            .collect();
        let mut series = String::new();
        write_series(&mut series, name, &labels);
        match positions.get(&series) {
            Some(position) => merged[*position].1 += value,
            None => {
                positions.insert(series.clone(), merged.len());
                merged.push((series, value));
            }
        }
    }
}

fn write_series(text: &mut String, name: &str, labels: &[(&str, &str)]) {
    text.push_str(name);
    for (place, (label, value)) in labels.iter().enumerate() {
        let escaped = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let _ = write!(text, "{}{label}=\"{escaped}\"", if place == 0 { '{' } else { ',' });
    }
    if !labels.is_empty() {
        text.push('}');
    }
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
    fn families_can_be_left_out_and_labels_not_told_apart() {
        let options =
            Options::parse(&["open".to_owned()], &["requests_total,verb=get|put".to_owned()]).unwrap();
        let registry = Registry::with_options(options);
        let requests = registry.family::<Counter, 2>("requests_total", "", ["verb", "code"], ());
        for verb in ["get", "a", "b"] {
            requests.with([verb, "200"]).inc();
        }
        registry.family::<Gauge, 0>("open", "", [], ()).with([]).set(1);
        let text = registry.render();
        assert!(text.contains("requests_total{verb=\"get\",code=\"200\"} 1\n"), "{text}");
        assert!(text.contains("requests_total{verb=\"unexpected\",code=\"200\"} 2\n"), "{text}");
        assert!(!text.contains("open") && text.lines().count() == 4, "{text}");
    }

    #[test]
    fn counters_can_begin_anew() {
        let registry = Registry::new();
        let requests = registry.family::<Counter, 0>("requests_total", "", [], ());
        let seconds = registry.family::<Histogram, 0>("seconds", "", [], &[1.0]);
        let open = registry.family::<Gauge, 0>("open", "", [], ());
        requests.with([]).inc();
        seconds.with([]).observe(0.5);
        open.with([]).set(3);
        registry.reset();
        assert_eq!((requests.with([]).get(), seconds.with([]).count(), open.with([]).get()), (0, 0, 3));
        assert!(registry.render().contains("seconds_sum 0\n"));
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
