//! Pod: the status of its containers in a few words.

use apimachinery::table::RowCondition;
use jiff::Timestamp;
use serde_json::Value;

use super::cell::{
    age, at, condition_holds, flag, is_being_deleted, list, name, number, since, text, text_or,
};
use super::{AGE, NAME, string, wide};
use crate::kind::Columns;

/// Pod.
pub const POD: Columns = Columns {
    columns: &[
        NAME,
        string("Ready", "The aggregate readiness state of this pod for accepting traffic."),
        string("Status", "The aggregate status of the containers in this pod."),
        string(
            "Restarts",
            "The number of times the containers in this pod have been restarted and when the last container in this \
             pod has restarted.",
        ),
        AGE,
        wide("IP", "D:PodStatus.podIP"),
        wide("Node", "D:PodSpec.nodeName"),
        wide("Nominated Node", "D:PodStatus.nominatedNodeName"),
        wide("Readiness Gates", "D:PodSpec.readinessGates"),
    ],
    cells: |object, now| {
        let summary = Summary::of(object);
        let ip = list(object, "/status/podIPs").first().map_or("<none>", |ip| text(ip, "/ip"));
        vec![
            name(object),
            format!("{}/{}", summary.n_ready, summary.n_containers).into(),
            summary.reason.clone().into(),
            summary.restarts.text(now).into(),
            age(object, now),
            ip.into(),
            text_or(object, "/spec/nodeName", "<none>").into(),
            text_or(object, "/status/nominatedNodeName", "<none>").into(),
            readiness_gates(object).into(),
        ]
    },
};

/// How often containers were started again, and the status of one that ended last.
#[derive(Clone, Copy, Default)]
struct Restarts<'d> {
    n: i64,
    /// When the last one ended.
    last: Option<&'d Value>,
}

impl<'d> Restarts<'d> {
    fn add(&mut self, status: &'d Value) {
        self.n += number(status, "/restartCount");
        let Some(ended) = at(status, "/lastState/terminated") else { return };
        let time = |ended: &Value| text(ended, "/finishedAt").parse::<Timestamp>().ok();
        if time(ended) > self.last.and_then(time) {
            self.last = Some(ended);
        }
    }

    fn text(self, now: Timestamp) -> String {
        match self.last {
            Some(ended) if self.n != 0 => format!("{} ({} ago)", self.n, since(ended, "/finishedAt", now)),
            _ => self.n.to_string(),
        }
    }
}

/// What is said about the containers together.
struct Summary<'d> {
    n_ready: usize,
    n_containers: usize,
    reason: String,
    restarts: Restarts<'d>,
}

impl<'d> Summary<'d> {
    fn of(pod: &'d Value) -> Self {
        let init_containers = list(pod, "/spec/initContainers");
        let n_restartable = init_containers.iter().filter(|container| is_restartable(container)).count();
        let mut summary = Self {
            n_ready: 0,
            n_containers: list(pod, "/spec/containers").len() + n_restartable,
            reason: text_or(pod, "/status/reason", text(pod, "/status/phase")).to_owned(),
            restarts: Restarts::default(),
        };
        let is_gated = list(pod, "/status/conditions")
            .iter()
            .any(|condition| condition["type"] == "PodScheduled" && condition["reason"] == "SchedulingGated");
        if is_gated {
            summary.reason = "SchedulingGated".to_owned();
        }
        let of_restartable = summary.look_at_init_containers(pod);
        if of_restartable.is_none() || condition_holds(pod, "Initialized") {
            summary.look_at_containers(pod, init_containers);
        }
        summary.look_at_deletion(pod);
        summary
    }

    /// Says what the first init container does that keeps the others waiting; nothing if none does.
    fn look_at_init_containers(&mut self, pod: &'d Value) -> Option<()> {
        let init_containers = list(pod, "/spec/initContainers");
        for (i, status) in list(pod, "/status/initContainerStatuses").iter().enumerate() {
            self.restarts.add(status);
            let terminated = at(status, "/state/terminated");
            if terminated.is_some_and(|terminated| number(terminated, "/exitCode") == 0) {
                continue;
            }
            if is_named_restartable(init_containers, status) && flag(status, "/started") {
                self.n_ready += usize::from(flag(status, "/ready"));
                continue;
            }
            self.reason = match (terminated, text(status, "/state/waiting/reason")) {
                (Some(terminated), _) => format!("Init:{}", reason_of_end(terminated)),
                (None, "" | "PodInitializing") => format!("Init:{i}/{}", init_containers.len()),
                (None, reason) => format!("Init:{reason}"),
            };
            return Some(());
        }
        None
    }

    fn look_at_containers(&mut self, pod: &'d Value, init_containers: &[Value]) {
        let of_init = list(pod, "/status/initContainerStatuses").iter();
        self.restarts = Restarts::default();
        for status in of_init.filter(|status| is_named_restartable(init_containers, status)) {
            self.restarts.add(status);
        }
        let mut has_running = false;
        let mut error = None;
        for status in list(pod, "/status/containerStatuses").iter().rev() {
            self.restarts.add(status);
            let waiting = text(status, "/state/waiting/reason");
            if !waiting.is_empty() {
                self.reason = waiting.to_owned();
            } else if let Some(terminated) = at(status, "/state/terminated") {
                self.reason = reason_of_end(terminated);
                if number(terminated, "/exitCode") != 0 {
                    error = Some(self.reason.clone());
                }
            } else if flag(status, "/ready") && at(status, "/state/running").is_some() {
                has_running = true;
                self.n_ready += 1;
            }
        }
        if self.reason != "Completed" {
            return;
        }
        if has_running && condition_holds(pod, "Ready") {
            self.reason = "Running".to_owned();
        } else if let Some(error) = error {
            self.reason = error;
        } else if has_running {
            self.reason = "NotReady".to_owned();
        }
    }

    fn look_at_deletion(&mut self, pod: &Value) {
        if !is_being_deleted(pod) {
            return;
        }
        if text(pod, "/status/reason") == "NodeLost" {
            self.reason = "Unknown".to_owned();
        } else if !matches!(text(pod, "/status/phase"), "Succeeded" | "Failed") {
            self.reason = "Terminating".to_owned();
        }
    }
}

fn is_restartable(container: &Value) -> bool {
    container["restartPolicy"] == "Always"
}

/// Whether a status is that of an init container which runs beside the others.
fn is_named_restartable(init_containers: &[Value], status: &Value) -> bool {
    init_containers.iter().any(|container| container["name"] == status["name"] && is_restartable(container))
}

fn reason_of_end(terminated: &Value) -> String {
    match (text(terminated, "/reason"), number(terminated, "/signal")) {
        ("", 0) => format!("ExitCode:{}", number(terminated, "/exitCode")),
        ("", signal) => format!("Signal:{signal}"),
        (reason, _) => reason.to_owned(),
    }
}

fn readiness_gates(pod: &Value) -> String {
    let gates = list(pod, "/spec/readinessGates");
    if gates.is_empty() {
        return "<none>".to_owned();
    }
    let open = gates.iter().filter(|gate| condition_holds(pod, text(gate, "/conditionType"))).count();
    format!("{open}/{}", gates.len())
}

/// Pods that have ended are shown differently.
pub(super) fn row_conditions(pod: &Value) -> Vec<RowCondition> {
    let (reason, message) = match text(pod, "/status/phase") {
        "Succeeded" => ("Succeeded", "The pod has completed successfully."),
        "Failed" => ("Failed", "The pod failed."),
        _ => return Vec::new(),
    };
    vec![RowCondition {
        condition_type: "Completed".to_owned(),
        reason: reason.to_owned(),
        message: message.to_owned(),
    }]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Ready, status and restarts of a pod with two containers and the given init containers and status.
    fn check(init_containers: Value, mut status: Value, expected: [&str; 3]) {
        status["phase"] = status.get("phase").cloned().unwrap_or("Running".into());
        let deletion = status.as_object_mut().and_then(|status| status.remove("deleted"));
        let mut pod = json!({
            "metadata": {"name": "p"},
            "spec": {"containers": [{"name": "a"}, {"name": "b"}], "initContainers": init_containers},
            "status": status,
        });
        if deletion.is_some() {
            pod["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z".into();
        }
        let now = "2026-01-01T00:10:00Z".parse().unwrap();
        let cells = (POD.cells)(&pod, now);
        assert_eq!(cells[1..4], expected, "{pod}");
    }

    fn ended(exit_code: i64, reason: &str) -> Value {
        json!({"state": {"terminated": {"exitCode": exit_code, "reason": reason}}})
    }

    #[test]
    fn shows_what_containers_do() {
        let running = json!({"state": {"running": {}}, "ready": true});
        let crashing = json!({
            "state": {"waiting": {"reason": "CrashLoopBackOff"}}, "restartCount": 3,
            "lastState": {"terminated": {"finishedAt": "2026-01-01T00:05:00Z"}},
        });
        let ready = json!([{"type": "Ready", "status": "True"}]);
        for (status, expected) in [
            (json!({"containerStatuses": [running, running]}), ["2/2", "Running", "0"]),
            (json!({"containerStatuses": [running, crashing]}), ["1/2", "CrashLoopBackOff", "3 (5m ago)"]),
            (
                json!({"containerStatuses": [ended(0, "Completed"), ended(0, "Completed")]}),
                ["0/2", "Completed", "0"],
            ),
            (
                json!({"containerStatuses": [running, ended(0, "Completed")], "conditions": ready}),
                ["1/2", "Running", "0"],
            ),
            (json!({"containerStatuses": [running, ended(0, "Completed")]}), ["1/2", "NotReady", "0"]),
            (json!({"containerStatuses": [ended(0, "Completed"), ended(1, "Error")]}), ["0/2", "Error", "0"]),
            (json!({"containerStatuses": [ended(137, "")]}), ["0/2", "ExitCode:137", "0"]),
            (
                json!({"containerStatuses": [{"state": {"terminated": {"signal": 9}}}]}),
                ["0/2", "Signal:9", "0"],
            ),
            (json!({"reason": "Evicted", "phase": "Failed"}), ["0/2", "Evicted", "0"]),
            (json!({"deleted": true}), ["0/2", "Terminating", "0"]),
            (json!({"deleted": true, "phase": "Succeeded"}), ["0/2", "Succeeded", "0"]),
            (json!({"deleted": true, "reason": "NodeLost"}), ["0/2", "Unknown", "0"]),
            (
                json!({"conditions": [{"type": "PodScheduled", "reason": "SchedulingGated"}]}),
                ["0/2", "SchedulingGated", "0"],
            ),
        ] {
            check(json!([]), status, expected);
        }
    }

    #[test]
    fn shows_what_init_containers_do() {
        let plain = json!([{"name": "x"}, {"name": "y"}]);
        let done = json!({"name": "x", "state": {"terminated": {"exitCode": 0}}});
        for (status, expected) in [
            (json!([{"name": "x", "state": {"running": {}}}]), "Init:0/2"),
            (json!([done, {"name": "y", "state": {"running": {}}}]), "Init:1/2"),
            (json!([{"name": "x", "state": {"waiting": {"reason": "PodInitializing"}}}]), "Init:0/2"),
            (json!([{"name": "x", "state": {"waiting": {"reason": "ErrImagePull"}}}]), "Init:ErrImagePull"),
            (json!([{"name": "x", "state": {"terminated": {"exitCode": 2}}}]), "Init:ExitCode:2"),
            (json!([{"name": "x", "state": {"terminated": {"exitCode": 2, "signal": 9}}}]), "Init:Signal:9"),
            (
                json!([{"name": "x", "state": {"terminated": {"exitCode": 2, "reason": "Error"}}}]),
                "Init:Error",
            ),
        ] {
            check(plain.clone(), json!({"initContainerStatuses": status}), ["0/2", expected, "0"]);
        }
        let sidecar = json!([{"name": "x", "restartPolicy": "Always"}, {"name": "y"}]);
        let status = json!({
            "initContainerStatuses": [
                {"name": "x", "started": true, "ready": true, "restartCount": 2},
                {"name": "y", "restartCount": 1, "state": {"terminated": {"exitCode": 0}}},
            ],
            "containerStatuses": [{"state": {"running": {}}, "ready": true}],
        });
        check(sidecar, status, ["2/3", "Running", "2"]);
    }

    #[test]
    fn counts_the_gates_that_are_open() {
        let pod = json!({
            "spec": {"readinessGates": [{"conditionType": "a.b/c"}, {"conditionType": "a.b/d"}]},
            "status": {"conditions": [{"type": "a.b/d", "status": "True"}]},
        });
        assert_eq!(readiness_gates(&pod), "1/2");
    }
}
