//! A real etcd under the server.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use super::server::program;

/// A running etcd. It ends with the value.
pub(super) struct Etcd {
    child: Child,
    url: String,
    folder: TempDir,
}

impl Etcd {
    /// Starts one; `None` if the machine has none.
    pub(super) fn start() -> Option<Etcd> {
        let Some(program) = program("etcd") else {
            println!("SKIPPED: etcd is not installed; scripts/install-test-tools.sh installs it");
            return None;
        };
        let folder = tempfile::tempdir().expect("a folder");
        let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").expect("a free port"));
        let [url, peer] = listeners.map(|listener| {
            format!("http://127.0.0.1:{}", listener.local_addr().expect("an address").port())
        });
        let log = std::fs::File::create(folder.path().join("log")).expect("a file");
        let child = Command::new(program)
            .args(["--name", "test", "--log-outputs", "stderr", "--logger", "zap"])
            .args(["--listen-client-urls", &url, "--advertise-client-urls", &url])
            .args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer])
            .args(["--initial-cluster", &format!("test={peer}")])
            .arg("--data-dir")
            .arg(folder.path().join("data"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("etcd runs");
        let etcd = Etcd { child, url, folder };
        etcd.wait();
        Some(etcd)
    }

    fn wait(&self) {
        for _ in 0..200 {
            if self.is_healthy() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        panic!("etcd does not start: {log}");
    }

    fn is_healthy(&self) -> bool {
        let ask = || -> std::io::Result<String> {
            let mut connection = TcpStream::connect(self.url.trim_start_matches("http://"))?;
            connection.write_all(b"GET /health HTTP/1.0\r\n\r\n")?;
            let mut answer = String::new();
            connection.read_to_string(&mut answer)?;
            Ok(answer)
        };
        ask().is_ok_and(|answer| answer.contains(r#""health":"true""#))
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Etcd {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
