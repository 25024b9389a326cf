//! Small clusters, and what the program says about them.

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

static N_CLUSTERS: AtomicUsize = AtomicUsize::new(0);

/// A cluster in a folder of its own.
pub(crate) struct Cluster {
    folder: PathBuf,
    file: String,
}

/// What the program wrote.
pub(crate) struct Answer {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    code: Option<i32>,
}

impl Cluster {
    pub(crate) fn new(objects: impl IntoIterator<Item = Value>) -> Cluster {
        let n = N_CLUSTERS.fetch_add(1, Ordering::Relaxed);
        let folder =
            PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("explain-{}-{n}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let mut cluster = Cluster { folder, file: String::new() };
        let lines: Vec<String> = objects.into_iter().map(|object| object.to_string()).collect();
        cluster.file = cluster.write("cluster.json", &lines.join("\n"));
        cluster
    }

    /// Writes a file into the cluster's folder; returns its path.
    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        let path = self.folder.join(name);
        std::fs::write(&path, text).expect("a file");
        path.to_str().expect("a path in UTF-8").to_owned()
    }

    /// The file with the objects.
    pub(crate) fn path(&self) -> &str {
        &self.file
    }

    pub(crate) fn explain(&self, arguments: &[&str]) -> Answer {
        let output = Command::new(env!("CARGO_BIN_EXE_steersman"))
            .arg("explain")
            .args(arguments)
            .args(["-f", self.path()])
            .output()
            .expect("the program runs");
        Answer {
            stdout: String::from_utf8(output.stdout).expect("UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
            code: output.status.code(),
        }
    }

    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let mut arguments = arguments.to_vec();
        arguments.extend(["-o", "json"]);
        let answer = self.explain(&arguments);
        assert_eq!(answer.stderr, "", "{arguments:?}");
        serde_json::from_str(&answer.stdout).expect("JSON")
    }

    /// Demands that the pod `web` is not placed, and that this is among the remedies.
    pub(crate) fn offers(&self, remedy: &str) {
        let answer = self.explain(&["pod", "web"]);
        answer.has_code(1);
        answer.says(&format!("  • {remedy}\n"));
    }

    /// The kinds of the remedies for the pod `web`.
    pub(crate) fn kinds(&self) -> Vec<String> {
        let answer = self.json(&["pod", "web"]);
        let remedies = answer["remedies"].as_array().expect("remedies").iter();
        remedies.map(|remedy| remedy["kind"].as_str().expect("a kind").to_owned()).collect()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // What is left over does no harm: the folder is inside the target directory.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Answer {
    pub(crate) fn has_code(&self, code: i32) {
        assert_eq!(self.code, Some(code), "{}{}", self.stdout, self.stderr);
    }

    pub(crate) fn begins_with(&self, text: &str) {
        assert!(self.stdout.starts_with(text), "{text:?} does not begin\n{}{}", self.stdout, self.stderr);
    }

    pub(crate) fn says(&self, text: &str) {
        assert!(self.stdout.contains(text), "{text:?} is not in\n{}{}", self.stdout, self.stderr);
    }

    pub(crate) fn lacks(&self, text: &str) {
        assert!(!self.stdout.contains(text), "{text:?} is in\n{}", self.stdout);
    }

    pub(crate) fn complains(&self, text: &str) {
        assert!(self.stderr.contains(text), "{text:?} is not in\n{}", self.stderr);
    }
}

/// A node with 4 CPUs, 8 GiB and room for 10 pods.
pub(crate) fn node(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}},
        "spec": {}, "status": {"allocatable": {"cpu": "4", "memory": "8Gi", "pods": "10"}}})
}

/// A pod with labels `app: NAME` that asks for 1 CPU and 1 GiB.
pub(crate) fn pod(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": "default", "labels": {"app": name}},
        "spec": {"containers": [container("1", "1Gi")]}})
}

/// The same, on a node.
pub(crate) fn pod_on(name: &str, node: &str) -> Value {
    let mut pod = pod(name);
    pod["spec"]["nodeName"] = json!(node);
    pod
}

pub(crate) fn container(cpu: &str, memory: &str) -> Value {
    json!({"name": "main", "image": "example.com/app:1", "resources": {"requests": {"cpu": cpu, "memory": memory}}})
}

/// Required node affinity with these terms.
pub(crate) fn node_affinity(terms: Value) -> Value {
    json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}})
}

/// A pod affinity term towards, or away from, pods with label `app`.
pub(crate) fn term(app: &str, topology_key: &str) -> Value {
    json!([{"labelSelector": {"matchLabels": {"app": app}}, "topologyKey": topology_key}])
}
