//! What each op-code does to a small world.

use std::path::Path;

use wire::Kind;

use super::*;
use crate::bench::config::parse;
use crate::bench::params::Params;
use crate::bench::run::{Run, Stop};
use crate::bench::source::Source;

/// Runs op-codes, with the templates of the own set, and looks at what is there then.
fn after(ops: &str, look: impl FnOnce(&World)) {
    run(ops, |outcome, world| {
        if let Err(stop) = outcome {
            panic!("{}", said(stop));
        }
        look(world);
    });
}

/// Runs op-codes that do not get to their end, and returns why.
fn stopped(ops: &str) -> String {
    let mut why = String::new();
    run(ops, |outcome, _| why = outcome.map_or_else(said, |()| panic!("{ops} is run to its end")));
    why
}

fn said(stop: Stop) -> String {
    match stop {
        Stop::NotRun(reason) => format!("not run: {reason}"),
        Stop::Stuck(reason) => format!("stuck: {reason}"),
        Stop::Wrong(error) => format!("{error:#}"),
    }
}

fn run(ops: &str, look: impl FnOnce(Result<(), Stop>, &World)) {
    // Every case has to measure something.
    let measured = "{opcode: startCollectingMetrics, namespaces: [x]}, {opcode: stopCollectingMetrics}";
    let text = format!("- name: Case\n  workloads: [{{name: w}}]\n  workloadTemplate: [{ops}, {measured}]");
    let cases = parse(&text, Path::new("performance-config.yaml")).expect("a configuration");
    let params = Params::new(serde_json::from_str(r#"{"yes": true, "long": "50ms"}"#).expect("parameters"));
    let mut run = Run::new(&Source::Own, &cases[0], FeatureGates::default(), &params, 1).expect("a world");
    let outcome = run.all(&cases[0].ops);
    look(outcome, &run.world);
}

fn pods_of<'w>(world: &'w World, namespace: &str) -> Vec<&'w Pod> {
    world
        .pods_in(namespace, &BTreeMap::new())
        .iter()
        .filter_map(|uid| world.pods.get(uid))
        .filter_map(as_pod)
        .collect()
}

fn n_bound(world: &World, namespace: &str) -> usize {
    pods_of(world, namespace).iter().filter(|pod| !pod.spec.node_name.is_empty()).count()
}

fn nodes(world: &World) -> Vec<&wire::Node> {
    let nodes = world.others.values().filter_map(|object| match object {
        Object::Node(node) => Some(node.as_ref()),
        _ => None,
    });
    nodes.collect()
}

const NODES: &str = "{opcode: createNodes, count: 5, nodeTemplatePath: templates/node-small.yaml}";

#[test]
fn create_nodes_labels_them_and_fills_their_capacity_in() {
    let ops = "{opcode: createNodes, count: 4, labelNodePrepareStrategy: {labelKey: zone, labelValues: [a, b, c]}}, \
               {opcode: createNodes, count: 2, uniqueNodeLabelStrategy: {labelKey: own}}, \
               {opcode: createNodes, count: 1, nodeAllocatableStrategy: {nodeAllocatable: {example.com/disk: '7'}, \
               csiNodeAllocatable: {d: {count: 39}}, migratedPlugins: [p, q]}}";
    after(ops, |world| {
        let nodes = nodes(world);
        assert_eq!((nodes.len(), world.n_nodes), (7, 7));
        let zones: Vec<_> = nodes.iter().filter_map(|node| node.metadata.labels.get("zone")).collect();
        assert_eq!(zones, ["a", "b", "c", "a"]);
        assert_eq!(nodes.iter().filter(|node| node.metadata.labels.contains_key("own")).count(), 2);
        for node in &nodes {
            assert_eq!(node.metadata.labels["kubernetes.io/hostname"], node.metadata.name);
            assert_eq!(node.status.allocatable["pods"].value(), 110);
        }
        let last = nodes[6];
        assert_eq!(last.status.allocatable["example.com/disk"].value(), 7);
        assert_eq!(last.status.allocatable["cpu"].value(), 4);
        let key = (Kind::CsiNode, String::new(), last.metadata.name.clone());
        let Some(Object::CsiNode(csi)) = world.others.get(&key) else { panic!("no CSINode") };
        let limit = csi.spec.drivers[0].allocatable.as_ref().and_then(|allocatable| allocatable.count);
        assert_eq!(limit, Some(39));
        assert_eq!(csi.metadata.annotations["storage.alpha.kubernetes.io/migrated-plugins"], "p,q");
    });
}

#[test]
fn create_namespaces_numbers_them() {
    let ops = "{opcode: createNamespaces, prefix: team, count: 2, namespaceTemplatePath: templates/namespace-team.yaml}";
    after(ops, |world| {
        let key = (Kind::Namespace, String::new(), "team-1".to_owned());
        let labels = &world.others[&key].meta().labels;
        assert_eq!(labels["team"], "blue");
        assert_eq!(labels["kubernetes.io/metadata.name"], "team-1");
        assert!(!world.others.contains_key(&(Kind::Namespace, String::new(), "team-2".to_owned())));
    });
}

#[test]
fn create_pods_waits_until_all_are_bound() {
    let ops = format!(
        "{NODES}, {{opcode: createPods, count: 12}}, {{opcode: createPods, count: 3, namespace: own}}"
    );
    after(&ops, |world| {
        assert_eq!(n_bound(world, "namespace-1"), 12);
        assert_eq!(n_bound(world, "own"), 3);
        assert_eq!(world.now(), START.after(DECISION * 15), "each decision takes its virtual time");
    });
}

#[test]
fn create_pods_may_go_on_without_waiting() {
    let skip = "{opcode: createPods, count: 4, namespace: own, skipWaitToCompletion: true}";
    after(&format!("{NODES}, {skip}"), |world| {
        assert_eq!((pods_of(world, "own").len(), n_bound(world, "own")), (4, 0));
    });
    after(&format!("{NODES}, {skip}, {{opcode: barrier}}"), |world| assert_eq!(n_bound(world, "own"), 4));
    after(&format!("{NODES}, {skip}, {{opcode: sleep, duration: 2ms}}"), |world| {
        assert_eq!(n_bound(world, "own"), 2, "one decision per millisecond");
    });
}

#[test]
fn a_steady_state_replaces_what_is_bound_until_the_time_is_over() {
    let ops = format!(
        "{NODES}, {{opcode: createPods, count: 3, namespace: own, steadyStateParam: $yes, durationParam: $long}}"
    );
    after(&ops, |world| {
        assert_eq!(pods_of(world, "own").len(), 3, "as many as in the beginning");
        assert_eq!(world.now(), START.after(Duration::from_millis(50)));
        // 3 pods at first, and one for each of the 50 decisions.
        let last = pods_of(world, "own").iter().map(|pod| pod.metadata.uid.clone()).max().expect("a pod");
        let n_created = u64::from_str_radix(&last[24..], 16).expect("a number");
        assert_eq!(n_created, 5 + 1 + 3 + 50);
    });
}

#[test]
fn create_pod_sets_makes_pods_in_each_namespace() {
    let ops = format!(
        "{NODES}, {{opcode: createPodSets, count: 3, namespacePrefix: set, createPodsOp: {{opcode: createPods, count: 2}}}}"
    );
    after(&ops, |world| (0..3).for_each(|i| assert_eq!(n_bound(world, &format!("set-{i}")), 2)));
}

#[test]
fn create_any_and_update_any_replace_labels_and_keep_where_a_pod_is() {
    let varied = NODES.replace("node-small", "node-varied");
    let ops = format!(
        "{varied}, {{opcode: createAny, templatePath: templates/service.yaml, namespace: own, count: 2}}, \
         {{opcode: createPods, count: 3, namespace: own, podTemplatePath: templates/pod-distinct.yaml}}, \
         {{opcode: updateAny, templatePath: templates/pod-distinct.yaml, namespace: own, count: 1, updatePerSecond: 100}}"
    );
    after(&ops, |world| {
        assert_eq!(world.others.keys().filter(|key| key.0 == Kind::Service && key.1 == "own").count(), 2);
        let updated = pods_of(world, "own")[0];
        assert_eq!((updated.metadata.name.as_str(), updated.metadata.generation), ("distinct-0", 2));
        assert!(!updated.spec.node_name.is_empty());
        assert_eq!(n_bound(world, "own"), 3);
        assert_eq!(world.now(), START.after(DECISION * 3 + Duration::from_millis(10)));
    });
    let gone = "{opcode: updateAny, templatePath: templates/pod-distinct.yaml, namespace: own}";
    assert_eq!(stopped(gone), "workloadTemplate[0] (updateAny): Pod own/distinct-0 is not there");
    let nowhere = "{opcode: createAny, templatePath: templates/service.yaml}";
    assert_eq!(
        stopped(nowhere),
        "workloadTemplate[0] (createAny): templates/service.yaml: namespace must be given for a Service"
    );
}

#[test]
fn delete_pods_removes_all_or_so_many_per_second() {
    let pods = "{opcode: createPods, count: 4, namespace: own}";
    after(&format!("{NODES}, {pods}, {{opcode: deletePods, namespace: own}}"), |world| {
        assert!(pods_of(world, "own").is_empty());
    });
    let slowly = format!("{NODES}, {pods}, {{opcode: deletePods, namespace: own, deletePodsPerSecond: 10}}");
    after(&slowly, |world| {
        assert!(pods_of(world, "own").is_empty());
        assert_eq!(world.now(), START.after(DECISION * 4 + Duration::from_millis(400)));
    });
    let beside = format!(
        "{NODES}, {pods}, {{opcode: deletePods, namespace: own, deletePodsPerSecond: 10, skipWaitToCompletion: true}}, \
         {{opcode: sleep, duration: 250ms}}"
    );
    after(&beside, |world| assert_eq!(pods_of(world, "own").len(), 2));
    let others =
        format!("{NODES}, {pods}, {{opcode: deletePods, namespace: own, labelSelector: {{app: x}}}}");
    after(&others, |world| assert_eq!(pods_of(world, "own").len(), 4));
}

#[test]
fn churn_creates_or_creates_and_deletes_at_its_interval() {
    let churn = |rest: &str, sleep: &str| {
        format!(
            "{NODES}, {{opcode: churn, namespace: own, intervalMilliseconds: 10, \
             templatePaths: [templates/pod-plain.yaml, templates/service.yaml], {rest}}}, \
             {{opcode: sleep, duration: {sleep}}}"
        )
    };
    after(&churn("mode: create", "95ms"), |world| assert_eq!(n_bound(world, "own"), 9));
    after(&churn("mode: create, number: 4", "1s"), |world| assert_eq!(n_bound(world, "own"), 4));
    // Two rounds come, the first one goes.
    after(&churn("mode: recreate, number: 2", "35ms"), |world| {
        assert_eq!(n_bound(world, "own"), 1);
        assert_eq!(world.others.keys().filter(|key| key.0 == Kind::Service).count(), 1);
    });
}

#[test]
fn barriers_wait_for_what_they_name() {
    let blocked = "{opcode: createPods, count: 2, namespace: own, podTemplatePath: templates/pod-blocked.yaml, \
                   skipWaitToCompletion: true}";
    let tried = format!("{NODES}, {blocked}, {{opcode: barrier, stageRequirement: Attempted}}");
    after(&tried, |world| {
        for pod in pods_of(world, "own") {
            assert_eq!(pod.status.conditions[0].reason, "Unschedulable");
        }
    });
    let bound = format!("{NODES}, {blocked}, {{opcode: barrier, namespaces: [own]}}");
    let why = stopped(&bound);
    assert!(
        why.starts_with(
            "stuck: workloadTemplate[2] (barrier): 2 pods do not get bound, such as own/blocked-"
        )
    );
    assert!(why.contains("0/5 nodes are available: 5 Insufficient cpu."), "{why}");
    let others = format!("{NODES}, {blocked}, {{opcode: barrier, labelSelector: {{app: x}}}}");
    after(&others, |world| assert_eq!(n_bound(world, "own"), 0));
    let unknown = "{opcode: barrier, namespaces: [other]}";
    assert_eq!(
        stopped(unknown),
        "workloadTemplate[0] (barrier): namespaces: no pods were created in \"other\""
    );
}

#[test]
fn preempted_pods_are_gone_and_the_important_ones_are_bound() {
    let ops = format!(
        "{NODES}, {{opcode: createPods, count: 20, podTemplatePath: templates/pod-preemptible.yaml}}, \
         {{opcode: createPods, count: 5, podTemplatePath: templates/pod-important.yaml}}"
    );
    after(&ops, |world| {
        assert_eq!(n_bound(world, "namespace-2"), 5);
        assert_eq!(pods_of(world, "namespace-1").len(), 5, "three of four are gone from each node");
        assert!(pods_of(world, "namespace-2").iter().all(|pod| pod.status.nominated_node_name.is_empty()));
    });
}

#[test]
fn what_the_core_cannot_do_alone_is_not_begun() {
    let driver = "{opcode: createResourceDriver, driverName: d, nodes: n-*, maxClaimsPerNode: 4}";
    run(&format!("{NODES}, {driver}"), |outcome, world| {
        let why = outcome.map_or_else(said, |()| panic!("it is run"));
        assert!(
            why.starts_with("not run: createResourceDriver: devices of d (4 claims on each of n-*)"),
            "{why}"
        );
        assert!(nodes(world).is_empty(), "nothing is begun");
    });
    let claims = stopped("{opcode: allocResourceClaims, namespace: init}");
    assert!(claims.starts_with("not run: allocResourceClaims: "), "{claims}");
}

#[test]
fn metrics_are_collected_one_at_a_time() {
    let start = "{opcode: startCollectingMetrics, namespaces: [x]}";
    assert_eq!(
        stopped(start),
        "workloadTemplate[1] (startCollectingMetrics): metrics are being collected already; \
         stopCollectingMetrics is missing before"
    );
    assert_eq!(
        stopped("{opcode: stopCollectingMetrics}"),
        "workloadTemplate[0] (stopCollectingMetrics): no metrics are being collected; startCollectingMetrics is missing"
    );
}

/// An empty world, and a pod as an API server would get it.
fn world_and_pod(rest: &str) -> (World, Object) {
    let gates = FeatureGates::default();
    let world = World::new(&SchedulerConfiguration::default_for(&gates), gates, 1).expect("a world");
    let text = format!(
        r#"{{"kind":"Pod","apiVersion":"v1","metadata":{{"name":"p","finalizers":["f"]}},"spec":{{{rest}}}}}"#
    );
    let mut decoded = wire::decode::read_bytes("pod", text.as_bytes()).expect("a pod");
    (world, decoded.objects.remove(0).object)
}

#[test]
fn a_finalizer_holds_a_deleted_pod() {
    let (mut world, pod) = world_and_pod("");
    let handle = world.create(pod.clone()).expect("created");
    assert_eq!(world.create(pod).map(drop).expect_err("twice").to_string(), "Pod default/p is there already");
    world.delete(&handle);
    assert!(pods_of(&world, "default")[0].metadata.deletion_timestamp.is_some());
    world.run_until(START.after(Duration::from_secs(1)));
    assert_eq!(pods_of(&world, "default").len(), 1);
}

#[test]
fn a_gated_pod_counts_as_tried_until_its_gates_are_gone() {
    let (mut world, pod) = world_and_pod(r#""schedulingGates":[{"name":"g"}]"#);
    let Handle::Pod(uid) = world.create(pod.clone()).expect("created") else { panic!("no pod") };
    assert!(world.has_reached(&uid, Stage::Attempted));
    let Object::Pod(mut open) = pod else { panic!("no pod") };
    open.spec.scheduling_gates.clear();
    world.update(Object::Pod(open), false).expect("updated");
    assert!(!world.has_reached(&uid, Stage::Attempted));
}

#[test]
fn a_resize_changes_only_what_containers_ask_for() {
    let resources =
        |cpu: &str| format!(r#""containers":[{{"name":"c","resources":{{"requests":{{"cpu":"{cpu}"}}}}}}]"#);
    let (mut world, pod) = world_and_pod(&resources("1"));
    world.create(pod).expect("created");
    let (_, mut smaller) = world_and_pod(&resources("500m"));
    smaller.meta_mut().labels.insert("a".to_owned(), "b".to_owned());
    world.update(smaller, true).expect("updated");
    let pod = pods_of(&world, "default")[0];
    assert_eq!(pod.spec.containers[0].resources.requests["cpu"].milli_value(), 500);
    assert!(pod.metadata.labels.is_empty());
}
