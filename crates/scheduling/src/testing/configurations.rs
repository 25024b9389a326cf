//! The configurations that random worlds run under.

use wire::config::{FeatureGates, SchedulerConfiguration, load, validate};

/// How many configurations there are.
pub(crate) const N_CONFIGURATIONS: usize = TEXTS.len();

/// The configuration with this number.
///
/// # Panics
/// If the number is not below [`N_CONFIGURATIONS`].
pub(crate) fn configuration(n: usize) -> SchedulerConfiguration {
    let gates = FeatureGates::default();
    let text = format!(
        "{{apiVersion: kubescheduler.config.k8s.io/v1, kind: KubeSchedulerConfiguration, {}}}",
        TEXTS[n]
    );
    let configuration = load(text.as_bytes(), "a test", &gates).expect("can be read");
    assert_eq!(validate(&configuration, &gates), [], "configuration {n}");
    configuration
}

/// Whether a configuration only shows its effect on clusters of more than a hundred nodes.
pub(crate) fn needs_many_nodes(n: usize) -> bool {
    TEXTS[n].contains("percentageOfNodesToScore")
}

const TEXTS: [&str; 9] = [
    "",
    // Two profiles, the second packs and weighs otherwise.
    "profiles: [{schedulerName: default-scheduler}, {schedulerName: packing, plugins: {score: {
        disabled: [{name: ImageLocality}, {name: NodeAffinity}],
        enabled: [{name: NodeAffinity, weight: 7}]}},
      pluginConfig: [{name: NodeResourcesFit, args: {scoringStrategy: {type: MostAllocated,
        resources: [{name: cpu, weight: 3}, {name: memory, weight: 1}, {name: example.com/gpu, weight: 5}]}}}]}]",
    "profiles: [{schedulerName: default-scheduler, pluginConfig: [
      {name: NodeResourcesFit, args: {scoringStrategy: {type: RequestedToCapacityRatio,
        resources: [{name: cpu, weight: 1}, {name: example.com/gpu, weight: 2}],
        requestedToCapacityRatio: {shape: [{utilization: 0, score: 0}, {utilization: 60, score: 10},
          {utilization: 100, score: 3}]}}}},
      {name: NodeResourcesBalancedAllocation, args: {resources: [{name: cpu}, {name: memory},
        {name: example.com/gpu}]}}]}]",
    "profiles: [{schedulerName: default-scheduler}, {schedulerName: ssd-only, pluginConfig: [{name: NodeAffinity,
      args: {addedAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [
        {matchExpressions: [{key: example.com/disk, operator: NotIn, values: [hdd]}]}]},
        preferredDuringSchedulingIgnoredDuringExecution: [{weight: 20, preference: {matchExpressions: [
          {key: example.com/generation, operator: Gt, values: ['1']}]}}]}}}]}]",
    // Every pod with a service or a controller is spread, strictly.
    "profiles: [{schedulerName: default-scheduler, pluginConfig: [{name: PodTopologySpread, args: {
      defaultingType: List, defaultConstraints: [
        {maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: DoNotSchedule},
        {maxSkew: 2, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: ScheduleAnyway}]}}]}]",
    "profiles: [{schedulerName: default-scheduler, pluginConfig: [{name: InterPodAffinity, args: {
        hardPodAffinityWeight: 100, ignorePreferredTermsOfExistingPods: true}}]},
      {schedulerName: indifferent, pluginConfig: [{name: InterPodAffinity, args: {hardPodAffinityWeight: 0}}]}]",
    "percentageOfNodesToScore: 60, profiles: [{schedulerName: default-scheduler}, {schedulerName: thorough,
      percentageOfNodesToScore: 100}]",
    // Plugins missing: some filters, preemption, all scores.
    "profiles: [{schedulerName: default-scheduler, plugins: {multiPoint: {disabled: [{name: PodTopologySpread},
        {name: NodePorts}]}, filter: {disabled: [{name: TaintToleration}]}}},
      {schedulerName: scoreless, plugins: {score: {disabled: [{name: '*'}]},
        postFilter: {disabled: [{name: '*'}]}}}]",
    "profiles: [{schedulerName: default-scheduler, pluginConfig: [{name: NodeResourcesFit, args: {
      ignoredResourceGroups: [example.com]}}, {name: PodTopologySpread, args: {defaultingType: List}}]}]",
];
