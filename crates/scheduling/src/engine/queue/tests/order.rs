//! Who is next, and how long one waits.

use super::*;

#[test]
fn higher_priority_comes_first_then_who_has_waited_longer_then_who_came_first() {
    let mut bench = Bench::new();
    bench.add("low", 0);
    bench.add("high", 9);
    bench.add("low-at-the-same-time", 0);
    bench.tick_after(1.0);
    bench.add("low-later", 0);
    bench.add("high-later", 9);
    assert_eq!(bench.drain(), ["high", "high-later", "low", "low-at-the-same-time", "low-later"]);
}

#[test]
fn moving_does_not_cost_a_pod_its_turn_but_an_attempt_does() {
    let mut bench = Bench::new();
    bench.add("tried", 0);
    bench.refuse(&["Fit"]);
    bench.add("new", 0);
    bench.tick_after(20.0);
    bench.add("newest", 0);
    bench.happen(NODE_ADDED);
    // The attempt was before "new" came, at the same moment.
    assert_eq!(bench.drain(), ["tried", "new", "newest"]);
}

#[test]
fn the_wait_doubles_up_to_its_maximum() {
    let mut bench = Bench::new();
    bench.now = seconds(1_000.25);
    bench.add("a", 0);
    for wait in [1, 2, 4, 8, 10, 10, 10] {
        bench.refuse(&["Fit"]);
        let queued = bench.queue.get("a").expect("waits").clone();
        let end = bench.queue.backoff.end(&queued).expect("a wait");
        // It ends at a whole second: the sum is cut, not the wait.
        let expected = (bench.now.as_nanos() / 1_000_000_000 + wait) * 1_000_000_000;
        assert_eq!(end.as_nanos(), expected, "wait {wait}");
        bench.activate("a");
    }
}

#[test]
fn very_many_refusals_do_not_shift_the_wait_out_of_sight() {
    let mut bench = Bench::new();
    bench.add("a", 0);
    let mut queued = bench.queue.pop().expect("a");
    for n_refusals in [31, 32, 33, 64, 65, 128, 129, u32::MAX] {
        queued.n_refusals = n_refusals;
        let end = bench.queue.backoff.end(&queued).expect("a wait");
        assert_eq!(end, queued.since.after(Duration::from_secs(10)), "{n_refusals}");
    }
    bench.queue.backoff.initial = Duration::from_secs(20);
    queued.n_refusals = 1;
    assert_eq!(bench.queue.backoff.end(&queued), Some(queued.since.after(Duration::from_secs(10))));
    bench.queue.backoff.initial = Duration::ZERO;
    assert_eq!(bench.queue.backoff.end(&queued), Some(queued.since));
    bench.queue.backoff.max = Duration::ZERO;
    assert_eq!(bench.queue.backoff.end(&queued), None);
}

#[test]
fn a_wait_includes_the_whole_second_in_which_it_ends() {
    let mut bench = Bench::new();
    bench.add("a", 0);
    bench.refuse(&["Fit"]);
    bench.happen(NODE_ADDED);
    assert_eq!(bench.place("a"), "backoff");
    assert_eq!(bench.queue.next_wake(), Some(seconds(1_002.0)));
    bench.tick_after(1.999);
    assert_eq!(bench.place("a"), "backoff");
    bench.tick_after(0.001);
    assert_eq!(bench.place("a"), "active");
}

#[test]
fn without_early_pops_times_are_not_cut() {
    let mut bench = Bench::with_gates("SchedulerPopFromBackoffQ=false");
    bench.now = seconds(1_000.25);
    bench.add("a", 0);
    bench.refuse(&["Fit"]);
    bench.happen(NODE_ADDED);
    assert_eq!(bench.queue.pop().map(|_| ()), None, "nobody is tried early");
    bench.tick_after(1.0);
    assert_eq!(bench.place("a"), "backoff");
    assert_eq!(bench.queue.next_wake(), Some(bench.now.after(Duration::from_nanos(1))));
    bench.tick_after(1e-9);
    assert_eq!(bench.place("a"), "active");
}

#[test]
fn without_early_pops_waits_end_in_order_of_time_alone() {
    let mut bench = Bench::with_gates("SchedulerPopFromBackoffQ=false");
    bench.add("low", 0);
    bench.refuse(&["Fit"]);
    bench.add("high", 9);
    bench.refuse(&["Fit"]);
    bench.happen(NODE_ADDED);
    let first = bench.queue.places.first_backoff().expect("both back off");
    assert_eq!(&*first.1, "low");
}

#[test]
fn when_nobody_is_active_a_refused_pod_is_tried_early_but_not_one_that_failed() {
    let mut bench = Bench::new();
    bench.add("low", 0);
    bench.refuse(&["Fit"]);
    bench.add("high", 9);
    bench.refuse(&["Fit"]);
    bench.add("failed", 20);
    bench.refuse(&[]);
    bench.happen(NODE_ADDED);
    assert_eq!(bench.place("failed"), "error");
    bench.add("new", -5);
    assert_eq!(bench.drain(), ["new", "high", "low"]);
    assert!(bench.incoming().contains(&"active PopFromBackoffQ 2".to_owned()), "{:?}", bench.incoming());
    bench.tick_after(1.0);
    assert_eq!(bench.place("failed"), "error", "one second is not over yet");
    bench.tick_after(1.0);
    assert_eq!(bench.drain(), ["failed"]);
}

#[test]
fn errors_are_counted_in_a_row_and_refusals_for_ever() {
    let mut bench = Bench::new();
    bench.add("a", 0);
    let mut counts = Vec::new();
    for by in [&["Fit"][..], &[], &[], &["Fit"], &[]] {
        bench.refuse(by);
        let queued = bench.queue.get("a").expect("waits");
        counts.push((queued.attempts, queued.n_refusals, queued.n_errors_in_a_row));
        bench.activate("a");
    }
    assert_eq!(counts, [(1, 1, 0), (2, 1, 1), (3, 1, 2), (4, 2, 0), (5, 2, 1)]);
}

#[test]
fn the_first_time_that_a_pod_is_active_is_kept() {
    let mut bench = Bench::new();
    bench.add("a", 0);
    let first = bench.now;
    bench.tick_after(5.0);
    bench.refuse(&["Fit"]);
    bench.tick_after(50.0);
    bench.happen(NODE_ADDED);
    let queued = bench.queue.get("a").expect("active");
    assert_eq!((queued.first_active, queued.since), (Some(first), seconds(1_005.0)));
}

#[test]
fn a_pod_whose_priority_changes_finds_its_new_place() {
    let mut bench = Bench::new();
    bench.add("a", 1);
    bench.add("b", 2);
    let raised = bench.pod("a", 3);
    bench.update(raised);
    assert_eq!(bench.queue.n_active(), 2);
    assert_eq!(bench.drain(), ["a", "b"]);
    bench.add("c", 1);
    bench.refuse(&["Fit"]);
    bench.add("d", 2);
    bench.refuse(&["Fit"]);
    bench.happen(NODE_ADDED);
    let raised = bench.pod("c", 3);
    bench.update(raised);
    assert_eq!(bench.place("c"), "backoff");
    assert_eq!(bench.drain(), ["c", "d"]);
}
