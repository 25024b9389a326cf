use base::Now;
use proptest::prelude::*;
use serde_json::json;
use wire::Object;

use super::*;
use crate::outcome::Outcome;
use crate::reference::Decision;
use crate::testing::{asking_cpu, node, pod, scheduler};

const SOON: Now = Now::from_nanos(60_000_000_000);

fn small_node(name: &str) -> Object {
    node(name, &json!({"cpu": "1", "memory": "1Gi", "pods": "10"}), &json!({}))
}

fn with_priority(cpu: &str, priority: i32) -> serde_json::Value {
    let mut spec = asking_cpu(cpu);
    spec["priority"] = json!(priority);
    spec
}

fn binds(step: &Step) -> Vec<(String, String)> {
    let bind = |command: &Command| match command {
        Command::Bind { pod, node, .. } => Some((pod.to_string(), node.to_string())),
        _ => None,
    };
    step.commands.iter().filter_map(bind).collect()
}

fn bind_to(object: &Object, node: &str) -> Object {
    let mut object = object.clone();
    if let Object::Pod(pod) = &mut object {
        pod.spec.node_name = node.into();
    }
    object
}

#[test]
fn tries_pods_by_priority_then_by_arrival() {
    let objects = [
        small_node("n"),
        pod("low", &json!({}), &with_priority("1m", 0)),
        pod("high", &json!({}), &with_priority("1m", 9)),
        pod("low-later", &json!({}), &with_priority("1m", 0)),
    ];
    let mut scheduler = scheduler(&objects);
    let order: Vec<String> = std::iter::from_fn(|| scheduler.step(Input::Schedule, SOON).tried)
        .map(|tried| tried.pod.key.name.to_string())
        .collect();
    assert_eq!(order, ["high", "low", "low-later"]);
}

#[test]
fn an_assumed_pod_takes_room_and_a_failed_binding_gives_it_back() {
    let objects = [
        small_node("n"),
        pod("a", &json!({}), &asking_cpu("800m")),
        pod("b", &json!({}), &asking_cpu("800m")),
    ];
    let mut scheduler = scheduler(&objects);
    let first = scheduler.step(Input::Schedule, SOON);
    assert_eq!(binds(&first), [("default/a".into(), "n".into())]);
    let second = scheduler.step(Input::Schedule, SOON);
    assert!(matches!(second.tried.expect("b was tried").outcome, Outcome::Unschedulable(_)));

    let failed = scheduler.step(Input::BindFinished { uid: "a", result: Err("no".into()) }, SOON);
    assert!(failed.commands.iter().any(|command| matches!(command, Command::PatchStatus { .. })));
    assert_eq!(scheduler.snapshot().pods().count(), 0);
    let later = SOON.after(Duration::from_secs(60));
    scheduler.step(Input::Tick, later);
    let retried = scheduler.step(Input::Schedule, later);
    assert_eq!(binds(&retried).len(), 1, "one of them fits now");
}

#[test]
fn a_pod_that_failed_to_fit_is_tried_again_only_when_something_changes() {
    let mut scheduler = scheduler(&[small_node("n"), pod("big", &json!({}), &asking_cpu("3"))]);
    let refused = scheduler.step(Input::Schedule, SOON).tried.expect("tried");
    assert_eq!(
        refused.message,
        "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are \
         available: 1 Preemption is not helpful for scheduling."
    );
    let later = SOON.after(Duration::from_secs(60));
    scheduler.step(Input::Tick, later);
    assert!(scheduler.step(Input::Schedule, later).tried.is_none());
    scheduler.step(Input::Upsert(&node("large", &json!({"cpu": "4", "pods": "10"}), &json!({}))), later);
    scheduler.step(Input::Tick, later.after(Duration::from_secs(60)));
    assert_eq!(binds(&scheduler.step(Input::Schedule, later)), [("default/big".into(), "large".into())]);
}

#[test]
fn an_update_that_changes_nothing_about_placement_does_not_wake_a_refused_pod() {
    let mut scheduler = scheduler(&[small_node("n"), pod("big", &json!({}), &asking_cpu("3"))]);
    scheduler.step(Input::Schedule, SOON);
    let mut echoed = pod("big", &json!({}), &asking_cpu("3"));
    if let Object::Pod(pod) = &mut echoed {
        pod.metadata.resource_version = "2".into();
        pod.status.conditions = serde_json::from_value(
            json!([{"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}]),
        )
        .expect("conditions");
    }
    scheduler.step(Input::Upsert(&echoed), SOON);
    assert!(scheduler.step(Input::Schedule, SOON).tried.is_none());
    scheduler.step(Input::Upsert(&pod("big", &json!({}), &asking_cpu("1"))), SOON);
    assert_eq!(binds(&scheduler.step(Input::Schedule, SOON)).len(), 1, "it asks for less now");
}

#[test]
fn preemption_evicts_nominates_and_places_once_the_victim_is_gone() {
    let victim = bind_to(&pod("victim", &json!({}), &with_priority("900m", 1)), "n");
    let objects = [small_node("n"), victim.clone(), pod("urgent", &json!({}), &with_priority("500m", 10))];
    let mut scheduler = scheduler(&objects);
    let step = scheduler.step(Input::Schedule, SOON);
    let evicted = step.commands.iter().filter_map(|command| match command {
        Command::Evict { pod, message, .. } => Some((pod.to_string(), message.as_str())),
        _ => None,
    });
    let evicted: Vec<_> = evicted.collect();
    let message = "default-scheduler: preempting to accommodate a higher priority pod";
    assert_eq!(evicted, [("default/victim".to_owned(), message)]);
    let nominated = step.commands.iter().find_map(|command| match command {
        Command::PatchStatus { nominated_node_name, .. } => nominated_node_name.clone(),
        _ => None,
    });
    assert_eq!(nominated.as_deref(), Some("n"));
    assert_eq!(step.tried.expect("tried").message, "0/1 nodes are available: 1 Insufficient cpu.");

    scheduler.step(Input::Delete(&victim), SOON);
    let later = SOON.after(Duration::from_secs(60));
    scheduler.step(Input::Tick, later);
    assert_eq!(binds(&scheduler.step(Input::Schedule, later)), [("default/urgent".into(), "n".into())]);
}

#[test]
fn a_nominated_place_is_kept_from_pods_of_lower_priority() {
    let victim = bind_to(&pod("victim", &json!({}), &with_priority("900m", 1)), "n");
    let objects = [small_node("n"), victim.clone(), pod("urgent", &json!({}), &with_priority("900m", 10))];
    let mut scheduler = scheduler(&objects);
    scheduler.step(Input::Schedule, SOON);
    scheduler.step(Input::Delete(&victim), SOON);
    scheduler.step(Input::Upsert(&pod("sneaky", &json!({}), &with_priority("900m", 5))), SOON);
    let sneaky = scheduler.step(Input::Schedule, SOON).tried.expect("tried");
    assert_eq!(sneaky.pod.key.to_string(), "default/sneaky");
    assert!(matches!(sneaky.outcome, Outcome::Unschedulable(_)));
}

/// A pod that the object itself nominates to the node `n`.
fn promised(name: &str, cpu: &str) -> Object {
    let mut object = pod(name, &json!({}), &asking_cpu(cpu));
    if let Object::Pod(pod) = &mut object {
        pod.status.nominated_node_name = "n".into();
    }
    object
}

fn is_placed_later(scheduler: &mut Scheduler, name: &str) -> bool {
    let later = SOON.after(Duration::from_secs(30));
    scheduler.step(Input::Tick, later);
    binds(&scheduler.step(Input::Schedule, later)).iter().any(|(pod, _)| pod == &format!("default/{name}"))
}

#[test]
fn a_promise_that_is_taken_back_lets_others_try() {
    let waiting = pod("waiting", &json!({}), &asking_cpu("900m"));
    let mut scheduler = scheduler(&[small_node("n"), waiting, promised("vain", "2")]);
    let tried = scheduler.step(Input::Schedule, SOON).tried.expect("tried");
    assert_eq!((&*tried.pod.key.name, matches!(tried.outcome, Outcome::Unschedulable(_))), ("waiting", true));
    let tried = scheduler.step(Input::Schedule, SOON).tried.expect("tried");
    assert_eq!((&*tried.pod.key.name, matches!(tried.outcome, Outcome::Unschedulable(_))), ("vain", true));
    assert!(is_placed_later(&mut scheduler, "waiting"));
}

#[test]
fn a_promise_to_a_pod_that_is_deleted_lets_others_try_whether_or_not_it_was_waiting() {
    let mut gone = promised("gone", "900m");
    gone.meta_mut().deletion_timestamp =
        serde_json::from_value(json!("2026-01-01T00:00:00Z")).expect("a time");
    let mut scheduler = scheduler(&[small_node("n"), gone.clone()]);
    assert!(scheduler.step(Input::Schedule, SOON).tried.is_none(), "a pod that is being deleted is let go");
    scheduler.step(Input::Upsert(&pod("waiting", &json!({}), &asking_cpu("900m"))), SOON);
    let tried = scheduler.step(Input::Schedule, SOON).tried.expect("tried");
    assert!(matches!(tried.outcome, Outcome::Unschedulable(_)));
    scheduler.step(Input::Delete(&gone), SOON);
    assert!(is_placed_later(&mut scheduler, "waiting"));
}

#[test]
fn a_promise_to_a_pod_that_finds_another_place_lets_others_try() {
    let tainted = json!([{"key": "k", "effect": "NoSchedule"}]);
    let mut large = node("large", &json!({"cpu": "2", "memory": "1Gi", "pods": "10"}), &json!({}));
    if let Object::Node(node) = &mut large {
        node.spec.taints = serde_json::from_value(tainted).expect("taints");
    }
    let mut promised = promised("promised", "1500m");
    if let Object::Pod(pod) = &mut promised {
        pod.spec.tolerations = serde_json::from_value(json!([{"operator": "Exists"}])).expect("tolerations");
    }
    let waiting = pod("waiting", &json!({}), &asking_cpu("900m"));
    let mut scheduler = scheduler(&[small_node("n"), large, waiting, promised]);
    let tried = scheduler.step(Input::Schedule, SOON).tried.expect("tried");
    assert_eq!((&*tried.pod.key.name, matches!(tried.outcome, Outcome::Unschedulable(_))), ("waiting", true));
    let placed = scheduler.step(Input::Schedule, SOON);
    assert_eq!(binds(&placed), [("default/promised".into(), "large".into())]);
    assert!(is_placed_later(&mut scheduler, "waiting"));
}

#[test]
fn a_pod_that_is_bound_otherwise_than_assumed_gives_back_what_it_was_thought_to_take() {
    let first = pod("first", &json!({}), &asking_cpu("900m"));
    let waiting = pod("waiting", &json!({}), &asking_cpu("900m"));
    let smaller = bind_to(&pod("first", &json!({}), &asking_cpu("100m")), "n");
    for bound in [bind_to(&first, "elsewhere"), smaller] {
        let mut scheduler = scheduler(&[small_node("n"), first.clone(), waiting.clone()]);
        assert_eq!(binds(&scheduler.step(Input::Schedule, SOON)), [("default/first".into(), "n".into())]);
        let tried = scheduler.step(Input::Schedule, SOON).tried.expect("tried");
        assert!(matches!(tried.outcome, Outcome::Unschedulable(_)));
        scheduler.step(Input::Upsert(&bound), SOON);
        assert!(is_placed_later(&mut scheduler, "waiting"));
    }
}

#[test]
fn gated_pods_and_pods_of_other_schedulers_are_not_tried() {
    let mut gated = asking_cpu("1m");
    gated["schedulingGates"] = json!([{"name": "example.com/wait"}]);
    let mut foreign = asking_cpu("1m");
    foreign["schedulerName"] = json!("other");
    let objects = [small_node("n"), pod("gated", &json!({}), &gated), pod("foreign", &json!({}), &foreign)];
    let mut scheduler = scheduler(&objects);
    assert!(scheduler.step(Input::Schedule, SOON).tried.is_none());
    scheduler.step(Input::Upsert(&pod("gated", &json!({}), &asking_cpu("1m"))), SOON);
    assert_eq!(binds(&scheduler.step(Input::Schedule, SOON)).len(), 1, "the gate is gone");
}

#[test]
fn pods_that_need_what_is_not_decided_about_are_refused_by_name() {
    let mut devices = asking_cpu("1m");
    devices["resourceClaims"] = json!([{"name": "gpu", "resourceClaimName": "g"}]);
    let mut group = asking_cpu("1m");
    group["schedulingGroup"] = json!({"podGroupName": "crew"});
    for (name, spec, needed) in [("d", devices, "gpu"), ("g", group, "crew")] {
        let mut scheduler = scheduler(&[small_node("n"), pod(name, &json!({}), &spec)]);
        let tried = scheduler.step(Input::Schedule, SOON).tried.expect("tried");
        assert!(matches!(tried.outcome, Outcome::Failed(_)), "{name}: {}", tried.message);
        assert!(tried.message.contains(needed), "{}", tried.message);
    }
}

#[test]
fn a_percentage_that_is_written_down_limits_the_search_and_moves_its_start() {
    let gates = FeatureGates::default();
    let text = "{apiVersion: kubescheduler.config.k8s.io/v1, kind: KubeSchedulerConfiguration, \
                percentageOfNodesToScore: 60}";
    let configuration = wire::config::load(text.as_bytes(), "test", &gates).expect("valid");
    let mut scheduler = Scheduler::new(&configuration, gates, 7).expect("valid");
    for i in 0..200 {
        scheduler.step(Input::Upsert(&small_node(&format!("n{i}"))), SOON);
    }
    let mut firsts = Vec::new();
    for i in 0..3 {
        let Object::Pod(object) = pod(&format!("p{i}"), &json!({}), &asking_cpu("1m")) else {
            unreachable!("a pod")
        };
        let compiled = scheduler.compile_pod(&object);
        let Some(Decision::Placed(selection)) = scheduler.evaluate(&compiled) else { panic!("it fits") };
        assert_eq!(selection.feasible.len(), 120);
        scheduler.step(Input::Upsert(&Object::Pod(object)), SOON);
        let tried = scheduler.step(Input::Schedule, SOON).tried.expect("tried");
        let Outcome::Placed(placement) = tried.outcome else { panic!("{}", tried.message) };
        assert_eq!(placement.n_feasible, 120);
        let name = scheduler.snapshot().node(selection.feasible[0]).node.name;
        firsts.push(scheduler.symbols().resolve(name).to_owned());
    }
    assert_eq!(firsts, ["n0", "n120", "n40"]);
}

/// A cluster and its pending pods, drawn at random.
fn cluster() -> impl Strategy<Value = Vec<Object>> {
    let nodes = prop::collection::vec((1..5_u8, 0..3_u8, any::<bool>()), 1..6);
    let pods = prop::collection::vec((1..20_u32, 0..3_i32, 0..5_u8, 0..2_u8), 1..14);
    (nodes, pods).prop_map(|(nodes, pods)| {
        let mut objects = Vec::new();
        for (i, (cpu, zone, tainted)) in nodes.into_iter().enumerate() {
            let labels = json!({"topology.kubernetes.io/zone": format!("z{zone}")});
            let allocatable = json!({"cpu": cpu.to_string(), "memory": "4Gi", "pods": "4"});
            let mut object = node(&format!("n{i}"), &allocatable, &labels);
            if let Object::Node(node) = &mut object
                && tainted
            {
                node.spec.taints =
                    serde_json::from_value(json!([{"key": "k", "effect": "PreferNoSchedule"}]))
                        .expect("taints");
            }
            objects.push(object);
        }
        for (i, (cpu, priority, kind, app)) in pods.into_iter().enumerate() {
            let mut spec = with_priority(&format!("{}m", cpu * 100), priority);
            let selector = json!({"matchLabels": {"app": format!("a{app}")}});
            let term = json!([{"topologyKey": "topology.kubernetes.io/zone", "labelSelector": selector}]);
            match kind {
                1 => {
                    spec["affinity"] =
                        json!({"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": term}})
                }
                2 => {
                    spec["affinity"] =
                        json!({"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": term}})
                }
                3 => {
                    spec["topologySpreadConstraints"] = json!([{"maxSkew": 1,
                    "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "DoNotSchedule",
                    "labelSelector": selector}])
                }
                4 => spec["containers"][0]["ports"] = json!([{"containerPort": 80, "hostPort": 80}]),
                _ => {}
            }
            objects.push(pod(&format!("p{i}"), &json!({"app": format!("a{app}")}), &spec));
        }
        objects
    })
}

/// Runs a scheduler until nothing more happens, carrying out its commands at once. Returns what was bound and
/// evicted, in order.
fn run(scheduler: &mut Scheduler, objects: &[Object]) -> Vec<String> {
    let find = |uid: &str| {
        let found =
            objects.iter().find(|object| matches!(object, Object::Pod(pod) if pod.metadata.uid == uid));
        found.expect("a pod that was given").clone()
    };
    let mut history = Vec::new();
    let mut now = SOON;
    for _ in 0..500 {
        let step = scheduler.step(Input::Schedule, now);
        for command in &step.commands {
            match command {
                Command::Bind { uid, node, .. } => {
                    history.push(format!("bind {uid} {node}"));
                    scheduler.step(Input::Upsert(&bind_to(&find(uid), node)), now);
                    scheduler.step(Input::BindFinished { uid, result: Ok(()) }, now);
                }
                Command::Evict { uid, .. } => {
                    history.push(format!("evict {uid}"));
                    scheduler.step(Input::Delete(&find(uid)), now);
                }
                _ => {}
            }
        }
        if step.tried.is_none() {
            let Some(wake) = scheduler.queue().next_wake() else { return history };
            now = wake.max(now);
            scheduler.step(Input::Tick, now);
        }
    }
    history.push("never came to rest".into());
    history
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_simulation_can_be_repeated_and_keeps_every_promise(objects in cluster()) {
        let mut first = scheduler(&objects);
        let history = run(&mut first, &objects);
        prop_assert_eq!(&history, &run(&mut scheduler(&objects), &objects));
        prop_assert!(!history.contains(&"never came to rest".to_owned()));
        let mut bound: Vec<&str> = history.iter().filter_map(|line| line.strip_prefix("bind ")).collect();
        bound.sort_unstable();
        let uids: Vec<&str> = bound.iter().filter_map(|line| line.split(' ').next()).collect();
        prop_assert!(uids.windows(2).all(|pair| pair[0] != pair[1]), "bound twice: {:?}", history);
        for info in first.snapshot().nodes() {
            prop_assert!(info.requested().milli_cpu <= info.node.allocatable.milli_cpu, "overcommitted: {:?}", history);
            prop_assert!(info.pods().len() as i64 <= info.node.allocatable_pods);
        }
    }

    #[test]
    fn filters_forget_what_was_added_and_taken_away(objects in cluster()) {
        use crate::framework::filters::PreFiltered;
        let mut scheduler = scheduler(&objects);
        run(&mut scheduler, &objects);
        let pods: Vec<_> = objects.iter().filter_map(|object| match object {
            Object::Pod(pod) => Some(scheduler.compile_pod(pod)),
            _ => None,
        }).collect();
        for pod in &pods {
            let profile = scheduler.profile_of(pod).expect("the default profile");
            let mut pre = PreFiltered::run(scheduler.cycle(), profile, pod);
            let verdicts = |pre: &PreFiltered<'_>| -> Vec<_> {
                scheduler.snapshot().nodes().map(|node| pre.filters.check_each(node)).collect()
            };
            let before = verdicts(&pre);
            for node in scheduler.snapshot().nodes() {
                let mut changed = node.clone();
                for other in node.pods() {
                    changed.remove_pod(&other.uid);
                    pre.filters.remove_pod(other, &changed);
                }
                for other in node.pods() {
                    changed.add_pod(Arc::clone(other));
                    pre.filters.add_pod(other, &changed);
                }
            }
            prop_assert_eq!(before, verdicts(&pre));
        }
    }
}
