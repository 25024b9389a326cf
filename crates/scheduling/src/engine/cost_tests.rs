//! What happens costs what it concerns, not what waits. Counted, not timed.

use base::Now;
use serde_json::json;
use wire::Object;

use super::*;
use crate::testing::{asking_cpu, changed_pod, node, on_node, pod, scheduler};

const SOON: Now = Now::from_nanos(60_000_000_000);
const N_PODS: usize = 100_000;
const N_UPDATES: u64 = 1_000;

fn node_with(memory: u64, label: u64) -> Object {
    let allocatable = json!({"cpu": "4", "memory": format!("{memory}Mi"), "pods": "110"});
    node("n", &allocatable, &json!({"generation": label.to_string()}))
}

/// A scheduler with pods of four shapes that ask for more CPU than there is.
fn crowded() -> Scheduler {
    let mut scheduler = scheduler(&[node_with(1_000, 0)]);
    let templates: Vec<Object> =
        (5..9).map(|cpu| pod("p", &json!({"app": cpu.to_string()}), &asking_cpu(&cpu.to_string()))).collect();
    for i in 0..N_PODS {
        let object = changed_pod(&templates[i % templates.len()], |pod| {
            pod.metadata.name = format!("p{i}");
            pod.metadata.uid = format!("p{i}");
        });
        scheduler.step(Input::Upsert(&object), SOON);
        assert!(scheduler.step(Input::Schedule, SOON).tried.is_some());
    }
    assert_eq!(scheduler.queue().n_unschedulable(), N_PODS);
    scheduler
}

#[test]
fn irrelevant_events_do_not_walk_through_the_queue() {
    let mut scheduler = crowded();
    let before = scheduler.queue().work();
    // Nobody who refused these pods hears of labels.
    for i in 0..N_UPDATES {
        scheduler.step(Input::Upsert(&node_with(1_000, i + 1)), SOON);
    }
    assert_eq!(scheduler.queue().work(), before);
    // NodeResourcesFit hears of allocatable resources, and is asked once for every shape.
    for i in 0..N_UPDATES {
        scheduler.step(Input::Upsert(&node_with(1_001 + i, 0)), SOON);
    }
    let after = scheduler.queue().work();
    // The first one also brings the label back.
    assert_eq!(after.hint_calls - before.hint_calls, 4 * N_UPDATES);
    assert_eq!(after.pods_moved, before.pods_moved);
    // A heartbeat changes nothing that anybody hears of.
    for _ in 0..N_UPDATES {
        scheduler.step(Input::Upsert(&node_with(2_000, 0)), SOON);
    }
    assert!(scheduler.queue().work().hint_calls - after.hint_calls <= 4);
}

#[test]
fn an_event_that_concerns_one_shape_moves_its_pods_and_no_others() {
    let mut scheduler = crowded();
    let before = scheduler.queue().work();
    scheduler.step(Input::Upsert(&node("large", &json!({"cpu": "5", "pods": "110"}), &json!({}))), SOON);
    let after = scheduler.queue().work();
    assert_eq!(after.hint_calls - before.hint_calls, 4);
    assert_eq!(after.pods_moved - before.pods_moved, N_PODS as u64 / 4);
    assert_eq!(scheduler.queue().n_backing_off(), N_PODS / 4);
    let own = changed_pod(&pod("p1", &json!({"app": "6"}), &asking_cpu("6")), |pod| {
        pod.metadata.labels.insert("new".into(), "yes".into());
    });
    let before = scheduler.queue().work();
    scheduler.step(Input::Upsert(&own), SOON);
    let others = on_node(&pod("other", &json!({}), &asking_cpu("1")), "n");
    scheduler.step(Input::Upsert(&others), SOON);
    assert_eq!(scheduler.queue().work(), before, "a label of its own, or a pod that comes, is nothing to it");
}

fn job(i: usize, cpu: &str) -> Object {
    let labels = json!({"app": "a", "job-name": format!("job-{i}")});
    changed_pod(&pod("p", &labels, &asking_cpu(cpu)), |pod| {
        pod.metadata.name = format!("p{i}");
        pod.metadata.uid = format!("p{i}");
    })
}

/// Schedules a pod and says that it was bound.
fn place(scheduler: &mut Scheduler, job: &Object, uid: &str) {
    scheduler.step(Input::Upsert(job), SOON);
    let tried = scheduler.step(Input::Schedule, SOON).tried.expect("a pod waits");
    assert!(matches!(tried.outcome, Outcome::Placed(_)));
    scheduler.step(Input::BindFinished { uid, result: Ok(()) }, SOON);
}

#[test]
fn values_of_labels_stay_as_long_as_their_pods() {
    let allocatable = json!({"cpu": "400", "memory": "8Gi", "pods": "1000"});
    let mut scheduler = scheduler(&[node("n", &allocatable, &json!({}))]);
    let n_kept = 50;
    for i in 0..n_kept {
        place(&mut scheduler, &job(i, "1"), &format!("p{i}"));
    }
    for i in n_kept..2_000 {
        place(&mut scheduler, &job(i, "1"), &format!("p{i}"));
        scheduler.step(Input::Delete(&job(i, "1")), SOON);
    }
    let name = scheduler.symbols().get("job-name").expect("the key of a label");
    for i in 0..n_kept {
        let pod = scheduler.snapshot().pod(&format!("p{i}")).expect("a pod that stayed");
        let value = pod.shape.labels.get(name).expect("its label");
        assert_eq!(scheduler.symbols().resolve(value), format!("job-{i}"));
    }
}

#[test]
fn shapes_of_one_class_are_forgotten_with_their_pods() {
    let allocatable = json!({"cpu": "400", "memory": "8Gi", "pods": "1000"});
    let mut scheduler = scheduler(&[node("n", &allocatable, &json!({}))]);
    let alike = |i: usize| {
        changed_pod(&pod("p", &json!({"app": "a"}), &asking_cpu(&format!("{}m", i + 1))), |pod| {
            pod.metadata.name = format!("p{i}");
            pod.metadata.uid = format!("p{i}");
        })
    };
    place(&mut scheduler, &alike(0), "p0");
    for i in 1..5_000 {
        place(&mut scheduler, &alike(i), &format!("p{i}"));
        scheduler.step(Input::Delete(&alike(i)), SOON);
    }
    assert!(scheduler.n_shapes() < 2_000, "{} shapes are kept", scheduler.n_shapes());
}

#[test]
fn values_of_labels_are_forgotten_with_their_pods() {
    let allocatable = json!({"cpu": "4", "memory": "8Gi", "pods": "110"});
    let mut scheduler = scheduler(&[node("n", &allocatable, &json!({}))]);
    let mut most = 0;
    for i in 0..5_000 {
        let job = job(i, "1");
        place(&mut scheduler, &job, &format!("p{i}"));
        scheduler.step(Input::Delete(&job), SOON);
        most = most.max(scheduler.symbols().len());
    }
    assert!(most < 1_500, "{most} strings are kept of pods of which one at a time is there");
}
