//! A store whose process is killed at any moment has everything that it acknowledged.

#![allow(missing_docs, reason = "tests have no interface")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "the child tells the parent")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use base::Stream;
use bytes::Bytes;
use store::embedded::Limits;
use store::{Embedded, Expect, Range, Store, Write};

const FOLDER: &str = "STORE_KILL_TEST_FOLDER";
const N_WRITERS: usize = 8;

fn limits() -> Limits {
    // Little slack, so that the log is cleaned while the process is killed.
    Limits { slack_bytes: 50_000, ..Limits::default() }
}

/// The child: writes until it is killed, and prints what was acknowledged.
#[test]
fn child() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else {
        return;
    };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    runtime.block_on(async move {
        let store: Arc<dyn Store> = Arc::new(Embedded::open(&folder, limits()).expect("the store opens"));
        let seed = store.revision().await.expect("a revision").0;
        println!("\nopen {seed}");
        let writers: Vec<_> =
            (0..N_WRITERS).map(|writer| tokio::spawn(write(Arc::clone(&store), seed, writer))).collect();
        for writer in writers {
            writer.await.expect("no panic");
        }
    });
}

/// Each writer has keys of its own, so that it knows what is there.
async fn write(store: Arc<dyn Store>, seed: u64, writer: usize) {
    let mut random = Stream::new(seed, &format!("writer {writer}"));
    for n in 0..1_000_000 {
        let key = format!("{writer}/{}", random.below(30));
        let value = format!("{seed} {n} {}", "x".repeat(random.below(2000)));
        let is_delete = random.below(10) == 0;
        let write = if is_delete { Write::Delete } else { Write::put(value.clone()) };
        let line = |state: &str| {
            // One call a line: what is printed is printed whole, or is the last.
            let line = format!(
                "{state} {key} {}\n",
                if is_delete { "-".to_owned() } else { value.replace(' ', "_") }
            );
            std::io::stdout().write_all(line.as_bytes()).expect("the parent reads");
        };
        line("try");
        match store.commit(Bytes::from(key.clone()), Expect::Anything, write).await {
            Ok(_) | Err(store::Error::Conflict { .. }) => line("done"),
            Err(error) => panic!("{error}"),
        }
    }
}

/// What is known of one key from what the child said.
#[derive(Clone, Debug, Default)]
struct Known {
    acknowledged: Option<String>,
    /// A write that was begun and not answered.
    open: Option<Option<String>>,
}

fn run_and_kill(folder: &Path, after: Duration, known: &mut BTreeMap<String, Known>) -> usize {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["child", "--exact", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("the child starts");
    let mut lines = BufReader::new(child.stdout.take().unwrap()).split(b'\n');
    let mut is_open = false;
    // The harness says something first.
    while let Some(Ok(line)) = lines.next() {
        if line.starts_with(b"open ") {
            is_open = true;
            break;
        }
    }
    assert!(is_open, "the child opens the store");
    let reader = std::thread::spawn(move || lines.map_while(Result::ok).collect::<Vec<_>>());
    std::thread::sleep(after);
    child.kill().expect("it can be killed");
    child.wait().expect("it ends");
    let mut n_done = 0;
    for line in reader.join().unwrap() {
        let line = String::from_utf8(line).expect("text");
        let mut words = line.split(' ');
        let (Some(state), Some(key), Some(value), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            continue;
        };
        let value = (value != "-").then(|| value.replace('_', " "));
        let known = known.entry(key.to_owned()).or_default();
        if state == "try" {
            known.open = Some(value);
        } else {
            n_done += 1;
            known.acknowledged = value;
            known.open = None;
        }
    }
    n_done
}

#[test]
fn nothing_that_was_acknowledged_is_lost() {
    if std::env::var_os(FOLDER).is_some() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let mut random = Stream::new(5, "kill");
    let mut known: BTreeMap<String, Known> = BTreeMap::new();
    let mut revision = 0;
    let mut n_done = 0;
    for _ in 0..12 {
        n_done +=
            run_and_kill(folder.path(), Duration::from_millis(20 + random.below(250) as u64), &mut known);
        let store = Embedded::open(folder.path(), limits()).expect("the store opens after a kill");
        let listing = runtime.block_on(store.list(Range::prefix(""), None)).expect("a list");
        assert!(listing.revision.0 >= revision, "revision {} after {revision}", listing.revision);
        revision = listing.revision.0;
        let mut entries: BTreeMap<String, String> = BTreeMap::new();
        for entry in &listing.entries {
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
            entries.insert(text(&entry.key), text(&entry.value));
        }
        assert!(entries.keys().all(|key| known.contains_key(key)));
        for (key, known) in &mut known {
            let found = entries.remove(key);
            let is_open = known.open.take().is_some_and(|open| open == found);
            assert!(is_open || found == known.acknowledged, "{key}: {found:?}, but {known:?}");
            known.acknowledged = found;
        }
    }
    assert!(n_done > 100, "only {n_done} commits were made between all the kills");
    assert!(revision > n_done as u64 / 2);
}
