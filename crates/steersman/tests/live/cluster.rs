//! API server and scheduler as processes.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use client::{Access, Connection, Error};
use http::Method;
use serde_json::{Value, json};

/// What has not happened after so many looks will not: far more than it takes, for busy machines.
const LOOKS: usize = 1200;

/// From one look to the next.
const LOOK: Duration = Duration::from_millis(50);

const PROGRAM: &str = env!("CARGO_BIN_EXE_steersman");

/// A running API server. It ends with this value.
pub(crate) struct Cluster {
    process: Child,
    folder: tempfile::TempDir,
    port: u16,
    arguments: Vec<String>,
    admin: Option<Connection>,
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A port that is free now.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Cluster {
    /// Starts one on an empty folder and waits until it is ready.
    pub(crate) async fn start(arguments: &[&str]) -> Cluster {
        let folder = tempfile::tempdir().unwrap();
        let tokens = "nobody-token,nobody,1,\n";
        fs::write(folder.path().join("tokens.csv"), tokens).unwrap();
        let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        // The same port after a restart, so that others find it again.
        let port = free_port();
        let process = spawn(folder.path(), port, &arguments);
        let mut cluster = Cluster { process, folder, port, arguments, admin: None };
        cluster.connect().await;
        cluster.wait_until_ready().await;
        cluster
    }

    async fn connect(&mut self) {
        let access = Access {
            kubeconfig: Some(self.kubeconfig()),
            user_agent: "test".to_owned(),
            ..Access::default()
        };
        for _ in 0..LOOKS {
            if let Ok(connection) = Connection::open(&access).await {
                self.admin = Some(connection);
                return;
            }
            tokio::time::sleep(LOOK).await;
        }
        panic!("there is no kubeconfig");
    }

    fn admin(&self) -> &Connection {
        self.admin.as_ref().unwrap()
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The administrator's.
    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.folder.path().join("data/admin.kubeconfig")
    }

    /// That of a user who is known and may do nothing.
    pub(crate) fn kubeconfig_of_nobody(&self) -> PathBuf {
        let admin = fs::read_to_string(self.kubeconfig()).unwrap();
        let users = admin.find("users:").unwrap();
        let rest = admin[users..].find("\ncontexts:").map_or("", |at| &admin[users + at..]);
        let text = format!(
            "{}users:\n- name: kubernetes-admin\n  user: {{token: nobody-token}}{rest}",
            &admin[..users]
        );
        let path = self.folder.path().join("nobody.kubeconfig");
        fs::write(&path, text).unwrap();
        path
    }

    pub(crate) fn kill(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    pub(crate) fn restart(&mut self) {
        self.process = spawn(self.folder.path(), self.port, &self.arguments);
    }

    pub(crate) async fn wait_until_ready(&self) {
        for _ in 0..LOOKS {
            if self.admin().send(Method::GET, "/readyz", None, "looking").await.is_ok() {
                return;
            }
            tokio::time::sleep(LOOK).await;
        }
        panic!("it does not get ready: {}", fs::read_to_string(self.folder.path().join("log")).unwrap());
    }

    pub(crate) async fn get(&self, path: &str) -> Option<Value> {
        let body = self.admin().send(Method::GET, path, None, "looking").await.ok()?;
        Some(serde_json::from_slice(&body).unwrap())
    }

    async fn create(&self, path: &str, object: &Value) -> Result<(), Error> {
        let content = Some(("application/json", object.to_string().into_bytes()));
        self.admin().send(Method::POST, path, content, "creating").await.map(drop)
    }

    pub(crate) async fn wait_for(&self, path: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        let mut last = None;
        for _ in 0..LOOKS {
            last = self.get(path).await.or(last);
            if let Some(object) = last.as_ref().filter(|object| is_it(object)) {
                return object.clone();
            }
            tokio::time::sleep(LOOK).await;
        }
        panic!("{path} does not become what is waited for: {last:?}");
    }

    pub(crate) async fn add_node(&self, name: &str) {
        let room = json!({"cpu": "4", "memory": "8Gi", "pods": "20"});
        let node = json!({
            "apiVersion": "v1", "kind": "Node", "metadata": {"name": name},
            "status": {"capacity": room, "allocatable": room},
        });
        self.create("/api/v1/nodes", &node).await.unwrap();
        // What a controller does with a node that is ready.
        let patch = json!({"spec": {"taints": null}}).to_string().into_bytes();
        let content = Some(("application/merge-patch+json", patch));
        self.admin().send(Method::PATCH, &format!("/api/v1/nodes/{name}"), content, "opening").await.unwrap();
    }

    pub(crate) async fn add_pod(&self, name: &str, cpu: &str) {
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
            "spec": {"containers": [{"name": "c", "image": "i", "resources": {"requests": {"cpu": cpu}}}]},
        });
        self.create("/api/v1/namespaces/default/pods", &pod).await.unwrap();
    }

    /// Waits until a pod has a node.
    pub(crate) async fn node_of(&self, pod: &str) -> String {
        let path = format!("/api/v1/namespaces/default/pods/{pod}");
        let pod = self.wait_for(&path, |pod| pod["spec"]["nodeName"].is_string()).await;
        pod["spec"]["nodeName"].as_str().unwrap().to_owned()
    }

    /// Waits until a scheduler leads that is not `other`.
    pub(crate) async fn leader(&self, other: &str) -> String {
        let path = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/kube-scheduler";
        let holder = |lease: &Value| lease["spec"]["holderIdentity"].as_str().unwrap_or("").to_owned();
        let lease = self.wait_for(path, |lease| !holder(lease).is_empty() && holder(lease) != other).await;
        holder(&lease)
    }
}

fn spawn(folder: &Path, port: u16, arguments: &[String]) -> Child {
    let log = File::options().create(true).append(true).open(folder.join("log")).unwrap();
    Command::new(PROGRAM)
        .args(["kube-apiserver", "--bind-address=127.0.0.1", "--disable-admission-plugins=ServiceAccount"])
        .arg(format!("--secure-port={port}"))
        .arg("--data-dir")
        .arg(folder.join("data"))
        .arg("--token-auth-file")
        .arg(folder.join("tokens.csv"))
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap()
}

/// A running scheduler. It ends with this value.
pub(crate) struct Scheduler {
    process: Child,
    folder: tempfile::TempDir,
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Scheduler {
    pub(crate) fn start(cluster: &Cluster, arguments: &[&str]) -> Scheduler {
        Scheduler::start_as(&cluster.kubeconfig(), arguments)
    }

    pub(crate) fn start_as(kubeconfig: &Path, arguments: &[&str]) -> Scheduler {
        let folder = tempfile::tempdir().unwrap();
        let log = File::create(folder.path().join("log")).unwrap();
        let process = Command::new(PROGRAM)
            .args(["kube-scheduler", "--secure-port=0", "--kubeconfig"])
            .arg(kubeconfig)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        Scheduler { process, folder }
    }

    /// Everything that it has said.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    pub(crate) fn kill(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    pub(crate) fn signal(&self, signal: &str) {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args([&format!("-{signal}"), &id]).status().unwrap().success());
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.process.try_wait().unwrap().is_none()
    }

    /// Waits until it has ended.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        for _ in 0..LOOKS {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status;
            }
            std::thread::sleep(LOOK);
        }
        panic!("it does not end: {}", self.log());
    }

    /// Asks it to end, and waits until it has.
    pub(crate) fn terminate(&mut self) -> ExitStatus {
        self.signal("TERM");
        self.ended()
    }

    /// Waits until it has said something.
    pub(crate) fn wait_for(&mut self, text: &str) {
        for _ in 0..LOOKS {
            if self.log().contains(text) {
                return;
            }
            std::thread::sleep(LOOK);
        }
        panic!("{text:?} is never said: {}", self.log());
    }
}

/// A running etcd. It ends with this value.
pub(crate) struct Etcd {
    process: Child,
    url: String,
    _folder: tempfile::TempDir,
}

impl Drop for Etcd {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Etcd {
    /// Starts one; `None` if this machine has none.
    pub(crate) fn start() -> Option<Etcd> {
        let folder = tempfile::tempdir().unwrap();
        let (url, peers) =
            (format!("http://127.0.0.1:{}", free_port()), format!("http://127.0.0.1:{}", free_port()));
        let process = Command::new("etcd")
            .args([
                "--listen-client-urls",
                &url,
                "--advertise-client-urls",
                &url,
                "--listen-peer-urls",
                &peers,
            ])
            .args(["--log-level", "error", "--data-dir"])
            .arg(folder.path().join("data"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let etcd = Etcd { process, url, _folder: folder };
        let address = etcd.url.trim_start_matches("http://").to_owned();
        for _ in 0..LOOKS {
            if std::net::TcpStream::connect(&address).is_ok() {
                return Some(etcd);
            }
            std::thread::sleep(LOOK);
        }
        panic!("etcd does not listen");
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}
