//! FlowSchemas and PriorityLevelConfigurations that every cluster has.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::seconds;

const API_VERSION: &str = "flowcontrol.apiserver.k8s.io/v1";

/// Those that are as they are, whatever somebody writes.
pub(super) const MANDATORY: [&str; 2] = ["exempt", "catch-all"];

const EVERYBODY: [Subject; 2] =
    [Subject::Group("system:unauthenticated"), Subject::Group("system:authenticated")];

enum Subject {
    User(&'static str),
    Group(&'static str),
    /// All accounts of a namespace.
    Accounts(&'static str),
}

/// Name, priority level, precedence, distinguisher method, subjects, what they ask.
type Schema<'s> = (&'s str, &'s str, u32, &'s str, &'s [Subject], Value);

impl Subject {
    fn to_value(&self) -> Value {
        match self {
            Subject::User(name) => json!({"kind": "User", "user": {"name": name}}),
            Subject::Group(name) => json!({"kind": "Group", "group": {"name": name}}),
            Subject::Accounts(namespace) => {
                json!({"kind": "ServiceAccount", "serviceAccount": {"name": "*", "namespace": namespace}})
            }
        }
    }
}

pub(super) fn objects(now: Timestamp) -> Vec<Value> {
    let mut all = levels();
    all.extend(schemas(now));
    all
}

fn object(kind: &str, name: &str, spec: Value, status: Value) -> Value {
    json!({
        "apiVersion": API_VERSION,
        "kind": kind,
        "metadata": {"name": name, "generation": 1, "annotations": {"apf.kubernetes.io/autoupdate-spec": "true"}},
        "spec": spec,
        "status": status,
    })
}

fn levels() -> Vec<Value> {
    let level = |name: &str, spec: Value| object("PriorityLevelConfiguration", name, spec, json!({}));
    let limited = |name: &str, shares: u32, lendable: u32, response: Value| {
        let limited = json!({
            "nominalConcurrencyShares": shares,
            "lendablePercent": lendable,
            "limitResponse": response,
        });
        level(name, json!({"type": "Limited", "limited": limited}))
    };
    let queue = |queues: u32, hand: u32| json!({"type": "Queue", "queuing": {"queues": queues, "handSize": hand, "queueLengthLimit": 50}});
    let exempt = json!({"type": "Exempt", "exempt": {"nominalConcurrencyShares": 0, "lendablePercent": 0}});
    vec![
        level("exempt", exempt),
        limited("catch-all", 5, 0, json!({"type": "Reject"})),
        limited("system", 30, 33, queue(64, 6)),
        limited("node-high", 40, 25, queue(64, 6)),
        limited("leader-election", 10, 0, queue(16, 4)),
        limited("workload-high", 40, 50, queue(128, 6)),
        limited("workload-low", 100, 90, queue(128, 6)),
        limited("global-default", 20, 50, queue(128, 6)),
    ]
}

fn schemas(now: Timestamp) -> Vec<Value> {
    use Subject::{Accounts, Group, User};
    let all = || json!([everything(), paths(&["*"], &["*"])]);
    let leases = resources(&["get", "create", "update"], "coordination.k8s.io", &["leases"], false);
    let nodes = resources(&["*"], "", &["nodes", "nodes/status"], true);
    let node_leases = resources(&["*"], "coordination.k8s.io", &["leases"], false);
    let probes = paths(&["get"], &["/healthz", "/readyz", "/livez"]);
    let leaders =
        [User("system:kube-controller-manager"), User("system:kube-scheduler"), Accounts("kube-system")];
    let (manager, scheduler) = (User("system:kube-controller-manager"), User("system:kube-scheduler"));
    let table: [Schema<'_>; 11] = [
        ("exempt", "exempt", 1, "", &[Group("system:masters")], all()),
        ("catch-all", "catch-all", 10_000, "ByUser", &EVERYBODY, all()),
        ("probes", "exempt", 2, "", &EVERYBODY, json!([probes])),
        ("system-leader-election", "leader-election", 100, "ByUser", &leaders, json!([leases])),
        (
            "system-node-high",
            "node-high",
            400,
            "ByUser",
            &[Group("system:nodes")],
            json!([nodes, node_leases]),
        ),
        ("system-nodes", "system", 500, "ByUser", &[Group("system:nodes")], all()),
        ("kube-controller-manager", "workload-high", 800, "ByNamespace", &[manager], all()),
        ("kube-scheduler", "workload-high", 800, "ByNamespace", &[scheduler], all()),
        (
            "kube-system-service-accounts",
            "workload-high",
            900,
            "ByNamespace",
            &[Accounts("kube-system")],
            all(),
        ),
        ("service-accounts", "workload-low", 9_000, "ByUser", &[Group("system:serviceaccounts")], all()),
        ("global-default", "global-default", 9_900, "ByUser", &EVERYBODY, all()),
    ];
    let schema = |(name, level, precedence, method, subjects, parts): (
        &str,
        &str,
        u32,
        &str,
        &[Subject],
        Value,
    )| {
        let mut spec = json!({
            "priorityLevelConfiguration": {"name": level},
            "matchingPrecedence": precedence,
            "rules": [rule(subjects, &parts)],
        });
        if !method.is_empty() {
            spec["distinguisherMethod"] = json!({"type": method});
        }
        let message = format!(
            "This FlowSchema references the PriorityLevelConfiguration object named \"{level}\" and it exists"
        );
        let condition = json!({
            "type": "Dangling",
            "status": "False",
            "lastTransitionTime": seconds(now),
            "reason": "Found",
            "message": message,
        });
        object("FlowSchema", name, spec, json!({"conditions": [condition]}))
    };
    table.map(schema).to_vec()
}

/// One rule of subjects, with the parts that are about resources and those that are about paths.
fn rule(subjects: &[Subject], parts: &Value) -> Value {
    let subjects: Vec<Value> = subjects.iter().map(Subject::to_value).collect();
    let mut rule = json!({"subjects": subjects});
    for part in parts.as_array().into_iter().flatten() {
        let list = if part.get("nonResourceURLs").is_some() { "nonResourceRules" } else { "resourceRules" };
        match &mut rule[list] {
            Value::Array(items) => items.push(part.clone()),
            none => *none = json!([part]),
        }
    }
    rule
}

fn resources(verbs: &[&str], group: &str, resources: &[&str], is_of_cluster: bool) -> Value {
    if is_of_cluster {
        json!({"verbs": verbs, "apiGroups": [group], "resources": resources, "clusterScope": true})
    } else {
        json!({"verbs": verbs, "apiGroups": [group], "resources": resources, "namespaces": ["*"]})
    }
}

fn everything() -> Value {
    json!({"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"], "clusterScope": true, "namespaces": ["*"]})
}

fn paths(verbs: &[&str], urls: &[&str]) -> Value {
    json!({"verbs": verbs, "nonResourceURLs": urls})
}
