//! The configuration in force, in the words of the file format.

mod yaml;

use serde_json::{Map, Number, Value, json};

use super::decode::encode_base64;
use super::{
    API_VERSION, ClientConnection, Extender, ExtenderTlsConfig, KIND, LeaderElection, Plugin, PluginArgs,
    PluginConfig, PluginSet, Plugins, Profile, ResourceSpec, SchedulerConfiguration, ScoringStrategy,
    ShapePoint,
};
use crate::TopologySpreadConstraint;

/// Prints a configuration as kube-scheduler's `--write-config-to` does.
pub fn to_yaml(config: &SchedulerConfiguration) -> String {
    yaml::emit(&to_value(config))
}

/// The configuration as the JSON object that `/configz` serves and [`to_yaml`] prints.
pub fn to_value(config: &SchedulerConfiguration) -> Value {
    let fields = Fields::default()
        .put("apiVersion", API_VERSION)
        .put("kind", KIND)
        .put("parallelism", config.parallelism)
        .put("leaderElection", leader_election(&config.leader_election))
        .put("clientConnection", client_connection(&config.client_connection))
        .put("enableProfiling", config.enable_profiling)
        .put("enableContentionProfiling", config.enable_contention_profiling)
        .put("percentageOfNodesToScore", config.percentage_of_nodes_to_score.unwrap_or(0))
        .put("podInitialBackoffSeconds", config.pod_initial_backoff_seconds)
        .put("podMaxBackoffSeconds", config.pod_max_backoff_seconds)
        .put_list("profiles", config.profiles.iter().map(profile))
        .put_list("extenders", config.extenders.iter().map(extender))
        .put_if(config.delay_cache_until_active, "delayCacheUntilActive", true);
    fields.into()
}

/// An object under construction. What the format omits when empty is left out.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn put(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0.insert(key.to_owned(), value.into());
        self
    }

    fn put_if(self, condition: bool, key: &str, value: impl Into<Value>) -> Self {
        if condition { self.put(key, value) } else { self }
    }

    fn put_text(self, key: &str, text: &str) -> Self {
        self.put_if(!text.is_empty(), key, text)
    }

    fn put_bytes(self, key: &str, bytes: &[u8]) -> Self {
        self.put_text(key, &encode_base64(bytes))
    }

    fn put_some<T: Into<Value>>(self, key: &str, value: Option<T>) -> Self {
        match value {
            Some(value) => self.put(key, value),
            None => self,
        }
    }

    fn put_list(self, key: &str, items: impl IntoIterator<Item = Value>) -> Self {
        let items: Vec<_> = items.into_iter().collect();
        self.put_if(!items.is_empty(), key, items)
    }
}

impl From<Fields> for Value {
    fn from(fields: Fields) -> Self {
        Self::Object(fields.0)
    }
}

fn leader_election(election: &LeaderElection) -> Value {
    json!({
        "leaderElect": election.leader_elect,
        "leaseDuration": election.lease_duration.to_string(),
        "renewDeadline": election.renew_deadline.to_string(),
        "retryPeriod": election.retry_period.to_string(),
        "resourceLock": election.resource_lock,
        "resourceName": election.resource_name,
        "resourceNamespace": election.resource_namespace,
    })
}

fn client_connection(connection: &ClientConnection) -> Value {
    json!({
        "kubeconfig": connection.kubeconfig,
        "acceptContentTypes": connection.accept_content_types,
        "contentType": connection.content_type,
        "qps": float32(connection.qps),
        "burst": connection.burst,
    })
}

/// The shortest decimal that reads back as the same `f32`, without a fraction if whole.
fn float32(value: f32) -> Value {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        return Value::from(value as i64);
    }
    // Through its decimal text, for the digits that `f64` would add are noise.
    let number = value.to_string().parse().ok().and_then(Number::from_f64);
    number.map_or(Value::Null, Value::Number)
}

fn profile(profile: &Profile) -> Value {
    Fields::default()
        .put("schedulerName", profile.scheduler_name.as_str())
        .put_some("percentageOfNodesToScore", profile.percentage_of_nodes_to_score)
        .put("plugins", plugins(&profile.plugins))
        .put_list("pluginConfig", profile.plugin_config.iter().map(plugin_config))
        .into()
}

fn plugins(plugins: &Plugins) -> Value {
    let sets = plugins.iter().map(|(point, set)| (point.name().to_owned(), plugin_set_value(set)));
    sets.collect()
}

/// One plugin set as the file writes it.
pub(super) fn plugin_set_value(set: &PluginSet) -> Value {
    Fields::default()
        .put_list("enabled", set.enabled.iter().map(plugin))
        .put_list("disabled", set.disabled.iter().map(plugin))
        .into()
}

fn plugin(plugin: &Plugin) -> Value {
    json!({"name": plugin.name, "weight": plugin.weight})
}

fn plugin_config(config: &PluginConfig) -> Value {
    json!({"name": config.name, "args": args_value(&config.args)})
}

/// The arguments of a plugin as the file writes them.
pub(super) fn args_value(args: &PluginArgs) -> Value {
    let Some(plugin) = args.plugin() else {
        return match args {
            PluginArgs::Other(value) => value.clone(),
            _ => Value::Null,
        };
    };
    let fields = Fields::default().put("apiVersion", API_VERSION).put("kind", format!("{plugin}Args"));
    typed_args(fields, args).into()
}

fn typed_args(fields: Fields, args: &PluginArgs) -> Fields {
    match args {
        PluginArgs::DefaultPreemption(args) => fields
            .put("minCandidateNodesPercentage", args.min_candidate_nodes_percentage)
            .put("minCandidateNodesAbsolute", args.min_candidate_nodes_absolute),
        PluginArgs::InterPodAffinity(args) => {
            let ignore = args.ignore_preferred_terms_of_existing_pods;
            fields
                .put("hardPodAffinityWeight", args.hard_pod_affinity_weight)
                .put("ignorePreferredTermsOfExistingPods", ignore)
        }
        PluginArgs::NodeResourcesFit(args) => fields
            .put_list("ignoredResources", texts(&args.ignored_resources))
            .put_list("ignoredResourceGroups", texts(&args.ignored_resource_groups))
            .put("scoringStrategy", scoring_strategy(&args.scoring_strategy)),
        PluginArgs::NodeResourcesBalancedAllocation(args) => {
            fields.put_list("resources", args.resources.iter().map(resource))
        }
        PluginArgs::PodTopologySpread(args) => fields
            .put_list("defaultConstraints", args.default_constraints.iter().map(constraint))
            .put_text("defaultingType", &args.defaulting_type),
        PluginArgs::NodeAffinity(args) => {
            fields.put_some("addedAffinity", args.added_affinity.as_ref().map(object))
        }
        PluginArgs::VolumeBinding(args) => {
            let fields = fields.put("bindTimeoutSeconds", args.bind_timeout_seconds);
            fields.put_list("shape", args.shape.iter().map(shape_point))
        }
        PluginArgs::DynamicResources(args) => fields
            .put_some("filterTimeout", args.filter_timeout.map(|timeout| timeout.to_string()))
            .put_some("bindingTimeout", args.binding_timeout.map(|timeout| timeout.to_string())),
        PluginArgs::Other(_) => fields,
    }
}

fn texts(texts: &[String]) -> impl Iterator<Item = Value> + '_ {
    texts.iter().map(|text| Value::from(text.as_str()))
}

fn scoring_strategy(strategy: &ScoringStrategy) -> Value {
    let ratio = strategy.requested_to_capacity_ratio.as_ref();
    let shape =
        |points: &Vec<ShapePoint>| Fields::default().put_list("shape", points.iter().map(shape_point));
    Fields::default()
        .put_text("type", &strategy.strategy)
        .put_list("resources", strategy.resources.iter().map(resource))
        .put_some("requestedToCapacityRatio", ratio.map(shape))
        .into()
}

fn resource(resource: &ResourceSpec) -> Value {
    let fields = Fields::default().put("name", resource.name.as_str());
    fields.put_if(resource.weight != 0, "weight", resource.weight).into()
}

fn shape_point(point: &ShapePoint) -> Value {
    json!({"utilization": point.utilization, "score": point.score})
}

/// A shape as the file writes it.
pub(super) fn shape_value(shape: &[ShapePoint]) -> Value {
    shape.iter().map(shape_point).collect()
}

fn constraint(constraint: &TopologySpreadConstraint) -> Value {
    // What every constraint must have is printed even if it is zero or empty.
    object(constraint)
        .put("maxSkew", constraint.max_skew)
        .put("topologyKey", constraint.topology_key.as_str())
        .put("whenUnsatisfiable", constraint.when_unsatisfiable.as_str())
        .into()
}

/// A type of the Kubernetes API, which knows how to print itself.
fn object(of_the_api: &impl serde::Serialize) -> Fields {
    match serde_json::to_value(of_the_api) {
        Ok(Value::Object(fields)) => Fields(fields),
        // Structs with string keys always become objects.
        _ => Fields::default(),
    }
}

fn extender(extender: &Extender) -> Value {
    let managed = extender.managed_resources.iter().map(|resource| {
        let fields = Fields::default().put("name", resource.name.as_str());
        fields.put_if(resource.ignored_by_scheduler, "ignoredByScheduler", true).into()
    });
    Fields::default()
        .put("urlPrefix", extender.url_prefix.as_str())
        .put_text("filterVerb", &extender.filter_verb)
        .put_text("preemptVerb", &extender.preempt_verb)
        .put_text("prioritizeVerb", &extender.prioritize_verb)
        .put_if(extender.weight != 0, "weight", extender.weight)
        .put_text("bindVerb", &extender.bind_verb)
        .put_if(extender.enable_https, "enableHTTPS", true)
        .put_some("tlsConfig", extender.tls_config.as_ref().map(tls_config))
        .put("httpTimeout", extender.http_timeout.to_string())
        .put_if(extender.node_cache_capable, "nodeCacheCapable", true)
        .put_list("managedResources", managed)
        .put_if(extender.ignorable, "ignorable", true)
        .into()
}

fn tls_config(tls: &ExtenderTlsConfig) -> Value {
    Fields::default()
        .put_if(tls.insecure, "insecure", true)
        .put_text("serverName", &tls.server_name)
        .put_text("certFile", &tls.cert_file)
        .put_text("keyFile", &tls.key_file)
        .put_text("caFile", &tls.ca_file)
        .put_bytes("certData", &tls.cert_data)
        .put_bytes("keyData", &tls.key_data)
        .put_bytes("caData", &tls.ca_data)
        .into()
}

#[cfg(test)]
mod tests;
