//! Histories that no simulation makes: bindings that fail, objects that go and come back, time that stands still.

use std::path::PathBuf;

use base::Stream;
use scheduling::engine::Input;
use serde_json::json;
use wire::Object;
use wire::config::{FeatureGates, SchedulerConfiguration};

use super::*;
use crate::recording::RecordedScheduler;

const START: Now = Now::from_nanos(1_767_225_600_000_000_000);
const SECOND: i64 = 1_000_000_000;

/// A file that is gone when the test is over.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let name = format!("steersman-{}-{name}.jsonl", std::process::id());
        Scratch(std::env::temp_dir().join(name))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn object(value: &serde_json::Value) -> Object {
    let decoded = wire::decode::read_bytes("test", value.to_string().as_bytes()).expect("an object");
    decoded.objects.into_iter().next().expect("one").object
}

fn node(i: usize, cpu: usize) -> Object {
    let status = json!({"allocatable": {"cpu": cpu.to_string(), "memory": "8Gi", "pods": "10"}});
    object(
        &json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": format!("n{i}")}, "status": status}),
    )
}

fn pod(i: usize, cpu: usize, priority: usize) -> Object {
    let containers = json!([{"name": "c", "resources": {"requests": {"cpu": format!("{cpu}00m")}}}]);
    let metadata = json!({"name": format!("p{i}"), "uid": format!("u{i}"), "labels": {"app": "x"}});
    let spec = json!({"containers": containers, "priority": priority, "schedulerName": "default-scheduler"});
    object(&json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}))
}

fn scheduler(seed: u64, path: &std::path::Path) -> RecordedScheduler {
    let gates = FeatureGates::default();
    let configuration = SchedulerConfiguration::default_for(&gates);
    RecordedScheduler::new(&configuration, gates, seed, START, Some(path)).expect("a scheduler")
}

/// How often each of the things happened that a history is worth recording for.
#[derive(Default)]
struct Seen {
    n_bound: usize,
    n_refused: usize,
    n_evicted: usize,
    n_failed_bindings: usize,
    n_failed_evictions: usize,
}

/// Does what comes to mind to a scheduler, and records it.
fn record_at_random(seed: u64, path: &std::path::Path, seen: &mut Seen) {
    let mut stream = Stream::new(seed, "history");
    let mut scheduler = scheduler(seed, path);
    let mut now = START;
    let mut unbound: Vec<String> = Vec::new();
    let mut evicting: Vec<(String, String)> = Vec::new();
    for _ in 0..stream.below(80) + 20 {
        now = Now::from_nanos(now.as_nanos() + stream.below(3) as i64 * SECOND);
        let (i, size) = (stream.below(8), stream.below(20) + 1);
        let commands = match stream.below(12) {
            0 | 1 => scheduler.step(Input::Upsert(&node(i % 2, size / 8 + 1)), now),
            2 | 3 => scheduler.step(Input::Upsert(&pod(i, size, stream.below(5))), now),
            4 if size < 5 => scheduler.step(Input::Delete(&node(i % 2, 1)), now),
            4 => scheduler.step(Input::Delete(&pod(i, 1, 1)), now),
            5 => scheduler.step(Input::Tick, now),
            6 if !unbound.is_empty() => {
                let uid = unbound.swap_remove(stream.below(unbound.len()));
                let fails = size > 10;
                seen.n_failed_bindings += usize::from(fails);
                let result = if fails { Err(format!("no \"{size}\"\n")) } else { Ok(()) };
                scheduler.step(Input::BindFinished { uid: &uid, result }, now)
            }
            7 if !evicting.is_empty() => {
                let (preemptor, victim) = evicting.swap_remove(stream.below(evicting.len()));
                let fails = size > 10;
                seen.n_failed_evictions += usize::from(fails);
                let result = if fails { Err("no".to_owned()) } else { Ok(()) };
                scheduler.step(Input::EvictFinished { preemptor: &preemptor, victim: &victim, result }, now)
            }
            _ => scheduler.step(Input::Schedule, now),
        }
        .commands;
        for command in commands {
            match command {
                Command::Bind { uid, .. } => {
                    seen.n_bound += 1;
                    unbound.push(uid.to_string());
                }
                Command::Evict { uid, preemptor, .. } => {
                    seen.n_evicted += 1;
                    evicting.push((preemptor.to_string(), uid.to_string()));
                }
                Command::PatchStatus { .. } => seen.n_refused += 1,
                _ => {}
            }
        }
    }
    scheduler.finish_recording().expect("a recording");
}

fn replay_file(path: &std::path::Path) -> Result<Replayed> {
    let mut reader = Reader::open(path)?;
    let header = reader.header()?;
    let mut scheduler = Scheduler::new(&header.configuration, header.gates, header.seed)?;
    replay(&mut reader, &header, &mut scheduler, None)
}

#[test]
fn whatever_happened_happens_again() {
    let mut seen = Seen::default();
    for seed in 0..150 {
        let file = Scratch::new(&format!("random-{seed}"));
        record_at_random(seed, &file.0, &mut seen);
        let replayed = replay_file(&file.0).unwrap_or_else(|error| panic!("seed {seed}: {error:#}"));
        let Verdict::Identical(Ending::Complete(totals)) = replayed.verdict else {
            let text = std::fs::read_to_string(&file.0).unwrap_or_default();
            panic!("seed {seed} does not replay:\n{text}")
        };
        assert_eq!(totals, replayed.totals);
    }
    // Otherwise the histories are too tame to prove anything.
    assert!(seen.n_bound > 100 && seen.n_refused > 100, "{} {}", seen.n_bound, seen.n_refused);
    let rare = [seen.n_evicted, seen.n_failed_bindings, seen.n_failed_evictions];
    assert!(rare.iter().all(|n| *n > 10), "{rare:?}");
}

#[test]
fn every_outcome_is_compared() {
    let file = Scratch::new("compared");
    record_at_random(3, &file.0, &mut Seen::default());
    let text = std::fs::read_to_string(&file.0).expect("a recording");
    let lines: Vec<&str> = text.lines().collect();
    let mut n_outcomes = 0;
    for (i, line) in lines.iter().enumerate().filter(|(_, line)| line.starts_with("{\"outcome\"")) {
        n_outcomes += 1;
        let digest = line.find("\"digest\":\"").expect("a digest") + "\"digest\":\"".len();
        let other = if &line[digest..=digest] == "0" { "1" } else { "0" };
        let changed = format!("{}{other}{}", &line[..digest], &line[digest + 1..]);
        let with =
            |replacement: &[&str]| [&lines[..i], replacement, &lines[i + 1..]].concat().join("\n") + "\n";
        for text in [with(&[changed.as_str()]), with(&[])] {
            std::fs::write(&file.0, text).expect("a changed recording");
            let Ok(Replayed { verdict: Verdict::Differs(difference), .. }) = replay_file(&file.0) else {
                panic!("a change in line {} is not noticed", i + 1)
            };
            assert_eq!(difference.stepped.line_no, i, "the line before is the input");
        }
    }
    assert!(n_outcomes > 5, "{n_outcomes}");
}

#[test]
fn a_recording_that_breaks_off_anywhere_is_replayed_as_far_as_it_goes() {
    let file = Scratch::new("broken-off");
    record_at_random(5, &file.0, &mut Seen::default());
    let bytes = std::fs::read(&file.0).expect("a recording");
    let header_end = bytes.iter().position(|byte| *byte == b'\n').expect("a header") + 1;
    let mut stream = Stream::new(5, "cuts");
    for _ in 0..200 {
        let len = header_end + stream.below(bytes.len() - header_end - 1);
        std::fs::write(&file.0, &bytes[..len]).expect("a shorter recording");
        let n_whole = bytes[..len].iter().filter(|byte| **byte == b'\n').count();
        let replayed = replay_file(&file.0).unwrap_or_else(|error| panic!("cut at {len}: {error:#}"));
        match replayed.verdict {
            Verdict::Identical(Ending::CutOff { line_no }) => assert_eq!(line_no, n_whole + 1),
            // A line without only its end is whole.
            Verdict::Identical(Ending::Missing) => {
                assert!(bytes[len - 1] == b'\n' || bytes[len] == b'\n', "cut at {len}");
            }
            _ => panic!("cut at {len}"),
        }
    }
}
