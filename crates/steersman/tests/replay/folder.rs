//! Small clusters in a folder, and the program run there.

use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use base::Stream;

/// A folder that one test has to itself.
pub(crate) struct Folder(PathBuf);

/// What the program left behind.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Folder {
    /// A folder with `cluster.yaml`; `name` is the test's.
    pub(crate) fn new(name: &str, cluster: &str) -> Folder {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("replay").join(name);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("a folder for the test");
        let folder = Folder(folder);
        folder.write("cluster.yaml", cluster);
        folder
    }

    /// A folder with `r.jsonl`, the recording of [`CROWDED`], and its text.
    pub(crate) fn recorded(name: &str) -> (Folder, String) {
        let folder = Folder::new(name, CROWDED);
        let ran = folder.run(&["simulate", "-f", "cluster.yaml", "--seed", "7", "--record", "r.jsonl"]);
        assert_eq!((ran.code, ran.stderr.as_str()), (1, ""), "{}", ran.stdout);
        let text = folder.read("r.jsonl");
        (folder, text)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.join(name), text).expect("a file of the test");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.join(name)).expect("a file of the test")
    }

    /// Runs the program here.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with_input(arguments, "")
    }

    /// Runs it with something on standard input.
    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &str) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_steersman"));
        command.args(arguments).current_dir(&self.0).env("NO_COLOR", "1");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        // The program need not read to the end.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        let Output { status, stdout, stderr } = child.wait_with_output().expect("the program ends");
        Ran {
            code: status.code().expect("an exit code"),
            stdout: String::from_utf8(stdout).expect("text"),
            stderr: String::from_utf8(stderr).expect("text"),
        }
    }

    /// Replays a text.
    pub(crate) fn replay(&self, text: &str) -> Ran {
        self.write("changed.jsonl", text);
        self.run(&["replay", "changed.jsonl"])
    }
}

/// A cluster in which a pod has to leave and is replaced, its budget is used up, pods choose between equal nodes,
/// and one fits nowhere.
pub(crate) const CROWDED: &str = "
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Node, metadata: {name: a}, status: {allocatable: {cpu: '2', memory: 4Gi, pods: '10'}}}
- {apiVersion: v1, kind: Node, metadata: {name: b}, status: {allocatable: {cpu: '2', memory: 4Gi, pods: '10'}}}
- {apiVersion: v1, kind: Node, metadata: {name: c}, status: {allocatable: {cpu: '1', memory: 4Gi, pods: '10'}}}
- {apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: low},
   spec: {selector: {matchLabels: {app: low}}}, status: {disruptionsAllowed: 1}}
- {apiVersion: v1, kind: Pod, metadata: {name: low-a, uid: low-a, labels: {app: low},
     ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: low, uid: x, controller: true}]},
   spec: {nodeName: a, containers: [{name: c, image: i, resources: {requests: {cpu: 900m}}}]}}
- {apiVersion: v1, kind: Pod, metadata: {name: low-b, uid: low-b, labels: {app: low},
     ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: low, uid: x, controller: true}]},
   spec: {nodeName: b, containers: [{name: c, image: i, resources: {requests: {cpu: 900m}}}]}}
- {apiVersion: v1, kind: Pod, metadata: {name: high, uid: high},
   spec: {priority: 100, containers: [{name: c, image: i, resources: {requests: {cpu: 1500m}}}]}}
- {apiVersion: v1, kind: Pod, metadata: {name: small-1, uid: small-1},
   spec: {priority: 10, containers: [{name: c, image: i, resources: {requests: {cpu: 100m}}}]}}
- {apiVersion: v1, kind: Pod, metadata: {name: small-2, uid: small-2},
   spec: {priority: 10, containers: [{name: c, image: i, resources: {requests: {cpu: 100m}}}]}}
- {apiVersion: v1, kind: Pod, metadata: {name: huge, uid: huge},
   spec: {priority: 10, containers: [{name: c, image: i, resources: {requests: {cpu: '8'}}}]}}
";

/// A cluster that depends on the seed only.
pub(crate) fn random_cluster(seed: u64) -> String {
    let mut stream = Stream::new(seed, "cluster");
    let mut text = String::from("apiVersion: v1\nkind: List\nitems:\n");
    let n_nodes = stream.below(6) + 1;
    for i in 0..n_nodes {
        let (zone, cpu, pods) = (stream.below(3), stream.below(4) + 1, stream.below(8) + 3);
        let taints = if stream.below(4) == 0 { ", taints: [{key: t, effect: NoSchedule}]" } else { "" };
        let _ = writeln!(
            text,
            "- {{apiVersion: v1, kind: Node, metadata: {{name: n{i}, labels: {{zone: z{zone}}}}}, \
             spec: {{unschedulable: {}{taints}}}, \
             status: {{allocatable: {{cpu: '{cpu}', memory: 2.5Gi, pods: '{pods}'}}}}}}",
            stream.below(8) == 0
        );
    }
    for i in 0..stream.below(25) + 1 {
        let owner = ["ReplicaSet", "StatefulSet", "DaemonSet", ""][stream.below(4)];
        let owners = if owner.is_empty() {
            String::new()
        } else {
            format!(
                ", ownerReferences: [{{apiVersion: apps/v1, kind: {owner}, name: o, uid: o, controller: true}}]"
            )
        };
        let node = stream.below(n_nodes);
        let place = if stream.below(3) == 0 { format!("nodeName: n{node}, ") } else { String::new() };
        let wish = [
            "",
            ", tolerations: [{key: t, operator: Exists}]",
            ", topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule, \
             labelSelector: {matchLabels: {app: x}}}]",
            ", affinity: {podAntiAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 7, \
             podAffinityTerm: {topologyKey: zone, labelSelector: {matchLabels: {app: x}}}}]}}",
        ][stream.below(4)];
        let _ = writeln!(
            text,
            "- {{apiVersion: v1, kind: Pod, metadata: {{name: p{i}, labels: {{app: x}}, \
             creationTimestamp: '2026-01-01T00:00:{:02}.5Z'{owners}}}, spec: {{{place}priority: {}, \
             containers: [{{name: c, image: i, resources: {{requests: {{cpu: {}m, memory: 1e7}}}}}}]{wish}}}}}",
            stream.below(60),
            stream.below(4) * 10,
            (stream.below(15) + 1) * 100,
        );
    }
    text
}
