use serde_json::json;

use crate::TopologySpreadConstraint;
use crate::config::*;

/// Every field of the format.
pub(super) const FULL: &str = r#"
apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
parallelism: 8
leaderElection:
  leaderElect: false
  leaseDuration: 30s
  renewDeadline: 20s
  retryPeriod: 1m30s
  resourceLock: leases
  resourceName: my-scheduler
  resourceNamespace: my-system
clientConnection:
  kubeconfig: /etc/kubeconfig
  acceptContentTypes: application/json
  contentType: application/json
  qps: 12.5
  burst: 20
enableProfiling: false
enableContentionProfiling: false
percentageOfNodesToScore: 30
podInitialBackoffSeconds: 2
podMaxBackoffSeconds: 20
delayCacheUntilActive: true
profiles:
- schedulerName: one
  percentageOfNodesToScore: 0
  plugins:
    score:
      enabled:
      - name: ImageLocality
        weight: 5
      disabled:
      - name: NodeAffinity
  pluginConfig:
  - name: DefaultPreemption
    args: {minCandidateNodesPercentage: 50, minCandidateNodesAbsolute: 7}
  - name: InterPodAffinity
    args: {hardPodAffinityWeight: 5, ignorePreferredTermsOfExistingPods: true}
  - name: NodeResourcesFit
    args:
      apiVersion: kubescheduler.config.k8s.io/v1
      kind: NodeResourcesFitArgs
      ignoredResources: [example.com/a]
      ignoredResourceGroups: [example.org]
      scoringStrategy:
        type: RequestedToCapacityRatio
        resources: [{name: cpu, weight: 3}, {name: memory}]
        requestedToCapacityRatio:
          shape: [{utilization: 0, score: 0}, {utilization: 100, score: 10}]
  - name: NodeResourcesBalancedAllocation
    args:
      resources: [{name: cpu, weight: 0}, {name: example.com/a, weight: 1}]
  - name: PodTopologySpread
    args:
      defaultingType: List
      defaultConstraints:
      - maxSkew: 1
        topologyKey: zone
        whenUnsatisfiable: ScheduleAnyway
        minDomains: 2
        nodeAffinityPolicy: Honor
        nodeTaintsPolicy: Ignore
        matchLabelKeys: [app]
  - name: NodeAffinity
    args:
      addedAffinity:
        requiredDuringSchedulingIgnoredDuringExecution:
          nodeSelectorTerms:
          - matchExpressions:
            - {key: disk, operator: In, values: [ssd]}
            matchFields:
            - {key: metadata.name, operator: NotIn, values: [n1]}
        preferredDuringSchedulingIgnoredDuringExecution:
        - weight: 7
          preference:
            matchExpressions:
            - {key: gpu, operator: Exists}
  - name: VolumeBinding
    args: {bindTimeoutSeconds: 300}
  - name: DynamicResources
    args: {filterTimeout: 0s, bindingTimeout: 1.5h}
  - name: Foreign
    args: {anything: [1, {goes: here}]}
- schedulerName: two
extenders:
- urlPrefix: https://extender/
  filterVerb: filter
  preemptVerb: preempt
  prioritizeVerb: prioritize
  weight: 3
  bindVerb: bind
  enableHTTPS: true
  tlsConfig:
    insecure: true
    serverName: extender
    certFile: /cert
    keyFile: /key
    caFile: /ca
    certData: Y2VydA==
    keyData: a2V5
    caData: Y2E=
  httpTimeout: 250ms
  nodeCacheCapable: true
  managedResources:
  - {name: example.com/a, ignoredByScheduler: true}
  ignorable: true
"#;

pub(super) fn header(rest: &str) -> String {
    format!("apiVersion: {API_VERSION}\nkind: {KIND}\n{rest}")
}

fn load_text(text: &str) -> Result<SchedulerConfiguration, ConfigError> {
    load(text.as_bytes(), "my.yaml", &FeatureGates::default())
}

fn loaded(rest: &str) -> SchedulerConfiguration {
    load_text(&header(rest)).unwrap_or_else(|error| panic!("{rest}: {error}"))
}

fn refused(rest: &str, message: &str) {
    let error = load_text(&header(rest)).map(|_| ()).expect_err(rest);
    assert_eq!(error.to_string(), format!("my.yaml: {message}"), "{rest}");
}

/// A profile whose plugin has these arguments, written in flow style.
fn with_args(plugin: &str, args: &str) -> String {
    format!("profiles: [{{pluginConfig: [{{name: {plugin}, args: {args}}}]}}]")
}

fn args_of(plugin: &str, args: &str, gates: &str) -> PluginArgs {
    let gates = FeatureGates::parse(gates).unwrap();
    let text = header(&with_args(plugin, args));
    let config = load(text.as_bytes(), "my.yaml", &gates).unwrap_or_else(|e| panic!("{args}: {e}"));
    config.profiles[0].plugin_args(plugin).unwrap().clone()
}

#[test]
fn reads_every_field() {
    let config = load_text(FULL).unwrap();
    assert_eq!(config.parallelism, 8);
    assert_eq!(
        config.leader_election,
        LeaderElection {
            leader_elect: false,
            lease_duration: Duration::from_secs(30),
            renew_deadline: Duration::from_secs(20),
            retry_period: Duration::from_secs(90),
            resource_lock: "leases".into(),
            resource_name: "my-scheduler".into(),
            resource_namespace: "my-system".into(),
        }
    );
    assert_eq!(
        config.client_connection,
        ClientConnection {
            kubeconfig: "/etc/kubeconfig".into(),
            accept_content_types: "application/json".into(),
            content_type: "application/json".into(),
            qps: 12.5,
            burst: 20,
        }
    );
    assert!(!config.enable_profiling && !config.enable_contention_profiling);
    assert_eq!(config.percentage_of_nodes_to_score, Some(30));
    assert_eq!((config.pod_initial_backoff_seconds, config.pod_max_backoff_seconds), (2, 20));
    assert!(config.delay_cache_until_active);
    let [one, two] = config.profiles.as_slice() else { panic!("two profiles") };
    assert_eq!((one.scheduler_name.as_str(), two.scheduler_name.as_str()), ("one", "two"));
    assert_eq!(config.percentage_of_nodes_to_score_of(one), Some(0));
    assert_eq!(config.percentage_of_nodes_to_score_of(two), Some(30));
    let score = one.plugins.set(ExtensionPoint::Score);
    assert_eq!(score.enabled, [Plugin { name: "ImageLocality".into(), weight: 5 }]);
    assert!(score.disables("NodeAffinity"));
    assert_eq!(
        config.extenders,
        [Extender {
            url_prefix: "https://extender/".into(),
            filter_verb: "filter".into(),
            preempt_verb: "preempt".into(),
            prioritize_verb: "prioritize".into(),
            weight: 3,
            bind_verb: "bind".into(),
            enable_https: true,
            tls_config: Some(ExtenderTlsConfig {
                insecure: true,
                server_name: "extender".into(),
                cert_file: "/cert".into(),
                key_file: "/key".into(),
                ca_file: "/ca".into(),
                cert_data: b"cert".into(),
                key_data: b"key".into(),
                ca_data: b"ca".into(),
            }),
            http_timeout: Duration::from_nanos(250_000_000),
            node_cache_capable: true,
            managed_resources: vec![ExtenderManagedResource {
                name: "example.com/a".into(),
                ignored_by_scheduler: true,
            }],
            ignorable: true,
        }]
    );
}

#[test]
fn reads_the_arguments_of_every_plugin() {
    let config = load_text(FULL).unwrap();
    let spec = |name: &str, weight| ResourceSpec { name: name.into(), weight };
    let point = |utilization, score| ShapePoint { utilization, score };
    let expected = [
        PluginArgs::DefaultPreemption(DefaultPreemptionArgs {
            min_candidate_nodes_percentage: 50,
            min_candidate_nodes_absolute: 7,
        }),
        PluginArgs::InterPodAffinity(InterPodAffinityArgs {
            hard_pod_affinity_weight: 5,
            ignore_preferred_terms_of_existing_pods: true,
        }),
        PluginArgs::NodeResourcesFit(NodeResourcesFitArgs {
            ignored_resources: vec!["example.com/a".into()],
            ignored_resource_groups: vec!["example.org".into()],
            scoring_strategy: ScoringStrategy {
                strategy: "RequestedToCapacityRatio".into(),
                resources: vec![spec("cpu", 3), spec("memory", 1)],
                requested_to_capacity_ratio: Some(vec![point(0, 0), point(100, 10)]),
            },
        }),
        PluginArgs::NodeResourcesBalancedAllocation(NodeResourcesBalancedAllocationArgs {
            resources: vec![spec("cpu", 1), spec("example.com/a", 1)],
        }),
        PluginArgs::PodTopologySpread(PodTopologySpreadArgs {
            defaulting_type: "List".into(),
            default_constraints: vec![TopologySpreadConstraint {
                max_skew: 1,
                topology_key: "zone".into(),
                when_unsatisfiable: "ScheduleAnyway".into(),
                label_selector: None,
                min_domains: Some(2),
                node_affinity_policy: Some("Honor".into()),
                node_taints_policy: Some("Ignore".into()),
                match_label_keys: vec!["app".into()],
            }],
        }),
        PluginArgs::VolumeBinding(VolumeBindingArgs { bind_timeout_seconds: 300, shape: vec![] }),
        PluginArgs::DynamicResources(DynamicResourcesArgs {
            filter_timeout: Some(Duration::ZERO),
            binding_timeout: Some(Duration::from_secs(5400)),
        }),
        PluginArgs::Other(json!({"anything": [1, {"goes": "here"}]})),
    ];
    let found = config.profiles[0].plugin_config.iter().map(|config| &config.args);
    let found: Vec<_> = found.filter(|args| args.plugin() != Some("NodeAffinity")).collect();
    assert_eq!(found, expected.iter().collect::<Vec<_>>());
    let Some(PluginArgs::NodeAffinity(args)) = config.profiles[0].plugin_args("NodeAffinity") else {
        panic!("no NodeAffinity");
    };
    let expected = json!({
        "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{
            "matchExpressions": [{"key": "disk", "operator": "In", "values": ["ssd"]}],
            "matchFields": [{"key": "metadata.name", "operator": "NotIn", "values": ["n1"]}],
        }]},
        "preferredDuringSchedulingIgnoredDuringExecution": [{
            "weight": 7,
            "preference": {"matchExpressions": [{"key": "gpu", "operator": "Exists"}]},
        }],
    });
    assert_eq!(serde_json::to_value(args.added_affinity.as_ref()).unwrap(), expected);
}

#[test]
fn takes_json_for_yaml() {
    let config =
        load_text(&format!(r#"{{"apiVersion": "{API_VERSION}", "kind": "{KIND}", "parallelism": 3}}"#));
    assert_eq!(config.unwrap().parallelism, 3);
}

#[test]
fn refuses_an_unknown_field() {
    let table = [
        ("foo: 1", r#"strict decoding error: unknown field "foo""#),
        ("profiles: [{foo: 1}]", r#"strict decoding error: unknown field "profiles[0].foo""#),
        (
            "Parallelism: 1",
            r#"strict decoding error: unknown field "Parallelism" (did you mean "parallelism"?)"#,
        ),
        (
            "profiles:\n- schedularName: x\n",
            "strict decoding error: unknown field \"profiles[0].schedularName\" \
             (did you mean \"schedulerName\"?)",
        ),
        (
            "profiles:\n- {}\n- plugins: {filters: {}}\n",
            "strict decoding error: unknown field \"profiles[1].plugins.filters\" \
             (did you mean \"filter\"?)",
        ),
        (
            "extenders: [{urlPrefix: x, foo: 1}]\nbar: 1",
            "strict decoding error: unknown field \"extenders[0].foo\", unknown field \"bar\"",
        ),
    ];
    for (rest, message) in table {
        refused(rest, message);
    }
}

#[test]
fn refuses_a_repeated_field() {
    refused("parallelism: 1\nparallelism: 1", r#"strict decoding error: duplicate field "parallelism""#);
    refused(
        "profiles:\n- plugins:\n    score: {}\n    score: {}\n",
        r#"strict decoding error: duplicate field "profiles[0].plugins.score""#,
    );
    let json = format!(r#"{{"apiVersion": "{API_VERSION}", "kind": "{KIND}", "kind": "{KIND}"}}"#);
    let message = "my.yaml: strict decoding error: duplicate field \"kind\"";
    assert_eq!(load_text(&json).unwrap_err().to_string(), message);
}

#[test]
fn refuses_a_value_of_the_wrong_type() {
    let table = [
        ("parallelism: many", r#"cannot unmarshal string into field "parallelism" of type int32"#),
        ("parallelism: 1.5", r#"cannot unmarshal number 1.5 into field "parallelism" of type int32"#),
        (
            "parallelism: 3000000000",
            r#"cannot unmarshal number 3000000000 into field "parallelism" of type int32"#,
        ),
        (
            "profiles: [{schedulerName: yes}]",
            r#"cannot unmarshal bool into field "profiles[0].schedulerName" of type string"#,
        ),
        ("profiles: {}", r#"cannot unmarshal object into field "profiles" of type array"#),
        ("profiles: [x]", r#"cannot unmarshal string into field "profiles[0]" of type object"#),
        (
            "leaderElection: {leaseDuration: 15}",
            r#"cannot unmarshal number 15 into field "leaderElection.leaseDuration" of type string"#,
        ),
        (
            "leaderElection: {leaseDuration: 15 seconds}",
            "leaderElection.leaseDuration: time: unknown unit \" seconds\" in duration \
             \"15 seconds\"",
        ),
        (
            "extenders: [{tlsConfig: {caData: '!'}}]",
            "extenders[0].tlsConfig.caData: illegal base64 data at input byte 0",
        ),
        (
            "parallelism: x\nfoo: 1\nenableProfiling: 1",
            "cannot unmarshal number 1 into field \"enableProfiling\" of type bool, \
             cannot unmarshal string into field \"parallelism\" of type int32, \
             unknown field \"foo\"",
        ),
    ];
    for (rest, message) in table {
        refused(rest, message);
    }
}

#[test]
fn refuses_another_kind_and_says_what_would_be_right() {
    let want = format!("want apiVersion: {API_VERSION}, kind: {KIND}");
    let table = [
        ("", format!("couldn't get version/kind: the file holds null; {want}")),
        ("[]", format!("couldn't get version/kind: the file holds array; {want}")),
        ("{}", format!("Object 'Kind' is missing; {want}")),
        ("kind: X", format!("Object 'apiVersion' is missing; {want}")),
        (
            "{apiVersion: 1, kind: X}",
            format!("couldn't get version/kind: apiVersion is number, not a string; {want}"),
        ),
        ("{apiVersion: v1, kind: Pod}", format!("no kind \"Pod\" is registered for version \"v1\"; {want}")),
        (
            "{apiVersion: kubescheduler.config.k8s.io/v1beta3, kind: KubeSchedulerConfiguration}",
            format!(
                "no kind \"{KIND}\" is registered for version \
                 \"kubescheduler.config.k8s.io/v1beta3\"; this version does not exist or was \
                 removed; {want}"
            ),
        ),
        (
            "{apiVersion: kubescheduler.config.k8s.io/v1, kind: NodeAffinityArgs}",
            format!("couldn't decode as {KIND}, got {API_VERSION}, Kind=NodeAffinityArgs; {want}"),
        ),
    ];
    for (text, message) in table {
        let error = load_text(text).unwrap_err();
        assert_eq!(error.to_string(), format!("my.yaml: {message}"), "{text}");
    }
}

#[test]
fn wraps_the_problems_of_arguments() {
    let strict = "strict decoding error: decoding .profiles[0].pluginConfig[0]: strict decoding \
                  error: decoding args for plugin";
    let table = [
        (
            with_args("InterPodAffinity", "{foo: 1, bar: 2}"),
            format!(
                "{strict} InterPodAffinity: strict decoding error: unknown field \"foo\", unknown \
                 field \"bar\""
            ),
        ),
        (
            with_args("NodeResourcesFit", "{scoringStrategy: {resources: [{Name: cpu}]}}"),
            format!(
                "{strict} NodeResourcesFit: strict decoding error: unknown field \
                 \"scoringStrategy.resources[0].Name\" (did you mean \"name\"?)"
            ),
        ),
        (
            with_args("DefaultPreemption", "{minCandidateNodesPercentage: x}"),
            "decoding .profiles[0].pluginConfig[0]: decoding args for plugin DefaultPreemption: \
             cannot unmarshal string into field \"minCandidateNodesPercentage\" of type int32"
                .to_owned(),
        ),
        (
            with_args("DefaultPreemption", "{kind: InterPodAffinityArgs}"),
            "decoding .profiles[0].pluginConfig[0]: args for plugin DefaultPreemption were not of \
             type DefaultPreemptionArgs.kubescheduler.config.k8s.io, got \
             InterPodAffinityArgs.kubescheduler.config.k8s.io"
                .to_owned(),
        ),
        (
            with_args("DefaultPreemption", "{kind: Foo}"),
            format!(
                "decoding .profiles[0].pluginConfig[0]: decoding args for plugin \
                 DefaultPreemption: no kind \"Foo\" is registered for version \"{API_VERSION}\"; \
                 want apiVersion: {API_VERSION}, kind: DefaultPreemptionArgs"
            ),
        ),
        (
            with_args("DefaultPreemption", "{apiVersion: v1}"),
            format!(
                "decoding .profiles[0].pluginConfig[0]: decoding args for plugin \
                 DefaultPreemption: no kind \"DefaultPreemptionArgs\" is registered for version \
                 \"v1\"; want apiVersion: {API_VERSION}, kind: DefaultPreemptionArgs"
            ),
        ),
        (
            with_args(
                "NodeAffinity",
                "{addedAffinity: {requiredDuringSchedulingIgnoredDuringExecution: \
                 {nodeSelectorTerms: [{matchExpressions: [{value: x}]}]}}}",
            ),
            format!(
                "{strict} NodeAffinity: strict decoding error: unknown field \
                 \"addedAffinity.requiredDuringSchedulingIgnoredDuringExecution.\
                 nodeSelectorTerms[0].matchExpressions[0].value\" (did you mean \"values\"?)"
            ),
        ),
        (
            with_args("DefaultPreemption", "[]"),
            "decoding .profiles[0].pluginConfig[0]: decoding args for plugin DefaultPreemption: \
             cannot unmarshal array into object"
                .to_owned(),
        ),
    ];
    for (rest, message) in table {
        refused(&rest, &message);
    }
}

#[test]
fn null_equals_absent() {
    let config = loaded(
        "parallelism: null\nleaderElection: {leaseDuration: null, leaderElect: ~}\n\
         percentageOfNodesToScore:\nprofiles:\nextenders: null\nenableProfiling: null\n",
    );
    assert_eq!(config, SchedulerConfiguration::default_for(&FeatureGates::default()));
    let profile = loaded("profiles: [{plugins: null, pluginConfig: null, schedulerName: null}]");
    assert_eq!(profile, config);
    for args in ["null", "", "{}"] {
        let args = args_of("VolumeBinding", args, "");
        let defaults = VolumeBindingArgs { bind_timeout_seconds: 600, shape: vec![] };
        assert_eq!(args, PluginArgs::VolumeBinding(defaults));
    }
}

#[test]
fn zero_and_empty_are_defaulted_only_where_kubernetes_does() {
    let config = loaded(
        "parallelism: 0\npodInitialBackoffSeconds: 0\npercentageOfNodesToScore: 0\n\
         leaderElection: {leaseDuration: 0s, resourceName: '', resourceLock: ''}\n\
         clientConnection: {qps: 0, burst: 0, contentType: ''}\n",
    );
    assert_eq!((config.parallelism, config.pod_initial_backoff_seconds), (0, 0));
    assert_eq!(config.percentage_of_nodes_to_score, Some(0));
    assert_eq!(config.leader_election, LeaderElection::default());
    assert_eq!(config.client_connection, ClientConnection::default());
    assert_eq!(loaded("profiles: [{schedulerName: ''}]").profiles[0].scheduler_name, "");
}

#[test]
fn contention_is_profiled_where_profiling_is_on() {
    let table = [
        ("", (true, true)),
        ("enableProfiling: false", (false, false)),
        ("enableContentionProfiling: false", (true, false)),
        ("{enableProfiling: false, enableContentionProfiling: true}", (false, true)),
    ];
    for (rest, expected) in table {
        let rest = rest.trim_matches(['{', '}']).replace(", ", "\n");
        let config = loaded(&rest);
        assert_eq!((config.enable_profiling, config.enable_contention_profiling), expected);
    }
}

#[test]
fn only_a_single_profile_gets_a_name() {
    let names = |rest: &str| {
        let profiles = loaded(rest).profiles;
        profiles.into_iter().map(|profile| profile.scheduler_name).collect::<Vec<_>>()
    };
    assert_eq!(names(""), ["default-scheduler"]);
    assert_eq!(names("profiles: []"), ["default-scheduler"]);
    assert_eq!(names("profiles: [{}]"), ["default-scheduler"]);
    assert_eq!(names("profiles: [{schedulerName: x}]"), ["x"]);
    assert_eq!(names("profiles: [{}, {}]"), ["", ""]);
    assert_eq!(names("profiles: [{schedulerName: x}, {}]"), ["x", ""]);
}

#[test]
fn a_strategy_without_a_type_keeps_none() {
    let strategy = |args: &str| match args_of("NodeResourcesFit", args, "") {
        PluginArgs::NodeResourcesFit(args) => args.scoring_strategy,
        args => panic!("{args:?}"),
    };
    assert_eq!(strategy("{}"), ScoringStrategy::default());
    let untyped = strategy("{scoringStrategy: {}}");
    assert_eq!(untyped.strategy, "");
    assert_eq!(untyped.resources, ResourceSpec::default_list());
    let empty = strategy("{scoringStrategy: {type: MostAllocated, resources: []}}");
    assert_eq!(empty.resources, ResourceSpec::default_list());
}

#[test]
fn gates_decide_on_gated_defaults() {
    let shape = |gates| match args_of("VolumeBinding", "{shape: []}", gates) {
        PluginArgs::VolumeBinding(args) => args.shape,
        args => panic!("{args:?}"),
    };
    assert_eq!(shape(""), []);
    let points = [(0, 10), (100, 0)].map(|(utilization, score)| ShapePoint { utilization, score });
    assert_eq!(shape("StorageCapacityScoring=true"), points);
    let timeouts = |gates| match args_of("DynamicResources", "{}", gates) {
        PluginArgs::DynamicResources(args) => (args.filter_timeout, args.binding_timeout),
        args => panic!("{args:?}"),
    };
    let (ten, six_hundred) = (Some(Duration::from_secs(10)), Some(Duration::from_secs(600)));
    assert_eq!(timeouts(""), (ten, six_hundred));
    assert_eq!(timeouts("DRASchedulerFilterTimeout=false"), (None, six_hundred));
    assert_eq!(timeouts("DRADeviceBindingConditions=false"), (ten, None));
}

#[test]
fn reports_a_hundred_problems_at_most() {
    let fields: String = (0..1000).map(|index| format!("x{index}: 1\n")).collect();
    let error = load_text(&header(&fields)).unwrap_err();
    let ConfigError::Fields { problems, .. } = error else { panic!("{error}") };
    assert_eq!(problems.0.len(), 100);
}

#[test]
fn a_document_marker_is_no_second_document() {
    assert!(load_text(&format!("---\n{}", header(""))).is_ok());
    assert!(load_text(&format!("{}---\n{}", header(""), header(""))).is_err());
}
