//! The program as a process of its own.

use std::fs::{self, File};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

/// What has not happened after so many looks will not: far more than it takes, for busy machines.
const LOOKS: usize = 12_000;

/// From one look to the next.
const LOOK: Duration = Duration::from_millis(10);

const PROGRAM: &str = env!("CARGO_BIN_EXE_steersman");

/// A cluster that is up. It ends with this value.
pub(crate) struct Up {
    process: Child,
    folder: tempfile::TempDir,
    n_starts: usize,
}

impl Drop for Up {
    fn drop(&mut self) {
        self.kill();
    }
}

pub(crate) fn kubectl_is_there() -> bool {
    Command::new("kubectl").args(["version", "--client"]).output().is_ok_and(|output| output.status.success())
}

/// Starts it with arguments that it refuses. Returns its exit code and what it says.
pub(crate) fn refused(arguments: &[&str]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(PROGRAM)
        .args(["up", "--secure-port=0", "--data-dir"])
        .arg(folder.path().join("data"))
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

impl Up {
    /// Starts one on an empty folder.
    pub(crate) fn start(arguments: &[&str]) -> Up {
        let folder = tempfile::tempdir().unwrap();
        let process = Up::spawn(&folder, arguments, 0);
        Up { process, folder, n_starts: 1 }
    }

    fn spawn(folder: &tempfile::TempDir, arguments: &[&str], n_before: usize) -> Child {
        let log = File::create(folder.path().join(format!("log{n_before}"))).unwrap();
        Command::new(PROGRAM)
            .args(["up", "--secure-port=0", "--data-dir"])
            .arg(folder.path().join("data"))
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap()
    }

    /// Starts it again on its folder, after it has ended.
    pub(crate) fn restart(&mut self, arguments: &[&str]) {
        self.process = Up::spawn(&self.folder, arguments, self.n_starts);
        self.n_starts += 1;
    }

    /// Waits until it has said something, and returns everything that it has said.
    pub(crate) fn wait_for(&mut self, text: &str) -> String {
        let log = self.folder.path().join(format!("log{}", self.n_starts - 1));
        for _ in 0..LOOKS {
            let told = fs::read_to_string(&log).unwrap();
            if told.contains(text) {
                return told;
            }
            if let Some(status) = self.process.try_wait().unwrap() {
                panic!("it ended with {status}: {told}");
            }
            std::thread::sleep(LOOK);
        }
        panic!("{text:?} is never said: {}", fs::read_to_string(&log).unwrap());
    }

    /// Ends it as a failing machine would.
    pub(crate) fn kill(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// Ends it as Ctrl-C does.
    pub(crate) fn interrupt(&mut self) -> ExitStatus {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        for _ in 0..LOOKS {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status;
            }
            std::thread::sleep(LOOK);
        }
        panic!("it does not end");
    }

    /// Runs another command of the program on this cluster. Returns what it prints; exit codes 0 and 1 are answers.
    pub(crate) fn steersman(&self, arguments: &[&str]) -> String {
        let kubeconfig = self.folder.path().join("data/admin.kubeconfig");
        let output = Command::new(PROGRAM)
            .args(arguments)
            .env("KUBECONFIG", kubeconfig)
            .env("NO_COLOR", "1")
            .output()
            .unwrap();
        let code = output.status.code();
        assert!(matches!(code, Some(0 | 1)), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs kubectl on this cluster. Returns what it prints.
    pub(crate) fn kubectl(&self, arguments: &[&str]) -> String {
        let kubeconfig = self.folder.path().join("data/admin.kubeconfig");
        let output =
            Command::new("kubectl").arg("--kubeconfig").arg(kubeconfig).args(arguments).output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{arguments:?}: {told}{}", String::from_utf8_lossy(&output.stderr));
        told
    }
}
