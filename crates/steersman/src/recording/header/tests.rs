use super::*;

const START: Now = Now::from_nanos(1_767_225_600_000_000_001);

/// Reads a configuration, writes the header of a scheduler with it, and reads that.
fn check(yaml: &str, gates: &str) -> Header {
    let gates = FeatureGates::parse(gates).expect("gates");
    let configuration = wire::config::load(yaml.as_bytes(), "test", &gates).expect("a configuration");
    let line = Header::new(&configuration, gates, u64::MAX, START).and_then(|header| header.to_line());
    let line = line.unwrap_or_else(|error| panic!("{yaml}: {error:#}"));
    assert!(line.as_bytes().starts_with(MAGIC), "{line}");
    let header = Header::from_line(line.as_bytes()).unwrap_or_else(|error| panic!("{line}: {error:#}"));
    assert_eq!((header.seed, header.start, header.gates), (u64::MAX, START, gates));
    header
}

fn check_configuration(fields: &str) {
    let yaml =
        format!("apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n{fields}");
    let header = check(&yaml, "");
    let given = wire::config::load(yaml.as_bytes(), "test", &FeatureGates::default()).expect("read before");
    assert_eq!(header.configuration, given, "{yaml}");
}

#[test]
fn configurations_read_back_as_the_same() {
    for fields in [
        "",
        "percentageOfNodesToScore: 0\n",
        "percentageOfNodesToScore: 30\npodInitialBackoffSeconds: 3\npodMaxBackoffSeconds: 7\n",
        "profiles: [{schedulerName: a, percentageOfNodesToScore: 0}, {schedulerName: b}]\n",
        "profiles: [{plugins: {multiPoint: {disabled: [{name: NodeResourcesFit}]}}}]\n",
        "profiles: [{plugins: {score: {disabled: [{name: '*'}], enabled: [{name: ImageLocality, weight: 5}]}}}]\n",
        "profiles: [{plugins: {multiPoint: {disabled: [{name: NodeName}], enabled: [{name: NodeName}]}}}]\n",
        "profiles: [{pluginConfig: [{name: NodeResourcesFit, args: {scoringStrategy: {type: MostAllocated,
           resources: [{name: cpu, weight: 3}]}, ignoredResources: [example.com/a]}}]}]\n",
        "profiles: [{pluginConfig: [{name: PodTopologySpread, args: {defaultingType: List, defaultConstraints: [
           {maxSkew: 2, topologyKey: zone, whenUnsatisfiable: ScheduleAnyway}]}}]}]\n",
        "profiles: [{pluginConfig: [{name: NodeAffinity, args: {addedAffinity: {
           requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [
           {key: pool, operator: In, values: [a]}]}]}}}}]}]\n",
        "extenders: [{urlPrefix: 'http://a', bindVerb: bind, managedResources: [{name: example.com/a}]}]\n",
    ] {
        check_configuration(fields);
    }
}

#[test]
fn feature_gates_read_back_as_the_same() {
    for gates in [
        "",
        "AllAlpha=true,AllBeta=true",
        "AllBeta=false",
        "NodeDeclaredFeatures=false,InPlacePodLevelResourcesVerticalScaling=false",
    ] {
        check("apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n", gates);
    }
}

#[test]
fn keys_are_not_recorded() {
    let header = check(
        "apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
extenders: [{urlPrefix: 'https://a', bindVerb: bind, enableHTTPS: true, tlsConfig: {keyData: c2VjcmV0}}]
",
        "",
    );
    assert_eq!(header.configuration.extenders[0].tls_config, None);
}

#[test]
fn gates_that_are_not_named_have_their_default() {
    let gates = FeatureGates::default();
    let header = Header::new(&SchedulerConfiguration::default_for(&gates), gates, 0, START);
    let line = header.and_then(|header| header.to_line()).expect("a line");
    let mut line: Value = serde_json::from_str(&line).expect("JSON");
    line["featureGates"] = serde_json::json!({"GangScheduling": true, "GenericWorkload": true});
    let header = Header::from_line(line.to_string().as_bytes()).expect("a header");
    let expected = FeatureGates::default().with(Gate::GangScheduling, true).with(Gate::GenericWorkload, true);
    assert_eq!(header.gates, expected);
}
