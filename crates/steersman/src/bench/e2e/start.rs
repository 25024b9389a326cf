//! `steersman up` from nothing: how long until its first pod is bound, and what it needs when nothing happens.

use std::fs;
use std::io::{self, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use client::{Access, Connection};
use http::Method;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::nodes::base_node;
use super::pods::{plain_pod, pods_of};
use crate::bench::measure::rss_in;
use crate::bench::report::figures::{bytes, nanos};

/// What takes longer than this will not come.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often it is looked.
const LOOK: Duration = Duration::from_millis(2);
/// How long nothing happens before the memory is looked at.
const IDLE: Duration = Duration::from_secs(5);

/// What was measured.
pub(super) struct Started {
    answers: Duration,
    bound: Duration,
    rss_idle: Option<u64>,
}

/// This program as `up`, in a process of its own. It ends with this value.
struct Up {
    process: Child,
    folder: tempfile::TempDir,
}

impl Drop for Up {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Starts `up` and measures.
pub(super) async fn measure() -> Result<Started> {
    let folder = tempfile::tempdir().context("making a folder for the cluster")?;
    let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr())?.port();
    let program = std::env::current_exe().context("finding this program")?;
    let log = fs::File::create(folder.path().join("log")).context("making the cluster's log")?;
    let begun = Instant::now();
    let process = Command::new(program)
        .args(["up", "--data-dir"])
        .arg(folder.path().join("data"))
        .args(["--secure-port", &port.to_string(), "--disable-admission-plugins", "TaintNodesByCondition"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .context("starting steersman up")?;
    let mut up = Up { process, folder };
    let connection = up.connection(begun).await?;
    let answers = begun.elapsed();
    send(&connection, "/api/v1/nodes", base_node(0).to_string().into_bytes()).await?;
    let made = send(&connection, &pods_of("default"), plain_pod()).await?;
    let name = made["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let path = format!("{}/{name}", pods_of("default"));
    loop {
        let answer = connection.send(Method::GET, &path, None, "looking for the pod").await?;
        let pod: Value = serde_json::from_slice(&answer).context("a pod")?;
        if pod.pointer("/spec/nodeName").is_some() {
            break;
        }
        up.go_on_waiting(begun).await?;
    }
    let bound = begun.elapsed();
    tokio::time::sleep(IDLE).await;
    Ok(Started { answers, bound, rss_idle: up.rss() })
}

async fn send(connection: &Connection, path: &str, body: Vec<u8>) -> Result<Value> {
    let content = Some(("application/json", body));
    let answer = connection.send(Method::POST, path, content, "creating the first objects").await?;
    serde_json::from_slice(&answer).context("a created object")
}

impl Up {
    /// A client of it, as soon as it answers.
    async fn connection(&mut self, begun: Instant) -> Result<Connection> {
        let kubeconfig: PathBuf = self.folder.path().join("data").join("admin.kubeconfig");
        loop {
            let access = Access { kubeconfig: Some(kubeconfig.clone()), ..Access::default() };
            if kubeconfig.exists()
                && let Ok(connection) = Connection::open(&access).await
                && connection.send(Method::GET, "/api/v1/namespaces/default", None, "looking").await.is_ok()
            {
                return Ok(connection);
            }
            self.go_on_waiting(begun).await?;
        }
    }

    async fn go_on_waiting(&mut self, begun: Instant) -> Result<()> {
        if let Some(status) = self.process.try_wait()? {
            bail!("steersman up ended with {status}: {}", self.log());
        }
        if begun.elapsed() > PATIENCE {
            bail!("no pod was bound within {PATIENCE:?}: {}", self.log());
        }
        tokio::time::sleep(LOOK).await;
        Ok(())
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    fn rss(&self) -> Option<u64> {
        rss_in(&fs::read_to_string(format!("/proc/{}/status", self.process.id())).ok()?, "VmRSS:")
    }
}

impl Started {
    pub(super) fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "answers after             {}", nanos(self.answers.as_nanos() as u64))?;
        writeln!(out, "first pod bound after     {}", nanos(self.bound.as_nanos() as u64))?;
        writeln!(out, "memory after 5 s of rest  {}", self.rss_idle.map_or("-".to_owned(), bytes))
    }

    pub(super) fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        let report = json!({
            "answersAfterSeconds": self.answers.as_secs_f64(),
            "firstPodBoundAfterSeconds": self.bound.as_secs_f64(),
            "idleResidentBytes": self.rss_idle,
        });
        writeln!(out, "{report}")
    }
}
