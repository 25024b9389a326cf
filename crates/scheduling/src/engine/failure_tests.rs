//! What follows when a pod is not placed, or not bound.

use base::Now;
use serde_json::json;
use wire::Object;

use super::*;
use crate::testing::{asking_cpu, changed_pod, node, on_node, pod, scheduler, terminating};

const SOON: Now = Now::from_nanos(60_000_000_000);
const LATER: Now = Now::from_nanos(120_000_000_000);

fn small_node(name: &str) -> Object {
    node(name, &json!({"cpu": "1", "memory": "1Gi", "pods": "10"}), &json!({}))
}

/// What was said about a pod: its conditions and nominations, and notes of events.
fn said(step: &Step) -> (Vec<String>, Vec<&str>) {
    let patch = |command: &Command| match command {
        Command::PatchStatus { condition, nominated_node_name, .. } => {
            let reason = condition.as_ref().map_or("same", |condition| condition.reason);
            Some(format!("{reason} {:?}", nominated_node_name.as_deref()))
        }
        _ => None,
    };
    (step.commands.iter().filter_map(patch).collect(), step.commands.iter().filter_map(note).collect())
}

fn note(command: &Command) -> Option<&str> {
    match command {
        Command::Event { note, .. } => Some(note),
        _ => None,
    }
}

/// The pod as it is after a status patch.
fn echo(object: &Object, step: &Step) -> Object {
    changed_pod(object, |pod| {
        for command in &step.commands {
            let Command::PatchStatus { condition, nominated_node_name, .. } = command else { continue };
            if let Some(condition) = condition {
                pod.status.conditions = vec![wire::Condition {
                    r#type: "PodScheduled".into(),
                    status: "False".into(),
                    reason: condition.reason.into(),
                    message: condition.message.clone(),
                    ..wire::Condition::default()
                }];
            }
            if let Some(node) = nominated_node_name {
                pod.status.nominated_node_name = node.to_string();
            }
        }
    })
}

#[test]
fn a_status_that_says_so_already_is_not_written_again() {
    let big = pod("big", &json!({}), &asking_cpu("3"));
    let mut scheduler = scheduler(&[small_node("n"), big.clone()]);
    let first = scheduler.step(Input::Schedule, SOON);
    assert_eq!(said(&first).0, ["Unschedulable None"]);
    // It asks for less each time, so it is tried again, but for more than there is.
    let less = |cpu: &str| echo(&pod("big", &json!({}), &asking_cpu(cpu)), &first);
    scheduler.step(Input::Upsert(&less("3")), SOON);
    scheduler.step(Input::Upsert(&less("2500m")), LATER);
    let again = scheduler.step(Input::Schedule, LATER);
    assert!(again.tried.is_some());
    assert_eq!(said(&again).0, [""; 0], "the same sentence");
    assert_eq!(said(&again).1.len(), 1, "the event is recorded every time");
    scheduler.step(Input::Upsert(&small_node("m")), LATER);
    scheduler.step(Input::Upsert(&less("2")), LATER.after(Duration::from_secs(60)));
    let other = scheduler.step(Input::Schedule, LATER);
    assert_eq!(said(&other).0, ["Unschedulable None"], "another sentence: {:?}", said(&other).1);
}

#[test]
fn a_nomination_that_the_object_does_not_say_yet_is_said_again() {
    let mut asking = asking_cpu("900m");
    asking["priority"] = json!(9);
    let urgent = pod("urgent", &json!({}), &asking);
    let victim = on_node(&pod("victim", &json!({}), &asking_cpu("900m")), "n");
    let mut scheduler = scheduler(&[small_node("n"), victim.clone(), urgent.clone()]);
    let first = scheduler.step(Input::Schedule, SOON);
    assert_eq!(said(&first).0, ["Unschedulable Some(\"n\")"]);
    let failed = Input::EvictFinished { preemptor: "urgent", victim: "victim", result: Err("no".into()) };
    scheduler.step(failed, SOON);
    let second = scheduler.step(Input::Schedule, SOON);
    assert_eq!(said(&second).0, ["Unschedulable Some(\"n\")"]);
    scheduler.step(Input::Upsert(&echo(&urgent, &second)), SOON);
    let failed = Input::EvictFinished { preemptor: "urgent", victim: "victim", result: Err("no".into()) };
    scheduler.step(failed, SOON);
    assert_eq!(said(&scheduler.step(Input::Schedule, SOON)).0, [""; 0]);
}

#[test]
fn without_nodes_nobody_is_to_blame_and_the_promise_is_gone() {
    let promised = changed_pod(&pod("a", &json!({}), &asking_cpu("1")), |pod| {
        pod.status.nominated_node_name = "n".into();
    });
    let mut scheduler = scheduler(&[promised]);
    assert!(scheduler.nominator.node_of("a").is_some());
    let step = scheduler.step(Input::Schedule, SOON);
    assert_eq!(
        said(&step),
        (vec!["Unschedulable Some(\"\")".to_owned()], vec!["no nodes available to schedule pods"])
    );
    assert!(scheduler.nominator.node_of("a").is_none());
    assert_eq!(scheduler.queue().n_backing_off_after_errors(), 1);
    assert_eq!(scheduler.queue().get("a").map(|queued| queued.n_errors_in_a_row), Some(1));
}

#[test]
fn an_attempt_that_fails_is_repeated_after_a_backoff() {
    let mut devices = asking_cpu("1m");
    devices["resourceClaims"] = json!([{"name": "gpu", "resourceClaimName": "g"}]);
    let mut scheduler = scheduler(&[small_node("n"), pod("v", &json!({}), &devices)]);
    let step = scheduler.step(Input::Schedule, SOON);
    assert_eq!(said(&step).0, ["SchedulerError None"]);
    assert!(matches!(step.commands.last(), Some(Command::WakeAt(_))));
    assert!(scheduler.step(Input::Schedule, SOON).tried.is_none(), "it is not tried early");
    scheduler.step(Input::Tick, SOON.after(Duration::from_secs(2)));
    assert!(scheduler.step(Input::Schedule, SOON).tried.is_some());
}

/// A scheduler that has given `a` the node `n`.
fn bound() -> (Scheduler, Object) {
    let a = pod("a", &json!({}), &asking_cpu("800m"));
    let mut scheduler = scheduler(&[small_node("n"), a.clone()]);
    let step = scheduler.step(Input::Schedule, SOON);
    assert!(step.commands.iter().any(|command| matches!(command, Command::Bind { .. })));
    (scheduler, a)
}

fn fail(scheduler: &mut Scheduler) -> Step {
    scheduler.step(Input::BindFinished { uid: "a", result: Err("no".into()) }, SOON)
}

const NOT_BOUND: &str = "running Bind plugin \"DefaultBinder\": no";

#[test]
fn a_pod_that_was_not_bound_is_tried_again_in_its_newest_form() {
    let (mut scheduler, a) = bound();
    let relabeled = changed_pod(&a, |pod| {
        pod.metadata.labels.insert("new".into(), "yes".into());
    });
    scheduler.step(Input::Upsert(&relabeled), SOON);
    assert_eq!(scheduler.snapshot().pods().count(), 1, "it stays assumed");
    let step = fail(&mut scheduler);
    assert_eq!(said(&step), (vec!["SchedulerError None".to_owned()], vec![NOT_BOUND]));
    assert_eq!(scheduler.snapshot().pods().count(), 0);
    assert_eq!(scheduler.queue().n_backing_off_after_errors(), 1);
    let queued = scheduler.queue().get("a").expect("waits");
    assert!(queued.pod.shape.labels.iter().count() == 1, "{:?}", queued.pod.shape.labels);
    assert!(fail(&mut scheduler).commands.is_empty(), "an answer counts once");
}

#[test]
fn a_pod_that_is_gone_is_reported_but_does_not_come_back() {
    let (mut scheduler, a) = bound();
    scheduler.step(Input::Delete(&a), SOON);
    assert_eq!(said(&fail(&mut scheduler)).1, [NOT_BOUND]);
    assert_eq!(scheduler.queue().pods().count(), 0);
    assert!(scheduler.names.is_empty());
}

#[test]
fn a_pod_that_got_a_node_elsewhere_is_reported_but_does_not_come_back() {
    let (mut scheduler, a) = bound();
    scheduler.step(Input::Upsert(&on_node(&a, "elsewhere")), SOON);
    assert_eq!(said(&fail(&mut scheduler)).1, [NOT_BOUND]);
    assert_eq!(scheduler.queue().pods().count(), 0);
    assert_eq!(scheduler.snapshot().pods().count(), 1, "it is where its object says");
    assert!(scheduler.names.is_empty());
}

#[test]
fn a_pod_that_was_replaced_by_another_of_its_name_is_not_even_reported() {
    for deletion_is_seen in [true, false] {
        let (mut scheduler, a) = bound();
        if deletion_is_seen {
            scheduler.step(Input::Delete(&a), SOON);
        }
        let successor = changed_pod(&a, |pod| pod.metadata.uid = "b".into());
        scheduler.step(Input::Upsert(&successor), SOON);
        assert_eq!(scheduler.snapshot().pods().count(), 0);
        let step = fail(&mut scheduler);
        assert_eq!(said(&step), (vec![], vec![]));
        let waiting: Vec<_> = scheduler.queue().pods().map(|queued| queued.pod.uid.to_string()).collect();
        assert_eq!(waiting, ["b"]);
        assert_eq!(scheduler.names.len(), 1);
    }
}

#[test]
fn a_waiting_pod_that_is_replaced_unseen_makes_way() {
    let a = pod("a", &json!({}), &asking_cpu("800m"));
    let mut scheduler = scheduler(std::slice::from_ref(&a));
    scheduler.step(Input::Upsert(&changed_pod(&a, |pod| pod.metadata.uid = "b".into())), SOON);
    let waiting: Vec<_> = scheduler.queue().pods().map(|queued| queued.pod.uid.to_string()).collect();
    assert_eq!(waiting, ["b"]);
    scheduler.step(Input::Upsert(&changed_pod(&on_node(&a, "n"), |pod| pod.metadata.uid = "c".into())), SOON);
    assert_eq!(scheduler.queue().pods().count(), 0);
    assert!(scheduler.names.is_empty());
}

#[test]
fn an_assumed_pod_that_is_being_deleted_gives_its_room_back_at_once() {
    let (mut scheduler, a) = bound();
    scheduler.step(Input::Upsert(&pod("b", &json!({}), &asking_cpu("800m"))), SOON);
    scheduler.step(Input::Schedule, SOON);
    assert_eq!(scheduler.queue().n_unschedulable(), 1);
    scheduler.step(Input::Upsert(&terminating(&a)), SOON);
    assert_eq!(scheduler.snapshot().pods().count(), 0);
    assert_eq!(scheduler.queue().n_backing_off(), 1, "b may have its room");
    let step = scheduler.step(Input::BindFinished { uid: "a", result: Ok(()) }, SOON);
    assert_eq!(said(&step).1, ["Successfully assigned default/a to n"]);
    scheduler.step(Input::Upsert(&terminating(&on_node(&a, "n"))), SOON);
    assert_eq!(scheduler.snapshot().pods().count(), 1);
}

#[test]
fn a_binding_is_reported_once_whatever_comes_first() {
    for object_comes_first in [true, false] {
        let (mut scheduler, a) = bound();
        let placed = on_node(&a, "n");
        let mut notes = Vec::new();
        let answer = || Input::BindFinished { uid: "a", result: Ok(()) };
        let inputs = if object_comes_first {
            [Input::Upsert(&placed), answer(), answer()]
        } else {
            [answer(), Input::Upsert(&placed), answer()]
        };
        for input in inputs {
            let step = scheduler.step(input, SOON);
            notes.extend(said(&step).1.into_iter().map(str::to_owned));
        }
        assert_eq!(notes, ["Successfully assigned default/a to n"]);
        assert!(scheduler.names.is_empty());
        assert!(scheduler.bindings.get_mut("a").is_none(), "nothing is left to wait for");
    }
}

#[test]
fn a_pod_that_is_being_deleted_is_not_tried() {
    let mut scheduler = scheduler(&[small_node("n"), terminating(&pod("a", &json!({}), &asking_cpu("1")))]);
    let step = scheduler.step(Input::Schedule, SOON);
    assert!(step.tried.is_none());
    assert_eq!(said(&step), (vec![], vec!["skip schedule deleting pod: default/a"]));
    assert_eq!((scheduler.queue().n_in_flight(), scheduler.queue().pods().count()), (0, 0));
}
