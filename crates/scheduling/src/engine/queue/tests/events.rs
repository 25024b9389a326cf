//! What moves a pod, and what does not.

use super::*;

#[test]
fn a_refused_pod_waits_until_a_plugin_that_refused_it_says_yes() {
    let mut bench = Bench::new();
    bench.add("a", 0);
    bench.refuse(&["Labels"]);
    assert_eq!(bench.place("a"), "unschedulable");
    bench.happen(NODE_ADDED);
    assert_eq!(bench.place("a"), "unschedulable", "Labels does not hear of it");
    bench.rules.helps.borrow_mut().remove("Labels");
    bench.happen(NODE_LABELED);
    assert_eq!(bench.place("a"), "unschedulable", "Labels says no");
    bench.rules.helps.borrow_mut().insert("Labels");
    bench.happen(NODE_LABELED);
    assert_eq!(bench.place("a"), "backoff");
    assert!(bench.incoming().contains(&"backoff NodeUpdateNodeLabel 1".to_owned()), "{:?}", bench.incoming());
}

#[test]
fn a_pod_whose_wait_is_over_becomes_active_at_once() {
    let mut bench = Bench::new();
    bench.add("a", 0);
    bench.refuse(&["Fit"]);
    bench.tick_after(5.0);
    bench.happen(NODE_ADDED);
    assert_eq!(bench.place("a"), "active");
}

#[test]
fn a_pending_plugin_that_says_yes_spares_the_backoff() {
    let mut bench = Bench::new();
    bench.add("a", 0);
    bench.refuse_waiting(&["Devices", "Fit"], &["Devices"]);
    bench.happen(POD_LEFT);
    assert_eq!(bench.place("a"), "backoff", "Fit alone does not");
    bench.activate("a");
    bench.refuse_waiting(&["Devices", "Fit"], &["Devices"]);
    bench.happen(NODE_ADDED);
    assert_eq!(bench.place("a"), "active");
}

#[test]
fn all_plugins_are_asked_only_while_one_may_spare_the_backoff() {
    let mut bench = Bench::new();
    bench.rules.hears.push(("Aaa", NODE_ADDED));
    bench.rules.helps.borrow_mut().insert("Aaa");
    bench.add("a", 0);
    bench.refuse(&["Aaa", "Fit"]);
    bench.happen(NODE_ADDED);
    assert_eq!(bench.rules.n_hints.get(), 1);
    bench.activate("a");
    bench.refuse_waiting(&["Aaa", "Devices", "Fit"], &["Devices"]);
    bench.happen(NODE_ADDED);
    assert_eq!(bench.rules.n_hints.get(), 3);
}

#[test]
fn a_pod_that_nobody_refused_goes_to_the_error_backoff() {
    let mut bench = Bench::new();
    bench.add("a", 0);
    bench.refuse(&[]);
    assert_eq!(bench.place("a"), "error");
    assert_eq!(bench.incoming(), ["active UnschedulablePodAdd 1", "backoff ScheduleAttemptFailure 1"]);
}

#[test]
fn a_lost_promise_concerns_pods_up_to_its_priority() {
    let mut bench = Bench::new();
    for (name, priority) in [("higher", 6), ("equal", 5), ("lower", 4)] {
        bench.add(name, priority);
        bench.refuse(&["Fit"]);
    }
    let gone = bench.pod("gone", 5);
    bench.happen_to(POD_LEFT, Changed::Pod { old: Some(&gone), new: None }, Some(5));
    assert_eq!(
        ["higher", "equal", "lower"].map(|name| bench.place(name)),
        ["unschedulable", "backoff", "backoff"]
    );
}

#[test]
fn siblings_are_asked_about_once_and_move_together() {
    let mut bench = Bench::new();
    for i in 0..20 {
        bench.add(&format!("p{i}"), 0);
        bench.refuse(if i < 10 { &["Fit"] } else { &["Fit", "Labels"] });
    }
    bench.rules.helps.borrow_mut().remove("Fit");
    bench.happen(NODE_ADDED);
    assert_eq!(bench.queue.work(), QueueWork { hint_calls: 2, pods_moved: 0 });
    bench.happen(NODE_LABELED);
    assert_eq!(bench.queue.work(), QueueWork { hint_calls: 3, pods_moved: 10 });
    assert_eq!((bench.queue.n_unschedulable(), bench.queue.n_backing_off()), (10, 10));
}

#[test]
fn an_event_about_a_waiting_pod_is_put_to_it_apart_from_its_siblings() {
    let mut bench = Bench::new();
    for name in ["own", "sibling"] {
        bench.add(name, 0);
        bench.refuse(&["Fit"]);
    }
    let own = bench.pod("own", 0);
    bench.happen_to(POD_LEFT, Changed::Pod { old: Some(&own), new: None }, None);
    assert_eq!(bench.queue.work(), QueueWork { hint_calls: 2, pods_moved: 2 });
}

#[test]
fn a_pod_that_changes_itself_moves_only_if_that_helps() {
    let mut bench = Bench::new();
    bench.add("a", 0);
    bench.refuse(&["Fit"]);
    let relabeled = bench.pod_with("a", "1", |spec| spec["nodeSelector"] = json!({"x": "y"}));
    bench.update(relabeled);
    assert_eq!(bench.place("a"), "unschedulable");
    let smaller = bench.pod_with("a", "500m", |_| {});
    bench.update(Arc::clone(&smaller));
    assert_eq!(bench.place("a"), "backoff");
    assert!(Arc::ptr_eq(&bench.queue.get("a").expect("waits").pod.shape, &smaller.shape));
}

#[test]
fn a_change_that_no_plugin_names_is_a_generic_update() {
    let mut bench = Bench::new();
    bench.add("a", 0);
    bench.refuse(&["Features"]);
    bench.tick_after(5.0);
    let same = bench.pod("a", 0);
    assert!(bench.update(same), "active because of a generic update");
    assert_eq!(bench.place("a"), "active");
}

#[test]
fn after_five_minutes_a_pod_is_tried_anyway() {
    let mut bench = Bench::new();
    bench.tick_after(0.0);
    bench.add("a", 0);
    bench.refuse(&["Fit"]);
    bench.tick_after(300.0);
    assert_eq!(bench.place("a"), "unschedulable", "five minutes are not exceeded");
    bench.tick_after(29.0);
    assert_eq!(bench.place("a"), "unschedulable", "it is looked for every 30 s");
    bench.tick_after(1.0);
    assert_eq!(bench.place("a"), "active");
    assert!(bench.queue.get("a").expect("active").was_flushed);
    assert!(bench.incoming().contains(&"active UnschedulableTimeout 1".to_owned()), "{:?}", bench.incoming());
    bench.refuse(&["Fit"]);
    assert!(!bench.queue.get("a").expect("waits").was_flushed);
}

#[test]
fn how_long_a_pod_waits_for_events_can_be_set() {
    let mut bench = Bench::new();
    bench.queue.set_max_in_unschedulable(Duration::from_secs(20));
    bench.add("a", 0);
    bench.refuse(&["Fit"]);
    bench.tick_after(21.0);
    assert_eq!(bench.place("a"), "active");
}

#[test]
fn a_pod_that_is_deleted_leaves_nothing_behind() {
    let mut bench = Bench::new();
    bench.rules.close("GateB", "gated");
    bench.add("gated", 0);
    for (name, by) in [("unschedulable", &["Fit"][..]), ("backoff", &["Labels"]), ("error", &[])] {
        bench.add(name, 0);
        bench.refuse(by);
    }
    bench.happen(NODE_LABELED);
    bench.add("active", 0);
    for name in ["gated", "unschedulable", "backoff", "error", "active"] {
        assert_eq!(bench.place(name), name);
        assert!(bench.queue.withdraw(name, Found::Gone).is_some());
        assert_eq!(bench.place(name), "nowhere");
    }
    assert_eq!(bench.queue.pods().count(), 0);
    assert_eq!(bench.blamed(), []);
    assert_eq!(
        (bench.queue.n_unschedulable(), bench.queue.n_gated(), bench.queue.n_backing_off()),
        (0, 0, 0)
    );
    bench.happen(NODE_ADDED);
    assert_eq!(bench.queue.work().hint_calls, 1, "there is no group to ask about");
}

#[test]
fn plugins_are_blamed_as_long_as_the_pod_waits() {
    let mut bench = Bench::new();
    for name in ["a", "b"] {
        bench.add(name, 0);
        bench.refuse(&["Fit", "Labels"]);
    }
    assert_eq!(bench.blamed(), [("Fit", 2), ("Labels", 2)]);
    bench.happen(NODE_ADDED);
    assert_eq!(bench.blamed(), [("Fit", 2), ("Labels", 2)], "moving changes nothing");
    bench.refuse(&["Fit"]);
    assert_eq!(bench.blamed(), [("Fit", 2), ("Labels", 1)]);
    bench.tick_after(60.0);
    bench.happen(NODE_ADDED);
    bench.drain();
    assert_eq!(bench.blamed(), []);
}

#[test]
fn activating_an_active_or_unknown_pod_does_nothing() {
    let mut bench = Bench::new();
    bench.add("a", 0);
    bench.activate("a");
    bench.activate("unknown");
    assert_eq!(bench.incoming(), ["active UnschedulablePodAdd 1"]);
    assert_eq!(bench.drain(), ["a"]);
}
