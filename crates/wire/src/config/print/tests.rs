use super::*;
use crate::config::{FeatureGates, load};
use proptest::prelude::*;

#[test]
fn the_default_prints_as_that_of_kubernetes() {
    let config = SchedulerConfiguration::default_for(&FeatureGates::default());
    assert_eq!(to_yaml(&config), include_str!("tests/default.yaml"));
}

#[test]
fn an_absent_percentage_prints_as_zero() {
    let mut config = SchedulerConfiguration::default_for(&FeatureGates::default());
    config.percentage_of_nodes_to_score = None;
    assert_eq!(to_value(&config)["percentageOfNodesToScore"], 0);
    config.percentage_of_nodes_to_score = Some(5);
    assert_eq!(to_value(&config)["percentageOfNodesToScore"], 5);
}

#[test]
fn floats_print_without_noise() {
    let table = [(50.0, "50"), (0.1, "0.1"), (12.5, "12.5"), (-1.0, "-1"), (1e20, "1e20")];
    for (value, text) in table {
        let printed = float32(value).to_string();
        assert_eq!(printed.replace('+', ""), text);
    }
}

#[test]
fn arguments_of_other_plugins_print_as_given() {
    let args = PluginArgs::Other(json!({"foo": "bar"}));
    assert_eq!(args_value(&args), json!({"foo": "bar"}));
    assert_eq!(args_value(&PluginArgs::Other(Value::Null)), Value::Null);
}

fn any_plugins() -> impl Strategy<Value = Plugins> {
    let names = prop_oneof![Just("*"), Just("NodeAffinity"), Just("ImageLocality"), Just("Foreign")];
    let plugin = (names, 0..9).prop_map(|(name, weight)| Plugin { name: name.into(), weight });
    let distinct = |plugins: Vec<Plugin>| {
        let mut kept: Vec<Plugin> = Vec::new();
        for plugin in plugins {
            if !kept.iter().any(|earlier| earlier.name == plugin.name) {
                kept.push(plugin);
            }
        }
        kept
    };
    let list = prop::collection::vec(plugin, 0..4).prop_map(distinct);
    let set = (list.clone(), list).prop_map(|(enabled, disabled)| PluginSet { enabled, disabled });
    prop::collection::vec(set, crate::config::ExtensionPoint::COUNT).prop_map(|sets| {
        let mut plugins = Plugins::default();
        for (point, set) in crate::config::ExtensionPoint::ALL.into_iter().zip(sets) {
            *plugins.set_mut(point) = set;
        }
        plugins
    })
}

fn any_config() -> impl Strategy<Value = SchedulerConfiguration> {
    let numbers = (any::<i32>(), any::<Option<i32>>(), any::<i64>(), any::<i64>());
    let client = ("[ -~]{0,9}", "[ -~]{0,9}", any::<f32>(), any::<i32>());
    let profile = ("[a-z]{1,6}", any::<Option<i32>>(), any_plugins(), any::<i32>(), "[ -~]{0,9}");
    let extender = (any::<String>(), any::<i64>(), any::<Vec<u8>>(), any::<i64>(), any::<bool>());
    let profiles = prop::collection::vec(profile, 1..3);
    let extenders = prop::collection::vec(extender, 0..3);
    (numbers, client, any::<[bool; 3]>(), profiles, extenders).prop_map(
        |((parallelism, percentage, initial, max), client, bools, profiles, extenders)| {
            let mut config = SchedulerConfiguration::default_for(&FeatureGates::default());
            config.parallelism = parallelism;
            config.percentage_of_nodes_to_score = percentage;
            config.pod_initial_backoff_seconds = initial;
            config.pod_max_backoff_seconds = max;
            [config.enable_profiling, config.enable_contention_profiling, _] = bools;
            config.delay_cache_until_active = bools[2];
            config.client_connection.kubeconfig = client.0;
            config.client_connection.accept_content_types = client.1;
            // 0 reads as "not set", and what is not finite has no JSON.
            let finite = client.2.is_finite() && client.2 != 0.0;
            config.client_connection.qps = if finite { client.2 } else { 1.0 };
            config.client_connection.burst = client.3.max(1);
            let template = config.profiles.remove(0);
            for (name, percentage, plugins, weight, text) in profiles {
                let mut profile = template.clone();
                profile.scheduler_name = name;
                profile.percentage_of_nodes_to_score = percentage;
                profile.plugins = plugins;
                for config in &mut profile.plugin_config {
                    match &mut config.args {
                        PluginArgs::InterPodAffinity(args) => args.hard_pod_affinity_weight = weight,
                        PluginArgs::NodeResourcesFit(args) => {
                            args.ignored_resources = vec![text.clone()];
                        }
                        _ => {}
                    }
                }
                config.profiles.push(profile);
            }
            for (text, weight, bytes, nanos, flag) in extenders {
                config.extenders.push(Extender {
                    url_prefix: text,
                    weight,
                    http_timeout: crate::config::Duration::from_nanos(nanos),
                    tls_config: flag
                        .then(|| ExtenderTlsConfig { ca_data: bytes, ..ExtenderTlsConfig::default() }),
                    ignorable: flag,
                    ..Extender::default()
                });
            }
            config
        },
    )
}

proptest! {
    #[test]
    fn what_was_printed_loads_as_what_was_loaded(config in any_config()) {
        let gates = FeatureGates::default();
        // Loading merges with the defaults, so the first load only makes the configuration one
        // that loading can produce.
        let load = |config: &SchedulerConfiguration| {
            let text = to_yaml(config);
            load(text.as_bytes(), "printed", &gates).unwrap_or_else(|error| panic!("{error}\n{text}"))
        };
        let loaded = load(&config);
        prop_assert_eq!(load(&loaded), loaded);
    }
}
