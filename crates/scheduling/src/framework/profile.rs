//! A profile: the plugins that decide for the pods of one scheduler name.

use base::{Interner, Symbol};
use wire::config::{self, ConfigError, ExtensionPoint, FeatureGates, PluginSetError, SchedulerConfiguration};

use super::{Build, Plugin, Registration};
use crate::model::Compiler;
use crate::plugins::REGISTRY;

/// A plugin of a profile with its registration.
pub struct ProfilePlugin {
    /// Its row in the table.
    pub registration: &'static Registration,
    /// The plugin.
    pub plugin: Box<dyn Plugin>,
}

/// The plugins of one scheduler name, per extension point in order.
pub struct Profile {
    /// `schedulerName`.
    pub scheduler_name: Box<str>,
    /// The same, interned.
    pub scheduler_symbol: Symbol,
    /// What the configuration explicitly says about how many nodes to look for, in percent.
    pub percentage_of_nodes_to_score: Option<i32>,
    plugins: Vec<ProfilePlugin>,
    points: [Vec<usize>; ExtensionPoint::COUNT],
    weights: Vec<i64>,
}

/// Why profiles cannot be made, in upstream's words.
#[derive(Debug, thiserror::Error)]
#[error("profiles[{index}]: initializing profiles: {problem}")]
pub struct ProfileError {
    /// Which profile.
    pub index: usize,
    problem: String,
}

impl Profile {
    /// Makes all profiles of a configuration.
    pub fn build_all(
        configuration: &SchedulerConfiguration,
        gates: &FeatureGates,
        symbols: &mut Interner,
    ) -> Result<Vec<Profile>, ProfileError> {
        let mut profiles: Vec<Profile> = Vec::new();
        for (index, profile) in configuration.profiles.iter().enumerate() {
            let error = |problem| ProfileError { index, problem };
            let built = Profile::build(profile, configuration, gates, symbols).map_err(|problem| {
                error(format!("creating profile for scheduler name {}: {problem}", profile.scheduler_name))
            })?;
            let queue_sort = |p: &Profile| p.names_at(ExtensionPoint::QueueSort).next().unwrap_or_default();
            if let Some(first) = profiles.first().filter(|first| queue_sort(first) != queue_sort(&built)) {
                return Err(error(format!(
                    "different queue sort plugins for profile {:?}: {:?}, first: {:?}",
                    profile.scheduler_name,
                    queue_sort(&built),
                    queue_sort(first)
                )));
            }
            profiles.push(built);
        }
        Ok(profiles)
    }

    fn build(
        profile: &config::Profile,
        configuration: &SchedulerConfiguration,
        gates: &FeatureGates,
        symbols: &mut Interner,
    ) -> Result<Profile, String> {
        let implements = |name: &str| registration(name).map(|registration| registration.points);
        let resolved = config::expand(&profile.plugins, &profile.scheduler_name, &implements)
            .map_err(|error| with_suggestion(&error))?;
        let mut built = Profile {
            scheduler_name: profile.scheduler_name.as_str().into(),
            scheduler_symbol: symbols.intern(&profile.scheduler_name),
            percentage_of_nodes_to_score: profile
                .percentage_of_nodes_to_score
                .or(configuration.percentage_of_nodes_to_score),
            plugins: Vec::new(),
            points: Default::default(),
            weights: Vec::new(),
        };
        for (point, plugins) in resolved.iter() {
            for resolved in plugins {
                let index = match built.plugins.iter().position(|p| p.registration.name == resolved.name) {
                    Some(index) => index,
                    None => built.add(&resolved.name, profile, gates, symbols)?,
                };
                built.points[point.index()].push(index);
                if point == ExtensionPoint::Score {
                    built.weights.push(i64::from(resolved.weight.unwrap_or(1)));
                }
            }
        }
        Ok(built)
    }

    fn add(
        &mut self,
        name: &str,
        profile: &config::Profile,
        gates: &FeatureGates,
        symbols: &mut Interner,
    ) -> Result<usize, String> {
        let registration = registration(name).ok_or_else(|| format!("plugin {name:?} is not registered"))?;
        let args = profile.plugin_config.iter().find(|config| config.name == name).map(|config| &config.args);
        let mut build = Build { args, compiler: Compiler { symbols, gates } };
        let plugin = (registration.build)(&mut build)
            .map_err(|error| format!("initializing plugin {name:?}: {error}"))?;
        self.plugins.push(ProfilePlugin { registration, plugin });
        Ok(self.plugins.len() - 1)
    }

    /// The plugins of an extension point, in order.
    pub fn at(&self, point: ExtensionPoint) -> impl ExactSizeIterator<Item = &ProfilePlugin> + Clone {
        self.points[point.index()].iter().map(|index| &self.plugins[*index])
    }

    /// The names of the plugins of an extension point, in order.
    pub fn names_at(&self, point: ExtensionPoint) -> impl ExactSizeIterator<Item = &'static str> + '_ {
        self.at(point).map(|plugin| plugin.registration.name)
    }

    /// The score plugins with their weights, in order.
    pub fn scores(&self) -> impl ExactSizeIterator<Item = (&ProfilePlugin, i64)> {
        self.at(ExtensionPoint::Score).zip(self.weights.iter().copied())
    }

    /// Whether a plugin takes part in an extension point.
    pub fn runs(&self, point: ExtensionPoint, name: &str) -> bool {
        self.names_at(point).any(|known| known == name)
    }

    /// All its plugins, in no particular order.
    pub fn plugins(&self) -> impl Iterator<Item = &ProfilePlugin> {
        self.plugins.iter()
    }

    /// The plugin called `name`, if this profile has it.
    pub fn plugin(&self, name: &str) -> Option<&ProfilePlugin> {
        self.plugins.iter().find(|plugin| plugin.registration.name == name)
    }

    /// The queue sort plugin. Every profile has exactly one.
    pub fn queue_sort(&self) -> Option<&dyn Plugin> {
        self.at(ExtensionPoint::QueueSort).next().map(|plugin| plugin.plugin.as_ref())
    }
}

/// Upstream's words for plugin sets that do not fit together, and what a misspelt name may have meant.
fn with_suggestion(error: &ConfigError) -> String {
    let unknown = match error {
        ConfigError::Plugins(PluginSetError::Unknown { name, .. }) => name,
        _ => return error.to_string(),
    };
    let known: Vec<&str> = REGISTRY.iter().map(|registration| registration.name).collect();
    match config::closest(unknown, &known) {
        Some(name) => format!("{error}; did you mean {name}?"),
        None => format!("{error}; the plugins are {}", known.join(", ")),
    }
}

/// The row of the plugin called `name`.
pub fn registration(name: &str) -> Option<&'static Registration> {
    REGISTRY.iter().find(|registration| registration.name == name).copied()
}
