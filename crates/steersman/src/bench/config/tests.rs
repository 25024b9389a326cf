use super::*;
use crate::bench::own_set;

fn case(rest: &str) -> String {
    format!(
        "- name: Case\n  workloadTemplate:\n  - {{opcode: createPods, count: 1, collectMetrics: true}}\n{rest}\n"
    )
}

fn check(text: &str, wanted: &str) {
    let error = parse(text, Path::new("perf/performance-config.yaml")).expect_err(text);
    assert_eq!(format!("{error:#}"), format!("perf/performance-config.yaml: {wanted}"));
}

#[test]
fn the_own_set_is_well_formed_and_every_case_has_both_sizes() {
    let cases = read_all(&Source::Own, Path::new("")).expect("the own set");
    assert!(cases.len() >= 10);
    for case in &cases {
        for label in ["short", "performance"] {
            let has_label = case.workloads.iter().any(|workload| workload.labels.contains(label));
            assert!(has_label, "{} has no {label} workload", case.name);
        }
    }
    assert_eq!(own_set::text("templates/other.yaml"), None);
}

#[test]
fn the_folder_of_the_own_set_has_no_file_that_is_not_part_of_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("workloads");
    for folder in ["", "templates"] {
        for entry in std::fs::read_dir(root.join(folder)).expect("the folder").flatten() {
            let path = entry.path();
            let name = path.strip_prefix(&root).expect("a path in it").to_string_lossy().into_owned();
            assert!(path.is_dir() || own_set::text(&name).is_some(), "{name} is not part of the own set");
        }
    }
}

#[test]
fn labels_thresholds_and_gates_are_read() {
    let text = case(
        "  labels: [all]
  featureGates: {A: true}
  workloads:
  - {name: one, labels: [short], threshold: 270, params: {n: 1}}
  - {name: two, threshold: {dra: 40, misc: 30}, featureGates: {A: false}}
  - {name: three, threshold: 0}",
    );
    let cases = parse(&text, Path::new("f.yaml")).expect("well-formed");
    let workloads = &cases[0].workloads;
    assert_eq!(workloads[0].labels, BTreeSet::from(["all".to_owned(), "short".to_owned()]));
    assert_eq!(workloads[0].threshold(), Some(270.0));
    assert_eq!(workloads[1].threshold(), Some(30.0));
    assert!(!workloads[1].feature_gates["A"]);
    assert_eq!(workloads[2].threshold(), None);
    let matches = |text: &str, workload: &Workload| {
        LabelFilter::parse(text).expect("a good list of labels").matches(&workload.labels)
    };
    assert!(matches("all,-short", &workloads[1]));
    assert!(!matches("+all,-short", &workloads[0]));
    assert!(!matches("short", &workloads[1]));
    assert!(LabelFilter::default().matches(&workloads[1].labels));
    for text in ["", "-", "all,", "+,short"] {
        assert!(LabelFilter::parse(text).is_err(), "{text:?}");
    }
}

#[test]
fn every_op_code_is_known_by_its_name() {
    let text = "
- name: Case
  workloadTemplate:
  - {opcode: createNodes, countParam: $n, nodeTemplatePath: t, uniqueNodeLabelStrategy: {labelKey: k}}
  - {opcode: createNodes, count: 1, nodeAllocatableStrategy: {nodeAllocatable: {cpu: 1},
      csiNodeAllocatable: {d: {count: 39}}, migratedPlugins: [p]}}
  - {opcode: createNamespaces, prefix: p, count: 1, namespaceTemplatePath: t}
  - {opcode: createPods, countParam: $n, podTemplatePath: t, steadyStateParam: $s, durationParam: $d}
  - {opcode: createPodSets, count: 1, namespacePrefix: p, createPodsOp: {opcode: createPods, count: 1}}
  - {opcode: createAny, templatePath: t, namespace: own, countParam: $n}
  - {opcode: updateAny, templatePath: t, updatePerSecond: 10, subresources: [resize]}
  - {opcode: deletePods, namespace: own, labelSelector: {a: b}, deletePodsPerSecond: 1, skipWaitToCompletion: true}
  - {opcode: churn, mode: recreate, number: 1, intervalMilliseconds: 5, templatePaths: [t], namespace: own}
  - {opcode: barrier, namespaces: [own], labelSelector: {a: b}, stageRequirement: Attempted}
  - {opcode: sleep, duration: 5s}
  - {opcode: startCollectingMetrics, name: x, namespaces: [own], labelSelector: {a: b}}
  - {opcode: stopCollectingMetrics}
  - {opcode: createResourceDriver, driverName: d, nodes: n-*, maxClaimsPerNodeParam: $m}
  - {opcode: allocResourceClaims, namespace: own}
  workloads: [{name: w}]
";
    let cases = parse(text, Path::new("f.yaml")).expect("well-formed");
    for op in &cases[0].ops {
        assert!(text.contains(&format!("opcode: {}", op.name())), "{}", op.name());
    }
    let beyond: Vec<_> = cases[0].ops.iter().filter_map(Op::needs_more_than_the_core).collect();
    assert_eq!(beyond.len(), 2, "{beyond:?}");
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    check("{}", "this is no list of test cases".trim());
    check(
        &case("  workloads: []\n  speed: 1"),
        "Case: unknown field `speed`, expected one of `name`, \
        `featureGates`, `workloadTemplate`, `schedulerConfigPath`, `defaultPodTemplatePath`, `labels`, `workloads`",
    );
    check(
        &case("  workloads: [{name: a, speed: 1}]"),
        "Case: workloads[0]: unknown field `speed`, expected one of `name`, `params`, `labels`, `threshold`, \
         `featureGates`",
    );
    check(&case("  workloads: [{name: a}, {name: a}]"), "Case: workloads[1]: there are two workloads \"a\"");
    let twice = case("  workloads: []") + &case("  workloads: []");
    check(&twice, "there are two test cases \"Case\"");
    let ops = |op: &str| format!("- name: Case\n  workloads: []\n  workloadTemplate: [{op}]");
    check(
        &ops("{opcode: createPods, count: 1}"),
        "Case: workloadTemplate: nothing would be measured. Set collectMetrics for a createPods, or use \
         startCollectingMetrics and stopCollectingMetrics",
    );
    check(
        &ops("{opcode: sleep, long: 1}"),
        "Case: workloadTemplate[0]: sleep: unknown field `long`, expected `duration` or `durationParam`",
    );
    check(
        &ops("{opcode: createPods, count: 1, collectMetrics: true, skipWaitToCompletion: true}"),
        "Case: workloadTemplate[0]: createPods: collectMetrics and skipWaitToCompletion exclude each other",
    );
    check(
        &ops("{opcode: churn, mode: recreate, templatePaths: [a]}"),
        "Case: workloadTemplate[0]: churn: number must be given for mode recreate",
    );
    check(
        &ops("{opcode: updateAny, templatePath: a, subresources: [status]}"),
        "Case: workloadTemplate[0]: updateAny: subresources: \"status\" is none that is known here; that is resize",
    );
    let unknown = parse(&ops("{opcode: flyAway}"), Path::new("f.yaml")).expect_err("an error");
    assert!(
        format!("{unknown:#}").contains("flyAway: unknown variant `flyAway`, expected one of `createNodes`")
    );
}
