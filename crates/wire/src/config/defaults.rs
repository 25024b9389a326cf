//! What applies where a configuration says nothing.

use std::collections::BTreeSet;

use super::{
    ClientConnection, DEFAULT_SCHEDULER_NAME, Duration, ExtensionPoint, FeatureGates, Gate, LeaderElection,
    Plugin, PluginArgs, PluginConfig, PluginSet, Plugins, Profile, SchedulerConfiguration,
};

/// The plugins that are on by default, in order: name, weight (0 where none is set) and the
/// gate that the plugin needs.
const DEFAULT_PLUGINS: [(&str, i32, Option<Gate>); 23] = [
    ("SchedulingGates", 0, None),
    ("PrioritySort", 0, None),
    ("NodeUnschedulable", 0, None),
    ("NodeName", 0, None),
    ("TaintToleration", 3, None),
    ("NodeAffinity", 2, None),
    ("NodePorts", 0, None),
    ("NodeResourcesFit", 1, None),
    ("VolumeRestrictions", 0, None),
    ("NodeVolumeLimits", 0, None),
    ("VolumeBinding", 0, None),
    ("VolumeZone", 0, None),
    ("PodTopologySpread", 2, None),
    ("InterPodAffinity", 2, None),
    ("DynamicResources", 2, Some(Gate::DynamicResourceAllocation)),
    ("DefaultPreemption", 0, None),
    ("NodeResourcesBalancedAllocation", 1, None),
    ("ImageLocality", 1, None),
    ("DefaultBinder", 0, None),
    ("NodeDeclaredFeatures", 0, Some(Gate::NodeDeclaredFeatures)),
    ("GangScheduling", 0, Some(Gate::GangScheduling)),
    ("TopologyPlacementGenerator", 0, Some(Gate::TopologyAwareWorkloadScheduling)),
    ("PodGroupPodsCount", 1, Some(Gate::TopologyAwareWorkloadScheduling)),
];

impl Default for LeaderElection {
    fn default() -> Self {
        Self {
            leader_elect: true,
            lease_duration: Duration::from_secs(15),
            renew_deadline: Duration::from_secs(10),
            retry_period: Duration::from_secs(2),
            resource_lock: "leases".to_owned(),
            resource_name: "kube-scheduler".to_owned(),
            resource_namespace: "kube-system".to_owned(),
        }
    }
}

impl Default for ClientConnection {
    fn default() -> Self {
        Self {
            kubeconfig: String::new(),
            accept_content_types: String::new(),
            content_type: "application/vnd.kubernetes.protobuf".to_owned(),
            qps: 50.0,
            burst: 100,
        }
    }
}

impl SchedulerConfiguration {
    /// The configuration of a scheduler that was given none.
    pub fn default_for(gates: &FeatureGates) -> Self {
        Self {
            parallelism: 16,
            leader_election: LeaderElection::default(),
            client_connection: ClientConnection::default(),
            enable_profiling: true,
            enable_contention_profiling: true,
            percentage_of_nodes_to_score: None,
            pod_initial_backoff_seconds: 1,
            pod_max_backoff_seconds: 10,
            profiles: vec![Profile::default_for(gates)],
            extenders: Vec::new(),
            delay_cache_until_active: false,
        }
    }
}

impl Profile {
    /// The profile of a scheduler that was given none.
    pub fn default_for(gates: &FeatureGates) -> Self {
        let plugins = default_plugins(gates);
        let mut plugin_config = Vec::new();
        append_args(&mut plugin_config, &plugins, gates);
        Self {
            scheduler_name: DEFAULT_SCHEDULER_NAME.to_owned(),
            percentage_of_nodes_to_score: None,
            plugins,
            plugin_config,
        }
    }
}

/// The plugins of a profile that names none.
pub(super) fn default_plugins(gates: &FeatureGates) -> Plugins {
    let on = DEFAULT_PLUGINS
        .iter()
        .filter(|(_, _, gate)| gate.is_none_or(|gate| gates.enabled(gate)))
        .map(|(name, weight, _)| Plugin { name: (*name).to_owned(), weight: *weight });
    let mut plugins = Plugins::default();
    plugins.set_mut(ExtensionPoint::MultiPoint).enabled = on.collect();
    plugins
}

/// Merges what a user wrote with the defaults, set by set.
pub(super) fn merge(mut defaults: Plugins, mut custom: Plugins) -> Plugins {
    let mut merged = Plugins::default();
    for point in ExtensionPoint::ALL {
        let default = std::mem::take(defaults.set_mut(point));
        let custom = std::mem::take(custom.set_mut(point));
        *merged.set_mut(point) = merge_set(default, custom);
    }
    merged
}

/// A default that the user enables again keeps its place but takes the user's weight. Other
/// plugins of the user come last, repeated ones too: expansion refuses those.
fn merge_set(default: PluginSet, custom: PluginSet) -> PluginSet {
    let mut merged = PluginSet::default();
    let disabled = custom.disabled.into_iter().chain(default.disabled);
    // A weight means nothing here, and Kubernetes drops it too.
    merged.disabled = disabled.map(|plugin| Plugin { weight: 0, ..plugin }).collect();

    let mut custom: Vec<Option<Plugin>> = custom.enabled.into_iter().map(Some).collect();
    if !merged.disables_all() {
        for default in default.enabled {
            if merged.disables(&default.name) {
                continue;
            }
            let same_name =
                |slot: &&mut Option<Plugin>| slot.as_ref().is_some_and(|plugin| plugin.name == default.name);
            // Of a repeated name the last entry replaces the default.
            let replacement = custom.iter_mut().rev().find(same_name).and_then(Option::take);
            merged.enabled.push(replacement.unwrap_or(default));
        }
    }
    merged.enabled.extend(custom.into_iter().flatten());
    merged
}

/// Appends default arguments for every enabled plugin that takes some and has none, sorted by
/// the plugins' names.
pub(super) fn append_args(plugin_config: &mut Vec<PluginConfig>, plugins: &Plugins, gates: &FeatureGates) {
    let enabled = plugins.iter().flat_map(|(_, set)| &set.enabled);
    let names: BTreeSet<&str> = enabled.map(|plugin| plugin.name.as_str()).collect();
    for name in names {
        if plugin_config.iter().any(|config| config.name == name) {
            continue;
        }
        if let Some(args) = PluginArgs::default_for(name, gates) {
            plugin_config.push(PluginConfig { name: name.to_owned(), args });
        }
    }
}

#[cfg(test)]
mod tests;
