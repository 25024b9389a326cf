//! What the rows say beyond the plain case.

use super::*;

/// A pod that has been promised a node but is not there yet.
fn promised(table: &mut Table, name: &str, spec: Value) -> Pod {
    let mut pod = table.placed(name, json!({}), spec);
    pod.nominated_node_name = pod.node_name.take();
    pod
}

fn in_namespace(table: &mut Table, namespace: &str, labels: Value, mut spec: Value) -> Pod {
    spec["nodeName"] = json!("n");
    let Object::Pod(mut object) = pod("elsewhere", &labels, &spec) else { unreachable!("a pod") };
    object.metadata.namespace = namespace.into();
    table.scheduler.compile_pod(&object)
}

fn size() -> Value {
    json!({"cpu": "4", "pods": "10"})
}

#[test]
fn a_plugin_that_hears_of_new_nodes_hears_of_changed_taints() {
    let table = Table::new();
    let policy = PluginPolicy { profiles: table.scheduler.profiles(), cycle: table.scheduler.cycle() };
    let tainted = ClusterEvent::new(Resource::Node, Actions::UPDATE_NODE_TAINT);
    let mut table = Table::new();
    let waiting = table.pod("a", json!({}), plain());
    let node = table.labeled(json!({}));
    let changed = Changed::Node { old: Some(&node), new: Some(&node) };
    for plugin in ["NodeName", "NodePorts", "NodeAffinity", "NodeResourcesFit", "InterPodAffinity"] {
        assert!(policy.hears(plugin, &tainted), "{plugin}");
        assert_eq!(policy.hint(plugin, &waiting, tainted, changed), Hint::Queue, "{plugin}");
    }
    for plugin in ["NodeUnschedulable", "TaintToleration", "PodTopologySpread"] {
        assert!(policy.hears(plugin, &tainted), "{plugin}");
        let waiting = with(plain(), "topologySpreadConstraints", hard_spread(json!({}), "nowhere"));
        let waiting = table.pod("a", json!({}), waiting);
        let answer = policy.hint(plugin, &waiting, tainted, changed);
        assert_eq!(answer, Hint::Skip, "{plugin} registered for it and has an opinion");
    }
    for plugin in ["SchedulingGates", "DefaultPreemption"] {
        assert!(!policy.hears(plugin, &tainted), "{plugin}");
    }
}

#[test]
fn taints_repel_if_they_are_not_tolerated_and_not_only_preferred() {
    let mut table = Table::new();
    let spec = with(plain(), "tolerations", json!([{"key": "k", "operator": "Exists"}]));
    let waiting = table.pod("a", json!({}), spec);
    let mut tainted = |key: &str, effect: &str| {
        table.node(size(), json!({}), json!({"taints": [{"key": key, "effect": effect}]}))
    };
    let tolerated = tainted("k", "NoSchedule");
    let preferred = tainted("x", "PreferNoSchedule");
    let (repelling, evicting) = (tainted("x", "NoSchedule"), tainted("x", "NoExecute"));
    let what = Actions::UPDATE_NODE_TAINT;
    for welcome in [&tolerated, &preferred] {
        table.node_comes("TaintToleration", &waiting, welcome, Hint::Queue);
        table.node_changes("TaintToleration", &waiting, what, &repelling, welcome, Hint::Queue);
        table.node_changes("TaintToleration", &waiting, what, &evicting, welcome, Hint::Queue);
    }
    table.node_changes("TaintToleration", &waiting, what, &tolerated, &preferred, Hint::Skip);
    table.node_changes("TaintToleration", &waiting, what, &repelling, &evicting, Hint::Skip);
    table.node_comes("TaintToleration", &waiting, &evicting, Hint::Skip);
}

#[test]
fn node_affinity_considers_what_the_configuration_adds() {
    let required = |key: &str, operator: &str, values: Value| {
        let term = json!({"matchExpressions": [{"key": key, "operator": operator, "values": values}]});
        json!({"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}})
    };
    let added = json!({"addedAffinity": required("pool", "In", json!(["a"]))});
    let mut table = Table::with_args("NodeAffinity", added);
    let waiting = table.pod("a", json!({}), with(plain(), "nodeSelector", json!({"disk": "ssd"})));
    let both = table.labeled(json!({"disk": "ssd", "pool": "a"}));
    let (own, pool) = (table.labeled(json!({"disk": "ssd"})), table.labeled(json!({"pool": "a"})));
    table.node_comes("NodeAffinity", &waiting, &both, Hint::Queue);
    table.node_comes("NodeAffinity", &waiting, &own, Hint::Skip);
    let what = Actions::UPDATE_NODE_LABEL;
    table.node_changes("NodeAffinity", &waiting, what, &pool, &both, Hint::Queue);
    // Only the pod's own part is compared with what was before.
    table.node_changes("NodeAffinity", &waiting, what, &own, &both, Hint::Skip);

    let malformed = json!({"nodeAffinity": required("disk", "Sometimes", json!([]))});
    let malformed = table.pod("b", json!({}), with(plain(), "affinity", malformed));
    table.node_comes("NodeAffinity", &malformed, &both, Hint::Queue);
    table.node_changes("NodeAffinity", &malformed, what, &both, &both, Hint::Queue);
    table.node_comes("NodeAffinity", &malformed, &own, Hint::Skip);
}

#[test]
fn a_pod_that_was_promised_a_node_frees_it_like_one_that_was_there() {
    let mut table = Table::new();
    let mut with_port = plain();
    with_port["containers"][0]["ports"] = json!([{"containerPort": 80, "hostPort": 80}]);
    let waiting = table.pod("a", json!({}), with_port.clone());
    let holder = promised(&mut table, "b", with_port);
    table.pod_leaves("NodePorts", &waiting, &holder, Hint::Queue);
    table.pod_leaves("NodeResourcesFit", &waiting, &holder, Hint::Queue);
}

#[test]
fn node_resources_fit_counts_pods_and_only_what_is_asked_for() {
    let mut table = Table::new();
    let (asking, modest) =
        (table.pod("a", json!({}), asking_cpu("2")), table.pod("b", json!({}), json!({"containers": []})));
    let mut node = |cpu: &str, memory: &str, pods: &str| {
        table.node(json!({"cpu": cpu, "memory": memory, "pods": pods}), json!({}), json!({}))
    };
    let base = node("4", "1Gi", "10");
    let (more_cpu, more_pods) = (node("8", "1Gi", "10"), node("4", "1Gi", "11"));
    let (fewer, closed, tiny) = (node("3", "9Gi", "10"), node("4", "1Gi", "0"), node("1", "1Gi", "11"));
    let what = Actions::UPDATE_NODE_ALLOCATABLE;
    let plugin = "NodeResourcesFit";
    table.node_changes(plugin, &asking, what, &base, &more_cpu, Hint::Queue);
    table.node_changes(plugin, &asking, what, &base, &more_pods, Hint::Queue);
    table.node_changes(plugin, &asking, what, &base, &fewer, Hint::Skip);
    table.node_changes(plugin, &asking, what, &base, &tiny, Hint::Skip);
    table.node_comes(plugin, &asking, &closed, Hint::Skip);
    table.node_changes(plugin, &modest, what, &base, &more_cpu, Hint::Skip);
    table.node_changes(plugin, &modest, what, &base, &more_pods, Hint::Queue);
    table.node_comes(plugin, &modest, &tiny, Hint::Queue);
}

#[test]
fn a_pod_that_scales_down_helps_if_it_is_somewhere_and_had_what_is_asked_for() {
    let mut table = Table::new();
    let waiting = table.pod("a", json!({}), asking_cpu("2"));
    let (large, small) =
        (table.placed("b", json!({}), asking_cpu("2")), table.placed("b", json!({}), asking_cpu("1")));
    let what = Actions::UPDATE_POD_SCALE_DOWN;
    table.pod_changes("NodeResourcesFit", &waiting, what, &large, &small, Hint::Queue);
    table.pod_changes("NodeResourcesFit", &waiting, what, &small, &large, Hint::Skip);
    let (large, small) =
        (table.pod("c", json!({}), asking_cpu("2")), table.pod("c", json!({}), asking_cpu("1")));
    table.pod_changes("NodeResourcesFit", &waiting, what, &large, &small, Hint::Skip);
    let mut memory = plain();
    memory["containers"][0]["resources"]["requests"]["memory"] = json!("1Gi");
    let (large, small) = (table.placed("d", json!({}), memory), table.placed("d", json!({}), plain()));
    table.pod_changes("NodeResourcesFit", &waiting, what, &large, &small, Hint::Skip);
}

fn hard_spread(extra: Value, key: &str) -> Value {
    let mut constraint = json!({"maxSkew": 1, "topologyKey": key, "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": {"app": "x"}}});
    for (field, value) in extra.as_object().into_iter().flatten() {
        constraint[field] = value.clone();
    }
    json!([constraint])
}

#[test]
fn spread_looks_at_pods_of_its_namespace_that_have_a_place() {
    let mut table = Table::new();
    let spec = with(plain(), "topologySpreadConstraints", hard_spread(json!({}), "zone"));
    let waiting = table.pod("a", json!({"app": "x"}), spec);
    let (here, elsewhere) = (
        table.placed("b", json!({"app": "x"}), plain()),
        in_namespace(&mut table, "other", json!({"app": "x"}), plain()),
    );
    table.pod_comes("PodTopologySpread", &waiting, &here, Hint::Queue);
    table.pod_comes("PodTopologySpread", &waiting, &elsewhere, Hint::Skip);
    table.pod_leaves("PodTopologySpread", &waiting, &elsewhere, Hint::Skip);
    // Both forms of a pod that changed have to have a place.
    let homeless = table.pod("b", json!({"app": "y"}), plain());
    let what = Actions::UPDATE_POD_LABEL;
    table.pod_changes("PodTopologySpread", &waiting, what, &homeless, &here, Hint::Skip);
    let relabeled = table.pod("a", json!({"app": "y"}), plain());
    table.pod_changes("PodTopologySpread", &waiting, what, &waiting, &relabeled, Hint::Queue);
}

#[test]
fn spread_looks_at_its_own_tolerations_if_taints_count() {
    let mut table = Table::new();
    let tolerant = json!([{"operator": "Exists"}]);
    for (policy, expected) in [("Honor", Hint::Queue), ("Ignore", Hint::Skip)] {
        let constraint = hard_spread(json!({"nodeTaintsPolicy": policy}), "zone");
        let spec = with(plain(), "topologySpreadConstraints", constraint);
        let waiting = table.pod("a", json!({}), spec.clone());
        let changed = table.pod("a", json!({}), with(spec.clone(), "tolerations", tolerant.clone()));
        let what = Actions::UPDATE_POD_TOLERATION;
        table.pod_changes("PodTopologySpread", &waiting, what, &waiting, &changed, expected);
        let (other, tolerating) = (
            table.placed("b", json!({}), plain()),
            table.placed("b", json!({}), with(plain(), "tolerations", tolerant.clone())),
        );
        table.pod_changes("PodTopologySpread", &waiting, what, &other, &tolerating, Hint::Skip);
    }
}

#[test]
fn spread_looks_at_nodes_that_have_every_key() {
    let mut table = Table::new();
    let mut constraints = hard_spread(json!({}), "zone");
    let second = hard_spread(json!({}), "rack")[0].clone();
    constraints.as_array_mut().expect("a list").push(second);
    let waiting = table.pod("a", json!({}), with(plain(), "topologySpreadConstraints", constraints));
    let (both, one) = (table.labeled(json!({"zone": "a", "rack": "r"})), table.labeled(json!({"zone": "a"})));
    let spec = json!({"taints": [{"key": "k", "effect": "NoSchedule"}]});
    let tainted = table.node(size(), json!({"zone": "a", "rack": "r"}), spec.clone());
    let tainted_one = table.node(size(), json!({"zone": "a"}), spec);
    table.node_comes("PodTopologySpread", &waiting, &both, Hint::Queue);
    table.node_comes("PodTopologySpread", &waiting, &one, Hint::Skip);
    let gone = |node: &Node, expected| {
        let event = ClusterEvent::new(Resource::Node, Actions::DELETE);
        let changed = Changed::Node { old: Some(node), new: None };
        assert_eq!(table.ask("PodTopologySpread", &waiting, event, changed), expected);
    };
    gone(&both, Hint::Queue);
    gone(&one, Hint::Skip);
    let what = Actions::UPDATE_NODE_TAINT;
    table.node_changes("PodTopologySpread", &waiting, what, &tainted, &both, Hint::Queue);
    table.node_changes("PodTopologySpread", &waiting, what, &tainted_one, &one, Hint::Skip);
}

#[test]
fn spread_uses_the_defaults_of_the_configuration() {
    let defaults = json!({"defaultingType": "List", "defaultConstraints":
        [{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}]});
    let mut table = Table::with_args("PodTopologySpread", defaults);
    let service =
        json!({"metadata": {"name": "s", "namespace": "default"}, "spec": {"selector": {"app": "x"}}});
    let service = Object::Service(Box::new(serde_json::from_value(service).expect("a service")));
    table.scheduler.step(Input::Upsert(&service), Now::default());
    let waiting = table.pod("a", json!({"app": "x"}), plain());
    let (alike, other) =
        (table.placed("b", json!({"app": "x"}), plain()), table.placed("c", json!({"app": "y"}), plain()));
    table.pod_comes("PodTopologySpread", &waiting, &alike, Hint::Queue);
    table.pod_comes("PodTopologySpread", &waiting, &other, Hint::Skip);
}

fn required(kind: &str, terms: Value) -> Value {
    with(plain(), "affinity", json!({kind: {"requiredDuringSchedulingIgnoredDuringExecution": terms}}))
}

fn term(app: &str, extra: Value) -> Value {
    let mut term = json!({"topologyKey": "zone", "labelSelector": {"matchLabels": {"app": app}}});
    for (field, value) in extra.as_object().into_iter().flatten() {
        term[field] = value.clone();
    }
    term
}

#[test]
fn affinity_wants_all_its_terms_met_by_a_pod_that_has_a_place() {
    let mut table = Table::new();
    let tier = json!({"topologyKey": "zone", "labelSelector": {"matchLabels": {"tier": "1"}}});
    let spec = required("podAffinity", json!([term("x", json!({})), tier]));
    let near = table.pod("near", json!({}), spec);
    let both = table.placed("b", json!({"app": "x", "tier": "1"}), plain());
    let one = table.placed("b", json!({"app": "x"}), plain());
    let homeless = table.pod("b", json!({"app": "x", "tier": "1"}), plain());
    table.pod_comes("InterPodAffinity", &near, &both, Hint::Queue);
    table.pod_comes("InterPodAffinity", &near, &one, Hint::Skip);
    table.pod_comes("InterPodAffinity", &near, &homeless, Hint::Skip);
    table.pod_leaves("InterPodAffinity", &near, &both, Hint::Skip);
    let what = Actions::UPDATE_POD_LABEL;
    table.pod_changes("InterPodAffinity", &near, what, &one, &both, Hint::Queue);
    let bare = table.pod("b", json!({}), plain());
    table.pod_changes("InterPodAffinity", &near, what, &bare, &homeless, Hint::Skip);
    let without_terms = table.pod("c", json!({}), plain());
    table.pod_comes("InterPodAffinity", &without_terms, &both, Hint::Skip);
}

#[test]
fn affinity_reads_namespace_selectors_as_if_namespaces_had_no_labels() {
    let mut table = Table::new();
    let everywhere = required("podAffinity", json!([term("x", json!({"namespaceSelector": {}}))]));
    let labeled = json!({"namespaceSelector": {"matchLabels": {"team": "a"}}});
    let labeled = required("podAffinity", json!([term("x", labeled)]));
    let listed = required("podAffinity", json!([term("x", json!({"namespaces": ["other"]}))]));
    let other = in_namespace(&mut table, "other", json!({"app": "x"}), plain());
    for (spec, expected) in [(everywhere, Hint::Queue), (labeled, Hint::Skip), (listed, Hint::Queue)] {
        let waiting = table.pod("near", json!({}), spec);
        table.pod_comes("InterPodAffinity", &waiting, &other, expected);
    }
}

#[test]
fn affinity_looks_at_nodes_whose_place_changes() {
    let mut table = Table::new();
    let near = table.pod("near", json!({}), required("podAffinity", json!([term("x", json!({}))])));
    let apart = table.pod("apart", json!({}), required("podAntiAffinity", json!([term("x", json!({}))])));
    let (a, b, none) =
        (table.labeled(json!({"zone": "a"})), table.labeled(json!({"zone": "b"})), table.labeled(json!({})));
    let what = Actions::UPDATE_NODE_LABEL;
    for (old, new, near_expected, apart_expected) in [
        (&a, &b, Hint::Queue, Hint::Queue),
        (&a, &a, Hint::Skip, Hint::Skip),
        (&a, &none, Hint::Skip, Hint::Queue),
        (&none, &a, Hint::Queue, Hint::Skip),
    ] {
        table.node_changes("InterPodAffinity", &near, what, old, new, near_expected);
        table.node_changes("InterPodAffinity", &apart, what, old, new, apart_expected);
    }
}

#[test]
fn changes_of_another_pod_are_nothing_to_plugins_that_look_at_their_own() {
    let mut table = Table::new();
    let waiting = table.pod("a", json!({}), plain());
    let other = table.pod("b", json!({}), plain());
    let spec = with(plain(), "tolerations", json!([{"operator": "Exists"}]));
    let (tolerant, own) = (table.pod("b", json!({}), spec.clone()), table.pod("a", json!({}), spec));
    let what = Actions::UPDATE_POD_TOLERATION;
    for plugin in ["NodeUnschedulable", "TaintToleration"] {
        table.pod_changes(plugin, &waiting, what, &other, &tolerant, Hint::Skip);
        table.pod_changes(plugin, &waiting, what, &waiting, &own, Hint::Queue);
    }
    let demanding = with(with(plain(), "hostNetwork", json!(true)), "hostUsers", json!(false));
    let demanding = table.pod("b", json!({}), demanding);
    table.pod_changes("NodeDeclaredFeatures", &waiting, Actions::UPDATE, &other, &demanding, Hint::Skip);
}
