//! The `KubeSchedulerConfiguration` itself.

use super::super::defaults;
use super::super::document::{self, Node};
use super::super::error::{Problem, Problems};
use super::super::{
    API_GROUP, API_VERSION, ClientConnection, ConfigError, DEFAULT_SCHEDULER_NAME, Duration, Extender,
    ExtenderManagedResource, ExtenderTlsConfig, ExtensionPoint, FeatureGates, KIND, LeaderElection, Plugin,
    PluginArgs, PluginConfig, PluginSet, Plugins, Profile, SchedulerConfiguration,
};
use super::{Object, PROBLEMS_MAX, args, read_object};

/// Reads a configuration file and applies the defaults. See [`super::super::load`].
pub(in super::super) fn load(
    bytes: &[u8],
    file_name: &str,
    gates: &FeatureGates,
) -> Result<SchedulerConfiguration, ConfigError> {
    let file = || file_name.to_owned();
    let document = document::parse(bytes).map_err(|problem| ConfigError::Syntax { file: file(), problem })?;
    check_kind(&document).map_err(|problem| ConfigError::Kind { file: file(), problem })?;
    let mut problems = Vec::new();
    let configuration =
        read_object(&document, String::new(), &mut problems, |object| configuration(object, gates));
    match configuration {
        Some(configuration) if problems.is_empty() => Ok(configuration),
        _ => {
            problems.truncate(PROBLEMS_MAX);
            Err(ConfigError::Fields { file: file(), problems: Problems(problems) })
        }
    }
}

/// Whether the document is what it should be, judged by `apiVersion` and `kind` alone.
fn check_kind(document: &Node) -> Result<(), String> {
    let wanted = format!("want apiVersion: {API_VERSION}, kind: {KIND}");
    let Node::Object(fields) = document else {
        let kind = document.kind();
        return Err(format!("couldn't get version/kind: the file holds {kind}; {wanted}"));
    };
    let text = |key: &str| match fields.iter().rev().find(|(name, _)| name == key) {
        Some((_, Node::Text(text))) => Ok(text.as_str()),
        None | Some((_, Node::Null)) => Ok(""),
        Some((_, node)) => {
            let found = node.kind();
            Err(format!("couldn't get version/kind: {key} is {found}, not a string; {wanted}"))
        }
    };
    let (api_version, kind) = (text("apiVersion")?, text("kind")?);
    match (api_version, kind) {
        (_, "") => Err(format!("Object 'Kind' is missing; {wanted}")),
        ("", _) => Err(format!("Object 'apiVersion' is missing; {wanted}")),
        (API_VERSION, KIND) => Ok(()),
        (API_VERSION, kind) if args::is_args_kind(kind) => {
            Err(format!("couldn't decode as {KIND}, got {API_VERSION}, Kind={kind}; {wanted}"))
        }
        (api_version, kind) => {
            let what = format!("no kind \"{kind}\" is registered for version \"{api_version}\"");
            let old = api_version.split('/').next() == Some(API_GROUP) && kind == KIND;
            let hint = if old { "this version does not exist or was removed; " } else { "" };
            Err(format!("{what}; {hint}{wanted}"))
        }
    }
}

fn configuration(object: &mut Object<'_, '_>, gates: &FeatureGates) -> SchedulerConfiguration {
    // Judged before; asked for here so that they are known.
    object.get("apiVersion");
    object.get("kind");
    let base = SchedulerConfiguration::default_for(gates);
    let profiles = profiles(object, gates).unwrap_or_default();
    let enable_profiling = object.boolean("enableProfiling").unwrap_or(base.enable_profiling);
    SchedulerConfiguration {
        parallelism: object.int32("parallelism").unwrap_or(base.parallelism),
        leader_election: object.object("leaderElection", leader_election).unwrap_or_default(),
        client_connection: object.object("clientConnection", client_connection).unwrap_or_default(),
        enable_profiling,
        // Contention is profiled wherever profiling is on, unless the user says otherwise.
        enable_contention_profiling: object.boolean("enableContentionProfiling").unwrap_or(enable_profiling),
        percentage_of_nodes_to_score: object.int32("percentageOfNodesToScore"),
        pod_initial_backoff_seconds: object
            .int64("podInitialBackoffSeconds")
            .unwrap_or(base.pod_initial_backoff_seconds),
        pod_max_backoff_seconds: object.int64("podMaxBackoffSeconds").unwrap_or(base.pod_max_backoff_seconds),
        profiles: if profiles.is_empty() { base.profiles } else { profiles },
        extenders: object.objects("extenders", extender).unwrap_or_default(),
        delay_cache_until_active: object.boolean("delayCacheUntilActive").unwrap_or_default(),
    }
}

fn leader_election(object: &mut Object<'_, '_>) -> LeaderElection {
    let base = LeaderElection::default();
    // Zero and empty mean "not set" here, as in Kubernetes.
    let mut duration =
        |key, default| object.duration(key).filter(|duration| *duration != Duration::ZERO).unwrap_or(default);
    let lease_duration = duration("leaseDuration", base.lease_duration);
    let renew_deadline = duration("renewDeadline", base.renew_deadline);
    let retry_period = duration("retryPeriod", base.retry_period);
    LeaderElection {
        leader_elect: object.boolean("leaderElect").unwrap_or(base.leader_elect),
        lease_duration,
        renew_deadline,
        retry_period,
        resource_lock: non_empty(object, "resourceLock", base.resource_lock),
        resource_name: non_empty(object, "resourceName", base.resource_name),
        resource_namespace: non_empty(object, "resourceNamespace", base.resource_namespace),
    }
}

fn client_connection(object: &mut Object<'_, '_>) -> ClientConnection {
    let base = ClientConnection::default();
    ClientConnection {
        kubeconfig: object.text("kubeconfig").unwrap_or_default(),
        accept_content_types: object.text("acceptContentTypes").unwrap_or_default(),
        content_type: non_empty(object, "contentType", base.content_type),
        qps: object.float32("qps").filter(|qps| *qps != 0.0).unwrap_or(base.qps),
        burst: object.int32("burst").filter(|burst| *burst != 0).unwrap_or(base.burst),
    }
}

fn non_empty(object: &mut Object<'_, '_>, key: &'static str, default: String) -> String {
    object.text(key).filter(|text| !text.is_empty()).unwrap_or(default)
}

fn profiles(object: &mut Object<'_, '_>, gates: &FeatureGates) -> Option<Vec<Profile>> {
    let mut any_named = false;
    let mut profiles = object.objects("profiles", |object| {
        let name = object.text("schedulerName");
        any_named |= name.is_some();
        profile(object, name.unwrap_or_default(), gates)
    })?;
    // With several profiles a missing name is a mistake, which validation reports.
    if let ([only], false) = (profiles.as_mut_slice(), any_named) {
        only.scheduler_name = DEFAULT_SCHEDULER_NAME.to_owned();
    }
    Some(profiles)
}

fn profile(object: &mut Object<'_, '_>, scheduler_name: String, gates: &FeatureGates) -> Profile {
    let custom = object.object("plugins", plugins).unwrap_or_default();
    let plugins = defaults::merge(defaults::default_plugins(gates), custom);
    let mut plugin_config = plugin_configs(object, gates);
    defaults::append_args(&mut plugin_config, &plugins, gates);
    Profile {
        scheduler_name,
        percentage_of_nodes_to_score: object.int32("percentageOfNodesToScore"),
        plugins,
        plugin_config,
    }
}

fn plugins(object: &mut Object<'_, '_>) -> Plugins {
    let mut plugins = Plugins::default();
    for point in ExtensionPoint::ALL {
        *plugins.set_mut(point) = object.object(point.name(), plugin_set).unwrap_or_default();
    }
    plugins
}

fn plugin_set(object: &mut Object<'_, '_>) -> PluginSet {
    PluginSet {
        enabled: object.objects("enabled", plugin).unwrap_or_default(),
        disabled: object.objects("disabled", plugin).unwrap_or_default(),
    }
}

fn plugin(object: &mut Object<'_, '_>) -> Plugin {
    Plugin {
        name: object.text("name").unwrap_or_default(),
        weight: object.int32("weight").unwrap_or_default(),
    }
}

fn plugin_configs(object: &mut Object<'_, '_>, gates: &FeatureGates) -> Vec<PluginConfig> {
    let configs = object.objects("pluginConfig", |object| {
        let name = object.text("name").unwrap_or_default();
        let node = object.get("args").unwrap_or(&Node::Null);
        match args::read(&name, node, gates) {
            Ok(args) => PluginConfig { name, args },
            Err(problem) => {
                let at = &object.path;
                object.problems.push(match problem {
                    Problem::Strict(text) => {
                        Problem::Strict(format!("decoding .{at}: strict decoding error: {text}"))
                    }
                    Problem::Fatal(text) => Problem::Fatal(format!("decoding .{at}: {text}")),
                });
                // Never used: a problem makes the whole file unusable.
                PluginConfig { name, args: PluginArgs::Other(serde_json::Value::Null) }
            }
        }
    });
    configs.unwrap_or_default()
}

fn extender(object: &mut Object<'_, '_>) -> Extender {
    Extender {
        url_prefix: object.text("urlPrefix").unwrap_or_default(),
        filter_verb: object.text("filterVerb").unwrap_or_default(),
        preempt_verb: object.text("preemptVerb").unwrap_or_default(),
        prioritize_verb: object.text("prioritizeVerb").unwrap_or_default(),
        weight: object.int64("weight").unwrap_or_default(),
        bind_verb: object.text("bindVerb").unwrap_or_default(),
        enable_https: object.boolean("enableHTTPS").unwrap_or_default(),
        tls_config: object.object("tlsConfig", tls_config),
        http_timeout: object.duration("httpTimeout").unwrap_or_default(),
        node_cache_capable: object.boolean("nodeCacheCapable").unwrap_or_default(),
        managed_resources: object.objects("managedResources", managed_resource).unwrap_or_default(),
        ignorable: object.boolean("ignorable").unwrap_or_default(),
    }
}

fn tls_config(object: &mut Object<'_, '_>) -> ExtenderTlsConfig {
    ExtenderTlsConfig {
        insecure: object.boolean("insecure").unwrap_or_default(),
        server_name: object.text("serverName").unwrap_or_default(),
        cert_file: object.text("certFile").unwrap_or_default(),
        key_file: object.text("keyFile").unwrap_or_default(),
        ca_file: object.text("caFile").unwrap_or_default(),
        cert_data: object.bytes("certData").unwrap_or_default(),
        key_data: object.bytes("keyData").unwrap_or_default(),
        ca_data: object.bytes("caData").unwrap_or_default(),
    }
}

fn managed_resource(object: &mut Object<'_, '_>) -> ExtenderManagedResource {
    ExtenderManagedResource {
        name: object.text("name").unwrap_or_default(),
        ignored_by_scheduler: object.boolean("ignoredByScheduler").unwrap_or_default(),
    }
}
