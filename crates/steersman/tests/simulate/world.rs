//! Small clusters as YAML, and the program run on them.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// A folder with files that one test has to itself.
pub(crate) struct World {
    folder: PathBuf,
}

/// What the program left behind.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl World {
    /// An empty folder; `name` is the test's.
    pub(crate) fn new(name: &str) -> World {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("simulate").join(name);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("a folder for the test");
        World { folder }
    }

    /// Adds a file with these documents.
    pub(crate) fn file(self, name: &str, documents: &[String]) -> World {
        std::fs::write(self.folder.join(name), documents.join("---\n")).expect("a file of the test");
        self
    }

    /// Runs `steersman simulate` in the folder.
    pub(crate) fn simulate(&self, arguments: &[&str]) -> Ran {
        run(&self.folder, arguments, None)
    }

    /// Runs it on all files, and reads what it says as JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let ran = self.simulate(&[&["-f", ".", "-o", "json"], arguments].concat());
        let report = serde_json::from_str(&ran.stdout);
        assert!(report.is_ok(), "{}{}", ran.stdout, ran.stderr);
        report.unwrap_or_default()
    }

    /// Runs it with something on standard input.
    pub(crate) fn simulate_with_input(&self, arguments: &[&str], input: &str) -> Ran {
        run(&self.folder, arguments, Some(input))
    }
}

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

pub(crate) fn run(folder: &Path, arguments: &[&str], input: Option<&str>) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_steersman"));
    command.arg("simulate").args(arguments).current_dir(folder).env("NO_COLOR", "1");
    // Whoever runs the tests may have a cluster.
    command.env_remove("KUBECONFIG").env_remove("KUBERNETES_SERVICE_HOST").env("HOME", folder);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(input.unwrap_or("").as_bytes()).expect("the program reads its input");
    drop(stdin);
    let Output { status, stdout, stderr } = child.wait_with_output().expect("the program ends");
    Ran {
        code: status.code().expect("an exit code"),
        stdout: String::from_utf8(stdout).expect("text"),
        stderr: String::from_utf8(stderr).expect("text"),
    }
}

/// A node with 2 CPUs, 4Gi of memory and room for 10 pods.
pub(crate) fn node(name: &str) -> String {
    format!(
        "apiVersion: v1
kind: Node
metadata:
  name: {name}
  labels: {{kubernetes.io/hostname: {name}, pool: blue}}
status:
  allocatable: {{cpu: '2', memory: 4Gi, pods: '10'}}
"
    )
}

/// A priority class.
pub(crate) fn class(name: &str, value: i32) -> String {
    format!(
        "apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {{name: {name}}}\nvalue: {value}\n"
    )
}

/// A pod in the namespace `default` that asks for CPU; `rest` is more of its spec in flow style, after a comma.
pub(crate) fn pod(name: &str, cpu: &str, rest: &str) -> String {
    owned_pod(name, cpu, rest, "", "")
}

/// The same with a controller.
pub(crate) fn owned_pod(name: &str, cpu: &str, rest: &str, kind: &str, owner: &str) -> String {
    let owners = if kind.is_empty() {
        String::new()
    } else {
        format!(
            "  ownerReferences: [{{apiVersion: apps/v1, kind: {kind}, name: {owner}, uid: x, controller: true}}]\n"
        )
    };
    format!(
        "apiVersion: v1
kind: Pod
metadata:
  name: {name}
{owners}spec: {{containers: [{{name: c, image: i, resources: {{requests: {{cpu: {cpu}}}}}}}]{rest}}}
"
    )
}

/// Which node each placed pod has.
pub(crate) fn nodes(report: &Value) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let placements = report["placements"].as_array().expect("placements").iter();
    placements.map(|placement| (text(&placement["name"]), text(&placement["node"]))).collect()
}

/// The message of each pod left over.
pub(crate) fn left_over(report: &Value) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let pods = report["leftOver"].as_array().expect("left over").iter();
    pods.map(|pod| (text(&pod["name"]), text(&pod["message"]))).collect()
}
