//! Whether the values of a configuration make sense.
//!
//! Every problem is found in one go. Texts are kube-scheduler's, and so is what it leaves for
//! later: the arguments of NodeResourcesFit are judged when the plugin is built.

mod args;
mod names;
mod node_affinity;

pub use args::{
    validate_default_preemption_args, validate_dynamic_resources_args, validate_inter_pod_affinity_args,
    validate_node_resources_balanced_allocation_args, validate_node_resources_fit_args,
    validate_pod_topology_spread_args, validate_volume_binding_args,
};
pub use node_affinity::validate_node_affinity_args;

use std::collections::BTreeSet;

use super::print;
use super::{
    API_VERSION, Duration, Extender, ExtensionPoint, FeatureGates, FieldError, LeaderElection, PluginArgs,
    PluginConfig, Profile, SchedulerConfiguration,
};

/// Plugins that existed once. Their successors are on by default.
const REMOVED_PLUGINS: [&str; 4] = ["AzureDiskLimits", "CinderLimits", "EBSLimits", "GCEPDLimits"];

/// Where kube-scheduler looks for removed plugins: neither in `multiPoint` nor at placement.
const CHECKED_FOR_REMOVED: [ExtensionPoint; 12] = [
    ExtensionPoint::PreEnqueue,
    ExtensionPoint::QueueSort,
    ExtensionPoint::PreFilter,
    ExtensionPoint::Filter,
    ExtensionPoint::PostFilter,
    ExtensionPoint::PreScore,
    ExtensionPoint::Score,
    ExtensionPoint::Reserve,
    ExtensionPoint::Permit,
    ExtensionPoint::PreBind,
    ExtensionPoint::Bind,
    ExtensionPoint::PostBind,
];

/// Finds everything that is wrong with a configuration; nothing means that it is valid.
pub fn validate(config: &SchedulerConfiguration, gates: &FeatureGates) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let burst = config.client_connection.burst;
    if burst < 0 {
        errors.push(FieldError::invalid("clientConnection.burst", burst, "must be non-negative"));
    }
    validate_leader_election(&config.leader_election, &mut errors);
    if config.parallelism <= 0 {
        let detail = "should be an integer value greater than zero";
        errors.push(FieldError::invalid("parallelism", config.parallelism, detail));
    }
    validate_profiles(&config.profiles, gates, &mut errors);
    validate_percentage("", config.percentage_of_nodes_to_score, &mut errors);
    let (initial, max) = (config.pod_initial_backoff_seconds, config.pod_max_backoff_seconds);
    if initial <= 0 {
        let detail = "must be greater than 0";
        errors.push(FieldError::invalid("podInitialBackoffSeconds", initial, detail));
    }
    if max < initial {
        let detail = "must be greater than or equal to PodInitialBackoffSeconds";
        errors.push(FieldError::invalid("podMaxBackoffSeconds", max, detail));
    }
    validate_extenders(&config.extenders, &mut errors);
    errors
}

fn validate_leader_election(election: &LeaderElection, errors: &mut Vec<FieldError>) {
    if !election.leader_elect {
        return;
    }
    let (lease, renew) = (election.lease_duration, election.renew_deadline);
    for (field, duration) in
        [("leaseDuration", lease), ("renewDeadline", renew), ("retryPeriod", election.retry_period)]
    {
        if duration <= Duration::ZERO {
            let path = format!("leaderElection.{field}");
            errors.push(FieldError::invalid(path, duration, "must be greater than zero"));
        }
    }
    if lease <= renew {
        // The value shown is the deadline, not the lease: Kubernetes' message does so too.
        let detail = "must be greater than `RenewDeadline`";
        errors.push(FieldError::invalid("leaderElection.leaseDuration", renew, detail));
    }
    for (field, text) in [
        ("resourceLock", &election.resource_lock),
        ("resourceNamespace", &election.resource_namespace),
        ("resourceName", &election.resource_name),
    ] {
        if text.is_empty() {
            errors.push(FieldError::required(format!("leaderElection.{field}"), ""));
        }
    }
    let lock = election.resource_lock.as_str();
    if lock != "leases" {
        let detail = "resourceLock value must be \"leases\"";
        errors.push(FieldError::invalid("leaderElection.resourceLock", lock, detail));
    }
}

/// `at` is empty for the global percentage, else ends in a dot.
fn validate_percentage(at: &str, percentage: Option<i32>, errors: &mut Vec<FieldError>) {
    if let Some(percentage) = percentage.filter(|percentage| !(0..=100).contains(percentage)) {
        let path = format!("{at}percentageOfNodesToScore");
        errors.push(FieldError::invalid(path, percentage, "not in valid range [0-100]"));
    }
}

fn validate_profiles(profiles: &[Profile], gates: &FeatureGates, errors: &mut Vec<FieldError>) {
    if profiles.is_empty() {
        errors.push(FieldError::required("profiles", ""));
    }
    for (index, profile) in profiles.iter().enumerate() {
        let path = format!("profiles[{index}]");
        let name = profile.scheduler_name.as_str();
        if name.is_empty() {
            errors.push(FieldError::required(format!("{path}.schedulerName"), ""));
        }
        let percentage = profile.percentage_of_nodes_to_score;
        validate_percentage(&format!("{path}."), percentage, errors);
        validate_removed(profile, &path, errors);
        validate_plugin_config(&profile.plugin_config, &path, gates, errors);
        if profiles[..index].iter().any(|earlier| earlier.scheduler_name == name) {
            errors.push(FieldError::duplicate(format!("{path}.schedulerName"), name));
        }
    }
    validate_queue_sort(profiles, errors);
}

fn removed(path: String, name: &str) -> Option<FieldError> {
    let detail = format!(
        "was invalid in version \"{API_VERSION}\" (KubeSchedulerConfiguration is version \
         \"{API_VERSION}\")"
    );
    REMOVED_PLUGINS.contains(&name).then(|| FieldError::invalid(path, name, detail))
}

fn validate_removed(profile: &Profile, path: &str, errors: &mut Vec<FieldError>) {
    for point in CHECKED_FOR_REMOVED {
        for (index, plugin) in profile.plugins.set(point).enabled.iter().enumerate() {
            let path = format!("{path}.plugins.{point}.enabled[{index}]");
            errors.extend(removed(path, &plugin.name));
        }
    }
}

fn validate_plugin_config(
    configs: &[PluginConfig],
    path: &str,
    gates: &FeatureGates,
    errors: &mut Vec<FieldError>,
) {
    for (index, PluginConfig { name, args }) in configs.iter().enumerate() {
        let path = format!("{path}.pluginConfig[{index}]");
        if configs[..index].iter().any(|earlier| earlier.name == *name) {
            errors.push(FieldError::duplicate(path.as_str(), name.as_str()));
        }
        if let Some(error) = removed(path.clone(), name) {
            errors.push(error);
            continue;
        }
        let path = format!("{path}.args");
        let typed = PluginArgs::TYPED.contains(&name.as_str()) && name != "NodeResourcesFit";
        if typed && args.plugin() != Some(name.as_str()) {
            let value = print::args_value(args);
            errors.push(FieldError::invalid(path, &value, "has to match plugin args"));
            continue;
        }
        errors.extend(match args {
            PluginArgs::DefaultPreemption(args) => validate_default_preemption_args(args, &path),
            PluginArgs::InterPodAffinity(args) => validate_inter_pod_affinity_args(args, &path),
            PluginArgs::NodeResourcesBalancedAllocation(args) => {
                validate_node_resources_balanced_allocation_args(args, &path)
            }
            PluginArgs::PodTopologySpread(args) => validate_pod_topology_spread_args(args, &path),
            PluginArgs::NodeAffinity(args) => validate_node_affinity_args(args, &path),
            PluginArgs::VolumeBinding(args) => validate_volume_binding_args(args, &path, gates),
            PluginArgs::DynamicResources(args) => validate_dynamic_resources_args(args, &path, gates),
            // kube-scheduler leaves NodeResourcesFit to the plugin's construction.
            PluginArgs::NodeResourcesFit(_) | PluginArgs::Other(_) => Vec::new(),
        });
    }
}

/// All profiles share one queue, so they must agree on its order.
fn validate_queue_sort(profiles: &[Profile], errors: &mut Vec<FieldError>) {
    let Some((first, others)) = profiles.split_first() else { return };
    let canon = first.plugins.set(ExtensionPoint::QueueSort);
    if canon.enabled.len() > 1 {
        let path = "profiles[0].plugins.queueSort.Enabled";
        let detail = "only one queue sort plugin can be enabled";
        errors.push(FieldError::invalid(path, canon.enabled.len(), detail));
    }
    let name = canon.enabled.first().map(|plugin| plugin.name.as_str());
    // The last entry counts, should there be several.
    let canon_args = first.plugin_config.iter().rev().find(|config| Some(config.name.as_str()) == name);
    for (index, profile) in (1..).zip(others) {
        let set = profile.plugins.set(ExtensionPoint::QueueSort);
        if set != canon {
            let path = format!("profiles[{index}].plugins.queueSort");
            let value = print::plugin_set_value(set);
            let detail = "must be the same for all profiles";
            errors.push(FieldError::invalid(path, &value, detail));
        }
        for config in &profile.plugin_config {
            let same_plugin = Some(config.name.as_str()) == name;
            if same_plugin && canon_args.map(|canon| &canon.args) != Some(&config.args) {
                let path = format!("profiles[{index}].pluginConfig.args");
                let value = print::args_value(&config.args);
                let detail = "queueSort must be the same for all profiles";
                errors.push(FieldError::invalid(path, &value, detail));
            }
        }
    }
}

fn validate_extenders(extenders: &[Extender], errors: &mut Vec<FieldError>) {
    let mut managed = BTreeSet::new();
    for (index, extender) in extenders.iter().enumerate() {
        if !extender.prioritize_verb.is_empty() && extender.weight <= 0 {
            let path = format!("extenders[{index}].weight");
            let detail = "must have a positive weight applied to it";
            errors.push(FieldError::invalid(path, extender.weight, detail));
        }
        for (resource_idx, resource) in extender.managed_resources.iter().enumerate() {
            let path = format!("extenders[{index}].managedResources[{resource_idx}].name");
            let name = resource.name.as_str();
            let wrong = names::qualified_name_errors(name);
            if wrong.is_empty() && !names::is_extended_resource(name) {
                let detail = "is an invalid extended resource name";
                errors.push(FieldError::invalid(path.as_str(), name, detail));
            }
            errors.extend(wrong.into_iter().map(|why| FieldError::invalid(&path, name, why)));
            if !managed.insert(name) {
                let detail = "duplicate extender managed resource name";
                errors.push(FieldError::invalid(path, name, detail));
            }
        }
    }
    let n_binders = extenders.iter().filter(|extender| extender.is_binder()).count();
    if n_binders > 1 {
        let value = format!("found {n_binders} extenders implementing bind");
        let detail = "only one extender can implement bind";
        errors.push(FieldError::invalid("extenders", value, detail));
    }
}

#[cfg(test)]
mod tests;
