//! A line for each thing that came out, and the line at the end.

use std::fmt;

use scheduling::engine::{Command, Step, Tried};
use scheduling::outcome;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::commands::{self, pod_and_uid};

/// What came out of one input. Inputs after which there is nothing to do have none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "camelCase", deny_unknown_fields)]
pub(crate) enum Outcome {
    /// A pod was tried and gets a node.
    Bound {
        /// Namespace and name.
        pod: String,
        uid: String,
        node: String,
        /// How many commands there were.
        commands: u64,
        digest: Checksum,
    },
    /// A pod was tried and gets no node.
    Refused {
        /// Namespace and name.
        pod: String,
        uid: String,
        /// `Unschedulable` or `SchedulerError`.
        reason: String,
        message: String,
        /// The node that becomes its nominated one; empty if it loses it, absent if nothing changes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        nominated: Option<String>,
        /// The pods that have to leave for it, by namespace and name.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        evicted: Vec<String>,
        /// How many commands there were.
        commands: u64,
        digest: Checksum,
    },
    /// There were commands, but they do not place or refuse the pod that was tried, or none was.
    Commands {
        /// How many there were.
        commands: u64,
        digest: Checksum,
    },
}

/// The digest of all commands of a step, as 16 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Checksum(u64);

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl Serialize for Checksum {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Checksum {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Checksum, D::Error> {
        let text = String::deserialize(deserializer)?;
        let value = u64::from_str_radix(&text, 16).ok().map(Checksum);
        value.filter(|value| value.to_string() == text).ok_or_else(|| {
            serde::de::Error::custom(format!("digest {text:?} must be 16 hexadecimal digits in lower case"))
        })
    }
}

impl Outcome {
    /// What is recorded of a step; `None` if nothing came out.
    pub(crate) fn of(step: &Step) -> Option<Outcome> {
        if step.commands.is_empty() {
            return None;
        }
        let n_commands = step.commands.len() as u64;
        let digest = Checksum(commands::digest(&step.commands));
        let Some(tried) = &step.tried else {
            return Some(Outcome::Commands { commands: n_commands, digest });
        };
        let (pod, uid) = (tried.pod.key.to_string(), tried.pod.uid.to_string());
        let bound = step.commands.iter().find_map(|command| match command {
            Command::Bind { uid, node, .. } if *uid == tried.pod.uid => Some(node.to_string()),
            _ => None,
        });
        let nominated = step.commands.iter().find_map(|command| match command {
            Command::PatchStatus { uid, nominated_node_name: Some(node), .. } if *uid == tried.pod.uid => {
                Some(node.to_string())
            }
            _ => None,
        });
        Some(match bound {
            Some(node) => Outcome::Bound { pod, uid, node, commands: n_commands, digest },
            None => Outcome::Refused {
                pod,
                uid,
                reason: tried.reason().to_owned(),
                message: tried.message.clone(),
                nominated,
                evicted: evicted(tried),
                commands: n_commands,
                digest,
            },
        })
    }

    /// The pod that was tried.
    pub(crate) fn pod(&self) -> Option<&str> {
        match self {
            Outcome::Bound { pod, .. } | Outcome::Refused { pod, .. } => Some(pod),
            Outcome::Commands { .. } => None,
        }
    }
}

/// The pods that have to leave for the one that was tried, without those that are leaving anyway.
fn evicted(tried: &Tried) -> Vec<String> {
    let outcome::Outcome::Unschedulable(refused) = &tried.outcome else { return Vec::new() };
    let victims = refused.room.iter().flat_map(|room| &room.victims);
    victims.filter(|victim| !victim.is_terminating).map(|victim| victim.key.to_string()).collect()
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (n_commands, digest) = match self {
            Outcome::Bound { pod, uid, node, commands, digest } => {
                write!(f, "{} is bound to {node}", pod_and_uid(pod, uid))?;
                (commands, digest)
            }
            Outcome::Refused { pod, uid, reason, message, nominated, evicted, commands, digest } => {
                write!(f, "{} is refused, {reason}: {message}", pod_and_uid(pod, uid))?;
                match nominated.as_deref() {
                    None => {}
                    Some("") => f.write_str("; it is nominated to no node any more")?,
                    Some(node) => write!(f, "; it is nominated to {node}")?,
                }
                if !evicted.is_empty() {
                    write!(f, "; evicted for it: {}", evicted.join(", "))?;
                }
                (commands, digest)
            }
            Outcome::Commands { commands, digest } => {
                f.write_str("no pod is placed or refused")?;
                (commands, digest)
            }
        };
        let plural = if *n_commands == 1 { "" } else { "s" };
        write!(f, " [{n_commands} command{plural}, digest {digest}]")
    }
}

/// How much there is in a recording.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Totals {
    /// How many inputs.
    pub(crate) inputs: u64,
    /// How many attempts to place a pod.
    pub(crate) attempts: u64,
    /// How many of them gave the pod a node.
    pub(crate) bound: u64,
    /// How many did not.
    pub(crate) refused: u64,
}

impl Totals {
    /// Counts an input.
    pub(crate) fn count_input(&mut self) {
        self.inputs += 1;
    }

    /// Counts what came out of the input that was counted last.
    pub(crate) fn count_outcome(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Bound { .. } => self.bound += 1,
            Outcome::Refused { .. } => self.refused += 1,
            Outcome::Commands { .. } => {}
        }
        self.attempts = self.bound + self.refused;
    }
}
