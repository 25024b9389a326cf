//! The program, serving on a free port of the loopback.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

/// Users of the recordings.
const TOKENS: &str = "tok-admin,admin,uid-admin,\"system:masters\"\n\
    tok-alice,alice,uid-alice,\"dev\"\n\
    tok-bob,bob,uid-bob\n\
    tok-node-a,system:node:node-a,uid-node-a,\"system:nodes\"\n\
    tok-kcm,system:kube-controller-manager,uid-kcm\n\
    tok-sched,system:kube-scheduler,uid-sched\n";

/// A running server. It ends with the value.
pub(super) struct Server {
    child: Child,
    address: String,
    folder: TempDir,
}

impl Server {
    /// Starts one with the settings of the recordings, and further flags.
    pub(super) fn start(flags: &[&str]) -> Server {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("tokens.csv"), TOKENS).expect("a file");
        let log = std::fs::File::create(folder.path().join("log")).expect("a file");
        let child = Command::new(env!("CARGO_BIN_EXE_steersman"))
            .current_dir(folder.path())
            .args([
                "kube-apiserver",
                "--data-dir",
                "data",
                "--bind-address",
                "127.0.0.1",
                "--secure-port",
                "0",
            ])
            .args(["--token-auth-file", "tokens.csv", "--authorization-mode", "Node,RBAC"])
            .args(["--enable-admission-plugins", "NodeRestriction", "--advertise-address", "192.0.2.10"])
            .args(["--service-cluster-ip-range", "10.96.0.0/16"])
            .args(flags)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("the binary runs");
        let mut server = Server { child, address: String::new(), folder };
        server.wait();
        server
    }

    /// Waits until it says where it serves.
    fn wait(&mut self) {
        for _ in 0..600 {
            let log = self.log();
            if let Some((_, rest)) = log.split_once("serving on https://") {
                let end = rest.find(';').expect("the line goes on");
                rest[..end].clone_into(&mut self.address);
                return;
            }
            let ended = self.child.try_wait().expect("a child");
            assert!(ended.is_none(), "it does not start: {log}");
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("it does not serve: {}", self.log());
    }

    pub(super) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    pub(super) fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// Where files of a test can be put.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn tokens(&self) -> PathBuf {
        self.folder.path().join("tokens.csv")
    }

    pub(super) fn kubeconfig(&self) -> PathBuf {
        self.folder.path().join("data/admin.kubeconfig")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A program of the machine.
pub(super) fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    folders.push("/usr/bin".into());
    folders.into_iter().map(|folder| folder.join(name)).find(|program| program.is_file())
}
