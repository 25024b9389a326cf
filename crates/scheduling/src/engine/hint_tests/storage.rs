//! Events about volumes, claims, classes and drivers.

use super::*;
use crate::storage::StorageObject;

impl Table {
    /// Takes in an object about storage; returns what it is compiled to.
    fn stored(&mut self, object: &Object) -> StorageObject {
        let Table { scheduler } = self;
        let change = scheduler.change_of_storage(object);
        change.new.expect("about storage")
    }

    fn ask_about(&mut self, plugin: &str, waiting: &Pod, old: Option<&Object>, new: Option<&Object>) -> bool {
        let old = old.map(|object| self.stored(object));
        let new = new.map(|object| self.stored(object));
        let actions = match (&old, &new) {
            (None, _) => Actions::ADD,
            (_, None) => Actions::DELETE,
            _ => Actions::UPDATE,
        };
        let resource = new.as_ref().or(old.as_ref()).expect("an object").resource();
        let changed = Changed::Storage { old: old.as_ref(), new: new.as_ref() };
        self.ask(plugin, waiting, ClusterEvent::new(resource, actions), changed) == Hint::Queue
    }
}

fn object(kind: &str, value: Value) -> Object {
    match kind {
        "claim" => Object::PersistentVolumeClaim(serde_json::from_value(value).expect(kind)),
        "volume" => Object::PersistentVolume(serde_json::from_value(value).expect(kind)),
        "class" => Object::StorageClass(serde_json::from_value(value).expect(kind)),
        "csi node" => Object::CsiNode(serde_json::from_value(value).expect(kind)),
        "driver" => Object::CsiDriver(serde_json::from_value(value).expect(kind)),
        "capacity" => Object::CsiStorageCapacity(serde_json::from_value(value).expect(kind)),
        _ => Object::VolumeAttachment(serde_json::from_value(value).expect(kind)),
    }
}

/// The pod mounts claim `c`, an ephemeral volume `e`, a disk of AWS, and a volume of driver `d`.
fn waiting(table: &mut Table) -> Pod {
    let spec = with(
        plain(),
        "volumes",
        json!([
            {"name": "c", "persistentVolumeClaim": {"claimName": "c"}},
            {"name": "e", "ephemeral": {}},
            {"name": "x", "awsElasticBlockStore": {"volumeID": "vol-1"}},
            {"name": "d", "csi": {"driver": "d"}},
        ]),
    );
    table.pod("p", json!({}), spec)
}

fn named(name: &str) -> Value {
    json!({"metadata": {"name": name, "namespace": "default"}})
}

fn limit(count: i64) -> Value {
    json!({"metadata": {"name": "n"}, "spec": {"drivers": [{"name": "d", "allocatable": {"count": count}}]}})
}

fn merged(mut value: Value, more: Value) -> Value {
    let (Some(fields), Value::Object(more)) = (value.as_object_mut(), more) else { return value };
    fields.extend(more);
    value
}

#[test]
fn rows_about_storage() {
    let zone =
        |zone: &str| json!({"metadata": {"name": "v", "labels": {"topology.kubernetes.io/zone": zone}}});
    let mode = |mode: &str| merged(named("s"), json!({"volumeBindingMode": mode}));
    let topologies = merged(
        named("s"),
        json!({"allowedTopologies": [{"matchLabelExpressions": [{"key": "z", "values": ["a"]}]}]}),
    );
    let migrated = json!({"metadata": {"name": "n",
        "annotations": {"storage.alpha.kubernetes.io/migrated-plugins": "kubernetes.io/aws-ebs"}}});
    let tells = |name: &str, tells: bool| merged(named(name), json!({"spec": {"storageCapacity": tells}}));
    let room = |room: &str| merged(named("r"), json!({"capacity": room}));
    let attached = |driver: &str| merged(named("a"), json!({"spec": {"attacher": driver, "nodeName": "n"}}));
    type Row = (&'static str, &'static str, Option<Value>, Option<Value>, bool);
    let rows: Vec<Row> = vec![
        ("VolumeRestrictions", "claim", None, Some(named("c")), true),
        ("VolumeRestrictions", "claim", None, Some(named("p-e")), false),
        ("NodeVolumeLimits", "claim", None, Some(named("p-e")), true),
        ("NodeVolumeLimits", "claim", None, Some(named("other")), false),
        ("NodeVolumeLimits", "csi node", None, Some(limit(1)), true),
        ("NodeVolumeLimits", "csi node", Some(limit(1)), Some(limit(2)), true),
        ("NodeVolumeLimits", "csi node", Some(limit(2)), Some(limit(1)), false),
        ("NodeVolumeLimits", "attachment", Some(attached("ebs.csi.aws.com")), None, true),
        ("VolumeBinding", "class", None, Some(named("s")), true),
        ("VolumeBinding", "class", Some(named("s")), Some(topologies), true),
        ("VolumeBinding", "class", Some(named("s")), Some(mode("Immediate")), false),
        ("VolumeBinding", "claim", None, Some(named("p-e")), true),
        ("VolumeBinding", "claim", Some(named("c")), Some(named("c")), true),
        ("VolumeBinding", "claim", None, Some(named("other")), false),
        ("VolumeBinding", "volume", None, Some(named("v")), true),
        ("VolumeBinding", "volume", Some(named("v")), Some(named("v")), true),
        ("VolumeBinding", "csi node", None, Some(named("n")), true),
        ("VolumeBinding", "csi node", Some(named("n")), Some(migrated), true),
        ("VolumeBinding", "csi node", Some(limit(1)), Some(limit(2)), false),
        ("VolumeBinding", "driver", Some(tells("d", true)), Some(tells("d", false)), true),
        ("VolumeBinding", "driver", Some(tells("d", false)), Some(tells("d", true)), false),
        ("VolumeBinding", "driver", Some(tells("o", true)), Some(tells("o", false)), false),
        ("VolumeBinding", "capacity", None, Some(room("1Gi")), true),
        ("VolumeBinding", "capacity", Some(room("1Gi")), Some(room("2Gi")), true),
        ("VolumeBinding", "capacity", Some(room("2Gi")), Some(room("1Gi")), false),
        ("VolumeZone", "class", None, Some(mode("WaitForFirstConsumer")), true),
        ("VolumeZone", "class", None, Some(mode("Immediate")), false),
        ("VolumeZone", "claim", None, Some(named("c")), true),
        ("VolumeZone", "claim", None, Some(named("p-e")), false),
        ("VolumeZone", "volume", None, Some(zone("a")), true),
        ("VolumeZone", "volume", Some(zone("a")), Some(zone("b")), true),
        ("VolumeZone", "volume", Some(zone("a")), Some(zone("a")), false),
    ];
    for (plugin, kind, old, new, expected) in rows {
        let mut table = Table::new();
        let waiting = waiting(&mut table);
        let (old, new) = (old.map(|value| object(kind, value)), new.map(|value| object(kind, value)));
        let answer = table.ask_about(plugin, &waiting, old.as_ref(), new.as_ref());
        assert_eq!(answer, expected, "{plugin} about {kind}: {old:?} -> {new:?}");
    }
}

#[test]
fn a_pod_that_leaves_frees_its_volumes() {
    let mut table = Table::new();
    let waiting = waiting(&mut table);
    let volumes = |volume: Value| with(plain(), "volumes", json!([volume]));
    let claim = table.placed("a", json!({}), volumes(json!({"persistentVolumeClaim": {"claimName": "c"}})));
    table.pod_leaves("VolumeRestrictions", &waiting, &claim, Hint::Queue);
    table.pod_leaves("NodeVolumeLimits", &waiting, &claim, Hint::Queue);
    let disk = table.placed("b", json!({}), volumes(json!({"awsElasticBlockStore": {"volumeID": "vol-1"}})));
    table.pod_leaves("VolumeRestrictions", &waiting, &disk, Hint::Queue);
    let other = table.placed("c", json!({}), volumes(json!({"persistentVolumeClaim": {"claimName": "o"}})));
    table.pod_leaves("VolumeRestrictions", &waiting, &other, Hint::Skip);
    let none = table.placed("d", json!({}), plain());
    table.pod_leaves("NodeVolumeLimits", &waiting, &none, Hint::Skip);
}
