//! Pods that are being decided about.

use super::*;

fn in_flight(bench: &Bench) -> (usize, Vec<(String, usize)>) {
    let events = bench.queue.n_in_flight_events();
    let events = events.into_iter().map(|(cause, n)| (cause.to_string(), n));
    (bench.queue.n_in_flight(), events.collect())
}

#[test]
fn what_happened_meanwhile_counts_when_a_pod_comes_back() {
    let mut bench = Bench::new();
    for name in ["a", "b"] {
        bench.add(name, 0);
    }
    let (a, b) = (bench.queue.pop().expect("a"), bench.queue.pop().expect("b"));
    bench.happen(NODE_LABELED);
    bench.put_back(a, &["Fit"], &[]);
    bench.put_back(b, &["Labels"], &[]);
    assert_eq!((bench.place("a"), bench.place("b")), ("unschedulable", "backoff"));
    assert_eq!(in_flight(&bench), (0, vec![]));
}

#[test]
fn only_what_happened_since_a_pod_left_counts() {
    let mut bench = Bench::new();
    bench.add("early", 1);
    bench.add("late", 0);
    let early = bench.queue.pop().expect("early");
    bench.happen(NODE_ADDED);
    let late = bench.queue.pop().expect("late");
    bench.put_back(late, &["Fit"], &[]);
    assert_eq!(bench.place("late"), "unschedulable");
    bench.put_back(early, &["Fit"], &[]);
    assert_eq!(bench.place("early"), "backoff");
}

#[test]
fn the_first_event_that_spares_the_backoff_wins() {
    let mut bench = Bench::new();
    bench.add("a", 0);
    let a = bench.queue.pop().expect("a");
    bench.happen(POD_LEFT);
    bench.happen(NODE_ADDED);
    bench.happen(POD_LEFT);
    bench.put_back(a, &["Devices", "Fit"], &["Devices"]);
    assert_eq!(bench.place("a"), "active");
    assert_eq!(bench.queue.work().hint_calls, 2, "Fit about the first, Devices about the second");
}

#[test]
fn events_are_kept_only_while_somebody_is_in_flight_and_somebody_hears_of_them() {
    let mut bench = Bench::new();
    bench.add("a", 0);
    bench.happen(NODE_ADDED);
    assert_eq!(in_flight(&bench), (0, vec![]));
    let a = bench.queue.pop().expect("a");
    bench.happen(ClusterEvent::new(Resource::Node, Actions::DELETE));
    assert_eq!(in_flight(&bench), (1, vec![]), "nobody is registered for it");
    bench.happen(NODE_ADDED);
    assert_eq!(in_flight(&bench), (1, vec![("NodeAdd".into(), 1)]));
    bench.queue.done(&a.pod.uid);
    assert_eq!(in_flight(&bench), (0, vec![]));
}

#[test]
fn events_are_dropped_when_the_last_pod_that_saw_them_is_done() {
    let mut bench = Bench::new();
    for name in ["a", "b", "c"] {
        bench.add(name, 0);
    }
    let mut flying: Vec<QueuedPod> = Vec::new();
    for _ in 0..3 {
        flying.push(bench.queue.pop().expect("a pod"));
        bench.happen(NODE_ADDED);
    }
    bench.queue.done("b");
    assert_eq!(in_flight(&bench), (2, vec![("NodeAdd".into(), 3)]));
    bench.queue.done("a");
    assert_eq!(in_flight(&bench), (1, vec![("NodeAdd".into(), 1)]));
    bench.queue.done("c");
    assert_eq!(in_flight(&bench), (0, vec![]));
}

#[test]
fn a_pod_that_changes_itself_meanwhile_is_asked_about_it() {
    let mut bench = Bench::new();
    bench.add("a", 0);
    let mut a = bench.queue.pop().expect("a");
    let smaller = bench.pod_with("a", "500m", |_| {});
    bench.update(Arc::clone(&smaller));
    assert_eq!(bench.place("a"), "nowhere");
    let Some(Found::Waiting(newest)) = bench.queue.object("a") else { panic!("it waits") };
    assert!(Arc::ptr_eq(&newest, &smaller));
    a.pod = newest;
    bench.put_back(a, &["Fit"], &[]);
    assert_eq!(bench.place("a"), "backoff");
}

#[test]
fn a_pod_that_is_activated_meanwhile_is_tried_again_and_no_other() {
    let mut bench = Bench::new();
    for name in ["a", "b"] {
        bench.add(name, 0);
    }
    let (a, b) = (bench.queue.pop().expect("a"), bench.queue.pop().expect("b"));
    bench.activate("a");
    assert_eq!(in_flight(&bench), (2, vec![("ForceActivate".into(), 1)]));
    bench.put_back(a, &["Fit"], &[]);
    bench.put_back(b, &["Fit"], &[]);
    assert_eq!((bench.place("a"), bench.place("b")), ("backoff", "unschedulable"));
}

#[test]
fn pods_that_have_waited_too_long_wake_those_in_flight_too() {
    let mut bench = Bench::new();
    bench.add("old", 0);
    bench.refuse(&["Fit"]);
    bench.add("flying", 0);
    let flying = bench.queue.pop().expect("flying");
    bench.tick_after(301.0);
    assert_eq!(in_flight(&bench), (1, vec![("UnschedulableTimeout".into(), 1)]));
    bench.put_back(flying, &["Fit"], &[]);
    assert_eq!(bench.place("flying"), "backoff");
}

#[test]
fn a_pod_in_flight_is_not_added_twice_and_one_that_waits_is_not_put_back() {
    let mut bench = Bench::new();
    bench.add("a", 0);
    let a = bench.queue.pop().expect("a");
    assert!(!bench.add("a", 0));
    assert_eq!(bench.place("a"), "nowhere");
    bench.put_back(a.clone(), &["Fit"], &[]);
    bench.put_back(a, &["Labels"], &[]);
    assert_eq!(bench.blamed(), [("Fit", 1)]);
    assert_eq!(bench.queue.get("a").map(|queued| queued.n_refusals), Some(1));
}

#[test]
fn what_becomes_of_the_object_is_known() {
    let mut bench = Bench::new();
    bench.add("a", 0);
    bench.queue.pop().expect("a");
    bench.queue.withdraw("a", Found::Placed);
    assert!(matches!(bench.queue.object("a"), Some(Found::Placed)));
    bench.queue.withdraw("a", Found::Gone);
    assert!(matches!(bench.queue.object("a"), Some(Found::Gone)));
    bench.queue.done("a");
    assert!(bench.queue.object("a").is_none());
}
