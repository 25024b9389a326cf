//! A server started for the occasion.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use http::StatusCode;

use super::client::{Stopwatch, Target};
use super::kubeconfig;
use crate::bench::measure::rss_in;

/// A server that is not ready after this time will not be.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often it is asked.
const BETWEEN_QUESTIONS: Duration = Duration::from_millis(2);

/// This program as `kube-apiserver`, in a process of its own. It ends with this value.
pub(super) struct OwnServer {
    process: Child,
    folder: tempfile::TempDir,
    port: u16,
    ready_after: Duration,
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl OwnServer {
    /// Starts one on an empty folder and waits until it is ready.
    pub(super) async fn start() -> Result<OwnServer> {
        let folder = tempfile::tempdir().context("making a folder for the server")?;
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr())?.port();
        OwnServer::start_in(folder, port).await
    }

    async fn start_in(folder: tempfile::TempDir, port: u16) -> Result<OwnServer> {
        let program = std::env::current_exe().context("finding this program")?;
        let log = fs::File::create(folder.path().join("log")).context("making the server's log")?;
        let watch = Stopwatch::start();
        let process = Command::new(program)
            .arg("kube-apiserver")
            .arg("--data-dir")
            .arg(folder.path().join("data"))
            .args(["--bind-address", "127.0.0.1", "--secure-port", &port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .context("starting kube-apiserver")?;
        let mut server = OwnServer { process, folder, port, ready_after: Duration::ZERO };
        loop {
            if server.is_ready().await {
                server.ready_after = watch.elapsed();
                return Ok(server);
            }
            if let Some(status) = server.process.try_wait()? {
                bail!("kube-apiserver ended with {status}: {}", server.log());
            }
            if watch.elapsed() > PATIENCE {
                bail!("kube-apiserver is not ready after {PATIENCE:?}: {}", server.log());
            }
            tokio::time::sleep(BETWEEN_QUESTIONS).await;
        }
    }

    async fn is_ready(&self) -> bool {
        let Ok(target) = self.target() else { return false };
        let Ok(mut connection) = target.connect().await else { return false };
        connection.status("/readyz").await.is_ok_and(|status| status == StatusCode::OK)
    }

    /// Ends it in good order and starts it again on the same folder.
    pub(super) async fn restart(mut self) -> Result<OwnServer> {
        self.end().await?;
        let port = self.port;
        // The folder has to outlive this value.
        let folder = std::mem::replace(&mut self.folder, tempfile::tempdir()?);
        drop(self);
        OwnServer::start_in(folder, port).await
    }

    /// Ends it in good order.
    pub(super) async fn stop(mut self) -> Result<()> {
        self.end().await
    }

    async fn end(&mut self) -> Result<()> {
        let pid = self.process.id().to_string();
        let told = Command::new("kill").args(["-TERM", &pid]).status().context("ending kube-apiserver")?;
        let watch = Stopwatch::start();
        while told.success() && self.process.try_wait()?.is_none() {
            if watch.elapsed() > PATIENCE {
                bail!("kube-apiserver did not end within {PATIENCE:?} of SIGTERM: {}", self.log());
            }
            tokio::time::sleep(BETWEEN_QUESTIONS).await;
        }
        Ok(())
    }

    /// How long it took to be ready.
    pub(super) fn ready_after(&self) -> Duration {
        self.ready_after
    }

    /// How to talk to it.
    pub(super) fn target(&self) -> Result<Target> {
        kubeconfig::read(&self.kubeconfig())
    }

    fn kubeconfig(&self) -> PathBuf {
        self.folder.path().join("data").join("admin.kubeconfig")
    }

    fn log(&self) -> String {
        let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        log.lines().rev().take(5).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join("\n")
    }

    fn status(&self, field: &str) -> Option<u64> {
        rss_in(&fs::read_to_string(format!("/proc/{}/status", self.process.id())).ok()?, field)
    }

    /// The memory that it has in RAM, in bytes.
    pub(super) fn rss(&self) -> Option<u64> {
        self.status("VmRSS:")
    }

    /// The most memory that it has had in RAM since it began or since [`OwnServer::forget_peak`].
    pub(super) fn peak_rss(&self) -> Option<u64> {
        self.status("VmHWM:")
    }

    /// Has the peak begin anew; returns what it has in RAM now.
    pub(super) fn forget_peak(&self) -> Option<u64> {
        // 5 is the kernel's code for it; if it is refused the peak is that of the whole run, which is not lower.
        let _ = fs::write(format!("/proc/{}/clear_refs", self.process.id()), "5");
        self.rss()
    }
}
