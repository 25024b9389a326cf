//! The program as a process of its own.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::Duration;

use crate::client::Client;

/// A server that is not ready after this time will not be: far more than it takes, for busy machines.
const PATIENCE: Duration = Duration::from_secs(60);

const PROGRAM: &str = env!("CARGO_BIN_EXE_steersman");

/// A running kube-apiserver. It ends with this value.
pub(crate) struct Server {
    process: Child,
    folder: tempfile::TempDir,
    address: SocketAddr,
    arguments: Vec<String>,
    n_starts: usize,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn command(folder: &tempfile::TempDir, arguments: &[String]) -> Command {
    let mut command = Command::new(PROGRAM);
    let path = |name: &str| folder.path().join(name).into_os_string();
    command.arg("kube-apiserver").arg("--data-dir").arg(path("data"));
    for default in [
        "--bind-address=127.0.0.1",
        "--secure-port=0",
        "--service-cluster-ip-range=10.96.0.0/16",
        "--disable-admission-plugins=ServiceAccount",
    ] {
        let (name, _) = default.split_once('=').unwrap();
        if !arguments.iter().any(|argument| argument.split('=').next() == Some(name)) {
            command.arg(default);
        }
    }
    if !arguments.iter().any(|argument| argument.starts_with("--token-auth-file")) {
        command.arg("--token-auth-file").arg(path("tokens.csv"));
    }
    command.args(arguments).stdin(Stdio::null());
    command
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let tokens = "admin-token,admin,1,system:masters\nuser-token,alice,2,dev\n";
    fs::write(folder.path().join("tokens.csv"), tokens).unwrap();
    folder
}

impl Server {
    /// Starts one on an empty folder and waits until it is ready.
    pub(crate) async fn start(arguments: &[&str]) -> Server {
        Server::start_with(arguments, |command| command).await
    }

    /// The same, with a say in how the process is made.
    pub(crate) async fn start_with(arguments: &[&str], make: impl FnOnce(Command) -> Command) -> Server {
        let folder = folder();
        let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let made = make(command(&folder, &arguments));
        let (process, address) = Server::spawn(&folder, made, 0).await;
        Server { process, folder, address, arguments, n_starts: 1 }
    }

    async fn spawn(folder: &tempfile::TempDir, mut command: Command, n_before: usize) -> (Child, SocketAddr) {
        let log = folder.path().join(format!("log{n_before}"));
        let file = File::create(&log).unwrap();
        let mut process = command.stdout(file.try_clone().unwrap()).stderr(file).spawn().unwrap();
        let waited = tokio::time::timeout(PATIENCE, async {
            loop {
                let text = fs::read_to_string(&log).unwrap();
                let address =
                    text.split("serving on https://").nth(1).and_then(|rest| rest.split(';').next());
                if let Some(address) = address {
                    return address.parse::<SocketAddr>().unwrap();
                }
                if let Some(status) = process.try_wait().unwrap() {
                    panic!("the server ended with {status}: {text}");
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        let address = waited.await.expect("the server starts in time");
        (process, address)
    }

    /// Kills it as a failing machine would, and starts it again.
    pub(crate) async fn crash_and_restart(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self.restart().await;
    }

    /// Starts it again after it has ended.
    pub(crate) async fn restart(&mut self) {
        let command = command(&self.folder, &self.arguments);
        (self.process, self.address) = Server::spawn(&self.folder, command, self.n_starts).await;
        self.n_starts += 1;
    }

    /// Asks it to end.
    pub(crate) fn terminate(&self) {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    }

    /// Waits until it has ended.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        let waited = tokio::time::timeout(PATIENCE, async {
            loop {
                if let Some(status) = self.process.try_wait().unwrap() {
                    return status;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
        waited.await.expect("the server ends in time")
    }

    /// Its number in the system.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.process.try_wait().unwrap().is_none()
    }

    /// Everything that it has said.
    pub(crate) fn log(&self) -> String {
        let read = |n| fs::read_to_string(self.folder.path().join(format!("log{n}"))).unwrap();
        (0..self.n_starts).map(read).collect()
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Megabytes of memory that it has.
    pub(crate) fn rss_mb(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.split_whitespace().next().unwrap().parse::<u64>().unwrap() / 1024
    }

    /// A client that is an administrator.
    pub(crate) fn client(&self) -> Client {
        self.client_with("admin-token")
    }

    pub(crate) fn client_with(&self, token: &str) -> Client {
        let kubeconfig = fs::read_to_string(self.data().join("admin.kubeconfig")).unwrap();
        Client::new(self.address, &kubeconfig, token)
    }
}

/// Runs the program with these flags until it ends, which it is expected to do at once.
pub(crate) fn refused(arguments: &[&str], prepare: impl FnOnce(&std::path::Path)) -> (Output, String) {
    let folder = folder();
    fs::create_dir(folder.path().join("data")).unwrap();
    prepare(&folder.path().join("data"));
    let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
    let output = command(&folder, &arguments).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    (output, text)
}
