//! scheduler_perf's configuration files: test cases with the workloads that they are run with.
//!
//! Reading is strict: a field that is not known is an error that names the file and the place.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use serde::Deserialize;
use serde_json::Value;

use super::opcodes::Op;
use super::source::Source;
use super::yaml;

/// A sequence of op-codes, and what it is run with.
#[derive(Debug)]
pub(super) struct TestCase {
    pub(super) name: String,
    /// The file it is in.
    pub(super) file: PathBuf,
    pub(super) feature_gates: BTreeMap<String, bool>,
    pub(super) ops: Vec<Op>,
    pub(super) scheduler_config_path: Option<String>,
    pub(super) default_pod_template_path: Option<String>,
    pub(super) workloads: Vec<Workload>,
}

/// What a test case is run with.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Workload {
    pub(super) name: String,
    #[serde(default)]
    pub(super) params: BTreeMap<String, Value>,
    /// Those of its test case included.
    #[serde(default)]
    pub(super) labels: BTreeSet<String>,
    /// The rate of bound pods per second that it is expected to reach.
    #[serde(default)]
    threshold: Option<Threshold>,
    /// These count more than those of the test case.
    #[serde(default)]
    pub(super) feature_gates: BTreeMap<String, bool>,
}

/// One rate, or one for each collection of test cases that the workload is used in.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Threshold {
    Rate(f64),
    ByTopic(BTreeMap<String, f64>),
}

/// A test case as it stands in a file.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RawCase {
    name: String,
    #[serde(default)]
    feature_gates: BTreeMap<String, bool>,
    workload_template: Vec<Value>,
    #[serde(default)]
    scheduler_config_path: Option<String>,
    #[serde(default)]
    default_pod_template_path: Option<String>,
    #[serde(default)]
    labels: BTreeSet<String>,
    workloads: Vec<Value>,
}

impl TestCase {
    /// The folder that paths in the file start from.
    pub(super) fn folder(&self) -> &Path {
        self.file.parent().unwrap_or(Path::new(""))
    }
}

impl Workload {
    /// Bound pods per second; of several rates, the lowest.
    pub(super) fn threshold(&self) -> Option<f64> {
        match self.threshold.as_ref()? {
            Threshold::Rate(rate) => Some(*rate),
            Threshold::ByTopic(rates) => rates.values().copied().reduce(f64::min),
        }
        .filter(|rate| *rate > 0.0)
    }
}

/// Reads all test cases of a folder.
pub(super) fn read_all(source: &Source, path: &Path) -> Result<Vec<TestCase>> {
    let mut cases = Vec::new();
    for file in source.configs(path)? {
        let text = source.read(&file)?;
        cases.extend(parse(&text, &file)?);
    }
    Ok(cases)
}

/// Reads the test cases of one file.
pub(super) fn parse(text: &str, file: &Path) -> Result<Vec<TestCase>> {
    let Value::Array(items) = yaml::parse(text).with_context(|| file.display().to_string())? else {
        bail!("{}: this is no list of test cases", file.display());
    };
    if items.is_empty() {
        bail!("{}: there is no test case in it", file.display());
    }
    let mut cases: Vec<TestCase> = Vec::new();
    for (i, item) in items.into_iter().enumerate() {
        let name =
            item.get("name").and_then(Value::as_str).map_or_else(|| format!("test case {i}"), str::to_owned);
        let case = case(item, file).with_context(|| format!("{}: {name}", file.display()))?;
        if cases.iter().any(|other| other.name == case.name) {
            bail!("{}: there are two test cases {:?}", file.display(), case.name);
        }
        cases.push(case);
    }
    Ok(cases)
}

fn case(item: Value, file: &Path) -> Result<TestCase> {
    let raw: RawCase = serde_json::from_value(item)?;
    let mut ops = Vec::new();
    for (i, value) in raw.workload_template.into_iter().enumerate() {
        ops.push(op(value).with_context(|| format!("workloadTemplate[{i}]"))?);
    }
    if !ops.iter().any(Op::collects_metrics) {
        bail!(
            "workloadTemplate: nothing would be measured. Set collectMetrics for a createPods, or use \
             startCollectingMetrics and stopCollectingMetrics"
        );
    }
    let mut workloads: Vec<Workload> = Vec::new();
    for (i, value) in raw.workloads.into_iter().enumerate() {
        let mut workload: Workload =
            serde_json::from_value(value).with_context(|| format!("workloads[{i}]"))?;
        if workloads.iter().any(|other| other.name == workload.name) {
            bail!("workloads[{i}]: there are two workloads {:?}", workload.name);
        }
        workload.labels.extend(raw.labels.iter().cloned());
        workloads.push(workload);
    }
    Ok(TestCase {
        name: raw.name,
        file: file.to_path_buf(),
        feature_gates: raw.feature_gates,
        ops,
        scheduler_config_path: raw.scheduler_config_path,
        default_pod_template_path: raw.default_pod_template_path,
        workloads,
    })
}

fn op(value: Value) -> Result<Op> {
    let code = value.get("opcode").and_then(Value::as_str).unwrap_or("without opcode").to_owned();
    let op: Op = serde_json::from_value(value).with_context(|| code.clone())?;
    match op.problem() {
        Some(problem) => Err(anyhow!("{code}: {problem}")),
        None => Ok(op),
    }
}

/// Which labels a workload must have, and must not have: `performance,-short`.
#[derive(Debug, Default)]
pub(super) struct LabelFilter {
    wanted: Vec<String>,
    unwanted: Vec<String>,
}

impl LabelFilter {
    /// Reads a list; `+` may stand before what is wanted, `-` stands before what is not.
    pub(super) fn parse(text: &str) -> Result<LabelFilter> {
        let mut filter = LabelFilter::default();
        for item in text.split(',').map(str::trim) {
            let (list, label) = match item.strip_prefix('-') {
                Some(label) => (&mut filter.unwanted, label),
                None => (&mut filter.wanted, item.strip_prefix('+').unwrap_or(item)),
            };
            if label.is_empty() {
                bail!("--label {text:?}: a label is empty; write performance or performance,-short");
            }
            list.push(label.to_owned());
        }
        Ok(filter)
    }

    /// Whether a workload is meant.
    pub(super) fn matches(&self, labels: &BTreeSet<String>) -> bool {
        self.wanted.iter().all(|label| labels.contains(label))
            && !self.unwanted.iter().any(|label| labels.contains(label))
    }
}

#[cfg(test)]
mod tests;
