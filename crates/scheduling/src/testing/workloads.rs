//! Random workloads: templates that pods are made from, so that shapes repeat.

use serde_json::{Value, json};
use wire::Pod;

use super::dice::Dice;
use super::vocabulary::{GPU, IMAGES, NAMESPACES, pod_labels};
use super::{placement_rules, storage};

/// What the pods of one workload share.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    namespace: &'static str,
    labels: Value,
    owner: Option<(&'static str, &'static str)>,
    spec: Value,
}

impl Template {
    /// A template whose pods are for one of these schedulers.
    pub(crate) fn draw(dice: &mut Dice, schedulers: &[String], has_storage: bool) -> Template {
        let mut spec = containers(dice);
        let scheduler = &schedulers[dice.below(schedulers.len())];
        spec["schedulerName"] = json!(if dice.chance(2) { "another-scheduler" } else { scheduler });
        spec["priority"] = json!([-10, 0, 5, 100][dice.weighted(&[15, 45, 25, 15])]);
        if dice.chance(12) {
            spec["preemptionPolicy"] = json!("Never");
        }
        if dice.chance(5) {
            spec["schedulingGates"] = json!([{"name": "example.com/wait"}]);
        }
        // Nothing decides about devices and groups yet: such a pod fails by name.
        if dice.chance(2) {
            spec["resourceClaims"] = json!([{"name": "device", "resourceClaimName": "d"}]);
        }
        if has_storage {
            storage::add_volumes(dice, &mut spec);
        }
        placement_rules::add(dice, &mut spec);
        let kinds = [("apps/v1", "ReplicaSet"), ("apps/v1", "StatefulSet"), ("v1", "ReplicationController")];
        Template {
            namespace: NAMESPACES[dice.weighted(&[55, 25, 15, 5])],
            labels: pod_labels(dice),
            owner: dice.chance(50).then(|| dice.pick(&kinds)),
            spec,
        }
    }

    /// One pod of the workload.
    pub(crate) fn pod(&self, name: &str, uid: &str) -> Pod {
        let mut metadata = json!({
            "name": name, "namespace": self.namespace, "uid": uid, "labels": self.labels, "generation": 1,
        });
        if let Some((version, kind)) = self.owner {
            metadata["ownerReferences"] = json!([{"apiVersion": version, "kind": kind, "name": "set", "uid": "set", "controller": true}]);
        }
        let pod = json!({"metadata": metadata, "spec": self.spec, "status": {"phase": "Pending"}});
        let mut pod = serde_json::from_value(pod).expect("a pod");
        storage::name_claims(&mut pod);
        pod
    }
}

/// Small amounts that together fill a small node; now and then none at all.
pub(crate) fn requests(dice: &mut Dice) -> Value {
    let mut requests = json!({});
    if dice.chance(85) {
        requests["cpu"] = json!(dice.pick(&["0", "100m", "250m", "300m", "500m", "1", "1500m", "-7m"]));
    }
    if dice.chance(60) {
        requests["memory"] = json!(dice.pick(&["128Mi", "256Mi", "512Mi", "1Gi"]));
    }
    if dice.chance(10) {
        requests["ephemeral-storage"] = json!(dice.pick(&["100Mi", "500Mi"]));
    }
    if dice.chance(12) {
        requests[GPU] = json!("1");
    }
    requests
}

fn containers(dice: &mut Dice) -> Value {
    let container = |dice: &mut Dice, name: &str| json!({"name": name, "image": dice.pick(&IMAGES), "resources": {"requests": requests(dice)}});
    let mut spec = json!({"containers": [container(dice, "main")]});
    if dice.chance(20) {
        spec["containers"] = json!([spec["containers"][0], container(dice, "second")]);
    }
    if dice.chance(15) {
        let mut init = container(dice, "init");
        if dice.chance(50) {
            init["restartPolicy"] = json!("Always");
        }
        spec["initContainers"] = json!([init]);
    }
    if dice.chance(15) {
        let mut port = json!({"containerPort": 80, "hostPort": dice.pick(&[80, 8080])});
        if dice.chance(30) {
            port["protocol"] = json!("UDP");
        }
        if dice.chance(30) {
            port["hostIP"] = json!(dice.pick(&["127.0.0.1", "0.0.0.0"]));
        }
        spec["containers"][0]["ports"] = json!([port]);
    }
    if dice.chance(6) {
        spec["containers"][0]["restartPolicyRules"] = json!([{"action": "RestartAllContainers"}]);
    }
    if dice.chance(4) {
        spec["hostNetwork"] = json!(true);
        spec["hostUsers"] = json!(false);
    }
    if dice.chance(5) {
        spec["overhead"] = json!({"cpu": "50m"});
    }
    if dice.chance(5) {
        spec["resources"] = json!({"requests": {"cpu": "750m"}});
    }
    spec
}
