//! Making room, from the decision to the last victim.

use base::Now;
use serde_json::{Value, json};
use wire::Object;

use super::*;
use crate::testing::{
    asking_cpu, changed_pod, node, on_node, pod, scheduler, scheduler_with_gates, terminating,
};

const SOON: Now = Now::from_nanos(60_000_000_000);

fn asking(cpu: &str, priority: i32, port: Option<i32>) -> Value {
    let mut spec = asking_cpu(cpu);
    spec["priority"] = json!(priority);
    if let Some(port) = port {
        spec["containers"][0]["ports"] = json!([{"containerPort": port, "hostPort": port}]);
    }
    spec
}

fn node_of_one_cpu() -> Object {
    node("n", &json!({"cpu": "1", "memory": "1Gi", "pods": "10"}), &json!({}))
}

/// `first` and `last` run on `n`; `urgent` needs the room of both.
struct Case {
    scheduler: Scheduler,
    first: Object,
    last: Object,
    now: Now,
}

impl Case {
    fn new() -> Case {
        Case::with(scheduler(&[]), None)
    }

    fn with(mut scheduler: Scheduler, port: Option<i32>) -> Case {
        let first = on_node(&pod("first", &json!({}), &asking("400m", 2, port)), "n");
        let last = on_node(&pod("last", &json!({}), &asking("400m", 1, None)), "n");
        let urgent = pod("urgent", &json!({}), &asking("900m", 9, port));
        for object in [&node_of_one_cpu(), &first, &last, &urgent] {
            scheduler.step(Input::Upsert(object), SOON);
        }
        Case { scheduler, first, last, now: SOON }
    }

    fn step(&mut self, input: Input<'_>) -> Vec<Command> {
        self.scheduler.step(input, self.now).commands
    }

    fn answer(&mut self, victim: &str, result: Result<(), &str>) -> Vec<Command> {
        let result = result.map_err(str::to_owned);
        self.step(Input::EvictFinished { preemptor: "urgent", victim, result })
    }

    /// Where the pod for which room is made is.
    fn urgent(&self) -> &'static str {
        let Some(queued) = self.scheduler.queue().get("urgent") else { return "nowhere" };
        if queued.gated_by == Some("DefaultPreemption") {
            return "gated";
        }
        if self.scheduler.queue().n_active() > 0 {
            return "active";
        }
        if self.scheduler.queue().n_backing_off() > 0 { "backoff" } else { "unschedulable" }
    }

    /// Lets enough time pass for any backoff, and decides about the next pod.
    fn later(&mut self) -> Vec<Command> {
        self.now = self.now.after(Duration::from_secs(60));
        self.step(Input::Tick);
        self.step(Input::Schedule)
    }
}

/// The UIDs of those who are to be evicted, all of them from `n` for `urgent`.
fn evicted(commands: &[Command]) -> Vec<&str> {
    commands.iter().filter_map(eviction).collect()
}

fn eviction(command: &Command) -> Option<&str> {
    let Command::Evict { uid, preemptor, node, .. } = command else { return None };
    assert_eq!((&**preemptor, &**node), ("urgent", "n"));
    Some(uid)
}

fn preempted(commands: &[Command]) -> Vec<String> {
    let note = |command: &Command| match command {
        Command::Event { pod, kind: EventKind::Preempted, note, .. } => Some(format!("{}: {note}", pod.name)),
        _ => None,
    };
    commands.iter().filter_map(note).collect()
}

fn binds(commands: &[Command]) -> usize {
    commands.iter().filter(|command| matches!(command, Command::Bind { .. })).count()
}

#[test]
fn the_last_victim_is_evicted_when_the_others_have_answered() {
    let mut case = Case::new();
    let commands = case.step(Input::Schedule);
    assert_eq!(evicted(&commands), ["first"]);
    assert_eq!(preempted(&commands), [""; 0], "nobody has left yet");
    let commands = case.answer("first", Ok(()));
    assert_eq!(evicted(&commands), ["last"]);
    assert_eq!(preempted(&commands), ["first: Preempted by pod urgent on node n"]);
    let commands = case.answer("last", Ok(()));
    assert_eq!(evicted(&commands), [""; 0]);
    assert_eq!(preempted(&commands), ["last: Preempted by pod urgent on node n"]);
    assert_eq!(case.answer("last", Ok(())), [], "an answer counts once");
}

#[test]
fn the_first_victim_to_leave_does_not_wake_the_pod_too_early() {
    let mut case = Case::new();
    case.step(Input::Schedule);
    assert_eq!(case.urgent(), "unschedulable");
    let first = case.first.clone();
    let commands = case.step(Input::Delete(&first));
    assert_eq!(evicted(&commands), ["last"], "it has left, whether or not anybody says so");
    assert_eq!(case.urgent(), "gated");
    let explained =
        case.scheduler.queue().get("urgent").map(|queued| Arc::clone(&queued.pod)).expect("waits");
    let explained = case.scheduler.explain(&explained).expect("a profile");
    let why = explained.pre_enqueue[0].message(case.scheduler.symbols());
    assert_eq!(why, "waiting for the preemption for this pod to be finished");
    case.answer("first", Ok(()));
    assert_eq!(binds(&case.later()), 0, "it is held back");
    let last = case.last.clone();
    case.step(Input::Delete(&last));
    assert_eq!(case.urgent(), "active", "its backoff is long over");
    assert_eq!(binds(&case.later()), 1);
}

#[test]
fn a_terminating_victim_counts_as_one_that_has_left() {
    let mut case = Case::new();
    case.step(Input::Schedule);
    let (first, last) = (terminating(&case.first), terminating(&case.last));
    assert_eq!(evicted(&case.step(Input::Upsert(&first))), ["last"]);
    case.step(Input::Upsert(&last));
    assert!(case.scheduler.evictions.is_empty());
    case.step(Input::Delete(&first));
    assert_eq!(case.urgent(), "backoff", "nobody holds it back any more");
}

#[test]
fn when_an_eviction_fails_the_last_victim_stays_and_the_pod_is_tried_at_once() {
    let mut case = Case::new();
    case.step(Input::Schedule);
    assert_eq!(evicted(&case.answer("first", Err("no"))), [""; 0]);
    assert_eq!(case.urgent(), "active");
    assert_eq!(evicted(&case.step(Input::Schedule)), ["first"], "it tries again");
    case.answer("first", Ok(()));
    case.answer("last", Err("no"));
    assert_eq!(case.urgent(), "active");
}

#[test]
fn who_was_held_back_is_let_through_although_the_last_victim_matters_to_nobody() {
    let mut case = Case::with(scheduler(&[]), Some(80));
    case.step(Input::Schedule);
    let refused_by = case.scheduler.queue().get("urgent").map(|queued| queued.refused_by.clone());
    assert_eq!(refused_by.as_deref(), Some(&["NodePorts"][..]), "this is about a port");
    let (first, last) = (case.first.clone(), case.last.clone());
    case.step(Input::Delete(&first));
    assert_eq!(case.urgent(), "gated");
    case.step(Input::Delete(&last));
    assert_eq!(case.urgent(), "active");
    assert_eq!(binds(&case.step(Input::Schedule)), 1);
}

#[test]
fn victims_of_a_pod_that_needs_no_room_any_more_may_stay() {
    let mut case = Case::new();
    case.step(Input::Schedule);
    let urgent = pod("urgent", &json!({}), &json!({}));
    case.step(Input::Delete(&urgent));
    assert_eq!(case.answer("first", Ok(())), []);
    assert!(case.scheduler.evictions.is_empty());
}

#[test]
fn evictions_of_which_nothing_is_heard_are_given_up() {
    let mut case = Case::new();
    case.step(Input::Schedule);
    case.now = case.now.after(Duration::from_secs(300));
    case.step(Input::Tick);
    assert!(!case.scheduler.evictions.is_empty(), "five minutes are not exceeded");
    case.now = case.now.after(Duration::from_secs(1));
    case.step(Input::Tick);
    assert!(case.scheduler.evictions.is_empty());
    assert_eq!(case.urgent(), "active");
}

#[test]
fn without_the_gate_all_go_at_once_and_nobody_is_held_back() {
    let mut case = Case::with(scheduler_with_gates("SchedulerAsyncPreemption=false", &[]), None);
    assert_eq!(evicted(&case.step(Input::Schedule)), ["first", "last"]);
    let first = case.first.clone();
    case.step(Input::Delete(&first));
    assert_eq!(case.urgent(), "backoff");
}

#[test]
fn without_the_gate_a_failure_takes_the_promise_back() {
    let mut case = Case::with(scheduler_with_gates("SchedulerAsyncPreemption=false", &[]), None);
    case.step(Input::Schedule);
    assert!(case.scheduler.nominator.node_of("urgent").is_some());
    case.answer("first", Ok(()));
    let commands = case.answer("last", Err("no"));
    let cleared = commands.iter().any(|command| {
        matches!(command, Command::PatchStatus { nominated_node_name: Some(node), .. } if node.is_empty())
    });
    assert!(cleared, "{commands:?}");
    assert!(case.scheduler.nominator.node_of("urgent").is_none());
    assert_eq!(case.urgent(), "unschedulable");
}

#[test]
fn victims_that_are_leaving_anyway_are_not_evicted() {
    let mut case = Case::new();
    let (first, last) = (terminating(&case.first), terminating(&case.last));
    case.step(Input::Upsert(&first));
    case.step(Input::Upsert(&last));
    let commands = case.step(Input::Schedule);
    assert_eq!(evicted(&commands), [""; 0]);
    assert!(case.scheduler.nominator.node_of("urgent").is_some());
    assert!(case.scheduler.evictions.is_empty());
}

#[test]
fn a_victim_that_is_only_assumed_is_forgotten_when_it_goes() {
    let mut scheduler = scheduler(&[node_of_one_cpu()]);
    let low = pod("low", &json!({}), &asking("900m", 1, None));
    scheduler.step(Input::Upsert(&low), SOON);
    assert_eq!(binds(&scheduler.step(Input::Schedule, SOON).commands), 1);
    scheduler.step(Input::Upsert(&pod("urgent", &json!({}), &asking("900m", 9, None))), SOON);
    let step = scheduler.step(Input::Schedule, SOON);
    assert_eq!(evicted(&step.commands), ["low"]);
    // Its object has no node yet.
    scheduler.step(Input::Upsert(&terminating(&low)), SOON);
    assert_eq!(scheduler.snapshot().pods().count(), 0);
    scheduler.step(Input::Delete(&terminating(&low)), SOON);
    let late = scheduler.step(Input::BindFinished { uid: "low", result: Err("it is gone".into()) }, SOON);
    assert!(scheduler.queue().get("low").is_none(), "{late:?}");
    assert_eq!(binds(&scheduler.step(Input::Schedule, SOON).commands), 1, "urgent has its room");
}

#[test]
fn promises_to_less_important_pods_are_taken_back() {
    let mut scheduler = scheduler(&[node_of_one_cpu()]);
    let resident = on_node(&pod("resident", &json!({}), &asking("900m", 1, None)), "n");
    scheduler.step(Input::Upsert(&resident), SOON);
    scheduler.step(Input::Upsert(&pod("lower", &json!({}), &asking("900m", 5, None))), SOON);
    scheduler.step(Input::Schedule, SOON);
    assert!(scheduler.nominator.node_of("lower").is_some());
    scheduler.step(Input::Upsert(&pod("urgent", &json!({}), &asking("900m", 9, None))), SOON);
    let step = scheduler.step(Input::Schedule, SOON);
    let cleared = step.commands.iter().find_map(|command| match command {
        Command::PatchStatus { uid, condition: None, nominated_node_name: Some(node), .. } => {
            Some((&**uid, &**node))
        }
        _ => None,
    });
    assert_eq!(cleared, Some(("lower", "")));
    assert!(scheduler.nominator.node_of("lower").is_none());
    assert_eq!(scheduler.queue().get("lower").and_then(|queued| queued.pod.nominated_node_name), None);
}

#[test]
fn a_victim_is_evicted_only_once_for_a_pod_that_waits() {
    let mut case = Case::new();
    case.step(Input::Schedule);
    let urgent = changed_pod(&pod("urgent", &json!({}), &asking("900m", 9, None)), |pod| {
        pod.metadata.labels.insert("changed".into(), "yes".into());
    });
    case.step(Input::Upsert(&urgent));
    assert_eq!(evicted(&case.later()), [""; 0]);
}
