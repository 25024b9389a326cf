//! Files that are no recordings any more, or never were.

use crate::folder::{CROWDED, Folder};

fn check(folder: &Folder, text: &str, parts: &[&str]) {
    let ran = folder.replay(text);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
    assert!(ran.stderr.starts_with("error: changed.jsonl"), "{}", ran.stderr);
    assert_eq!(ran.stderr.trim_end().lines().count(), 1, "{}", ran.stderr);
    for part in parts {
        assert!(ran.stderr.contains(part), "{part:?} is not in {}", ran.stderr);
    }
}

#[test]
fn what_is_no_recording_is_told_what_one_is() {
    let (folder, text) = Folder::recorded("no-recording");
    let advice = "`steersman simulate --record FILE` writes one";
    check(&folder, "", &["it is empty"]);
    check(&folder, CROWDED, &["line 1", "not a recording", advice]);
    check(&folder, "{}\n", &["line 1", "not a recording", advice]);
    check(&folder, "{\"kind\": \"Pod\"}\n", &["not a recording", advice]);
    check(&folder, &text[..300], &["cut off in its first line"]);
    check(&folder, &text[text.find('\n').expect("lines") + 1..], &["line 1", "not a recording"]);
    check(&folder, "\u{1f}", &["not a recording"]);
    let ran = folder.run(&["replay", "nothing-here.jsonl"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("opening the recording nothing-here.jsonl"), "{}", ran.stderr);
}

#[test]
fn what_is_wrong_in_the_header_is_named() {
    let (folder, text) = Folder::recorded("header");
    let swap = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    };
    check(&folder, &swap(r#""format":2"#, r#""format":3"#), &["line 1", "format 3", "reads format 2"]);
    check(&folder, &swap(r#""seed":7"#, r#""seed":"x""#), &["line 1", "column", "u64"]);
    check(&folder, &swap(r#""seed":7,"#, ""), &["line 1", "missing field `seed`"]);
    check(&folder, &swap(r#""seed":7"#, r#""seed":7,"sead":8"#), &["line 1", "unknown field `sead`"]);
    check(
        &folder,
        &swap(r#""GangScheduling":"#, r#""GongScheduling":"#),
        &["line 1: featureGates", "GongScheduling"],
    );
    check(
        &folder,
        &swap(r#""parallelism":16"#, r#""parallelism":0"#),
        &["line 1: configuration", "parallelism"],
    );
    check(&folder, &swap(r#""parallelism":16"#, r#""parallel":16"#), &["line 1", "parallel"]);
}

#[test]
fn what_is_wrong_in_a_line_is_named_with_its_number() {
    let (folder, text) = Folder::recorded("lines");
    let n_upserts = text.lines().skip(1).take_while(|line| line.starts_with(r#"{"input":"upsert""#)).count();
    assert!(n_upserts > 3);
    // Puts a line in place of the third, which takes an object in.
    let with = |line: &str| {
        let mut lines: Vec<&str> = text.lines().collect();
        lines[2] = line;
        lines.join("\n") + "\n"
    };
    for (line, parts) in [
        ("", &["empty"][..]),
        ("# a remark", &["expected value"]),
        ("{\"input\":\"tick\"", &["EOF"]),
        ("[1]", &[]),
        ("{}", &["\"input\", \"outcome\" and \"end\""]),
        (r#"{"input":"tock","at":1}"#, &["\"tock\"", "did you mean \"tick\"?", "upsert, delete"]),
        (r#"{"input":"explode","at":1}"#, &["\"explode\"", "upsert, delete, schedule"]),
        (r#"{"input":"tick"}"#, &["missing field `at`"]),
        (r#"{"input":"tick","at":1.5}"#, &["1.5", "i64"]),
        (r#"{"input":"tick","at":1,"att":2}"#, &["unknown field `att`"]),
        (r#"{"input":"tick","at":1,"uid":"x"}"#, &["\"tick\"", "no field \"uid\""]),
        (r#"{"input":"upsert","at":1}"#, &["\"upsert\"", "needs the field \"object\""]),
        (r#"{"input":"bindFinished","at":1}"#, &["needs the field \"uid\""]),
        (r#"{"input":"upsert","at":1,"object":[]}"#, &["object: ", "list"]),
        (
            r#"{"input":"upsert","at":1,"object":{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"}}}"#,
            &["the scheduler takes no Secret"],
        ),
        (
            r#"{"input":"upsert","at":1,"object":{"apiVersion":"v1","kind":"List","items":[]}}"#,
            &["one Kubernetes object"],
        ),
        (
            r#"{"input":"upsert","at":1,"object":{"apiVersion":"v1","kind":"Pod","metadata":{"name":"s"},"spec":{"priority":"x"}}}"#,
            &["object: Pod", "spec.priority"],
        ),
        (r#"{"outcome":"bound","pod":"a/b","uid":"c","node":"d","commands":1}"#, &["missing field `digest`"]),
        (r#"{"outcome":"commands","commands":1,"digest":"xyz"}"#, &["16 hexadecimal digits"]),
        (r#"{"outcome":"lost","commands":1,"digest":"0000000000000000"}"#, &["`lost`", "`bound`"]),
        (r#"{"end":{"inputs":1}}"#, &["missing field `attempts`"]),
        (text.lines().next().unwrap_or_default(), &["second recording"]),
    ] {
        check(&folder, &with(line), &[&["changed.jsonl, line 3: "], parts].concat());
    }
}

#[test]
fn lines_that_are_missing_or_in_the_wrong_place_are_noticed() {
    let (folder, text) = Folder::recorded("missing-lines");
    let lines: Vec<&str> = text.lines().collect();
    let without = |i: usize| [&lines[..i], &lines[i + 1..]].concat().join("\n") + "\n";
    let budget = lines.iter().position(|line| line.contains("PodDisruptionBudget")).expect("a budget");
    let ran = folder.replay(&without(budget));
    assert!(ran.code == 1 || ran.stderr.contains("lines are missing"), "{}{}", ran.stdout, ran.stderr);
    let outcome = lines.iter().position(|line| line.starts_with(r#"{"outcome""#)).expect("an outcome");
    let twice = [&lines[..=outcome], &lines[outcome..]].concat().join("\n") + "\n";
    check(&folder, &twice, &[&format!("line {}: ", outcome + 2), "an outcome follows its input"]);
    let last = lines.len() - 1;
    let doubled = format!("{text}{}\n", lines[last]);
    check(&folder, &doubled, &[&format!("line {}: ", last + 2), "remove what follows"]);
    let wrong_sum = text.replacen(r#"{"end":{"inputs":"#, r#"{"end":{"inputs":1"#, 1);
    check(&folder, &wrong_sum, &[&format!("line {}: ", last + 1), "lines are missing or were added"]);
}

#[test]
fn a_recorder_that_was_stopped_leaves_what_can_be_replayed() {
    let (folder, text) = Folder::recorded("stopped");
    let end = text.find(r#"{"end""#).expect("the last line");
    let ran = folder.replay(&text[..end]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert!(ran.stdout.contains("identical as far as it goes: the last line is not there"), "{}", ran.stdout);
    let ran = folder.replay(&text[..end - 30]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let line_no = text[..end].lines().count();
    assert!(ran.stdout.contains(&format!("line {line_no} is cut off")), "{}", ran.stdout);
}
