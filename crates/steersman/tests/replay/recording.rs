//! Where recordings are written, and where not.

use crate::folder::{CROWDED, Folder, Ran};

fn record(folder: &Folder, path: &str) -> Ran {
    folder.run(&["simulate", "-f", "cluster.yaml", "--record", path])
}

fn check_refused(ran: &Ran, parts: &[&str]) {
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
    for part in parts {
        assert!(ran.stderr.contains(part), "{part:?} is not in {}", ran.stderr);
    }
}

#[test]
fn a_recording_that_cannot_be_written_is_an_error() {
    let folder = Folder::new("unwritable", CROWDED);
    check_refused(&record(&folder, "no/such/folder.jsonl"), &["creating the recording no/such/folder.jsonl"]);
    check_refused(&record(&folder, "."), &["creating the recording ."]);
    check_refused(&record(&folder, "-"), &["standard output"]);
    check_refused(&record(&folder, "r.jsonl.gz"), &["plain text", "without .gz"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_noticed() {
    let folder = Folder::new("full-disk", CROWDED);
    check_refused(&record(&folder, "/dev/full"), &["writing the recording /dev/full", "No space left"]);
}

#[test]
fn only_recordings_are_overwritten() {
    let folder = Folder::new("overwrite", CROWDED);
    check_refused(&record(&folder, "cluster.yaml"), &["cluster.yaml is there and is no recording"]);
    assert_eq!(folder.read("cluster.yaml"), CROWDED);
    folder.write("empty.jsonl", "");
    assert_eq!(record(&folder, "empty.jsonl").code, 1);
    let first = folder.read("empty.jsonl");
    folder.write("empty.jsonl", &format!("{first}{first}"));
    assert_eq!(record(&folder, "empty.jsonl").code, 1);
    assert_eq!(folder.read("empty.jsonl"), first);
}
