//! Pods that are held back.

use super::*;

#[test]
fn a_closed_gate_holds_a_new_pod_back_and_is_to_blame() {
    let mut bench = Bench::new();
    bench.rules.close("GateB", "a");
    assert!(!bench.add("a", 0));
    assert_eq!(bench.place("a"), "gated");
    assert_eq!((bench.queue.n_gated(), bench.queue.n_unschedulable()), (1, 0));
    assert_eq!(bench.blamed(), [("GateB", 1)]);
    assert_eq!(bench.incoming(), ["unschedulable UnschedulablePodAdd 1"]);
    let queued = bench.queue.get("a").expect("waits");
    assert_eq!((queued.first_active, &queued.refused_by[..]), (None, &["GateB"][..]));
}

#[test]
fn the_gate_that_held_a_pod_back_is_asked_first() {
    let mut bench = Bench::new();
    bench.rules.close("GateB", "a");
    bench.add("a", 0);
    assert_eq!(*bench.rules.asked.borrow(), ["GateA", "GateB"]);
    bench.rules.asked.borrow_mut().clear();
    bench.activate("a");
    assert_eq!(*bench.rules.asked.borrow(), ["GateB"]);
    assert_eq!(bench.place("a"), "gated");
    bench.rules.open("GateB", "a");
    bench.rules.asked.borrow_mut().clear();
    bench.activate("a");
    assert_eq!(*bench.rules.asked.borrow(), ["GateB", "GateA"]);
    assert_eq!(bench.place("a"), "active");
    assert_eq!(bench.queue.get("a").and_then(|queued| queued.gated_by), None);
}

#[test]
fn a_gated_pod_hears_only_of_what_its_gate_hears_of() {
    let mut bench = Bench::new();
    bench.add("a", 0);
    bench.refuse(&["Fit"]);
    bench.rules.close("GateA", "a");
    bench.happen(NODE_ADDED);
    assert_eq!(bench.place("a"), "gated", "the gate closes on the way to the backoff");
    bench.rules.open("GateA", "a");
    bench.happen(NODE_ADDED);
    assert_eq!(bench.place("a"), "gated", "nodes are nothing to GateA");
    bench.happen(POD_LEFT);
    assert_eq!(bench.place("a"), "backoff", "Fit says yes to what GateA hears of");
}

#[test]
fn who_is_let_through_into_the_backoff_is_not_asked_again_at_its_end() {
    let mut bench = Bench::new();
    bench.add("a", 0);
    bench.refuse(&["Fit"]);
    bench.happen(NODE_ADDED);
    bench.rules.close("GateA", "a");
    bench.tick_after(30.0);
    assert_eq!(bench.place("a"), "active");
}

#[test]
fn without_early_pops_gates_are_asked_at_the_end_of_the_backoff() {
    let mut bench = Bench::with_gates("SchedulerPopFromBackoffQ=false");
    bench.add("a", 0);
    bench.refuse(&["Fit"]);
    bench.rules.close("GateA", "a");
    bench.happen(NODE_ADDED);
    assert_eq!(bench.place("a"), "backoff");
    bench.tick_after(30.0);
    assert_eq!(bench.place("a"), "gated");
}

#[test]
fn a_pod_activated_from_its_backoff_is_not_asked_but_one_from_the_others_is() {
    let mut bench = Bench::new();
    for (name, by) in [("waits", &["Fit"][..]), ("backs-off", &["Labels"]), ("failed", &[])] {
        bench.add(name, 0);
        bench.refuse(by);
    }
    bench.happen(NODE_LABELED);
    assert_eq!(
        ["waits", "backs-off", "failed"].map(|name| bench.place(name)),
        ["unschedulable", "backoff", "error"]
    );
    for name in ["waits", "backs-off", "failed"] {
        bench.rules.close("GateA", name);
        bench.activate(name);
    }
    assert_eq!(["waits", "backs-off", "failed"].map(|name| bench.place(name)), ["gated", "active", "active"]);
    assert!(bench.incoming().contains(&"active ForceActivate 2".to_owned()), "{:?}", bench.incoming());
}

#[test]
fn a_pod_that_changes_itself_is_let_through_whatever_its_gate_hears_of() {
    let mut bench = Bench::new();
    bench.rules.close("GateB", "a");
    bench.add("a", 0);
    bench.rules.open("GateB", "a");
    // GateB hears of nothing, so nobody asks it when others change.
    let smaller = bench.pod_with("a", "500m", |_| {});
    bench.update(Arc::clone(&smaller));
    assert_eq!(bench.place("a"), "gated", "nobody who is to blame hears of it");
    bench.rules.hears.push(("GateB", ClusterEvent::new(Resource::Pod, Actions::UPDATE_POD_SCALE_DOWN)));
    bench.rules.helps.borrow_mut().insert("GateB");
    let smallest = bench.pod_with("a", "100m", |_| {});
    bench.update(smallest);
    assert_eq!(bench.place("a"), "active");
    assert!(
        bench.incoming().contains(&"active UnschedulablePodUpdatePodScaleDown 1".to_owned()),
        "{:?}",
        bench.incoming()
    );
}

#[test]
fn a_pod_that_stays_gated_is_not_counted_as_coming_in() {
    let mut bench = Bench::new();
    bench.rules.close("GateB", "a");
    bench.add("a", 0);
    bench.rules.hears.push(("GateB", ClusterEvent::new(Resource::Pod, Actions::UPDATE_POD_SCALE_DOWN)));
    bench.rules.helps.borrow_mut().insert("GateB");
    let smaller = bench.pod_with("a", "500m", |_| {});
    bench.update(smaller);
    assert_eq!(bench.place("a"), "gated");
    assert_eq!(bench.incoming(), ["unschedulable UnschedulablePodAdd 1"]);
}

#[test]
fn time_does_not_release_a_gated_pod() {
    let mut bench = Bench::new();
    bench.rules.close("GateB", "a");
    bench.add("a", 0);
    bench.rules.open("GateB", "a");
    bench.tick_after(3_600.0);
    assert_eq!(bench.place("a"), "gated");
}
