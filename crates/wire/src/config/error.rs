//! Why a configuration cannot be used.

use super::{ExtensionPoint, FieldErrors};

/// Why a configuration cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file is neither YAML nor JSON.
    #[error("{file}: {problem}")]
    Syntax {
        /// The file.
        file: String,
        /// What is wrong and where.
        problem: String,
    },
    /// The file holds something else than a `KubeSchedulerConfiguration`.
    #[error("{file}: {problem}")]
    Kind {
        /// The file.
        file: String,
        /// What it holds, and what would be right.
        problem: String,
    },
    /// Fields of the file cannot be used: unknown, given twice or of the wrong type.
    #[error("{file}: {}", .problems)]
    Fields {
        /// The file.
        file: String,
        /// All such problems.
        problems: Problems,
    },
    /// Values are out of range or contradict each other.
    #[error(transparent)]
    Invalid(#[from] FieldErrors),
    /// The plugins of a profile do not fit together.
    #[error(transparent)]
    Plugins(#[from] PluginSetError),
}

/// One problem found while decoding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Readable, but not part of the format: an unknown or repeated field.
    Strict(String),
    /// Not readable.
    Fatal(String),
}

impl Problem {
    /// What is wrong.
    pub fn text(&self) -> &str {
        match self {
            Self::Strict(text) | Self::Fatal(text) => text,
        }
    }
}

/// All problems found while decoding, in the order of the file's structure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// Whether something could not be read at all.
    pub fn has_fatal(&self) -> bool {
        self.0.iter().any(|problem| matches!(problem, Problem::Fatal(_)))
    }
}

impl std::fmt::Display for Problems {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.has_fatal() {
            f.write_str("strict decoding error: ")?;
        }
        for (index, problem) in self.0.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { ", " })?;
            f.write_str(problem.text())?;
        }
        Ok(())
    }
}

/// Why the plugins of a profile do not fit together. The words are kube-scheduler's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PluginSetError {
    /// No plugin has that name.
    #[error("{} {name:?} does not exist", .point.plugin_type())]
    Unknown {
        /// Where the name is used.
        point: ExtensionPoint,
        /// The name.
        name: String,
    },
    /// The plugin does not run at that point.
    #[error("plugin {name:?} does not extend {} plugin", .point.plugin_type())]
    WrongPoint {
        /// Where the plugin is enabled.
        point: ExtensionPoint,
        /// The plugin.
        name: String,
    },
    /// The plugin is enabled twice.
    #[error("plugin {name:?} already registered as {:?}", .point.plugin_type())]
    Twice {
        /// Where the plugin is enabled twice.
        point: ExtensionPoint,
        /// The plugin.
        name: String,
    },
    /// There must be one queue sort plugin.
    #[error(
        "only one queue sort plugin required for profile with scheduler name {scheduler_name:?}, \
         but got {got}"
    )]
    NotOneQueueSort {
        /// The profile.
        scheduler_name: String,
        /// How many there are.
        got: usize,
    },
    /// There must be a bind plugin.
    #[error("at least one bind plugin is needed for profile with scheduler name {scheduler_name:?}")]
    NoBind {
        /// The profile.
        scheduler_name: String,
    },
    /// There must not be several placement generators.
    #[error(
        "at most one placement generate plugin is allowed for profile with scheduler name \
         {scheduler_name:?}"
    )]
    SeveralPlacementGenerators {
        /// The profile.
        scheduler_name: String,
    },
    /// The weights are so large that total scores could overflow.
    #[error("{}: total score of Score plugins could overflow", scores_of(*.point))]
    Overflow {
        /// Whose weights.
        point: ExtensionPoint,
    },
}

fn scores_of(point: ExtensionPoint) -> &'static str {
    match point {
        ExtensionPoint::PlacementScore => "placement score plugins",
        _ => "score plugins",
    }
}
