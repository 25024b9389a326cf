//! Which node a waiting pod is nominated to, and who says so.

use base::Now;
use serde_json::json;
use wire::Object;

use super::*;
use crate::testing::{asking_cpu, changed_pod, node, on_node, pod, scheduler};

const SOON: Now = Now::from_nanos(60_000_000_000);

fn nominated_to(object: &Object, node: &str) -> Object {
    changed_pod(object, |pod| pod.status.nominated_node_name = node.into())
}

fn nomination<'s>(scheduler: &'s Scheduler, uid: &str) -> Option<&'s str> {
    let node = scheduler.nominator.node_of(uid)?;
    let known = scheduler.queue().get(uid).and_then(|queued| queued.pod.nominated_node_name);
    assert_eq!(known, Some(node), "the pod and the nominator agree");
    Some(scheduler.symbols().resolve(node))
}

fn small_node(name: &str) -> Object {
    node(name, &json!({"cpu": "1", "memory": "1Gi", "pods": "10"}), &json!({}))
}

fn asking(priority: i32) -> serde_json::Value {
    let mut spec = asking_cpu("900m");
    spec["priority"] = json!(priority);
    spec
}

#[test]
fn what_the_object_says_counts() {
    let a = pod("a", &json!({}), &asking(0));
    let mut scheduler = scheduler(&[nominated_to(&a, "n")]);
    assert_eq!(nomination(&scheduler, "a"), Some("n"));
    scheduler.step(Input::Upsert(&nominated_to(&a, "m")), SOON);
    assert_eq!(nomination(&scheduler, "a"), Some("m"));
    scheduler.step(Input::Upsert(&a), SOON);
    assert_eq!(nomination(&scheduler, "a"), None);
    scheduler.step(Input::Upsert(&nominated_to(&a, "n")), SOON);
    scheduler.step(Input::Delete(&a), SOON);
    assert_eq!(scheduler.nominator.node_of("a"), None);
}

#[test]
fn nothing_is_kept_free_for_a_gated_pod_until_it_changes() {
    let mut spec = asking(0);
    spec["schedulingGates"] = json!([{"name": "g"}]);
    let gated = nominated_to(&pod("a", &json!({}), &spec), "n");
    let mut scheduler = scheduler(std::slice::from_ref(&gated));
    assert_eq!(scheduler.nominator.node_of("a"), None);
    let free = changed_pod(&gated, |pod| pod.spec.scheduling_gates.clear());
    scheduler.step(Input::Upsert(&free), SOON);
    assert_eq!(nomination(&scheduler, "a"), Some("n"));
    assert_eq!(scheduler.queue().n_active(), 1);
}

/// A scheduler that has made room for `urgent` on `n`, which its object does not say yet.
fn promised() -> (Scheduler, Object, Object) {
    let victim = on_node(&pod("victim", &json!({}), &asking(1)), "n");
    let urgent = pod("urgent", &json!({}), &asking(9));
    let mut scheduler = scheduler(&[small_node("n"), victim.clone(), urgent.clone()]);
    scheduler.step(Input::Schedule, SOON);
    assert_eq!(nomination(&scheduler, "urgent"), Some("n"));
    (scheduler, urgent, victim)
}

#[test]
fn a_promise_that_the_object_does_not_know_of_survives_its_updates() {
    let (mut scheduler, urgent, _) = promised();
    let relabeled = changed_pod(&urgent, |pod| {
        pod.metadata.labels.insert("new".into(), "yes".into());
    });
    scheduler.step(Input::Upsert(&relabeled), SOON);
    assert_eq!(nomination(&scheduler, "urgent"), Some("n"));
    scheduler.step(Input::Upsert(&nominated_to(&relabeled, "n")), SOON);
    assert_eq!(nomination(&scheduler, "urgent"), Some("n"));
    scheduler.step(Input::Upsert(&relabeled), SOON);
    assert_eq!(nomination(&scheduler, "urgent"), None, "the object knew, and has forgotten");
}

#[test]
fn an_assumed_pod_is_nominated_nowhere() {
    let (mut scheduler, _, victim) = promised();
    scheduler.step(Input::Delete(&victim), SOON);
    let step = scheduler.step(Input::Schedule, SOON);
    assert!(step.commands.iter().any(|command| matches!(command, Command::Bind { .. })));
    assert!(scheduler.nominator.is_empty());
}

#[test]
fn a_promise_that_cannot_be_kept_is_taken_back() {
    let (mut scheduler, urgent, _) = promised();
    scheduler.step(Input::Upsert(&nominated_to(&urgent, "n")), SOON);
    let failed = Input::EvictFinished { preemptor: "urgent", victim: "victim", result: Err("no".into()) };
    scheduler.step(failed, SOON);
    let important = on_node(&pod("victim", &json!({}), &asking(20)), "n");
    scheduler.step(Input::Upsert(&important), SOON);
    let step = scheduler.step(Input::Schedule, SOON);
    let cleared = step.commands.iter().any(|command| {
        matches!(command, Command::PatchStatus { nominated_node_name: Some(node), .. } if node.is_empty())
    });
    assert!(cleared, "{:?}", step.commands);
    assert_eq!(nomination(&scheduler, "urgent"), None);
}

#[test]
fn a_pod_that_loses_its_promise_wakes_those_it_was_kept_from() {
    for is_deleted in [true, false] {
        let holder = nominated_to(&pod("holder", &json!({}), &asking(5)), "n");
        let mut scheduler = scheduler(&[small_node("n")]);
        let resident = on_node(&pod("resident", &json!({}), &asking(100)), "n");
        scheduler.step(Input::Upsert(&resident), SOON);
        for (name, priority) in [("lower", 4), ("higher", 6)] {
            scheduler.step(Input::Upsert(&pod(name, &json!({}), &asking(priority))), SOON);
            scheduler.step(Input::Schedule, SOON);
        }
        scheduler.step(Input::Upsert(&holder), SOON);
        assert_eq!(scheduler.queue().n_unschedulable(), 2);
        if is_deleted {
            scheduler.step(Input::Delete(&holder), SOON);
        } else {
            scheduler.step(Input::Upsert(&nominated_to(&holder, "")), SOON);
        }
        assert_eq!(scheduler.queue().n_backing_off(), 1);
        let waits = scheduler.queue().pods().find(|queued| *queued.pod.key.name == *"higher");
        assert!(waits.is_some_and(|queued| queued.n_refusals == 1));
        assert_eq!(scheduler.queue().n_unschedulable(), 1, "nothing was kept from the higher one");
    }
}
