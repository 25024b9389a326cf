use super::*;
use crate::LabelSelector;

fn texts(errors: Vec<FieldError>) -> Vec<String> {
    errors.iter().map(FieldError::to_string).collect()
}

#[test]
fn judges_default_preemption() {
    let check = |percentage, absolute, expected: &[&str]| {
        let args = DefaultPreemptionArgs {
            min_candidate_nodes_percentage: percentage,
            min_candidate_nodes_absolute: absolute,
        };
        assert_eq!(texts(validate_default_preemption_args(&args, "")), expected);
    };
    check(10, 100, &[]);
    check(0, 1, &[]);
    check(
        101,
        -1,
        &[
            "minCandidateNodesPercentage: Invalid value: 101: not in valid range [0, 100]",
            "minCandidateNodesAbsolute: Invalid value: -1: not in valid range [0, inf)",
        ],
    );
    check(
        0,
        0,
        &[
            "minCandidateNodesPercentage: Invalid value: 0: cannot be zero at the same time as \
             minCandidateNodesAbsolute",
            "minCandidateNodesAbsolute: Invalid value: 0: cannot be zero at the same time as \
             minCandidateNodesPercentage",
        ],
    );
}

#[test]
fn judges_inter_pod_affinity() {
    for (weight, valid) in [(0, true), (100, true), (-1, false), (101, false)] {
        let args = InterPodAffinityArgs { hard_pod_affinity_weight: weight, ..Default::default() };
        assert_eq!(validate_inter_pod_affinity_args(&args, "args").is_empty(), valid, "{weight}");
    }
}

fn fit(strategy: &str, weight: i64, shape: Option<Vec<(i32, i32)>>) -> Vec<String> {
    let point = |(utilization, score)| ShapePoint { utilization, score };
    let args = NodeResourcesFitArgs {
        scoring_strategy: ScoringStrategy {
            strategy: strategy.to_owned(),
            resources: vec![ResourceSpec { name: "cpu".into(), weight }],
            requested_to_capacity_ratio: shape.map(|shape| shape.into_iter().map(point).collect()),
        },
        ..NodeResourcesFitArgs::default()
    };
    texts(validate_node_resources_fit_args(&args, ""))
}

#[test]
fn judges_scoring_strategies() {
    let none: [&str; 0] = [];
    assert_eq!(fit("MostAllocated", 100, None), none);
    assert_eq!(
        fit("", 1, None),
        ["scoringStrategy.type: Unsupported value: \"\": supported values: \"LeastAllocated\", \
          \"MostAllocated\", \"RequestedToCapacityRatio\""]
    );
    for weight in [0, -1, 101] {
        assert_eq!(
            fit("LeastAllocated", weight, None),
            [format!(
                "scoringStrategy.resources[0].weight: Invalid value: {weight}: resource weight of \
                 cpu not in valid range (0, 100]"
            )]
        );
    }
    assert_eq!(
        fit("RequestedToCapacityRatio", 1, None),
        ["scoringStrategy.requestedToCapacityRatio: Required value: must be specified when type is \
          RequestedToCapacityRatio"]
    );
    assert_eq!(
        fit("LeastAllocated", 1, Some(vec![(0, 0)])),
        ["scoringStrategy.requestedToCapacityRatio: Forbidden: must be nil when type is not \
          RequestedToCapacityRatio"]
    );
}

#[test]
fn judges_shapes() {
    let path = "scoringStrategy.requestedToCapacityRatio.shape";
    let check = |shape: &[(i32, i32)], expected: &[&str]| {
        let expected: Vec<_> = expected.iter().map(|text| format!("{path}{text}")).collect();
        assert_eq!(fit("RequestedToCapacityRatio", 1, Some(shape.to_vec())), expected);
    };
    check(&[(0, 10), (100, 0)], &[]);
    check(&[], &[": Required value: at least one point must be specified"]);
    check(
        &[(10, 0), (5, 0), (1, 0)],
        &["[1].utilization: Invalid value: 5: values must be sorted in increasing order"],
    );
    check(
        &[(-1, 11), (101, -1)],
        &[
            "[0].utilization: Invalid value: -1: not in valid range [0, 100]",
            "[0].score: Invalid value: 11: not in valid range [0, 10]",
            "[1].utilization: Invalid value: 101: not in valid range [0, 100]",
            "[1].score: Invalid value: -1: not in valid range [0, 10]",
        ],
    );
}

#[test]
fn judges_ignored_resources() {
    let args = NodeResourcesFitArgs {
        ignored_resources: vec!["example.com/a".into(), "-".into()],
        ignored_resource_groups: vec!["example.com".into(), "a/b".into()],
        ..NodeResourcesFitArgs::default()
    };
    let errors = texts(validate_node_resources_fit_args(&args, "args"));
    assert_eq!(errors.len(), 2, "{errors:?}");
    assert!(errors[0].starts_with("args.ignoredResources[1]: Invalid value: \"-\": name part"));
    assert_eq!(
        errors[1],
        "args.ignoredResourceGroups[1]: Invalid value: \"a/b\": resource group name can't contain \
         '/'"
    );
}

#[test]
fn judges_balanced_allocation() {
    let spec = |name: &str, weight| ResourceSpec { name: name.into(), weight };
    let args = NodeResourcesBalancedAllocationArgs {
        resources: vec![spec("cpu", 1), spec("memory", 2), spec("cpu", 1)],
    };
    assert_eq!(
        texts(validate_node_resources_balanced_allocation_args(&args, "")),
        ["resources[1].weight: Invalid value: 2: must be 1", "resources[2].name: Duplicate value: \"cpu\"",]
    );
}

#[test]
fn judges_topology_spread() {
    let constraint = |max_skew, key: &str, action: &str| TopologySpreadConstraint {
        max_skew,
        topology_key: key.into(),
        when_unsatisfiable: action.into(),
        ..TopologySpreadConstraint::default()
    };
    let check = |defaulting: &str, constraints: Vec<TopologySpreadConstraint>, expected: &[&str]| {
        let args =
            PodTopologySpreadArgs { default_constraints: constraints, defaulting_type: defaulting.into() };
        assert_eq!(texts(validate_pod_topology_spread_args(&args, "")), expected);
    };
    let good = || constraint(1, "zone", "DoNotSchedule");
    check("System", vec![], &[]);
    check("List", vec![good(), constraint(1, "zone", "ScheduleAnyway")], &[]);
    check(
        "System",
        vec![good()],
        &["defaultingType: Invalid value: \"System\": when .defaultConstraints are not empty"],
    );
    check(
        "Foo",
        vec![],
        &["defaultingType: Unsupported value: \"Foo\": supported values: \"System\", \"List\""],
    );
    check(
        "List",
        vec![constraint(0, "", ""), constraint(1, "zone", "Foo")],
        &[
            "defaultConstraints[0].maxSkew: Invalid value: 0: not in valid range (0, inf)",
            "defaultConstraints[0].topologyKey: Required value: can not be empty",
            "defaultConstraints[0].whenUnsatisfiable: Required value: can not be empty",
            "defaultConstraints[1].whenUnsatisfiable: Unsupported value: \"Foo\": supported \
             values: \"DoNotSchedule\", \"ScheduleAnyway\"",
        ],
    );
    let selecting = TopologySpreadConstraint { label_selector: Some(LabelSelector::default()), ..good() };
    check(
        "List",
        vec![good(), selecting],
        &[
            "defaultConstraints[1].labelSelector: Forbidden: constraint must not define a \
             selector, as they deduced for each pod",
            "defaultConstraints[1]: Duplicate value: \"{zone, DoNotSchedule}\"",
        ],
    );
}

#[test]
fn judges_volume_binding() {
    let check = |gates: &str, timeout, shape: Vec<ShapePoint>, expected: &[&str]| {
        let gates = FeatureGates::parse(gates).unwrap();
        let args = VolumeBindingArgs { bind_timeout_seconds: timeout, shape };
        assert_eq!(texts(validate_volume_binding_args(&args, "", &gates)), expected);
    };
    let point = || vec![ShapePoint { utilization: 0, score: 1 }];
    let (off, on) = ("", "StorageCapacityScoring=true");
    check(off, 0, vec![], &[]);
    check(
        off,
        -1,
        point(),
        &[
            "bindTimeoutSeconds: Invalid value: -1: invalid BindTimeoutSeconds, should not be a \
             negative value",
            "shape: Invalid value: [{\"score\":1,\"utilization\":0}]: unexpected field `shape`, \
             remove it or turn on the feature gate StorageCapacityScoring",
        ],
    );
    check(on, 0, point(), &[]);
    check(on, 0, vec![], &["shape: Required value: at least one point must be specified"]);
}

#[test]
fn judges_dynamic_resources() {
    let check = |gates: &str, filter, binding, expected: &[&str]| {
        let gates = FeatureGates::parse(gates).unwrap();
        let args = DynamicResourcesArgs {
            filter_timeout: Some(Duration::from_nanos(filter)),
            binding_timeout: Some(Duration::from_nanos(binding)),
        };
        assert_eq!(texts(validate_dynamic_resources_args(&args, "", &gates)), expected);
    };
    check("", 0, 1_000_000_000, &[]);
    check(
        "",
        -1,
        999_000_000,
        &[
            "filterTimeout: Invalid value: -1ns: must be zero or positive",
            "bindingTimeout: Invalid value: 999ms: must be at least 1 second",
        ],
    );
    check(
        "DRASchedulerFilterTimeout=false,DRADeviceBindingConditions=false",
        0,
        1_000_000_000,
        &[
            "filterTimeout: Forbidden: DRASchedulingFilterTimeout feature gate is disabled",
            "bindingTimeout: Forbidden: DRADeviceBindingConditions or DRAResourceClaimDeviceStatus \
             feature gate is disabled",
        ],
    );
}
