//! Defaults that people rely on, one by one.

use serde_json::{Value, json};

use crate::kinds::all;

/// The object with its defaults, at a JSON pointer.
#[track_caller]
fn check(kind: &str, version: &str, object: Value, expected: &[(&str, Value)]) {
    let kind = all().iter().find(|known| known.kind == kind).expect("a kind of the table");
    let (group, version) =
        *kind.versions.iter().find(|served| served.1 == version).expect("a version that serves it");
    let mut defaulted = object;
    kind.strategy.set_defaults(&mut defaulted, group, version);
    for (pointer, value) in expected {
        let found = defaulted.pointer(pointer).unwrap_or(&Value::Null);
        assert_eq!(found, value, "{kind:?} {pointer}");
    }
}

#[test]
fn pods_and_containers() {
    check(
        "Pod",
        "v1",
        json!({ "spec": {
            "hostNetwork": true,
            "serviceAccountName": "robot",
            "volumes": [{ "name": "v" }, { "name": "s", "secret": {} }, { "name": "h", "hostPath": { "path": "/" } }],
            "containers": [{
                "name": "c", "image": "nginx:1.27",
                "ports": [{ "containerPort": 80 }],
                "resources": { "limits": { "cpu": "1", "memory": "1500u" }, "requests": { "cpu": "1n" } },
                "livenessProbe": { "httpGet": { "port": 80 } },
            }],
        } }),
        &[
            ("/spec/dnsPolicy", json!("ClusterFirst")),
            ("/spec/restartPolicy", json!("Always")),
            ("/spec/terminationGracePeriodSeconds", json!(30)),
            ("/spec/schedulerName", json!("default-scheduler")),
            ("/spec/securityContext", json!({})),
            ("/spec/enableServiceLinks", json!(true)),
            ("/spec/serviceAccount", json!("robot")),
            ("/spec/volumes/0/emptyDir", json!({})),
            ("/spec/volumes/1/secret/defaultMode", json!(420)),
            ("/spec/volumes/2/hostPath/type", json!("")),
            ("/spec/containers/0/imagePullPolicy", json!("IfNotPresent")),
            ("/spec/containers/0/terminationMessagePath", json!("/dev/termination-log")),
            ("/spec/containers/0/ports/0", json!({ "containerPort": 80, "hostPort": 80, "protocol": "TCP" })),
            ("/spec/containers/0/resources/requests", json!({ "cpu": "1m", "memory": "2m" })),
            (
                "/spec/containers/0/livenessProbe/httpGet",
                json!({ "port": 80, "path": "/", "scheme": "HTTP" }),
            ),
            ("/spec/containers/0/livenessProbe/failureThreshold", json!(3)),
        ],
    );
}

#[test]
fn pods_with_resources_of_their_own() {
    check(
        "Pod",
        "v1",
        json!({ "spec": {
            "resources": { "limits": { "cpu": "4", "memory": "1Gi" } },
            "initContainers": [
                { "restartPolicy": "Always", "resources": { "requests": { "cpu": "1" } } },
                { "resources": { "requests": { "cpu": "3" }, "limits": { "hugepages-2Mi": "4Mi" } } },
            ],
            "containers": [{ "resources": { "requests": { "cpu": "500m" } } }],
        } }),
        &[
            // The second initial container runs beside the first.
            ("/spec/resources/requests/cpu", json!("4")),
            ("/spec/resources/requests/memory", json!("1Gi")),
            ("/spec/resources/limits/hugepages-2Mi", json!("4Mi")),
        ],
    );
}

#[test]
fn templates_are_not_pods() {
    check(
        "Deployment",
        "v1",
        json!({ "spec": { "template": { "spec": {
            "hostNetwork": true,
            "containers": [{ "ports": [{ "containerPort": 80 }], "resources": { "limits": { "cpu": "1" } } }],
        } } } }),
        &[
            ("/spec/replicas", json!(1)),
            ("/spec/strategy/type", json!("RollingUpdate")),
            ("/spec/strategy/rollingUpdate", json!({ "maxSurge": "25%", "maxUnavailable": "25%" })),
            ("/spec/template/spec/dnsPolicy", json!("ClusterFirst")),
            ("/spec/template/spec/enableServiceLinks", Value::Null),
            ("/spec/template/spec/containers/0/ports/0/hostPort", Value::Null),
            ("/spec/template/spec/containers/0/resources/requests", Value::Null),
        ],
    );
}

#[test]
fn services() {
    let port = json!({ "port": 80 });
    check(
        "Service",
        "v1",
        json!({ "spec": { "ports": [port.clone()] } }),
        &[
            ("/spec/type", json!("ClusterIP")),
            ("/spec/sessionAffinity", json!("None")),
            ("/spec/internalTrafficPolicy", json!("Cluster")),
            ("/spec/externalTrafficPolicy", Value::Null),
            ("/spec/ports/0", json!({ "port": 80, "protocol": "TCP", "targetPort": 80 })),
        ],
    );
    check(
        "Service",
        "v1",
        json!({ "spec": { "type": "LoadBalancer", "sessionAffinity": "ClientIP", "ports": [port] } }),
        &[
            ("/spec/externalTrafficPolicy", json!("Cluster")),
            ("/spec/allocateLoadBalancerNodePorts", json!(true)),
            ("/spec/sessionAffinityConfig/clientIP/timeoutSeconds", json!(10800)),
        ],
    );
}

#[test]
fn jobs_and_their_schedules() {
    let template = json!({ "metadata": { "labels": { "a": "b" } } });
    check(
        "Job",
        "v1",
        json!({ "spec": { "template": template } }),
        &[
            ("/spec/completions", json!(1)),
            ("/spec/parallelism", json!(1)),
            ("/spec/backoffLimit", json!(6)),
            ("/spec/podReplacementPolicy", json!("TerminatingOrFailed")),
            ("/metadata/labels", json!({ "a": "b" })),
        ],
    );
    check(
        "Job",
        "v1",
        json!({ "spec": { "parallelism": 2, "backoffLimitPerIndex": 1, "podFailurePolicy": {} } }),
        &[
            ("/spec/completions", Value::Null),
            ("/spec/backoffLimit", json!(i32::MAX)),
            ("/spec/podReplacementPolicy", json!("Failed")),
        ],
    );
    check(
        "CronJob",
        "v1",
        json!({ "spec": { "jobTemplate": { "spec": { "template": { "spec": {} } } } } }),
        &[
            ("/spec/concurrencyPolicy", json!("Allow")),
            ("/spec/jobTemplate/spec/backoffLimit", Value::Null),
            ("/spec/jobTemplate/spec/template/spec/restartPolicy", json!("Always")),
        ],
    );
}

#[test]
fn stateful_sets_and_daemon_sets() {
    check(
        "StatefulSet",
        "v1",
        json!({ "spec": { "volumeClaimTemplates": [{ "spec": {} }] } }),
        &[
            ("/spec/podManagementPolicy", json!("OrderedReady")),
            ("/spec/updateStrategy", json!({ "type": "RollingUpdate", "rollingUpdate": { "partition": 0 } })),
            ("/spec/persistentVolumeClaimRetentionPolicy/whenScaled", json!("Retain")),
            ("/spec/volumeClaimTemplates/0/kind", json!("PersistentVolumeClaim")),
            ("/spec/volumeClaimTemplates/0/status/phase", json!("Pending")),
        ],
    );
    check(
        "DaemonSet",
        "v1",
        json!({ "spec": {} }),
        &[("/spec/updateStrategy/rollingUpdate", json!({ "maxUnavailable": 1, "maxSurge": 0 }))],
    );
}

#[test]
fn versions_have_their_own_defaults() {
    let object = json!({ "spec": {}, "status": {} });
    check(
        "HorizontalPodAutoscaler",
        "v1",
        object.clone(),
        &[("/spec/minReplicas", json!(1)), ("/spec/metrics", Value::Null)],
    );
    check(
        "HorizontalPodAutoscaler",
        "v2",
        object,
        &[("/spec/metrics/0/resource/target/averageUtilization", json!(80))],
    );
}

#[test]
fn texts_of_secrets_become_bytes() {
    check(
        "Secret",
        "v1",
        json!({ "data": { "a": "eA==", "b": "eQ==" }, "stringData": { "a": "z" } }),
        &[
            ("/type", json!("Opaque")),
            ("/data", json!({ "a": "eg==", "b": "eQ==" })),
            ("/stringData", Value::Null),
        ],
    );
}

#[test]
fn limits_of_containers_follow_from_each_other() {
    check(
        "LimitRange",
        "v1",
        json!({ "spec": { "limits": [
            { "type": "Container", "max": { "cpu": "2" }, "min": { "memory": "1Mi" } },
            { "type": "Pod", "max": { "cpu": "2" } },
        ] } }),
        &[
            ("/spec/limits/0/default", json!({ "cpu": "2" })),
            ("/spec/limits/0/defaultRequest", json!({ "cpu": "2", "memory": "1Mi" })),
            ("/spec/limits/1/default", Value::Null),
        ],
    );
}
