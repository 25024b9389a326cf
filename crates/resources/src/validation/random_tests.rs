//! Documents of any content: validation ends, and says something that can be printed.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::recorded_tests::KINDS;
use crate::kind::Context;

fn pod_spec() -> Value {
    json!({
        "restartPolicy": "Always", "dnsPolicy": "ClusterFirst", "terminationGracePeriodSeconds": 30,
        "securityContext": {"sysctls": [{"name": "net.a", "value": "1"}], "windowsOptions": {"runAsUserName": "a\\b"}},
        "volumes": [
            {"name": "a", "projected": {"sources": [{"secret": {"name": "s", "items": [{"key": "k", "path": "p"}]}}]}},
            {"name": "b", "ephemeral": {"volumeClaimTemplate": {"spec": {"accessModes": ["ReadWriteOnce"]}}}},
            {"name": "c", "iscsi": {"iqn": "iqn.2015-02.example.com:test", "targetPortal": "p", "initiatorName": "x"}},
        ],
        "containers": [{
            "name": "c", "image": "i", "imagePullPolicy": "Always", "terminationMessagePolicy": "File",
            "resources": {"limits": {"cpu": "1", "hugepages-2Mi": "2Mi"}, "requests": {"cpu": "1"}, "claims": [{"name": "r"}]},
            "ports": [{"containerPort": 1, "hostPort": 1, "protocol": "TCP", "name": "p"}],
            "env": [{"name": "E", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.labels['a']"}}}],
            "livenessProbe": {"httpGet": {"path": "/", "port": "p", "scheme": "HTTP"}, "successThreshold": 1},
            "volumeMounts": [{"name": "a", "mountPath": "/a", "subPath": "b"}],
            "securityContext": {"allowPrivilegeEscalation": false, "privileged": true},
        }],
        "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
            {"matchExpressions": [{"key": "a", "operator": "In", "values": ["b"]}]}]}}},
        "tolerations": [{"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 1}],
        "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "z", "whenUnsatisfiable": "DoNotSchedule", "matchLabelKeys": ["a"]}],
        "schedulingGates": [{"name": "g"}], "resourceClaims": [{"name": "r", "resourceClaimName": "c"}],
        "dnsConfig": {"nameservers": ["1.2.3.4"], "searches": ["a.b"]}, "hostAliases": [{"ip": "::1", "hostnames": ["h"]}],
        "overhead": {"cpu": "1"}, "resources": {"limits": {"cpu": "2"}}, "os": {"name": "windows"},
    })
}

/// A document that all kinds find something of theirs in.
fn document() -> Value {
    let template = json!({"metadata": {"labels": {"a": "b"}, "annotations": {"x": "y"}}, "spec": pod_spec()});
    let mut spec = pod_spec();
    let own = json!({
        "replicas": 1, "selector": {"matchLabels": {"a": "b"}}, "template": template,
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 1}},
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": "10%"}},
        "completionMode": "Indexed", "completions": 3, "parallelism": 3, "backoffLimitPerIndex": 1,
        "podFailurePolicy": {"rules": [{"action": "FailJob", "onExitCodes": {"operator": "In", "values": [1]}}]},
        "successPolicy": {"rules": [{"succeededIndexes": "0-1", "succeededCount": 1}]},
        "schedule": "*/5 0 1-3 jan *", "timeZone": "Europe/Berlin", "concurrencyPolicy": "Allow",
        "jobTemplate": {"spec": {"template": template}}, "suspend": true,
        "volumeClaimTemplates": [{"metadata": {"name": "v"}, "spec": {"accessModes": ["ReadWriteOnce"]}}],
    });
    for (name, value) in own.as_object().expect("an object") {
        spec[name] = value.clone();
    }
    json!({
        "metadata": {"name": "n", "uid": "u", "annotations": {"kubernetes.io/config.mirror": "x"}},
        "spec": spec, "template": template, "data": {"a": 1}, "revision": 1,
        "status": {
            "replicas": 1, "podIPs": [{"ip": "1.2.3.4"}, {"ip": "::1"}], "hostIPs": [{"ip": "1.2.3.4"}],
            "containerStatuses": [{"name": "c", "state": {"terminated": {"exitCode": 1}}}], "completedIndexes": "0,1",
            "failedIndexes": "1-2", "conditions": [{"type": "Complete", "status": "True"}], "startTime": "2024-01-01T00:00:00Z",
        },
    })
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(json!({})),
        Just(json!([])),
        Just(json!([null, "", {}, []])),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        "[-a-z0-9./:%@,=' \u{e4}\u{1f600}]{0,80}".prop_map(Value::from),
    ]
}

/// Puts a value somewhere, or twice, or takes away what is there.
fn change(at: &mut Value, way: &[usize], value: &Value, how: u8) {
    let Some((step, rest)) = way.split_first() else {
        *at = value.clone();
        return;
    };
    match at {
        Value::Object(members) if !members.is_empty() => {
            let name = members.keys().nth(step % members.len()).expect("a name").clone();
            if rest.is_empty() && how == 0 {
                members.remove(&name);
            } else if let Some(member) = members.get_mut(&name) {
                change(member, rest, value, how);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            let i = step % items.len();
            match how {
                1 if rest.len() < 2 => items.push(items[i].clone()),
                _ => change(&mut items[i], rest, value, how),
            }
        }
        at => *at = value.clone(),
    }
}

proptest! {
    #[test]
    fn never_panics(
        changes in prop::collection::vec((prop::collection::vec(0usize..40, 1..9), any_value(), 0u8..4), 0..6),
        old_changes in prop::collection::vec((prop::collection::vec(0usize..40, 1..9), any_value(), 0u8..4), 0..3),
    ) {
        let mut old = document();
        for (way, value, how) in &old_changes {
            change(&mut old, way, value, *how);
        }
        let mut new = old.clone();
        for (way, value, how) in &changes {
            change(&mut new, way, value, *how);
        }
        for subresource in ["", "status", "ephemeralcontainers", "resize"] {
            let now = "2024-01-01T00:00:00Z".parse().expect("a time");
            let context = Context { user: "u", user_uid: "", groups: &[], extra: &[], now, subresource };
            for (_, validate, validate_update) in KINDS {
                let errors = [validate(context, &new), validate_update(context, &new, &old)];
                for error in errors.iter().flat_map(apimachinery::ErrorList::iter) {
                    prop_assert!(!error.to_string().is_empty());
                }
            }
        }
        // What is stored already can be stored again, as far as it is about changes only.
        if old_changes.is_empty() && changes.is_empty() {
            let now = "2024-01-01T00:00:00Z".parse().expect("a time");
            let context = Context { user: "u", user_uid: "", groups: &[], extra: &[], now, subresource: "" };
            let errors = super::pods::validate_update(context, &new, &old);
            prop_assert!(errors.iter().all(|error| !error.detail.starts_with("pod updates")));
        }
    }
}
