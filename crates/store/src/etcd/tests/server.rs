//! A real etcd on this machine, for as long as a test runs.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::conformance::in_time;
use crate::contract::Store;
use crate::etcd::{Etcd, Options, Tls};

/// Certificates for server and client, as files.
#[derive(Debug)]
pub(super) struct Certificates {
    pub(super) ca: PathBuf,
    pub(super) server: (PathBuf, PathBuf),
    pub(super) client: (PathBuf, PathBuf),
}

/// A running etcd. Dropping it stops it and removes its files.
#[derive(Debug)]
pub(super) struct Server {
    program: PathBuf,
    folder: TempDir,
    ports: [u16; 2],
    certificates: Option<Certificates>,
    child: Option<Child>,
}

fn program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    folders.push("/usr/bin".into());
    folders.into_iter().map(|folder| folder.join("etcd")).find(|program| program.is_file())
}

/// Two ports that were free just now.
fn free_ports() -> [u16; 2] {
    let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").expect("a free port"));
    listeners.map(|listener| listener.local_addr().expect("an address").port())
}

impl Server {
    /// Starts one, or says that the test is skipped because there is none.
    pub(super) async fn start() -> Option<Server> {
        Server::start_with(|_| None).await
    }

    pub(super) async fn start_with(certify: impl Fn(&Path) -> Option<Certificates>) -> Option<Server> {
        let Some(program) = program() else {
            println!("SKIPPED: etcd is not installed; scripts/install-test-tools.sh installs it");
            return None;
        };
        let folder = tempfile::tempdir().expect("a folder");
        let certificates = certify(folder.path());
        let mut server = Server { program, folder, ports: [0; 2], certificates, child: None };
        // Somebody else may take the port in between.
        for _ in 0..5 {
            server.ports = free_ports();
            if server.run().await {
                return Some(server);
            }
        }
        panic!("etcd does not start: {}", server.log());
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    fn scheme(&self) -> &'static str {
        if self.certificates.is_some() { "https" } else { "http" }
    }

    pub(super) fn endpoint(&self) -> String {
        format!("{}://127.0.0.1:{}", self.scheme(), self.ports[0])
    }

    pub(super) fn options(&self) -> Options {
        let tls = self.certificates.as_ref().map(|certificates| Tls {
            ca: certificates.ca.clone(),
            client: Some(certificates.client.clone()),
        });
        Options { endpoints: vec![self.endpoint()], tls }
    }

    pub(super) fn client(&self) -> Etcd {
        Etcd::new(&self.options()).expect("the options make sense")
    }

    /// Starts the process, also after it was killed; `false` if it ends at once.
    pub(super) async fn run(&mut self) -> bool {
        let (client, peer) = (self.endpoint(), format!("http://127.0.0.1:{}", self.ports[1]));
        let log = std::fs::File::create(self.folder.path().join("log")).expect("a file");
        let mut command = Command::new(&self.program);
        command
            .args(["--name", "test", "--log-outputs", "stderr", "--logger", "zap"])
            .args(["--listen-client-urls", &client, "--advertise-client-urls", &client])
            .args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer])
            .args(["--initial-cluster", &format!("test={peer}")])
            .args(["--experimental-watch-progress-notify-interval", "100ms"])
            .arg("--data-dir")
            .arg(self.folder.path().join("data"));
        if let Some(Certificates { ca, server: (certificate, key), .. }) = &self.certificates {
            command.arg("--client-cert-auth").arg("--trusted-ca-file").arg(ca);
            command.arg("--cert-file").arg(certificate).arg("--key-file").arg(key);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        self.child = Some(command.spawn().expect("etcd can be run"));
        in_time("etcd to answer", async {
            loop {
                if self.child.as_mut().expect("it was started").try_wait().expect("a child").is_some() {
                    return false;
                }
                if self.client().health().await.is_ok() {
                    return true;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        })
        .await
    }

    pub(super) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}
