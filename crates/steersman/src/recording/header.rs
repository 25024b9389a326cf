//! The first line: what the scheduler was made of.

use std::collections::BTreeMap;

use anyhow::{Context, Result, anyhow, bail};
use base::Now;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use wire::Timestamp;
use wire::config::{FeatureGates, FieldErrors, Gate, SchedulerConfiguration};

/// What the field `recording` says, so that nobody takes another JSON file for a recording.
const PRODUCER: &str = "steersman";

/// The version of the format.
const FORMAT: u64 = 2;

/// How every recording begins, byte for byte.
pub(super) const MAGIC: &[u8] = br#"{"recording":"steersman","#;

/// What a scheduler is made of.
pub(crate) struct Header {
    /// The version of Steersman that wrote the recording.
    pub(crate) version: String,
    /// Where its random choices begin.
    pub(crate) seed: u64,
    /// When the history begins.
    pub(crate) start: Now,
    /// Which feature gates are on.
    pub(crate) gates: FeatureGates,
    /// The whole configuration.
    pub(crate) configuration: SchedulerConfiguration,
}

/// The line.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct HeaderLine {
    recording: String,
    format: u64,
    version: String,
    seed: u64,
    start: Timestamp,
    feature_gates: BTreeMap<String, bool>,
    configuration: Value,
}

/// What is looked at first: a line of another format need not have the fields of this one.
#[derive(Deserialize)]
struct Magic {
    #[serde(default)]
    recording: Value,
    #[serde(default)]
    format: Value,
    #[serde(default)]
    version: Value,
}

impl Header {
    /// The header of a scheduler that is made of these by this version. Fails if the configuration cannot be
    /// written down so that it reads back as the same: such a recording would not replay.
    pub(super) fn new(
        configuration: &SchedulerConfiguration,
        gates: FeatureGates,
        seed: u64,
        start: Now,
    ) -> Result<Header> {
        let mut configuration = configuration.clone();
        for extender in &mut configuration.extenders {
            // Keys are for talking to the extender, not for deciding, and recordings are given to others.
            extender.tls_config = None;
        }
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let header = Header { version, seed, start, gates, configuration };
        let written = write_configuration(&header.configuration);
        if read_configuration(&written, &gates).ok().as_ref() != Some(&header.configuration) {
            bail!(
                "this configuration cannot be recorded: written down with its defaults, it reads back as another. \
                 This is a defect of Steersman; please report it together with the configuration"
            );
        }
        Ok(header)
    }

    /// The line.
    pub(super) fn to_line(&self) -> Result<String> {
        let gates = Gate::SPECS.iter().map(|spec| (spec.name.to_owned(), self.gates.enabled(spec.gate)));
        let line = HeaderLine {
            recording: PRODUCER.to_owned(),
            format: FORMAT,
            version: self.version.clone(),
            seed: self.seed,
            start: Timestamp::from_nanos(self.start.as_nanos()),
            feature_gates: gates.collect(),
            configuration: write_configuration(&self.configuration),
        };
        serde_json::to_string(&line).context("writing the header of a recording")
    }

    /// Reads the line.
    pub(super) fn from_line(line: &[u8]) -> Result<Header> {
        let magic: Option<Magic> = serde_json::from_slice(line).ok();
        let Some(magic) = magic.filter(|magic| magic.recording == PRODUCER) else {
            bail!(
                "this is not a recording, which begins with {}…; `steersman simulate --record FILE` writes one",
                String::from_utf8_lossy(MAGIC)
            );
        };
        if magic.format != FORMAT {
            let version = magic.version.as_str().unwrap_or("unknown");
            bail!(
                "this recording has format {}, and this program (Steersman {}) reads format {FORMAT}; it was written \
                 by Steersman {version}, which can replay it",
                magic.format,
                env!("CARGO_PKG_VERSION"),
            );
        }
        let line: HeaderLine =
            serde_json::from_slice(line).map_err(|error| super::reader::json_problem(&error))?;
        let gates: Vec<String> = line.feature_gates.iter().map(|(name, on)| format!("{name}={on}")).collect();
        let gates =
            FeatureGates::parse(&gates.join(",")).map_err(|error| anyhow!("featureGates: {error}"))?;
        Ok(Header {
            version: line.version,
            seed: line.seed,
            start: Now::from_nanos(line.start.as_nanos()),
            gates,
            configuration: read_configuration(&line.configuration, &gates)?,
        })
    }
}

/// The configuration in the words of its file format, complete.
fn write_configuration(configuration: &SchedulerConfiguration) -> Value {
    let mut value = wire::config::to_value(configuration);
    if let (None, Value::Object(fields)) = (configuration.percentage_of_nodes_to_score, &mut value) {
        // The printed form has 0 for "not said", which is not the same to us.
        fields.remove("percentageOfNodesToScore");
    }
    value
}

fn read_configuration(value: &Value, gates: &FeatureGates) -> Result<SchedulerConfiguration> {
    let bytes = serde_json::to_vec(value).context("reading the configuration")?;
    let configuration = wire::config::load(&bytes, "configuration", gates)?;
    let problems = wire::config::validate(&configuration, gates);
    if !problems.is_empty() {
        bail!("configuration: {}", FieldErrors(problems));
    }
    Ok(configuration)
}

#[cfg(test)]
mod tests;
