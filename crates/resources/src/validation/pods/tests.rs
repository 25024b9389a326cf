use apimachinery::ErrorList;
use serde_json::{Value, json};

use super::*;

fn context(subresource: &str) -> Context<'_> {
    let now = "2024-01-01T00:00:00Z".parse().expect("a time");
    Context { user: "u", user_uid: "", groups: &[], extra: &[], now, subresource }
}

fn pod() -> Value {
    json!({
        "metadata": {"name": "p", "namespace": "n"},
        "spec": {
            "containers": [{
                "name": "c", "image": "i", "imagePullPolicy": "Always", "resources": {},
                "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
            }],
            "dnsPolicy": "ClusterFirst", "restartPolicy": "Always", "schedulerName": "default-scheduler",
            "securityContext": {}, "terminationGracePeriodSeconds": 30, "serviceAccountName": "default",
        },
        "status": {"phase": "Pending", "qosClass": "BestEffort"},
    })
}

/// The pod with a value at a JSON pointer.
fn with(pointer: &str, value: Value) -> Value {
    let mut pod = pod();
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    pod.pointer_mut(parent).expect("a parent")[name] = value;
    pod
}

fn texts(errors: &ErrorList) -> Vec<String> {
    errors.iter().map(ToString::to_string).collect()
}

fn check(pointer: &str, value: &Value, expected: &[&str]) {
    let errors = validate(context(""), &with(pointer, value.clone()));
    assert_eq!(texts(&errors), expected, "{pointer} = {value}");
}

#[test]
fn an_ordinary_pod_is_right() {
    assert_eq!(texts(&validate(context(""), &pod())), Vec::<String>::new());
}

#[test]
fn says_what_is_wrong_with_a_spec() {
    for (name, value, expected) in [
        (
            "restartPolicy",
            json!("Sometimes"),
            "spec.restartPolicy: Unsupported value: \"Sometimes\": supported values: \"Always\", \"OnFailure\", \"Never\"",
        ),
        (
            "dnsPolicy",
            json!("None"),
            "spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None",
        ),
        (
            "activeDeadlineSeconds",
            json!(0),
            "spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive",
        ),
        ("containers", json!([]), "spec.containers: Required value"),
        (
            "hostAliases",
            json!([{"ip": "x"}]),
            "spec.hostAliases[0].ip: Invalid value: \"x\": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)",
        ),
        (
            "tolerations",
            json!([{"operator": "Equal"}]),
            "spec.tolerations[0].operator: Invalid value: \"Equal\": operator must be Exists when `key` is empty, which means \"match all values and all keys\"",
        ),
        (
            "tolerations",
            json!([{"key": "a", "operator": "Gt"}]),
            "spec.tolerations[0].operator: Unsupported value: \"Gt\": supported values: \"Equal\", \"Exists\", \"Lt\", \"Gt\"",
        ),
        (
            "tolerations",
            json!([{"key": "a", "effect": "Never"}]),
            "spec.tolerations[0].effect: Unsupported value: \"Never\": supported values: \"NoSchedule\", \"PreferNoSchedule\", \"NoExecute\"",
        ),
        ("volumes", json!([{"name": "v"}]), "spec.volumes[0]: Required value: must specify a volume type"),
        (
            "volumes",
            json!([{"name": "v", "emptyDir": {}, "hostPath": {"path": "/"}}]),
            "spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type",
        ),
        (
            "volumes",
            json!([{"name": "v", "emptyDir": {}}, {"name": "v", "emptyDir": {}}]),
            "spec.volumes[1].name: Duplicate value: \"v\"",
        ),
        (
            "volumes",
            json!([{"name": "v", "hostPath": {"path": "a/../b"}}]),
            "spec.volumes[0].hostPath.path: Invalid value: \"a/../b\": must not contain '..'",
        ),
        (
            "volumes",
            json!([{"name": "v", "secret": {"secretName": "s", "defaultMode": 512}}]),
            "spec.volumes[0].secret.defaultMode: Invalid value: 512: must be a number between 0 and 0777 (octal), both inclusive",
        ),
        (
            "resourceClaims",
            json!([{"name": "r"}]),
            "spec.resourceClaims[0]: Invalid value: {\"Name\":\"r\",\"ResourceClaimName\":null,\"ResourceClaimTemplateName\":null}: must specify one of: `resourceClaimName`, `resourceClaimTemplateName`",
        ),
        (
            "preemptionPolicy",
            json!("x"),
            "spec.preemptionPolicy: Unsupported value: \"x\": supported values: \"PreemptLowerPriority\", \"Never\"",
        ),
        (
            "os",
            json!({"name": "beos"}),
            "spec.os: Unsupported value: \"beos\": supported values: \"linux\", \"windows\"",
        ),
        (
            "affinity",
            json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {}}}),
            "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: Required value: must have at least one node selector term",
        ),
        (
            "topologySpreadConstraints",
            json!([{"maxSkew": 0, "topologyKey": "z", "whenUnsatisfiable": "ScheduleAnyway"}]),
            "spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero",
        ),
        (
            "securityContext",
            json!({"runAsUser": -1}),
            "spec.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive",
        ),
        (
            "securityContext",
            json!({"seccompProfile": {"type": "Localhost"}}),
            "spec.securityContext.seccompProfile.localhostProfile: Required value: must be set when seccomp type is Localhost",
        ),
        (
            "hostnameOverride",
            json!("a_b"),
            "spec.hostnameOverride: Invalid value: \"a_b\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
        ),
        ("ephemeralContainers", json!([]), ""),
        (
            "resources",
            json!({"limits": {"widgets.example.com/a": "1"}}),
            "spec.resources.limits[widgets.example.com/a]: Unsupported value: \"widgets.example.com/a\": supported values: \"cpu\", \"hugepages-\", \"memory\"",
        ),
    ] {
        let expected: Vec<&str> = Some(expected).into_iter().filter(|text| !text.is_empty()).collect();
        check(&format!("/spec/{name}"), &value, &expected);
    }
}

#[test]
fn says_what_is_wrong_with_a_container() {
    for (name, value, expected) in [
        ("name", json!(""), "name: Required value"),
        ("image", json!(""), "image: Required value"),
        ("image", json!(" i"), "image: Invalid value: \" i\": must not have leading or trailing whitespace"),
        (
            "imagePullPolicy",
            json!("Now"),
            "imagePullPolicy: Unsupported value: \"Now\": supported values: \"Always\", \"IfNotPresent\", \"Never\"",
        ),
        ("ports", json!([{"containerPort": 0, "protocol": "TCP"}]), "ports[0].containerPort: Required value"),
        (
            "ports",
            json!([{"containerPort": 70000, "protocol": "TCP"}]),
            "ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive",
        ),
        (
            "env",
            json!([{"name": "A", "valueFrom": {}}]),
            "env[0].valueFrom: Invalid value: \"\": must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`",
        ),
        (
            "env",
            json!([{"name": "A", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "spec.x"}}}]),
            "env[0].valueFrom.fieldRef.fieldPath: Invalid value: \"spec.x\": error converting fieldPath: field label not supported: spec.x",
        ),
        (
            "envFrom",
            json!([{}]),
            "envFrom: Invalid value: \"\": must specify one of: `configMapRef` or `secretRef`",
        ),
        ("volumeMounts", json!([{"name": "v", "mountPath": "/"}]), "volumeMounts[0].name: Not found: \"v\""),
        (
            "livenessProbe",
            json!({"successThreshold": 1}),
            "livenessProbe: Required value: must specify a handler type",
        ),
        (
            "livenessProbe",
            json!({"successThreshold": 2, "exec": {"command": ["a"]}}),
            "livenessProbe.successThreshold: Invalid value: 2: must be 1",
        ),
        (
            "lifecycle",
            json!({"preStop": {"sleep": {"seconds": 31}}}),
            "lifecycle.preStop.sleep: Invalid value: 31: must be non-negative and less than terminationGracePeriodSeconds (30)",
        ),
        (
            "restartPolicyRules",
            json!([{"action": "Restart", "exitCodes": {"operator": "In", "values": [1]}}]),
            "restartPolicy: Required value: must specify restartPolicy when restart rules are used",
        ),
        (
            "securityContext",
            json!({"procMount": "Unmasked"}),
            "securityContext.procMount: Invalid value: \"Unmasked\": `hostUsers` must be false to use `Unmasked`",
        ),
        (
            "resizePolicy",
            json!([{"resourceName": "disk", "restartPolicy": "NotRequired"}]),
            "resizePolicy: Unsupported value: \"disk\": supported values: \"cpu\", \"memory\"",
        ),
    ] {
        check(&format!("/spec/containers/0/{name}"), &value, &[&format!("spec.containers[0].{expected}")]);
    }
}

#[test]
fn a_pod_that_exists_changes_little() {
    let update =
        |pointer: &str, value: Value| texts(&validate_update(context(""), &with(pointer, value), &pod()));
    assert!(update("/spec/containers/0/image", json!("j")).is_empty());
    assert!(update("/spec/activeDeadlineSeconds", json!(5)).is_empty());
    let errors = update("/spec/hostname", json!("h"));
    let [error] = errors.as_slice() else { panic!("{errors:?}") };
    assert!(error.starts_with(
        "spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,"
    ));
    assert!(error.ends_with("- \"Hostname\": \"\",\n+ \"Hostname\": \"h\",\n  \"Subdomain\": \"\",\n  \"SetHostnameAsFQDN\": null,\n  \"Affinity\": null,\n"), "{error}");
    let more = json!([pod()["spec"]["containers"][0], {"name": "d"}]);
    assert!(
        update("/spec/containers", more)
            .contains(&"spec.containers: Forbidden: pod updates may not add or remove containers".to_owned())
    );
}

#[test]
fn only_cpu_and_memory_are_resized() {
    let resources = |cpu: &str| json!({"limits": {"cpu": cpu}, "requests": {"cpu": cpu}});
    let sized = |cpu: &str| {
        let mut pod = with("/spec/containers/0/resources", resources(cpu));
        pod["status"]["qosClass"] = "Burstable".into();
        pod
    };
    let resize = |new: &Value, old: &Value| texts(&validate_update(context("resize"), new, old));
    assert!(resize(&sized("2"), &sized("1")).is_empty());
    let mut other = sized("1");
    other["spec"]["hostname"] = "h".into();
    assert_eq!(resize(&other, &sized("1")), ["spec: Forbidden: only cpu and memory resources are mutable"]);
    let removed = resize(&pod(), &sized("1"));
    assert!(
        removed.contains(
            &"spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed"
                .to_owned()
        ),
        "{removed:?}"
    );
}

#[test]
fn bindings_and_log_options_are_checked() {
    let errors = validate_binding(&json!({"target": {"kind": "Pod"}}));
    assert_eq!(
        texts(&errors),
        [
            "target.kind: Unsupported value: \"Pod\": supported values: \"Node\", \"<empty>\"",
            "target.name: Required value"
        ]
    );
    let errors = validate_log_options(LogOptions {
        tail_lines: Some(-1),
        since_seconds: Some(0),
        ..LogOptions::default()
    });
    assert_eq!(
        texts(&errors),
        [
            "tailLines: Invalid value: -1: must be greater than or equal to 0",
            "sinceSeconds: Invalid value: 0: must be greater than 0",
        ]
    );
}
