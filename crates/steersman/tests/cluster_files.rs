//! Clusters given as files: what is refused, as an API server would, and what is filled in, as it would.

#![allow(missing_docs, reason = "tests have no interface")]

#[path = "simulate/world.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod world;

use std::process::Command;

use serde_json::Value;
use world::{Ran, World, left_over, node, nodes, pod};

fn check_error(ran: &Ran, parts: &[&str]) {
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{parts:?}: {}", ran.stderr);
    assert!(ran.stderr.starts_with("error: "), "{}", ran.stderr);
    for part in parts {
        assert!(ran.stderr.contains(part), "{part:?} is not in {}", ran.stderr);
    }
}

/// Checks that a document is refused with these words, and with its file.
fn refuses(world: &str, document: &str, parts: &[&str]) {
    let world = World::new(&format!("cf-{world}")).file("a.yaml", &[node("a"), document.to_owned()]);
    let ran = world.simulate(&["-f", "."]);
    check_error(&ran, &["a.yaml, document 2"]);
    check_error(&ran, parts);
}

/// A document with a kind of `v1`, a name, and a line of more.
fn object(api_version: &str, kind: &str, name: &str, rest: &str) -> String {
    format!("apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: {name}}}\n{rest}\n")
}

/// A pod whose spec has this in flow style.
fn pod_with(rest: &str) -> String {
    pod("p", "1", &format!(", {rest}"))
}

/// A pod whose only container has this in flow style.
fn pod_of(container: &str) -> String {
    object("v1", "Pod", "p", &format!("spec: {{containers: [{{name: c, {container}}}]}}"))
}

/// A node with 2 CPUs and these labels or taints.
fn node_with(name: &str, rest: &str) -> String {
    format!("{}{rest}\n", node(name))
}

#[test]
fn kinds_that_are_all_but_spelled_right_are_told_which_was_meant() {
    for (api_version, kind, meant) in [
        ("v1", "Pods", "there is no kind \"Pods\": did you mean Pod (v1)?"),
        ("v1", "pod", "did you mean Pod (v1)?"),
        ("v1", "Nodes", "did you mean Node (v1)?"),
        ("apps/v1", "Replicaset", "did you mean ReplicaSet (apps/v1)?"),
        ("apps/v1", "Pod", "there is no Pod in apiVersion \"apps/v1\": did you mean Pod (v1)?"),
        ("v1", "ReplicaSet", "did you mean ReplicaSet (apps/v1)?"),
    ] {
        refuses("kinds", &object(api_version, kind, "x", ""), &[meant]);
    }
}

#[test]
fn kinds_that_exist_elsewhere_are_passed_over() {
    let others = [
        ("apps/v1", "Deployment"),
        ("batch/v1", "Job"),
        ("v1", "PodTemplate"),
        ("metrics.k8s.io/v1beta1", "PodMetrics"),
        ("metrics.k8s.io/v1beta1", "NodeMetrics"),
        ("karpenter.sh/v1", "NodePool"),
        ("karpenter.sh/v1", "NodeClaim"),
        ("rbac.authorization.k8s.io/v1", "Role"),
        ("serving.knative.dev/v1", "Service"),
        ("example.com/v1", "Pods"),
    ];
    let mut documents = vec![node("a")];
    documents.extend(others.map(|(api_version, kind)| object(api_version, kind, "x", "")));
    let ran = World::new("other-kinds").file("a.yaml", &documents).simulate(&["-f", "."]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{}", ran.stdout);
}

#[test]
fn what_is_no_regular_file_is_skipped_in_folders() {
    World::new("fifo").file("a.yaml", &[node("a")]);
    let folder = concat!(env!("CARGO_TARGET_TMPDIR"), "/simulate/fifo");
    let made = Command::new("mkfifo").arg("b.yaml").current_dir(folder).status().expect("mkfifo runs");
    assert!(made.success());
    // A regression would wait for somebody to write into the pipe.
    let mut limited = Command::new("timeout");
    limited.args(["20", env!("CARGO_BIN_EXE_steersman"), "simulate", "-f", "."]).current_dir(folder);
    let output = limited.output().expect("timeout runs");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn input_without_objects_is_refused() {
    let world = World::new("nothing").file("a.yaml", &["---\n".to_owned()]);
    check_error(&world.simulate(&["-f", "/dev/null"]), &["/dev/null: there is no Kubernetes object in it"]);
    check_error(&world.simulate(&["-f", "a.yaml"]), &["a.yaml: there is no Kubernetes object in it"]);
    check_error(&world.simulate(&["-f", "-", "-f", "-"]), &["standard input can be read only once"]);
}

#[test]
fn names_and_labels_have_a_form() {
    let world = "names";
    refuses(world, &pod("Web_1", "1", ""), &["Pod default/Web_1: metadata.name: \"Web_1\"", "\"web-1\""]);
    refuses(world, &object("v1", "Namespace", "a.b", ""), &["metadata.name: \"a.b\"", "\"a-b\""]);
    let labelled = node("b").replace("pool: blue", "pool: 'dark blue'");
    refuses(world, &labelled, &["metadata.labels.pool: \"dark blue\" is no label value"]);
    refuses(world, &pod_with("nodeSelector: {'a b': c}"), &["spec.nodeSelector.a b", "is no label key"]);
}

#[test]
fn pods_need_containers_with_names_of_their_own() {
    let world = "containers";
    let empty = object("v1", "Pod", "p", "spec: {containers: []}");
    refuses(world, &empty, &["Pod default/p: spec.containers: there is none"]);
    let unnamed = object("v1", "Pod", "p", "spec: {containers: [{image: i}]}");
    refuses(world, &unnamed, &["spec.containers[0].name: is missing"]);
    let twins = object("v1", "Pod", "p", "spec: {containers: [{name: c}], initContainers: [{name: c}]}");
    refuses(world, &twins, &["spec.initContainers[0].name: \"c\" is the name of another container"]);
    refuses(world, &pod_of("restartPolicy: always"), &["restartPolicy: \"always\"", "mean \"Always\"?"]);
}

#[test]
fn resources_are_known_and_their_amounts_possible() {
    let world = "resources";
    let check = |resources: &str, parts: &[&str]| {
        refuses(world, &pod_of(&format!("resources: {{{resources}}}")), parts);
    };
    check(
        "requests: {cpu: -1}",
        &["spec.containers[0].resources.requests.cpu: -1 must be greater than or equal"],
    );
    check("requests: {mem: 1Gi}", &["requests.mem: there is no resource \"mem\"", "did you mean memory?"]);
    check("requests: {cpus: 1}", &["did you mean cpu?"]);
    check("limits: {gpu: 1}", &["limits.gpu", "did you mean nvidia.com/gpu?"]);
    check("requests: {cpu: 2}, limits: {cpu: 1}", &["2 must be less than or equal to cpu limit of 1"]);
    check("requests: {e.com/g: 1}, limits: {e.com/g: 2}", &["1 must be equal to e.com/g limit of 2"]);
    check("requests: {e.com/g: 500m}", &["500m must be an integer"]);
    refuses(world, &pod_with("overhead: {cpu: -1}"), &["spec.overhead.cpu: -1"]);
    let spec =
        "spec: {containers: [{name: c, resources: {requests: {cpu: 2}}}], resources: {requests: {cpu: 1}}}";
    refuses(
        world,
        &object("v1", "Pod", "p", spec),
        &["spec.resources.requests.cpu: 1 must be greater than or equal to aggregate"],
    );
    refuses(world, &node("b").replace("'2'", "'-2'"), &["Node b: status.allocatable.cpu: -2"]);
    refuses(world, &node("b").replace("memory", "mem"), &["status.allocatable.mem", "did you mean memory?"]);
}

#[test]
fn ports_are_between_1_and_65535() {
    let world = "ports";
    refuses(
        world,
        &pod_of("ports: [{containerPort: 70000}]"),
        &["ports[0].containerPort: 70000 is not between"],
    );
    refuses(world, &pod_of("ports: [{containerPort: 1, hostPort: -1}]"), &["ports[0].hostPort: -1"]);
    refuses(world, &pod_of("ports: [{containerPort: 1, protocol: tcp}]"), &["did you mean \"TCP\"?"]);
}

#[test]
fn taints_and_tolerations_have_few_words() {
    let world = "taints";
    let taint = |taint: &str| node_with("b", &format!("spec: {{taints: [{taint}]}}"));
    refuses(
        world,
        &taint("{key: a, effect: Noschedule}"),
        &["Node b: spec.taints[0].effect", "\"NoSchedule\"?"],
    );
    refuses(world, &taint("{key: a}"), &["spec.taints[0].effect: is missing"]);
    refuses(world, &taint("{effect: NoSchedule}"), &["spec.taints[0].key: is missing"]);
    let toleration = |it: &str| pod_with(&format!("tolerations: [{it}]"));
    refuses(world, &toleration("{key: a, operator: Exist}"), &["tolerations[0].operator", "\"Exists\"?"]);
    refuses(world, &toleration("{key: a, operator: Exists, value: b}"), &["value: \"b\" must be empty"]);
    refuses(world, &toleration("{value: b}"), &["operator: must be \"Exists\" where key is empty"]);
    refuses(
        world,
        &toleration("{key: a, effect: NoRun}"),
        &["tolerations[0].effect: \"NoRun\" is not one of"],
    );
}

#[test]
fn selectors_are_checked_wherever_they_are() {
    let world = "selectors";
    let wrong = "{matchExpressions: [{key: a, operator: in, values: [b]}]}";
    let parts = ["matchExpressions[0].operator: Unsupported value: \"in\"", "did you mean \"In\"?"];
    let at = |field: &str, document: &str| refuses(world, document, &[parts.as_slice(), &[field]].concat());
    let required = "requiredDuringSchedulingIgnoredDuringExecution";
    let preferred = "preferredDuringSchedulingIgnoredDuringExecution";
    at(
        &format!("spec.affinity.nodeAffinity.{required}.nodeSelectorTerms[0]."),
        &pod_with(&format!("affinity: {{nodeAffinity: {{{required}: {{nodeSelectorTerms: [{wrong}]}}}}}}")),
    );
    at(
        &format!("spec.affinity.podAffinity.{required}[0].labelSelector."),
        &pod_with(&format!(
            "affinity: {{podAffinity: {{{required}: [{{topologyKey: a, labelSelector: {wrong}}}]}}}}"
        )),
    );
    at(
        &format!("spec.affinity.podAntiAffinity.{preferred}[0].podAffinityTerm.namespaceSelector."),
        &pod_with(&format!(
            "affinity: {{podAntiAffinity: {{{preferred}: [{{weight: 1, podAffinityTerm: \
             {{topologyKey: a, namespaceSelector: {wrong}}}}}]}}}}"
        )),
    );
    let budget = format!("spec: {{minAvailable: 1, selector: {wrong}}}");
    at(
        "PodDisruptionBudget default/x: spec.selector.",
        &object("policy/v1", "PodDisruptionBudget", "x", &budget),
    );
    for kind in ["ReplicaSet", "StatefulSet"] {
        let document = object("apps/v1", kind, "x", &format!("spec: {{selector: {wrong}}}"));
        at(&format!("{kind} default/x: spec.selector."), &document);
    }
    let gt = "{matchExpressions: [{key: a, operator: Gt, values: [b]}]}";
    let document =
        pod_with(&format!("affinity: {{nodeAffinity: {{{required}: {{nodeSelectorTerms: [{gt}]}}}}}}"));
    refuses(world, &document, &["values[0]", "the value must be an integer"]);
}

#[test]
fn affinity_terms_need_a_topology_and_a_weight() {
    let world = "affinity";
    let (required, preferred) =
        ("requiredDuringSchedulingIgnoredDuringExecution", "preferredDuringSchedulingIgnoredDuringExecution");
    let term = pod_with(&format!("affinity: {{podAffinity: {{{required}: [{{labelSelector: {{}}}}]}}}}"));
    refuses(world, &term, &[&format!("spec.affinity.podAffinity.{required}[0].topologyKey: is missing")]);
    let weight = pod_with(&format!(
        "affinity: {{nodeAffinity: {{{preferred}: [{{weight: 101, preference: {{}}}}]}}}}"
    ));
    refuses(world, &weight, &[&format!("{preferred}[0].weight: 101 is not between 1 and 100")]);
}

#[test]
fn spread_constraints_are_whole() {
    let world = "spread";
    let check = |rest: &str, part: &str| {
        let document = pod_with(&format!("topologySpreadConstraints: [{{labelSelector: {{}}, {rest}}}]"));
        refuses(world, &document, &[&format!("spec.topologySpreadConstraints[0].{part}")]);
    };
    let hard = "maxSkew: 1, topologyKey: a, whenUnsatisfiable: DoNotSchedule";
    let soft = "maxSkew: 1, topologyKey: a, whenUnsatisfiable: ScheduleAnyway";
    check("maxSkew: 1, topologyKey: a", "whenUnsatisfiable: is missing");
    check("maxSkew: 1, topologyKey: a, whenUnsatisfiable: donotschedule", "whenUnsatisfiable: \"donot");
    check("topologyKey: a, whenUnsatisfiable: DoNotSchedule", "maxSkew: 0 must be at least 1");
    check("maxSkew: 1, whenUnsatisfiable: DoNotSchedule", "topologyKey: is missing");
    check(&format!("{hard}, minDomains: 0"), "minDomains: 0 must be at least 1");
    check(&format!("{soft}, minDomains: 2"), "minDomains: can only be set where");
    check(&format!("{hard}, nodeTaintsPolicy: honour"), "nodeTaintsPolicy: \"honour\" is not one of");
}

#[test]
fn phases_policies_and_priorities_are_known() {
    let world = "words";
    let phase = format!("{}status: {{phase: running}}\n", pod("p", "1", ""));
    refuses(world, &phase, &["status.phase: \"running\" is not one of", "did you mean \"Running\"?"]);
    refuses(world, &pod_with("preemptionPolicy: never"), &["preemptionPolicy", "did you mean \"Never\"?"]);
    let class = "apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {name: high}\nvalue: 10\n";
    let both = pod_with("priorityClassName: high, priority: 5");
    let world = World::new(world).file("a.yaml", &[node("a"), class.to_owned(), both]);
    check_error(
        &world.simulate(&["-f", "."]),
        &["spec.priority: 5 is not the value of PriorityClass \"high\""],
    );
}

#[test]
fn what_an_api_server_has_accepted_is_only_asked_for_words_that_matter() {
    let stored = |document: String| document.replace("  name: ", "  resourceVersion: '7'\n  name: ");
    let odd = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\nspec: {containers: [{name: c, resources: {requests: {cpus: 1}}}]}\n";
    let world = World::new("stored").file("a.yaml", &[node("a"), stored(odd.to_owned())]);
    assert_eq!(world.simulate(&["-f", "."]).code, 0);
    let taint = node_with("b", "spec: {taints: [{key: a, effect: NoThanks}]}");
    refuses("stored-taint", &stored(taint), &["spec.taints[0].effect: \"NoThanks\" is not one of"]);
}

fn simulated(world: &str, documents: &[String]) -> Value {
    World::new(world).file("a.yaml", documents).json(&[])
}

#[test]
fn limits_are_requests_where_there_is_none() {
    let limited =
        |name: &str| pod_of("resources: {limits: {cpu: 2}}").replace("name: p", &format!("name: {name}"));
    let report = simulated("limits", &[node("a"), limited("p"), limited("q")]);
    assert_eq!((nodes(&report).len(), left_over(&report).len()), (1, 1), "{report}");
    let whole = |name: &str| {
        object("v1", "Pod", name, "spec: {containers: [{name: c}], resources: {limits: {cpu: 2}}}")
    };
    let report = simulated("pod-limits", &[node("a"), whole("p"), whole("q")]);
    assert_eq!((nodes(&report).len(), left_over(&report).len()), (1, 1), "{report}");
}

#[test]
fn pods_on_the_host_network_take_its_ports() {
    let on_host = |name: &str| {
        let spec = "spec: {hostNetwork: true, containers: [{name: c, ports: [{containerPort: 80}]}]}";
        object("v1", "Pod", name, spec)
    };
    let report = simulated("host-ports", &[node("a"), on_host("p"), on_host("q")]);
    assert_eq!(nodes(&report).len(), 1, "{report}");
    assert!(left_over(&report).values().all(|message| message.contains("free ports")), "{report}");
}

#[test]
fn a_node_that_only_says_what_it_has_gives_all_of_it() {
    let report = simulated("capacity", &[node("a").replace("allocatable", "capacity"), pod("p", "2", "")]);
    assert_eq!(nodes(&report)["p"], "a");
}

#[test]
fn namespaces_are_found_by_their_name() {
    let bound = pod("old", "100m", ", nodeName: a").replace("name: old\n", "name: old\n  namespace: shop\n");
    let selector = "namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: shop}}";
    let away = pod_with(&format!(
        "affinity: {{podAntiAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: [{{topologyKey: \
         kubernetes.io/hostname, labelSelector: {{}}, {selector}}}]}}}}"
    ));
    let namespace = object("v1", "Namespace", "shop", "");
    let report = simulated("namespace-name", &[node("a"), node("b"), namespace, bound, away]);
    assert_eq!(nodes(&report)["p"], "b");
}

#[test]
fn label_keys_of_affinity_terms_become_part_of_the_selector() {
    let labelled = |name: &str, hash: &str, rest: &str| {
        pod(name, "100m", rest)
            .replace("metadata:\n", &format!("metadata:\n  labels: {{app: w, hash: {hash}}}\n"))
    };
    let keeping_away = |keys: &str| {
        format!(
            ", affinity: {{podAntiAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: [{{topologyKey: \
             kubernetes.io/hostname, labelSelector: {{matchLabels: {{app: w}}}}, {keys}: [hash]}}]}}}}"
        )
    };
    let old = labelled("old", "one", ", nodeName: a");
    let other = labelled("new", "two", &keeping_away("matchLabelKeys"));
    let report = simulated("match-keys", &[node("a"), old.clone(), other]);
    assert_eq!(nodes(&report)["new"], "a");
    let same = labelled("new", "one", &keeping_away("mismatchLabelKeys"));
    assert_eq!(nodes(&simulated("mismatch-keys", &[node("a"), old, same]))["new"], "a");
}

#[test]
fn a_budget_without_status_protects_as_much_as_it_says() {
    let class = "apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {name: high}\nvalue: 10\n";
    let victim = |name: &str, at: &str, app: &str| {
        let bound = pod(name, "2", &format!(", nodeName: {at}"));
        bound.replace("metadata:\n", &format!("metadata:\n  labels: {{app: {app}}}\n"))
    };
    let preempted = |world: &str, amount: &str| {
        let budget = object(
            "policy/v1",
            "PodDisruptionBudget",
            "x",
            &format!("spec: {{{amount}, selector: {{matchLabels: {{app: guarded}}}}}}"),
        );
        // The guarded pod is the cheaper victim but for its budget.
        let cheap = victim("guarded", "a", "guarded");
        let dear = victim("free", "b", "free").replace("nodeName: b", "nodeName: b, priority: 5");
        let documents = [
            node("a"),
            node("b"),
            class.to_owned(),
            cheap,
            dear,
            budget,
            pod_with("priorityClassName: high").replace("cpu: 1", "cpu: 2"),
        ];
        nodes(&simulated(world, &documents))["p"].clone()
    };
    assert_eq!(preempted("budget-min", "minAvailable: 1"), "b");
    assert_eq!(preempted("budget-percent", "minAvailable: 50%"), "b");
    assert_eq!(preempted("budget-none", "maxUnavailable: 0"), "b");
    assert_eq!(preempted("budget-one", "maxUnavailable: 1"), "a");
    assert_eq!(preempted("budget-all", "maxUnavailable: 100%"), "a");
    let world = "budget-both";
    let both = object("policy/v1", "PodDisruptionBudget", "x", "spec: {minAvailable: 1, maxUnavailable: 1}");
    refuses(world, &both, &["minAvailable and maxUnavailable exclude each other"]);
    let half = object("policy/v1", "PodDisruptionBudget", "x", "spec: {minAvailable: half}");
    refuses(world, &half, &["spec.minAvailable: \"half\" must be a number of pods or a percentage"]);
}
