//! A line for each thing that went in.

use std::borrow::Cow;

use anyhow::{Result, bail};
use base::Now;
use scheduling::engine::Input;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use wire::Object;
use wire::decode::DecodeError;

/// The inputs there are.
const KINDS: [&str; 7] =
    ["upsert", "delete", "schedule", "bindFinished", "volumeFinished", "evictFinished", "tick"];

/// An input read from a recording.
pub(crate) enum RecordedInput {
    /// [`Input::Upsert`].
    Upsert(Object),
    /// [`Input::Delete`].
    Delete(Object),
    /// [`Input::Schedule`].
    Schedule,
    /// [`Input::BindFinished`].
    BindFinished { uid: String, error: Option<String> },
    /// [`Input::VolumeFinished`].
    VolumeFinished { uid: String, written: String, error: Option<String> },
    /// [`Input::EvictFinished`].
    EvictFinished { preemptor: String, victim: String, error: Option<String> },
    /// [`Input::Tick`].
    Tick,
}

/// The line as it is written.
#[derive(Serialize)]
#[serde(tag = "input", rename_all = "camelCase")]
enum Written<'i> {
    Upsert {
        at: i64,
        object: &'i Object,
    },
    Delete {
        at: i64,
        object: &'i Object,
    },
    Schedule {
        at: i64,
    },
    BindFinished {
        at: i64,
        uid: &'i str,
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<&'i str>,
    },
    VolumeFinished {
        at: i64,
        uid: &'i str,
        written: &'i str,
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<&'i str>,
    },
    EvictFinished {
        at: i64,
        preemptor: &'i str,
        victim: &'i str,
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<&'i str>,
    },
    Tick {
        at: i64,
    },
}

/// The line as it is read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Read<'l> {
    #[serde(borrow)]
    input: Cow<'l, str>,
    at: i64,
    #[serde(borrow, default)]
    object: Option<&'l RawValue>,
    #[serde(default)]
    uid: Option<String>,
    #[serde(default)]
    written: Option<String>,
    #[serde(default)]
    preemptor: Option<String>,
    #[serde(default)]
    victim: Option<String>,
    #[serde(default)]
    error: Option<String>,
}

/// Writes the line, without its end.
pub(super) fn write(input: &Input<'_>, now: Now, line: &mut Vec<u8>) -> serde_json::Result<()> {
    let at = now.as_nanos();
    let written = match input {
        Input::Upsert(object) => Written::Upsert { at, object },
        Input::Delete(object) => Written::Delete { at, object },
        Input::Schedule => Written::Schedule { at },
        Input::BindFinished { uid, result } => {
            Written::BindFinished { at, uid, error: result.as_ref().err().map(String::as_str) }
        }
        Input::VolumeFinished { uid, object: written, result } => {
            Written::VolumeFinished { at, uid, written, error: result.as_ref().err().map(String::as_str) }
        }
        Input::EvictFinished { preemptor, victim, result } => {
            Written::EvictFinished { at, preemptor, victim, error: result.as_ref().err().map(String::as_str) }
        }
        Input::Tick => Written::Tick { at },
    };
    serde_json::to_writer(line, &written)
}

/// Reads the line.
pub(super) fn read(line: &[u8]) -> Result<(Now, RecordedInput)> {
    let mut read: Read<'_> =
        serde_json::from_slice(line).map_err(|error| super::reader::json_problem(&error))?;
    let kind = std::mem::take(&mut read.input);
    let input = match kind.as_ref() {
        "upsert" => RecordedInput::Upsert(object(required(read.object.take(), "object", &kind)?)?),
        "delete" => RecordedInput::Delete(object(required(read.object.take(), "object", &kind)?)?),
        "schedule" => RecordedInput::Schedule,
        "bindFinished" => RecordedInput::BindFinished {
            uid: required(read.uid.take(), "uid", &kind)?,
            error: read.error.take(),
        },
        "volumeFinished" => RecordedInput::VolumeFinished {
            uid: required(read.uid.take(), "uid", &kind)?,
            written: required(read.written.take(), "written", &kind)?,
            error: read.error.take(),
        },
        "evictFinished" => RecordedInput::EvictFinished {
            preemptor: required(read.preemptor.take(), "preemptor", &kind)?,
            victim: required(read.victim.take(), "victim", &kind)?,
            error: read.error.take(),
        },
        "tick" => RecordedInput::Tick,
        unknown => {
            let meant = wire::config::closest(unknown, &KINDS);
            let hint = meant.map_or_else(String::new, |meant| format!(", did you mean {meant:?}?"));
            bail!("there is no input {unknown:?}{hint} The inputs are {}", KINDS.join(", "));
        }
    };
    let left = [
        ("object", read.object.is_some()),
        ("uid", read.uid.is_some()),
        ("written", read.written.is_some()),
        ("preemptor", read.preemptor.is_some()),
        ("victim", read.victim.is_some()),
        ("error", read.error.is_some()),
    ];
    if let Some((field, _)) = left.iter().find(|(_, is_there)| *is_there) {
        bail!("an input {kind:?} has no field {field:?}");
    }
    Ok((Now::from_nanos(read.at), input))
}

fn required<T>(field: Option<T>, name: &str, kind: &str) -> Result<T> {
    match field {
        Some(value) => Ok(value),
        None => bail!("an input {kind:?} needs the field {name:?}"),
    }
}

fn object(raw: &RawValue) -> Result<Object> {
    let mut decoded = match wire::decode::read_bytes("object.json", raw.get().as_bytes()) {
        Ok(decoded) => decoded,
        // The file and the line within it are known better here.
        Err(DecodeError::Document { problem, .. }) => bail!("object: {problem}"),
        Err(DecodeError::Field { kind, name, field, problem, .. }) => {
            bail!("object: {} {name}: {field}: {problem}", kind.name())
        }
        Err(error) => return Err(error.into()),
    };
    let mut kinds = decoded.skipped.into_keys();
    match (decoded.objects.pop(), kinds.next()) {
        (Some(sourced), None) if decoded.objects.is_empty() => Ok(sourced.object),
        (_, Some(kind)) => bail!("object: the scheduler takes no {kind}"),
        _ => bail!("object: this must be one Kubernetes object"),
    }
}

impl RecordedInput {
    /// What the scheduler takes.
    pub(crate) fn as_input(&self) -> Input<'_> {
        match self {
            RecordedInput::Upsert(object) => Input::Upsert(object),
            RecordedInput::Delete(object) => Input::Delete(object),
            RecordedInput::Schedule => Input::Schedule,
            RecordedInput::BindFinished { uid, error } => {
                Input::BindFinished { uid, result: error.clone().map_or(Ok(()), Err) }
            }
            RecordedInput::VolumeFinished { uid, written: object, error } => {
                Input::VolumeFinished { uid, object, result: error.clone().map_or(Ok(()), Err) }
            }
            RecordedInput::EvictFinished { preemptor, victim, error } => {
                Input::EvictFinished { preemptor, victim, result: error.clone().map_or(Ok(()), Err) }
            }
            RecordedInput::Tick => Input::Tick,
        }
    }

    /// What it is, in a few words.
    pub(crate) fn describe(&self) -> String {
        match self {
            RecordedInput::Upsert(object) => format!("upsert of {}", crate::cluster_files::describe(object)),
            RecordedInput::Delete(object) => {
                format!("deletion of {}", crate::cluster_files::describe(object))
            }
            RecordedInput::Schedule => "time to schedule the next pod".to_owned(),
            RecordedInput::BindFinished { uid, error: None } => format!("the pod with uid {uid} was bound"),
            RecordedInput::BindFinished { uid, error: Some(error) } => {
                format!("the pod with uid {uid} could not be bound: {error}")
            }
            RecordedInput::VolumeFinished { uid, written, error: None } => {
                format!("{written} was written for the pod with uid {uid}")
            }
            RecordedInput::VolumeFinished { uid, written, error: Some(error) } => {
                format!("{written} could not be written for the pod with uid {uid}: {error}")
            }
            RecordedInput::EvictFinished { victim, error: None, .. } => {
                format!("the pod with uid {victim} was evicted")
            }
            RecordedInput::EvictFinished { victim, error: Some(error), .. } => {
                format!("the pod with uid {victim} could not be evicted: {error}")
            }
            RecordedInput::Tick => "time has passed".to_owned(),
        }
    }
}
