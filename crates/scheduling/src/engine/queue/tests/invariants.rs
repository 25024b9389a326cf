//! What holds after any history.

use std::collections::BTreeMap;

use base::Stream;

use super::*;

/// What the test knows without looking into the queue.
#[derive(Default)]
struct Model {
    /// Pods in the queue.
    waiting: BTreeSet<String>,
    flying: BTreeMap<String, QueuedPod>,
    /// Pods that were put back, and so have to come out again.
    n_put_back: u32,
    n_gated: u32,
    n_early: u32,
}

const PLUGINS: [&str; 4] = ["Devices", "Features", "Fit", "Labels"];

fn step(bench: &mut Bench, model: &mut Model, stream: &mut Stream) {
    let name = format!("p{}", stream.below(12));
    match stream.below(14) {
        0..=2 => {
            let is_new = !model.waiting.contains(&name) && !model.flying.contains_key(&name);
            let is_held = stream.below(4) == 0;
            if is_new && is_held {
                bench.rules.close(GATES[stream.below(2)], &name);
            }
            let is_active = bench.add(&name, stream.below(3) as i32);
            assert_eq!(is_active, is_new && bench.place(&name) == "active");
            model.waiting.extend(is_new.then_some(name));
        }
        3..=5 => pop(bench, model),
        6 | 7 => {
            let Some(name) = model.flying.keys().nth(stream.below(model.flying.len().max(1))).cloned() else {
                return;
            };
            let queued = model.flying.remove(&name).expect("it is flying");
            if stream.below(4) == 0 {
                bench.queue.done(&name);
                return;
            }
            let by: Vec<&'static str> = PLUGINS.into_iter().filter(|_| stream.below(3) == 0).collect();
            let waits_for: Vec<&'static str> =
                by.iter().copied().filter(|plugin| *plugin == "Devices").collect();
            bench.put_back(queued, &by, &waits_for);
            model.waiting.insert(name);
            model.n_put_back += 1;
        }
        8 => {
            bench.queue.withdraw(&name, Found::Gone);
            model.waiting.remove(&name);
        }
        9 | 10 => {
            bench.rules.helps.replace(PLUGINS.into_iter().filter(|_| stream.below(2) == 0).collect());
            let event = [NODE_ADDED, NODE_LABELED, POD_LEFT][stream.below(3)];
            let own = bench.pod(&name, 0);
            let max_priority = (stream.below(3) == 0).then_some(1);
            bench.happen_to(event, Changed::Pod { old: Some(&own), new: None }, max_priority);
        }
        11 => {
            let cpu = ["1", "2", "500m"][stream.below(3)];
            let priority = stream.below(3);
            let changed = bench.pod_with(&name, cpu, |spec| spec["priority"] = json!(priority));
            bench.update(changed);
        }
        12 => {
            for gate in GATES {
                bench.rules.open(gate, &name);
            }
            bench.activate(&name);
        }
        _ => bench.tick_after([0.3, 1.0, 4.0, 31.0, 400.0][stream.below(5)]),
    }
}

fn pop(bench: &mut Bench, model: &mut Model) {
    let active: Vec<QueuedPod> =
        bench.queue.pods().filter(|queued| bench.place(&queued.pod.key.name) == "active").cloned().collect();
    let first = active.iter().map(|queued| (bench.rules.sort_key(queued), queued.arrival)).min();
    let n_backing_off = bench.queue.places.n_backoff();
    let Some(queued) = bench.queue.pop() else {
        assert!(active.is_empty() && (n_backing_off == 0 || !bench.queue.pops_early));
        return;
    };
    match first {
        Some(first) => assert_eq!((bench.rules.sort_key(&queued), queued.arrival), first),
        None => model.n_early += 1,
    }
    assert_eq!(queued.gated_by, None);
    let name = queued.pod.key.name.to_string();
    assert!(model.waiting.remove(&name), "{name} came out but was not in");
    model.flying.insert(name, queued);
}

fn check(bench: &Bench, model: &mut Model) {
    let queue = &bench.queue;
    let inside: Vec<String> = queue.pods().map(|queued| queued.pod.key.name.to_string()).collect();
    assert_eq!(inside.len(), inside.iter().collect::<BTreeSet<_>>().len(), "in two places: {inside:?}");
    assert_eq!(inside.iter().cloned().collect::<BTreeSet<_>>(), model.waiting, "lost or left over");
    let total = queue.n_active() + queue.n_backing_off() + queue.n_unschedulable() + queue.n_gated();
    assert_eq!(total, inside.len());
    assert_eq!(queue.n_in_flight(), model.flying.len());
    let mut blamed: BTreeMap<&str, u64> = BTreeMap::new();
    for queued in queue.pods() {
        let name = &*queued.pod.key.name;
        for plugin in &queued.refused_by {
            *blamed.entry(plugin).or_default() += 1;
        }
        assert!(queued.refused_by.is_sorted());
        match bench.place(name) {
            "error" => assert!(queued.refused_by.is_empty()),
            "backoff" => assert!(!queued.refused_by.is_empty()),
            "unschedulable" => assert!(!queued.refused_by.is_empty(), "{name} would wait for nothing"),
            "gated" => {
                model.n_gated += 1;
                assert!(queued.refused_by.contains(&queued.gated_by.expect("a gate")));
            }
            place => assert_eq!(place, "active"),
        }
    }
    assert_eq!(bench.blamed(), blamed.into_iter().collect::<Vec<_>>());
    if queue.n_in_flight() == 0 {
        assert!(queue.n_in_flight_events().is_empty());
    }
}

#[test]
fn a_pod_is_in_one_place_and_none_is_lost_and_the_best_is_next() {
    let mut total = Model::default();
    for (seed, gates) in (0..150).flat_map(|seed| [(seed, ""), (seed, "SchedulerPopFromBackoffQ=false")]) {
        let mut stream = Stream::new(seed, "queue");
        let (mut bench, mut model) = (Bench::with_gates(gates), Model::default());
        for _ in 0..150 {
            step(&mut bench, &mut model, &mut stream);
            check(&bench, &mut model);
        }
        // Whoever is still there comes out: gates open, and time passes.
        bench.rules.gates.borrow_mut().clear();
        for name in model.waiting.clone() {
            bench.activate(&name);
        }
        bench.tick_after(400.0);
        let out: BTreeSet<String> = bench.drain().into_iter().collect();
        assert_eq!(out, model.waiting, "seed {seed}");
        total.n_put_back += model.n_put_back;
        total.n_gated += model.n_gated;
        total.n_early += model.n_early;
    }
    // Otherwise the histories are too tame to prove anything.
    let seen = [total.n_put_back, total.n_gated, total.n_early];
    assert!(seen.iter().all(|n| *n > 300), "{seen:?}");
}
