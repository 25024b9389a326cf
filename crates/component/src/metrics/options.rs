//! What is left out of metrics, as flags say.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What is wrong with a flag.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not of the form METRIC,LABEL=VALUE|VALUE…")]
pub struct OptionsError(String);

/// What is left out of metrics (`--disabled-metrics`, `--allow-metric-labels`). Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Options(Arc<Chosen>);

#[derive(Debug, Default)]
struct Chosen {
    hidden: BTreeSet<String>,
    /// By metric and label, the values that are told apart.
    known: BTreeMap<(String, String), Vec<String>>,
}

impl Options {
    /// Reads names of metrics to leave out, and entries such as `requests_total,verb=get|put`: all other values of that
    /// label become `unexpected`.
    ///
    /// # Errors
    /// Which entry is not understood.
    pub fn parse(disabled: &[String], allowed: &[String]) -> Result<Options, OptionsError> {
        let mut chosen = Chosen { hidden: disabled.iter().cloned().collect(), ..Chosen::default() };
        for entry in allowed {
            let parts = entry.split_once('=').and_then(|(key, values)| Some((key.split_once(',')?, values)));
            let Some(((metric, label), values)) = parts else {
                return Err(OptionsError(entry.clone()));
            };
            let key = (metric.trim().to_owned(), label.trim().to_owned());
            let values = values.split(['|', ',']).map(|value| value.trim().to_owned());
            chosen.known.entry(key).or_default().extend(values);
        }
        Ok(Options(Arc::new(chosen)))
    }

    pub(super) fn hides(&self, name: &str) -> bool {
        self.0.hidden.contains(name)
    }

    /// The labels of a metric of which not all values are told apart, with those that are.
    pub(super) fn known_labels(&self, name: &str) -> Vec<(String, Vec<String>)> {
        let known = self.0.known.iter().filter(|((metric, _), _)| metric == name);
        known.map(|((_, label), values)| (label.clone(), values.clone())).collect()
    }

    /// How many metrics are left out.
    pub fn n_hidden(&self) -> usize {
        self.0.hidden.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_name_metric_and_label() {
        let options = Options::parse(&[], &["m,l=a|b".to_owned(), "m,k=c".to_owned()]).unwrap();
        let known = options.known_labels("m");
        assert_eq!(known[1], ("l".to_owned(), vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(known.len(), 2);
        let error = Options::parse(&[], &["m=a".to_owned()]).unwrap_err().to_string();
        assert!(error.starts_with("\"m=a\" is not of the form"), "{error}");
    }
}
