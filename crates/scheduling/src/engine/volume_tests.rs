//! From the choice of a node to the binding of a pod with claims.

use std::time::Duration;

use base::Now;
use serde_json::{Value, json};
use wire::Object;

use super::*;
use crate::testing::{asking_cpu, node, pod, scheduler, terminating};

const SOON: Now = Now::from_nanos(60_000_000_000);

fn class(name: &str, provisioner: &str) -> Object {
    let class = json!({"metadata": {"name": name}, "provisioner": provisioner,
        "volumeBindingMode": "WaitForFirstConsumer"});
    Object::StorageClass(serde_json::from_value(class).expect("a class"))
}

fn volume(version: &str, spec: &Value) -> Object {
    let mut volume = json!({"metadata": {"name": "v", "resourceVersion": version}, "spec": spec,
        "status": {"phase": "Available"}});
    volume["spec"]["capacity"] = json!({"storage": "1Gi"});
    volume["spec"]["storageClassName"] = json!("local");
    Object::PersistentVolume(serde_json::from_value(volume).expect("a volume"))
}

fn claim(class: &str, version: &str, annotations: &Value, volume: &str) -> Object {
    let metadata = json!({"namespace": "default", "name": "c", "uid": "c", "resourceVersion": version,
        "annotations": annotations});
    let spec = json!({"storageClassName": class, "volumeName": volume,
        "resources": {"requests": {"storage": "1Gi"}}});
    let claim = json!({"metadata": metadata, "spec": spec});
    Object::PersistentVolumeClaim(serde_json::from_value(claim).expect("a claim"))
}

fn mounting(name: &str) -> Object {
    let mut spec = asking_cpu("1m");
    spec["volumes"] = json!([{"name": "data", "persistentVolumeClaim": {"claimName": "c"}}]);
    pod(name, &json!({}), &spec)
}

fn world(class_name: &str) -> Scheduler {
    let provisioner = if class_name == "local" { "kubernetes.io/no-provisioner" } else { "csi.example.com" };
    scheduler(&[
        node("n", &json!({"cpu": "4", "pods": "10"}), &json!({})),
        class(class_name, provisioner),
        volume("1", &json!({})),
        claim(class_name, "1", &json!({}), ""),
        mounting("p"),
    ])
}

fn names(commands: &[Command]) -> Vec<String> {
    let name = |command: &Command| match command {
        Command::Bind { node, .. } => Some(format!("bind to {node}")),
        Command::BindVolume { volume, resource_version, claim, .. } => {
            Some(format!("reserve {volume} at {resource_version} for {claim}"))
        }
        Command::ProvisionClaim { claim, node, .. } => Some(format!("provision {claim} on {node}")),
        Command::PatchStatus { condition: Some(condition), .. } => Some(condition.message.clone()),
        Command::PatchStatus { nominated_node_name: Some(node), .. } => Some(format!("nominate {node}")),
        _ => None,
    };
    commands.iter().filter_map(name).collect()
}

fn written(scheduler: &mut Scheduler, object: &str, result: Result<(), &str>) -> Vec<String> {
    let result = result.map_err(str::to_owned);
    names(&scheduler.step(Input::VolumeFinished { uid: "p", object, result }, SOON).commands)
}

fn upsert(scheduler: &mut Scheduler, object: &Object) -> Vec<String> {
    names(&scheduler.step(Input::Upsert(object), SOON).commands)
}

fn reserved() -> Value {
    json!({"claimRef": {"namespace": "default", "name": "c", "uid": "c"}})
}

fn completed() -> Value {
    json!({"pv.kubernetes.io/bind-completed": "yes"})
}

#[test]
fn a_pod_is_bound_when_its_volume_is_written_and_its_claim_is_bound() {
    let mut scheduler = world("local");
    let step = scheduler.step(Input::Schedule, SOON);
    assert_eq!(names(&step.commands), ["nominate n", "reserve v at 1 for default/c"]);
    // Nobody else gets the volume, and nobody is told that the pod is bound.
    assert!(scheduler.cycle().cluster.storage().assumes_something());
    let late = Input::BindFinished { uid: "p", result: Err("of another time".into()) };
    assert!(names(&scheduler.step(late, SOON).commands).is_empty());
    assert!(written(&mut scheduler, "v", Ok(())).is_empty());
    assert!(upsert(&mut scheduler, &volume("2", &reserved())).is_empty());
    assert!(!scheduler.cycle().cluster.storage().assumes_something());
    assert_eq!(upsert(&mut scheduler, &claim("local", "2", &completed(), "v")), ["bind to n"]);
}

#[test]
fn an_object_that_shows_what_was_written_is_an_answer() {
    let mut scheduler = world("local");
    scheduler.step(Input::Schedule, SOON);
    assert!(upsert(&mut scheduler, &claim("local", "2", &completed(), "v")).is_empty());
    assert_eq!(upsert(&mut scheduler, &volume("2", &reserved())), ["bind to n"]);
}

#[test]
fn a_write_that_fails_takes_everything_back() {
    let mut scheduler = world("local");
    scheduler.step(Input::Schedule, SOON);
    let said = written(&mut scheduler, "v", Err("conflict"));
    assert_eq!(said, ["running PreBind plugin \"VolumeBinding\": binding volumes: conflict"]);
    assert!(!scheduler.cycle().cluster.storage().assumes_something());
    assert!(scheduler.snapshot().pod("p").is_none());
    assert!(scheduler.queue().get("p").is_some());
}

#[test]
fn a_pod_that_is_deleted_gives_its_volumes_back_when_the_writes_are_answered() {
    for is_gone in [true, false] {
        let mut scheduler = world("local");
        scheduler.step(Input::Schedule, SOON);
        let pod = mounting("p");
        if is_gone {
            scheduler.step(Input::Delete(&pod), SOON);
        } else {
            scheduler.step(Input::Upsert(&terminating(&pod)), SOON);
        }
        assert!(scheduler.snapshot().pod("p").is_none());
        assert!(scheduler.cycle().cluster.storage().assumes_something(), "the write may still be done");
        written(&mut scheduler, "v", Ok(()));
        assert!(!scheduler.cycle().cluster.storage().assumes_something());
    }
}

#[test]
fn claims_that_are_not_bound_in_time_are_given_up() {
    let mut scheduler = world("local");
    let step = scheduler.step(Input::Schedule, SOON);
    let wake_at = SOON.after(Duration::from_secs(600));
    assert!(step.commands.contains(&Command::WakeAt(wake_at)));
    written(&mut scheduler, "v", Ok(()));
    let step = scheduler.step(Input::Tick, wake_at);
    let said = "running PreBind plugin \"VolumeBinding\": binding volumes: context deadline exceeded";
    assert_eq!(names(&step.commands), [said]);
}

#[test]
fn a_volume_is_made_for_the_node_and_a_provisioner_may_give_up() {
    let selected = |node: &str| json!({"volume.kubernetes.io/selected-node": node});
    let mut scheduler = world("dynamic");
    let step = scheduler.step(Input::Schedule, SOON);
    assert_eq!(names(&step.commands), ["nominate n", "provision default/c on n"]);
    assert!(written(&mut scheduler, "default/c", Ok(())).is_empty());
    assert!(upsert(&mut scheduler, &claim("dynamic", "2", &selected("n"), "")).is_empty());
    let given_up = claim("dynamic", "3", &json!({"other": "x"}), "");
    let said = "running PreBind plugin \"VolumeBinding\": binding volumes: provisioning failed for PVC \"c\"";
    assert_eq!(upsert(&mut scheduler, &given_up), [said]);
}

/// What the plugins for volumes say is worked out once for all pods whose volumes ask for the same.
#[test]
fn pods_with_claims_of_their_own_share_a_table() {
    const N_NODES: u64 = 50;
    const N_PODS: u64 = 200;
    let mut objects = Vec::new();
    for i in 0..N_NODES {
        let name = format!("n{i}");
        objects.push(node(&name, &json!({"cpu": "4", "pods": "110"}), &json!({})));
        let csi_node = json!({"metadata": {"name": name},
            "spec": {"drivers": [{"name": "csi.example.com", "allocatable": {"count": 39}}]}});
        objects.push(Object::CsiNode(serde_json::from_value(csi_node).expect("a CSINode")));
    }
    let mut scheduler = scheduler(&objects);
    for i in 0..N_PODS {
        let (volume, claim) = (format!("v{i}"), format!("c{i}"));
        let spec = json!({"capacity": {"storage": "1Gi"}, "csi": {"driver": "csi.example.com", "volumeHandle": volume},
            "claimRef": {"namespace": "default", "name": claim}});
        let volume_object = json!({"metadata": {"name": volume}, "spec": spec, "status": {"phase": "Bound"}});
        let claim_object = json!({"metadata": {"name": claim, "namespace": "default", "annotations": completed()},
            "spec": {"volumeName": volume, "resources": {"requests": {"storage": "1Gi"}}}});
        let mut pod_spec = asking_cpu("1m");
        pod_spec["volumes"] = json!([{"name": "data", "persistentVolumeClaim": {"claimName": claim}}]);
        let objects = [
            Object::PersistentVolume(serde_json::from_value(volume_object).expect("a volume")),
            Object::PersistentVolumeClaim(serde_json::from_value(claim_object).expect("a claim")),
            pod(&format!("p{i}"), &json!({}), &pod_spec),
        ];
        objects.iter().for_each(|object| drop(scheduler.step(Input::Upsert(object), SOON)));
        let step = scheduler.step(Input::Schedule, SOON);
        assert!(step.commands.iter().any(|command| matches!(command, Command::Bind { .. })));
    }
    let work = scheduler.work();
    assert_eq!((work.decisions, work.long_way), (N_PODS, 0));
    // Seen once, then kept.
    assert_eq!(work.tables_filled, 2);
    assert!(work.rows_visited <= 2 * N_NODES + 2 * N_PODS, "{work:?}");
}
