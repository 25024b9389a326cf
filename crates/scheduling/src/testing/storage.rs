//! Random storage: classes, drivers, volumes and claims, few enough to be fought over.

use serde_json::{Value, json};
use wire::{Kind, Object, Pod};

use super::dice::Dice;
use super::history::Change;
use super::truth::{Truth, key_of};
use super::vocabulary::{HOSTNAME, NAMESPACES, ZONE, node_name};
use super::volume_controller;

/// Immediate, provisioned; waiting, provisioned; waiting, by hand; of an in-tree plugin; without a mode.
pub(crate) const CLASSES: [&str; 5] = ["fast", "dynamic", "local", "ebs", "broken"];
const DRIVERS: [&str; 3] = ["a.csi.example.com", "b.csi.example.com", "ebs.csi.aws.com"];
const SIZES: [&str; 4] = ["1Gi", "2Gi", "5Gi", "500Mi"];
const MODES: [&str; 4] = ["ReadWriteOnce", "ReadWriteMany", "ReadOnlyMany", "ReadWriteOncePod"];
const N_SHARED_CLAIMS: usize = 5;
const N_VOLUMES: usize = 10;
/// In a claim's name: the name of the pod.
const POD: &str = "$pod";
const READ: &str = "drawn in the right form";

/// Volumes for a pod spec.
pub(crate) fn add_volumes(dice: &mut Dice, spec: &mut Value) {
    let n = dice.weighted(&[62, 28, 10]);
    let volumes: Vec<Value> = (0..n)
        .map(|i| {
            let mut volume = json!({"name": format!("v{i}")});
            let reads = dice.chance(40);
            match dice.weighted(&[22, 34, 14, 6, 6, 5, 5, 4, 4]) {
                0 => {
                    let claim = format!("c{}", dice.below(N_SHARED_CLAIMS));
                    volume["persistentVolumeClaim"] = json!({"claimName": claim});
                }
                1 => volume["persistentVolumeClaim"] = json!({"claimName": format!("data{i}-{POD}")}),
                2 => volume["ephemeral"] = json!({"volumeClaimTemplate": {"spec": {}}}),
                3 => {
                    volume["gcePersistentDisk"] =
                        json!({"pdName": dice.pick(&["d1", "d2"]), "readOnly": reads});
                }
                4 => {
                    let id = dice.pick(&["vol-1", "vol-2", "aws://z/vol-1", "aws://z/wrong"]);
                    volume["awsElasticBlockStore"] = json!({"volumeID": id});
                }
                5 => volume["iscsi"] = json!({"iqn": dice.pick(&["i1", "i2"]), "readOnly": reads}),
                6 => {
                    let monitors = [json!(["m1"]), json!(["m1", "m2"])][dice.below(2)].clone();
                    volume["rbd"] = json!({"monitors": monitors, "image": "i", "readOnly": reads});
                }
                7 => volume["azureFile"] = json!({"shareName": "s"}),
                _ => volume["csi"] = json!({"driver": dice.pick(&DRIVERS)}),
            }
            volume
        })
        .collect();
    if !volumes.is_empty() {
        spec["volumes"] = json!(volumes);
    }
}

/// Puts the pod's name into the names of its claims.
pub(crate) fn name_claims(pod: &mut Pod) {
    for volume in &mut pod.spec.volumes {
        if let Some(claim) = &mut volume.persistent_volume_claim {
            claim.claim_name = claim.claim_name.replace(POD, &pod.metadata.name);
        }
    }
}

/// What there is in the beginning.
pub(crate) fn beginning(dice: &mut Dice, n_nodes: usize) -> Vec<Change> {
    let mut objects: Vec<Object> = Vec::new();
    for name in CLASSES {
        if dice.chance(92) {
            objects.push(class(dice, name));
        }
    }
    for name in DRIVERS {
        if dice.chance(60) {
            objects.push(driver(dice, name));
        }
    }
    for n in 0..n_nodes {
        if dice.chance(80) {
            objects.push(csi_node(dice, n));
        }
    }
    for n in 0..dice.below(N_VOLUMES) {
        objects.push(volume(dice, n));
    }
    for n in 0..N_SHARED_CLAIMS {
        if dice.chance(85) {
            let namespace = dice.pick(&NAMESPACES);
            objects.push(claim(dice, namespace, &format!("c{n}"), None));
        }
    }
    for n in 0..dice.below(4) {
        objects.push(capacity(dice, n));
    }
    objects.into_iter().map(Change::Put).collect()
}

/// Something that happens to storage; nothing at times.
pub(crate) fn change(dice: &mut Dice, truth: &Truth, n_nodes: usize) -> Vec<Change> {
    let put_or_remove = |dice: &mut Dice, object: Object| {
        let is_there = truth.get(&key_of(&object)).is_some();
        vec![if is_there && dice.chance(35) { Change::Remove(object) } else { Change::Put(object) }]
    };
    match dice.weighted(&[30, 32, 8, 5, 5, 4, 2, 2, 6, 3, 3]) {
        0 => claims_of_pods(dice, truth),
        1 => volume_controller::act(truth),
        2 => {
            let n = dice.below(N_VOLUMES);
            let volume = volume(dice, n);
            // A volume that is bound is not written over.
            if is_used(truth, &volume) { Vec::new() } else { put_or_remove(dice, volume) }
        }
        3 => {
            let (namespace, n) = (dice.pick(&NAMESPACES), dice.below(N_SHARED_CLAIMS));
            let claim = claim(dice, namespace, &format!("c{n}"), None);
            match truth.get(&key_of(&claim)) {
                None => vec![Change::Put(claim)],
                Some(_) => Vec::new(),
            }
        }
        4 => {
            let n = dice.below(n_nodes + 1);
            let node = csi_node(dice, n);
            put_or_remove(dice, node)
        }
        5 => {
            let n = dice.below(4);
            let capacity = capacity(dice, n);
            put_or_remove(dice, capacity)
        }
        6 => {
            let name = dice.pick(&CLASSES);
            let class = class(dice, name);
            put_or_remove(dice, class)
        }
        7 => {
            let name = dice.pick(&DRIVERS);
            let driver = driver(dice, name);
            put_or_remove(dice, driver)
        }
        8 => {
            let n = dice.below(6);
            let node = node_name(dice.below(n_nodes));
            let attachment = json!({
                "metadata": {"name": format!("attachment-{n}")},
                "spec": {"attacher": dice.pick(&DRIVERS), "nodeName": node,
                    "source": {"persistentVolumeName": volume_name(dice.below(N_VOLUMES))}},
            });
            put_or_remove(
                dice,
                serde_json::from_value::<wire::VolumeAttachment>(attachment).expect(READ).into(),
            )
        }
        9 => any(dice, truth, Kind::PersistentVolumeClaim).map_or_else(Vec::new, |claim| {
            let Object::PersistentVolumeClaim(mut claim) = claim else { return Vec::new() };
            match dice.below(3) {
                0 => vec![Change::Remove(Object::PersistentVolumeClaim(claim))],
                1 => {
                    claim.metadata.deletion_timestamp =
                        serde_json::from_value(json!("2026-01-02T00:00:00Z")).expect("a timestamp");
                    vec![Change::Put(Object::PersistentVolumeClaim(claim))]
                }
                _ => {
                    // A provisioner gives up.
                    claim.metadata.annotations.remove(crate::storage::claim::SELECTED_NODE);
                    vec![Change::Put(Object::PersistentVolumeClaim(claim))]
                }
            }
        }),
        _ => any(dice, truth, Kind::PersistentVolume)
            .map_or_else(Vec::new, |volume| vec![Change::Remove(volume)]),
    }
}

fn any(dice: &mut Dice, truth: &Truth, kind: Kind) -> Option<Object> {
    let all: Vec<&Object> = truth.objects().filter(|object| object.kind() == kind).collect();
    (!all.is_empty()).then(|| dice.pick(&all).clone())
}

fn is_used(truth: &Truth, volume: &Object) -> bool {
    match truth.get(&key_of(volume)) {
        Some(Object::PersistentVolume(known)) => known.spec.claim_ref.is_some(),
        _ => false,
    }
}

/// The claims that the next pod needs and that nobody has made: by its workload, or by the controller of ephemeral
/// volumes.
fn claims_of_pods(dice: &mut Dice, truth: &Truth) -> Vec<Change> {
    for pod in truth.pods() {
        let namespace = &pod.metadata.namespace;
        let mut missing = Vec::new();
        for volume in &pod.spec.volumes {
            let (name, owner) = match (&volume.persistent_volume_claim, &volume.ephemeral) {
                (Some(claim), _) => (claim.claim_name.clone(), None),
                (_, Some(_)) => (format!("{}-{}", pod.metadata.name, volume.name), Some(pod)),
                _ => continue,
            };
            let key = (Kind::PersistentVolumeClaim, namespace.clone(), name.clone());
            if truth.get(&key).is_none() {
                missing.push(Change::Put(claim(dice, namespace, &name, owner)));
            }
        }
        if !missing.is_empty() {
            return missing;
        }
    }
    Vec::new()
}

fn class(dice: &mut Dice, name: &str) -> Object {
    let mut class = json!({"metadata": {"name": name}, "volumeBindingMode": "WaitForFirstConsumer"});
    class["provisioner"] = json!(match name {
        "fast" => DRIVERS[0],
        "local" => "kubernetes.io/no-provisioner",
        "ebs" => "kubernetes.io/aws-ebs",
        _ => DRIVERS[1],
    });
    match name {
        "fast" => class["volumeBindingMode"] = json!("Immediate"),
        "broken" => class["volumeBindingMode"] = json!(null),
        "dynamic" if dice.chance(30) => {
            class["allowedTopologies"] =
                json!([{"matchLabelExpressions": [{"key": ZONE, "values": ["z0", "z1"]}]}]);
        }
        _ => {}
    }
    serde_json::from_value::<wire::StorageClass>(class).expect(READ).into()
}

fn driver(dice: &mut Dice, name: &str) -> Object {
    let spec = json!({"storageCapacity": dice.chance(50)});
    serde_json::from_value::<wire::CsiDriver>(json!({"metadata": {"name": name}, "spec": spec}))
        .expect(READ)
        .into()
}

fn csi_node(dice: &mut Dice, n: usize) -> Object {
    let mut drivers = Vec::new();
    for name in DRIVERS {
        if dice.chance(75) {
            let limit = [json!(null), json!({"count": dice.between(0, 3)})][dice.weighted(&[30, 70])].clone();
            drivers.push(json!({"name": name, "nodeID": "n", "allocatable": limit}));
        }
    }
    let mut metadata = json!({"name": node_name(n)});
    if dice.chance(50) {
        metadata["annotations"] = json!({"storage.alpha.kubernetes.io/migrated-plugins": "kubernetes.io/aws-ebs,kubernetes.io/gce-pd"});
    }
    serde_json::from_value::<wire::CsiNode>(json!({"metadata": metadata, "spec": {"drivers": drivers}}))
        .expect(READ)
        .into()
}

fn volume_name(n: usize) -> String {
    format!("pv{n}")
}

fn volume(dice: &mut Dice, n: usize) -> Object {
    let mut volume = json!({
        "metadata": {"name": volume_name(n), "uid": format!("pv{n}"), "labels": {}},
        "spec": {"capacity": {"storage": dice.pick(&SIZES)}, "storageClassName": dice.pick(&CLASSES[..4]),
            "accessModes": MODES},
        "status": {"phase": "Available"},
    });
    match dice.below(4) {
        0 => volume["spec"]["awsElasticBlockStore"] = json!({"volumeID": format!("vol-{n}")}),
        1 => volume["spec"]["local"] = json!({}),
        _ => {
            volume["spec"]["csi"] = json!({"driver": dice.pick(&DRIVERS), "volumeHandle": format!("h{n}")});
        }
    }
    if dice.chance(45) {
        let (key, value) = match dice.below(3) {
            0 => (HOSTNAME, node_name(dice.below(6))),
            1 => ("topology.ebs.csi.aws.com/zone", "z0".to_owned()),
            _ => (ZONE, format!("z{}", dice.below(3))),
        };
        let term = json!({"matchExpressions": [{"key": key, "operator": "In", "values": [value]}]});
        volume["spec"]["nodeAffinity"] = json!({"required": {"nodeSelectorTerms": [term]}});
    }
    if dice.chance(25) {
        volume["metadata"]["labels"][ZONE] = json!(dice.pick(&["z0", "z1", "z0__z1"]));
    }
    serde_json::from_value::<wire::PersistentVolume>(volume).expect(READ).into()
}

fn claim(dice: &mut Dice, namespace: &str, name: &str, owner: Option<&Pod>) -> Object {
    let mode = MODES[dice.weighted(&[50, 25, 10, 15])];
    let class = CLASSES[dice.weighted(&[25, 30, 30, 12, 3])];
    let uid = format!("{namespace}/{name}/{}", dice.below(1_000_000));
    let mut claim = json!({
        "metadata": {"name": name, "namespace": namespace, "uid": uid},
        "spec": {"accessModes": [mode], "storageClassName": class,
            "resources": {"requests": {"storage": dice.pick(&SIZES)}}},
        "status": {"phase": "Pending"},
    });
    if let Some(pod) = owner {
        let (name, uid) = (&pod.metadata.name, &pod.metadata.uid);
        claim["metadata"]["ownerReferences"] =
            json!([{"apiVersion": "v1", "kind": "Pod", "name": name, "uid": uid, "controller": true}]);
    }
    if dice.chance(5) {
        claim["spec"]["selector"] = json!({"matchLabels": {ZONE: "z0"}});
    }
    serde_json::from_value::<wire::PersistentVolumeClaim>(claim).expect(READ).into()
}

fn capacity(dice: &mut Dice, n: usize) -> Object {
    let mut capacity = json!({
        "metadata": {"name": format!("capacity{n}"), "namespace": "default"},
        "storageClassName": dice.pick(&["dynamic", "ebs"]),
        "capacity": dice.pick(&SIZES),
    });
    match dice.below(3) {
        0 => {}
        1 => capacity["nodeTopology"] = json!({}),
        _ => capacity["nodeTopology"] = json!({"matchLabels": {ZONE: format!("z{}", dice.below(3))}}),
    }
    serde_json::from_value::<wire::CsiStorageCapacity>(capacity).expect(READ).into()
}
