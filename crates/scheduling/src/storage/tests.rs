//! What is free, what is reserved, what is assumed; and that counts are those of the pods that are there.

use std::collections::BTreeMap;

use base::Now;
use serde_json::{Value, json};
use wire::Object;

use super::find::Bindings;
use super::uses::Uses;
use super::*;
use crate::engine::{Input, Scheduler};
use crate::testing::driver::{Drive, seeds};
use crate::testing::history::History;
use crate::testing::scheduler;

fn volume(name: &str, version: &str, storage: &str, spec: Value) -> Object {
    let mut spec = spec;
    spec["capacity"] = json!({"storage": storage});
    spec["storageClassName"] = json!("local");
    let volume = json!({"metadata": {"name": name, "resourceVersion": version}, "spec": spec,
        "status": {"phase": "Available"}});
    Object::PersistentVolume(serde_json::from_value(volume).expect("a volume"))
}

fn claim(name: &str, version: &str) -> Object {
    let claim = json!({"metadata": {"namespace": "default", "name": name, "uid": name, "resourceVersion": version},
        "spec": {"storageClassName": "local", "resources": {"requests": {"storage": "1Gi"}}}});
    Object::PersistentVolumeClaim(serde_json::from_value(claim).expect("a claim"))
}

fn put(scheduler: &mut Scheduler, object: &Object) {
    scheduler.step(Input::Upsert(object), Now::default());
}

fn free(scheduler: &Scheduler) -> Vec<String> {
    let class = scheduler.symbols().get("local").expect("interned");
    let free = scheduler.cycle().cluster.storage().free(class, Quantity::ZERO);
    free.map(|volume| volume.name.to_string()).collect()
}

#[test]
fn free_volumes_come_smallest_first_and_reserved_ones_are_their_claims() {
    let mut scheduler = scheduler(&[]);
    put(&mut scheduler, &volume("large", "1", "5Gi", json!({})));
    put(&mut scheduler, &volume("small", "1", "1Gi", json!({})));
    let reserved = json!({"claimRef": {"namespace": "default", "name": "c"}});
    put(&mut scheduler, &volume("reserved", "1", "2Gi", reserved));
    assert_eq!(free(&scheduler), ["small", "large"]);
    put(&mut scheduler, &claim("c", "1"));
    let namespace = scheduler.symbols().get("default").expect("interned");
    let storage = scheduler.cycle().cluster.storage();
    let claim = storage.claim(namespace, "c").expect("a claim");
    let names: Vec<&str> = storage.reserved(&claim.key).map(|volume| &*volume.name).collect();
    assert_eq!(names, ["reserved"]);
}

#[test]
fn what_is_assumed_counts_until_the_object_is_newer_or_it_is_taken_back() {
    let mut scheduler = scheduler(&[]);
    put(&mut scheduler, &volume("a", "1", "1Gi", json!({})));
    put(&mut scheduler, &volume("b", "1", "2Gi", json!({})));
    put(&mut scheduler, &claim("c", "1"));
    let namespace = scheduler.symbols().get("default").expect("interned");
    let mut storage = scheduler.cycle().cluster.storage().clone();
    let claim = Arc::clone(storage.claim(namespace, "c").expect("a claim"));
    let class = claim.class;
    let names = |storage: &Storage| -> Vec<String> {
        storage.free(class, Quantity::ZERO).map(|volume| volume.name.to_string()).collect()
    };
    let bindings = Bindings {
        volumes: vec![(Arc::clone(storage.volume("a").expect("a volume")), Arc::clone(&claim))],
        provisions: vec![Arc::clone(&claim)],
        room: Vec::new(),
    };
    let (first, second, node) = (Arc::from("first"), Arc::from("second"), Arc::from("n"));
    storage.assume(&first, &bindings, &node);
    storage.assume(&second, &bindings, &node);
    assert_eq!(names(&storage), ["b"]);
    assert_eq!(storage.selected_node(&claim).map(|node| &**node), Some("n"));
    // Both pods mount the claim; what one of them gives up the other still has.
    storage.take_back("first", &bindings);
    assert_eq!(names(&storage), ["b"]);
    storage.take_back("second", &bindings);
    assert_eq!(names(&storage), ["a", "b"]);
    assert!(!storage.assumes_something() && storage.selected_node(&claim).is_none());
}

/// Uses in a form without order.
type Plain = (BTreeMap<String, String>, BTreeMap<String, String>, BTreeMap<String, u32>);

fn plain(uses: &Uses) -> Plain {
    let sorted = |mut list: Vec<String>| {
        list.sort();
        list.join(" ")
    };
    let rows = uses.rows.iter().enumerate().map(|(i, row)| {
        let volumes = sorted(row.volumes.iter().map(|entry| format!("{entry:?}")).collect());
        let counts = sorted(row.counts.iter().map(|entry| format!("{entry:?}")).collect());
        let made_for = sorted(row.made_for.iter().map(|entry| format!("{entry:?}")).collect());
        (i.to_string(), format!("{volumes}|{counts}|{made_for}|{}", row.n_errors))
    });
    let rows = rows.filter(|(_, row)| row != "|||0").collect();
    let claims = uses.claims.iter().map(|(key, claim)| {
        let rows = sorted(claim.rows.iter().map(|entry| format!("{entry:?}")).collect());
        (format!("{key:?}"), format!("{rows} {} {:?}", claim.n_by_name, claim.volume))
    });
    let volumes = uses.volumes.iter().map(|(volume, n)| (format!("{volume:?}"), *n));
    (rows, claims.collect(), volumes.collect())
}

#[test]
fn what_is_counted_is_what_pods_use_after_any_history() {
    let mut n_in_use = 0;
    for seed in seeds(120) {
        let history = History::new(seed, 60);
        let mut scheduler = history.scheduler();
        let mut drive = Drive::new(history);
        while drive.step(&mut scheduler) {
            let cycle = scheduler.cycle();
            let (storage, mut recounted) = (cycle.cluster.storage(), Uses::default());
            assert!(storage.uses.is_current(cycle.snapshot));
            recounted.recount(cycle.snapshot, storage);
            assert_eq!(plain(&storage.uses), plain(&recounted), "seed {seed}");
            n_in_use += recounted.volumes.len();
        }
    }
    assert!(n_in_use > 0, "no pod has a volume");
}
