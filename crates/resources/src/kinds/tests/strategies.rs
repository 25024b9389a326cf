//! What strategies do to objects, one by one.

use serde_json::{Value, json};

use super::{NOW, context};
use crate::kind::Kind;
use crate::kinds::all;

fn kind(name: &str) -> &'static Kind {
    all().iter().find(|kind| kind.kind == name).expect("a kind of the table")
}

fn created(name: &str, mut object: Value) -> Value {
    kind(name).strategy.prepare_for_create(context(&["dev".to_owned()], ""), &mut object);
    object
}

fn updated(name: &str, subresource: &str, mut object: Value, old: &Value) -> Value {
    kind(name).strategy.prepare_for_update(context(&[], subresource), &mut object, old);
    object
}

#[test]
fn a_gated_pod_says_so() {
    let pod = created("Pod", json!({ "spec": { "schedulingGates": [{ "name": "a" }] } }));
    assert_eq!(pod["status"]["phase"], "Pending");
    assert_eq!(pod["status"]["qosClass"], "BestEffort");
    let condition = &pod["status"]["conditions"][0];
    assert_eq!(
        (&condition["reason"], &condition["lastTransitionTime"]),
        (&"SchedulingGated".into(), &NOW.into())
    );
    assert!(created("Pod", json!({ "spec": {} }))["status"].get("conditions").is_none());
}

#[test]
fn rules_about_other_pods_get_the_pods_own_labels() {
    let term = json!({ "labelSelector": {}, "matchLabelKeys": ["a", "none"], "mismatchLabelKeys": ["b"] });
    let pod = created(
        "Pod",
        json!({
            "metadata": { "labels": { "a": "1", "b": "2" } },
            "spec": {
                "affinity": { "podAffinity": {
                    "preferredDuringSchedulingIgnoredDuringExecution": [{ "weight": 1, "podAffinityTerm": term }],
                } },
                "topologySpreadConstraints": [{ "labelSelector": {}, "matchLabelKeys": ["b"] }, { "matchLabelKeys": ["b"] }],
            },
        }),
    );
    let affinity = &pod["spec"]["affinity"]["podAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"];
    assert_eq!(
        affinity[0]["podAffinityTerm"]["labelSelector"]["matchExpressions"],
        json!([
            { "key": "a", "operator": "In", "values": ["1"] },
            { "key": "b", "operator": "NotIn", "values": ["2"] },
        ])
    );
    let spread = &pod["spec"]["topologySpreadConstraints"];
    assert_eq!(spread[0]["labelSelector"]["matchExpressions"][0]["values"], json!(["2"]));
    assert!(spread[1].get("labelSelector").is_none());
}

#[test]
fn app_armor_annotations_become_fields_with_a_warning() {
    const KEY: &str = "container.apparmor.security.beta.kubernetes.io/c";
    let mut pod = json!({
        "metadata": { "name": "p", "annotations": { KEY: "localhost/p" } },
        "spec": { "containers": [{ "name": "c" }] },
    });
    let strategy = kind("Pod").strategy;
    let warnings = strategy.warnings(context(&[], ""), &pod, None);
    assert!(warnings[0].starts_with("metadata.annotations[container.apparmor"), "{warnings:?}");
    strategy.canonicalize(&mut pod);
    let profile = &pod["spec"]["containers"][0]["securityContext"]["appArmorProfile"];
    assert_eq!(*profile, json!({ "type": "Localhost", "localhostProfile": "p" }));
    assert!(strategy.warnings(context(&[], ""), &pod, None).is_empty(), "the field is there now");
    let mut pod = json!({ "spec": {
        "securityContext": { "appArmorProfile": { "type": "RuntimeDefault" } }, "containers": [{ "name": "c" }],
    } });
    strategy.canonicalize(&mut pod);
    assert_eq!(pod["metadata"]["annotations"][KEY], "runtime/default");
}

#[test]
fn subresources_of_pods_change_their_part_only() {
    let old = json!({
        "metadata": { "name": "a", "labels": { "x": "old" }, "ownerReferences": [1] },
        "spec": { "nodeName": "n", "containers": [{ "name": "c", "image": "i", "resources": {} }] },
        "status": { "phase": "Running", "qosClass": "Burstable" },
    });
    let sent = json!({
        "metadata": { "name": "a", "labels": { "x": "new" } },
        "spec": {
            "nodeName": "m",
            "ephemeralContainers": [{ "name": "e" }],
            "containers": [{ "name": "c", "image": "j", "resources": { "limits": { "cpu": "1" } } }],
        },
        "status": { "phase": "Failed" },
    });
    let ephemeral = updated("Pod", "ephemeralcontainers", sent.clone(), &old);
    let mut expected = old.clone();
    expected["spec"]["ephemeralContainers"] = sent["spec"]["ephemeralContainers"].clone();
    assert_eq!(ephemeral, expected);
    let resized = updated("Pod", "resize", sent.clone(), &old);
    let mut expected = old.clone();
    expected["spec"]["containers"][0]["resources"] = json!({ "limits": { "cpu": "1" } });
    assert_eq!(resized, expected);
    let status = updated("Pod", "status", sent, &old);
    assert_eq!(status["status"], json!({ "phase": "Failed", "qosClass": "Burstable" }));
    assert_eq!(status["metadata"]["ownerReferences"], json!([1]));
}

#[test]
fn a_job_selects_its_own_pods() {
    let job = json!({ "metadata": { "name": "j", "uid": "u" }, "spec": { "template": {} } });
    let job = created("Job", job);
    assert_eq!(
        job["spec"]["selector"],
        json!({ "matchLabels": { "batch.kubernetes.io/controller-uid": "u" } })
    );
    assert_eq!(job["spec"]["template"]["metadata"]["labels"]["job-name"], "j");
    assert_eq!(job["metadata"]["labels"]["batch.kubernetes.io/job-name"], "j");
    let by_hand = json!({ "metadata": { "uid": "u" }, "spec": { "manualSelector": true, "template": {} } });
    assert!(created("Job", by_hand)["spec"].get("selector").is_none());
}

#[test]
fn the_template_of_a_daemon_set_is_counted() {
    const KEY: &str = "deprecated.daemonset.template.generation";
    let set = created("DaemonSet", json!({ "metadata": {}, "spec": { "template": {} } }));
    assert_eq!(set["metadata"]["annotations"][KEY], "1");
    let mut changed = set.clone();
    changed["metadata"]["annotations"][KEY] = "7".into();
    assert_eq!(updated("DaemonSet", "", changed.clone(), &set)["metadata"]["annotations"][KEY], "1");
    changed["spec"]["template"] = json!({ "spec": {} });
    assert_eq!(updated("DaemonSet", "", changed, &set)["metadata"]["annotations"][KEY], "2");
}

#[test]
fn finalizers_of_a_namespace_change_by_finalize_only() {
    let namespace =
        created("Namespace", json!({ "metadata": { "name": "n" }, "spec": { "finalizers": ["a/b"] } }));
    assert_eq!(namespace["spec"]["finalizers"], json!(["a/b", "kubernetes"]));
    let without = json!({ "metadata": { "name": "n" }, "spec": {}, "status": { "phase": "Terminating" } });
    assert_eq!(updated("Namespace", "", without.clone(), &namespace)["spec"], namespace["spec"]);
    let finalized = updated("Namespace", "finalize", without, &namespace);
    assert_eq!((&finalized["spec"], &finalized["status"]), (&json!({}), &namespace["status"]));
}

#[test]
fn a_signing_request_says_who_asks() {
    let request =
        created("CertificateSigningRequest", json!({ "spec": { "username": "mallory", "extra": {} } }));
    assert_eq!(request["spec"], json!({ "username": "admin", "uid": "uid-admin", "groups": ["dev"] }));
    let approved = json!({ "spec": {}, "status": {
        "certificate": "x", "conditions": [{ "type": "Approved", "status": "True" }],
    } });
    let approved = updated("CertificateSigningRequest", "approval", approved, &request);
    assert_eq!(approved["spec"], request["spec"]);
    assert!(approved["status"].get("certificate").is_none());
    assert_eq!(approved["status"]["conditions"][0]["lastUpdateTime"], NOW);
    let mut denied = approved.clone();
    denied["status"]["conditions"][0]["status"] = "False".into();
    let kept = updated("CertificateSigningRequest", "status", denied, &approved);
    assert_eq!(kept["status"]["conditions"], approved["status"]["conditions"]);
}

#[test]
fn a_volume_says_since_when_it_is_in_its_phase() {
    let old = json!({ "status": { "phase": "Pending", "lastPhaseTransitionTime": "2020-01-01T00:00:00Z" } });
    let bound = updated("PersistentVolume", "status", json!({ "status": { "phase": "Bound" } }), &old);
    assert_eq!(bound["status"]["lastPhaseTransitionTime"], NOW);
    let same = updated("PersistentVolume", "status", json!({ "status": { "phase": "Pending" } }), &old);
    assert_eq!(same, old);
}

#[test]
fn sources_of_claims_are_in_both_fields() {
    let claim = json!({ "kind": "PersistentVolumeClaim", "name": "a" });
    let made = created("PersistentVolumeClaim", json!({ "spec": { "dataSource": claim } }));
    assert_eq!(made["spec"]["dataSourceRef"], claim);
    let made = created("PersistentVolumeClaim", json!({ "spec": { "dataSourceRef": claim } }));
    assert_eq!(made["spec"]["dataSource"], claim);
    let other = json!({ "apiGroup": "example.com", "kind": "Other", "name": "a" });
    let made = created("PersistentVolumeClaim", json!({ "spec": { "dataSource": other } }));
    assert_eq!(made["spec"], json!({}));
    let elsewhere = json!({ "kind": "PersistentVolumeClaim", "name": "a", "namespace": "n" });
    let made = created("PersistentVolumeClaim", json!({ "spec": { "dataSourceRef": elsewhere } }));
    assert!(made["spec"].get("dataSource").is_none());
}

#[test]
fn versions_in_which_objects_are_stored_are_remembered() {
    let versions = |storage: &str| {
        let version = |name: &str| json!({ "name": name, "storage": name == storage });
        json!({ "versions": [version("v1"), version("v2")] })
    };
    let old = created("CustomResourceDefinition", json!({ "spec": versions("v1") }));
    assert_eq!(old["status"]["storedVersions"], json!(["v1"]));
    let mut new = old.clone();
    new["spec"] = versions("v2");
    let new = updated("CustomResourceDefinition", "", new, &old);
    assert_eq!(new["status"]["storedVersions"], json!(["v1", "v2"]));
}

#[test]
fn generation_counts_what_controllers_have_to_act_on() {
    let deployment = json!({ "metadata": { "labels": {} }, "spec": { "replicas": 1 } });
    let mut annotated = deployment.clone();
    annotated["metadata"]["annotations"] = json!({ "a": "b" });
    let mut labelled = deployment.clone();
    labelled["metadata"]["labels"] = json!({ "a": "b" });
    let strategy = kind("Deployment").strategy;
    assert!(strategy.changes_generation(&annotated, &deployment));
    assert!(!strategy.changes_generation(&labelled, &deployment));
    let strategy = kind("EndpointSlice").strategy;
    assert!(!strategy.changes_generation(&annotated, &deployment));
    assert!(strategy.changes_generation(&labelled, &deployment));
}

#[test]
fn names_that_cannot_be_host_names_are_warned_of() {
    let dotted = json!({ "metadata": { "name": "a.b" } });
    for (name, n_expected) in [("Pod", 1), ("Deployment", 1), ("Job", 1), ("ConfigMap", 0)] {
        let strategy = kind(name).strategy;
        assert_eq!(strategy.warnings(context(&[], ""), &dotted, None).len(), n_expected, "{name}");
        assert!(strategy.warnings(context(&[], ""), &dotted, Some(&dotted)).is_empty(), "{name}");
    }
}
