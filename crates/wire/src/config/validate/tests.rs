use super::*;
use crate::config::{FieldErrors, KIND, Plugin, load};

fn check(rest: &str, expected: &[&str]) {
    let gates = FeatureGates::default();
    let text = format!("apiVersion: {API_VERSION}\nkind: {KIND}\n{rest}");
    let config = load(text.as_bytes(), "my.yaml", &gates).unwrap_or_else(|e| panic!("{rest}: {e}"));
    let errors: Vec<_> = validate(&config, &gates).iter().map(FieldError::to_string).collect();
    assert_eq!(errors, expected, "{rest}");
}

#[test]
fn the_default_is_valid() {
    for list in ["", "AllAlpha=true", "AllBeta=false"] {
        let gates = FeatureGates::parse(list).unwrap();
        let config = SchedulerConfiguration::default_for(&gates);
        assert_eq!(validate(&config, &gates), [], "{list}");
    }
    check("", &[]);
}

#[test]
fn refuses_numbers_out_of_range() {
    check("parallelism: 0", &["parallelism: Invalid value: 0: should be an integer value greater than zero"]);
    check(
        "clientConnection: {burst: -1}",
        &["clientConnection.burst: Invalid value: -1: must be non-negative"],
    );
    check(
        "percentageOfNodesToScore: 101",
        &["percentageOfNodesToScore: Invalid value: 101: not in valid range [0-100]"],
    );
    check(
        "profiles: [{percentageOfNodesToScore: -1}]",
        &["profiles[0].percentageOfNodesToScore: Invalid value: -1: not in valid range [0-100]"],
    );
    check(
        "podInitialBackoffSeconds: 0",
        &["podInitialBackoffSeconds: Invalid value: 0: must be greater than 0"],
    );
    check(
        "podInitialBackoffSeconds: 11",
        &["podMaxBackoffSeconds: Invalid value: 10: must be greater than or equal to \
           PodInitialBackoffSeconds"],
    );
}

#[test]
fn refuses_an_election_that_cannot_work() {
    check(
        "leaderElection: {leaseDuration: -1s, renewDeadline: -2s, retryPeriod: -3s}",
        &[
            "leaderElection.leaseDuration: Invalid value: -1s: must be greater than zero",
            "leaderElection.renewDeadline: Invalid value: -2s: must be greater than zero",
            "leaderElection.retryPeriod: Invalid value: -3s: must be greater than zero",
        ],
    );
    check(
        "leaderElection: {leaseDuration: 10s}",
        &["leaderElection.leaseDuration: Invalid value: 10s: must be greater than `RenewDeadline`"],
    );
    check(
        "leaderElection: {resourceLock: endpoints}",
        &["leaderElection.resourceLock: Invalid value: \"endpoints\": resourceLock value must be \
           \"leases\""],
    );
    check("leaderElection: {leaderElect: false, leaseDuration: -1s, resourceLock: x}", &[]);
    let mut config = SchedulerConfiguration::default_for(&FeatureGates::default());
    config.leader_election.resource_name.clear();
    config.leader_election.resource_namespace.clear();
    let errors = FieldErrors(validate(&config, &FeatureGates::default())).to_string();
    assert_eq!(
        errors,
        "[leaderElection.resourceNamespace: Required value, leaderElection.resourceName: Required \
         value]"
    );
}

#[test]
fn wants_a_name_of_its_own_for_every_profile() {
    check(
        "profiles: [{schedulerName: x}, {schedulerName: x}]",
        &["profiles[1].schedulerName: Duplicate value: \"x\""],
    );
    check("profiles: [{schedulerName: x}, {}]", &["profiles[1].schedulerName: Required value"]);
    let mut config = SchedulerConfiguration::default_for(&FeatureGates::default());
    config.profiles.clear();
    let errors = validate(&config, &FeatureGates::default());
    assert_eq!(errors, [FieldError::required("profiles", "")]);
}

#[test]
fn refuses_removed_plugins_where_kubernetes_does() {
    let detail = "was invalid in version \"kubescheduler.config.k8s.io/v1\" \
                  (KubeSchedulerConfiguration is version \"kubescheduler.config.k8s.io/v1\")";
    check(
        "profiles: [{plugins: {filter: {enabled: [{name: X}, {name: EBSLimits}]}}}]",
        &[&format!("profiles[0].plugins.filter.enabled[1]: Invalid value: \"EBSLimits\": {detail}")],
    );
    check(
        "profiles: [{pluginConfig: [{name: CinderLimits}]}]",
        &[&format!("profiles[0].pluginConfig[0]: Invalid value: \"CinderLimits\": {detail}")],
    );
    check("profiles: [{plugins: {multiPoint: {enabled: [{name: EBSLimits}]}}}]", &[]);
    check("profiles: [{plugins: {filter: {disabled: [{name: EBSLimits}]}}}]", &[]);
}

#[test]
fn refuses_two_sets_of_arguments_for_a_plugin() {
    check(
        "profiles: [{pluginConfig: [{name: Foreign}, {name: Foreign}]}]",
        &["profiles[0].pluginConfig[1]: Duplicate value: \"Foreign\""],
    );
}

#[test]
fn judges_the_arguments_of_plugins_but_for_node_resources_fit() {
    check(
        "profiles: [{pluginConfig: [{name: InterPodAffinity, args: {hardPodAffinityWeight: 101}}, \
         {name: NodeResourcesFit, args: {scoringStrategy: {}}}]}]",
        &["profiles[0].pluginConfig[0].args.hardPodAffinityWeight: Invalid value: 101: not in \
           valid range [0, 100]"],
    );
}

#[test]
fn refuses_arguments_of_another_plugin() {
    let gates = FeatureGates::default();
    let mut config = SchedulerConfiguration::default_for(&gates);
    let configs = &mut config.profiles[0].plugin_config;
    configs.retain(|config| config.name == "InterPodAffinity");
    configs[0].args = PluginArgs::Other(serde_json::json!({"a": 1}));
    let errors = FieldErrors(validate(&config, &gates)).to_string();
    let path = "profiles[0].pluginConfig[0].args";
    assert_eq!(errors, format!("{path}: Invalid value: {{\"a\":1}}: has to match plugin args"));
}

#[test]
fn profiles_must_agree_on_the_order_of_the_queue() {
    check(
        "profiles: [{plugins: {queueSort: {enabled: [{name: A}, {name: B}]}}}]",
        &["profiles[0].plugins.queueSort.Enabled: Invalid value: 2: only one queue sort plugin can \
           be enabled"],
    );
    check(
        "profiles:\n- schedulerName: x\n- schedulerName: z\n  \
         plugins: {queueSort: {enabled: [{name: A}]}}\n",
        &["profiles[1].plugins.queueSort: Invalid value: {\"enabled\":[{\"name\":\"A\",\"weight\":\
           0}]}: must be the same for all profiles"],
    );
    let sorted_by_a = "plugins: {queueSort: {enabled: [{name: A}]}}, pluginConfig: [{name: A, args: ";
    check(
        &format!(
            "profiles: [{{schedulerName: x, {sorted_by_a} {{p: 1}}}}]}}, \
             {{schedulerName: z, {sorted_by_a} {{p: 1}}}}]}}]"
        ),
        &[],
    );
    check(
        &format!(
            "profiles: [{{schedulerName: x, {sorted_by_a} {{p: 1}}}}]}}, \
             {{schedulerName: z, {sorted_by_a} {{p: 2}}}}]}}]"
        ),
        &["profiles[1].pluginConfig.args: Invalid value: {\"p\":2}: queueSort must be the same for \
           all profiles"],
    );
}

#[test]
fn judges_extenders() {
    check(
        "extenders: [{prioritizeVerb: p}, {prioritizeVerb: p, weight: 1}, {weight: 0}]",
        &["extenders[0].weight: Invalid value: 0: must have a positive weight applied to it"],
    );
    check(
        "extenders: [{bindVerb: b}, {bindVerb: b}]",
        &["extenders: Invalid value: \"found 2 extenders implementing bind\": only one extender \
           can implement bind"],
    );
    check(
        "extenders: [{managedResources: [{name: a.b/c}, {name: cpu}]}, \
         {managedResources: [{name: a.b/c}]}]",
        &[
            "extenders[0].managedResources[1].name: Invalid value: \"cpu\": is an invalid extended \
             resource name",
            "extenders[1].managedResources[0].name: Invalid value: \"a.b/c\": duplicate extender \
             managed resource name",
        ],
    );
    check(
        "extenders: [{managedResources: [{name: a.b/}]}]",
        &[
            "extenders[0].managedResources[0].name: Invalid value: \"a.b/\": name part must be \
             non-empty",
            "extenders[0].managedResources[0].name: Invalid value: \"a.b/\": name part must \
             consist of alphanumeric characters, '-', '_' or '.', and must start and end with an \
             alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for \
             validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
        ],
    );
}

#[test]
fn reports_everything_together() {
    let gates = FeatureGates::default();
    let mut config = SchedulerConfiguration::default_for(&gates);
    config.parallelism = -1;
    config.pod_initial_backoff_seconds = 0;
    let score = config.profiles[0].plugins.set_mut(ExtensionPoint::Score);
    score.enabled.push(Plugin { name: "GCEPDLimits".into(), weight: 0 });
    assert_eq!(validate(&config, &gates).len(), 3);
}
