//! The configuration as the scheduler uses it: everything defaulted.

use super::{Duration, Extender, ExtensionPoint, PluginArgs};

/// The name of the profile that pods without a `schedulerName` use.
pub const DEFAULT_SCHEDULER_NAME: &str = "default-scheduler";

/// A `KubeSchedulerConfiguration`, defaulted but not validated.
#[derive(Clone, Debug, PartialEq)]
pub struct SchedulerConfiguration {
    /// How many nodes are looked at concurrently.
    pub parallelism: i32,
    /// How one of several schedulers becomes the active one.
    pub leader_election: LeaderElection,
    /// How the API server is reached.
    pub client_connection: ClientConnection,
    /// Whether profiles of the process can be fetched over HTTP.
    pub enable_profiling: bool,
    /// Whether those include lock contention.
    pub enable_contention_profiling: bool,
    /// When the search for feasible nodes stops, in percent of all nodes; 0 adapts to the size.
    ///
    /// `None` if the user did not say. kube-scheduler takes that as 0, and so does the printed
    /// form, but a scheduler that needs no sampling must know the difference.
    pub percentage_of_nodes_to_score: Option<i32>,
    /// How long a pod waits after its first failure.
    pub pod_initial_backoff_seconds: i64,
    /// How long a pod waits at most.
    pub pod_max_backoff_seconds: i64,
    /// The profiles, never empty after loading.
    pub profiles: Vec<Profile>,
    /// Webhooks that take part in decisions.
    pub extenders: Vec<Extender>,
    /// Whether caches are filled only once this process is the leader.
    pub delay_cache_until_active: bool,
}

impl SchedulerConfiguration {
    /// Leaves to extenders what they claim: resources that an extender manages and that the scheduler is to
    /// ignore replace NodeResourcesFit's `ignoredResources` in every profile. The error is kube-scheduler's.
    pub fn apply_managed_resources(&mut self) -> Result<(), String> {
        let managed = self.extenders.iter().flat_map(|extender| &extender.managed_resources);
        let ignored: Vec<String> = managed
            .filter(|resource| resource.ignored_by_scheduler)
            .map(|resource| resource.name.clone())
            .collect();
        if ignored.is_empty() {
            return Ok(());
        }
        for profile in &mut self.profiles {
            let mut args = profile.plugin_config.iter_mut().map(|config| &mut config.args);
            let fit = args.find_map(|args| match args {
                PluginArgs::NodeResourcesFit(args) => Some(args),
                _ => None,
            });
            let Some(fit) = fit else {
                return Err(
                    "couldn't build extenders: can't find NodeResourcesFitArgs in plugin config".into()
                );
            };
            fit.ignored_resources.clone_from(&ignored);
        }
        Ok(())
    }
}

/// How one of several schedulers becomes the active one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaderElection {
    /// Whether there is an election at all.
    pub leader_elect: bool,
    /// How long others wait for a leader that is silent.
    pub lease_duration: Duration,
    /// How long the leader tries to renew before it gives up.
    pub renew_deadline: Duration,
    /// How long to wait between tries.
    pub retry_period: Duration,
    /// The kind of lock; only `leases` exists.
    pub resource_lock: String,
    /// The name of the lock.
    pub resource_name: String,
    /// The namespace of the lock.
    pub resource_namespace: String,
}

/// How the API server is reached.
#[derive(Clone, Debug, PartialEq)]
pub struct ClientConnection {
    /// A kubeconfig file; empty means in-cluster.
    pub kubeconfig: String,
    /// The `Accept` header, if not the default.
    pub accept_content_types: String,
    /// The format of requests.
    pub content_type: String,
    /// How many requests per second are allowed in the long run.
    pub qps: f32,
    /// How many requests may exceed that for a moment.
    pub burst: i32,
}

/// One scheduler within the process, chosen by a pod's `schedulerName`.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// The name that pods use.
    pub scheduler_name: String,
    /// Overrides the global percentage, also with an explicit 0.
    pub percentage_of_nodes_to_score: Option<i32>,
    /// Which plugins run, merged with the defaults but with `multiPoint` not yet expanded.
    pub plugins: Plugins,
    /// The arguments of plugins.
    pub plugin_config: Vec<PluginConfig>,
}

impl Profile {
    /// The arguments of a plugin, if the profile has any.
    pub fn plugin_args(&self, name: &str) -> Option<&PluginArgs> {
        self.plugin_config.iter().find(|config| config.name == name).map(|config| &config.args)
    }
}

impl SchedulerConfiguration {
    /// What a profile's search for feasible nodes uses: its own percentage or the global one;
    /// `None` if neither was written.
    pub fn percentage_of_nodes_to_score_of(&self, profile: &Profile) -> Option<i32> {
        profile.percentage_of_nodes_to_score.or(self.percentage_of_nodes_to_score)
    }
}

/// The plugins of a profile, one set per extension point.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plugins {
    sets: [PluginSet; ExtensionPoint::COUNT],
}

impl Plugins {
    /// The set of one point.
    pub fn set(&self, point: ExtensionPoint) -> &PluginSet {
        &self.sets[point.index()]
    }

    /// The set of one point, to be changed.
    pub fn set_mut(&mut self, point: ExtensionPoint) -> &mut PluginSet {
        &mut self.sets[point.index()]
    }

    /// All sets with their points.
    pub fn iter(&self) -> impl Iterator<Item = (ExtensionPoint, &PluginSet)> {
        ExtensionPoint::ALL.into_iter().zip(&self.sets)
    }
}

/// What a configuration says about one extension point.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PluginSet {
    /// Plugins that run, in order.
    pub enabled: Vec<Plugin>,
    /// Plugins that do not run; `*` stands for every one that is not enabled explicitly.
    pub disabled: Vec<Plugin>,
}

impl PluginSet {
    /// Whether the set disables every plugin that it does not enable.
    pub fn disables_all(&self) -> bool {
        self.disables("*")
    }

    /// Whether a name is in the disabled list.
    pub fn disables(&self, name: &str) -> bool {
        self.disabled.iter().any(|plugin| plugin.name == name)
    }

    /// Whether a name is in the enabled list.
    pub fn enables(&self, name: &str) -> bool {
        self.enabled.iter().any(|plugin| plugin.name == name)
    }
}

/// A plugin in a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plugin {
    /// Its name.
    pub name: String,
    /// Its weight; 0 means not given, and counts as 1 where weights matter.
    pub weight: i32,
}

/// The arguments of one plugin.
#[derive(Clone, Debug, PartialEq)]
pub struct PluginConfig {
    /// The plugin.
    pub name: String,
    /// Its arguments.
    pub args: PluginArgs,
}
