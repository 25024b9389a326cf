//! What is identical, and what is not.

use crate::folder::{CROWDED, Folder, Ran, random_cluster};

fn figure<'t>(stdout: &'t str, name: &str) -> &'t str {
    let line = stdout.lines().find_map(|line| line.trim_start().strip_prefix(name));
    line.expect(name).trim()
}

fn check_differs(ran: &Ran, parts: &[&str]) {
    assert_eq!((ran.code, ran.stderr.as_str()), (1, ""), "{}", ran.stdout);
    for part in parts {
        assert!(ran.stdout.contains(part), "{part:?} is not in {}", ran.stdout);
    }
}

#[test]
fn a_recorded_history_replays_identically() {
    let (folder, text) = Folder::recorded("identical");
    // What makes the history worth replaying is in it.
    for part in
        [r#""evicted":["default/low-"#, "replacement-1/", r#""input":"delete""#, "PodDisruptionBudget"]
    {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    let ran = folder.run(&["replay", "r.jsonl"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{}", ran.stdout);
    assert!(ran.stdout.starts_with("r.jsonl: identical\n"), "{}", ran.stdout);
    let n_lines_with = |part| text.lines().filter(|line| line.starts_with(part)).count().to_string();
    assert_eq!(figure(&ran.stdout, "inputs"), n_lines_with(r#"{"input""#));
    assert_eq!(figure(&ran.stdout, "bound"), n_lines_with(r#"{"outcome":"bound""#));
    assert_eq!(figure(&ran.stdout, "refused"), n_lines_with(r#"{"outcome":"refused""#));
    assert_eq!(figure(&ran.stdout, "seed"), "7");
    let piped = folder.run_with_input(&["replay", "-"], &text);
    assert_eq!((piped.code, piped.stdout), (0, ran.stdout.replace("r.jsonl", "standard input")));
}

#[test]
fn the_same_seed_gives_the_same_history_and_the_result_is_that_without_recording() {
    let folder = Folder::new("same-seed", CROWDED);
    let simulate = ["simulate", "-f", "cluster.yaml", "-o", "json", "--seed", "3"];
    let plain = folder.run(&simulate);
    let first = folder.run(&[&simulate[..], &["--record", "1.jsonl"]].concat());
    folder.run(&[&simulate[..], &["--record", "2.jsonl"]].concat());
    assert_eq!((first.code, &first.stdout), (plain.code, &plain.stdout));
    assert_eq!(folder.read("1.jsonl"), folder.read("2.jsonl"));
}

#[test]
fn random_clusters_replay_identically() {
    let folder = Folder::new("random", "");
    let mut n_preemptions = 0;
    for seed in 0..25 {
        folder.write("cluster.yaml", &random_cluster(seed));
        let seed = seed.to_string();
        let ran = folder.run(&["simulate", "-f", "cluster.yaml", "--seed", &seed, "--record", "r.jsonl"]);
        assert!(ran.code < 2, "seed {seed}: {}", ran.stderr);
        n_preemptions += folder.read("r.jsonl").matches(r#""evicted""#).count();
        let ran = folder.run(&["replay", "r.jsonl"]);
        assert_eq!(ran.code, 0, "seed {seed}: {}{}", ran.stdout, ran.stderr);
    }
    assert!(n_preemptions > 5, "{n_preemptions} preemptions are too few to be tested");
}

#[test]
fn a_configured_scheduler_is_recorded_with_its_configuration() {
    let folder = Folder::new("configured", CROWDED);
    folder.write(
        "scheduler.yaml",
        "apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
percentageOfNodesToScore: 50
podInitialBackoffSeconds: 4
profiles: [{pluginConfig: [{name: NodeResourcesFit, args: {scoringStrategy: {type: MostAllocated}}}]}]
",
    );
    let gates = "InPlacePodLevelResourcesVerticalScaling=false,NodeDeclaredFeatures=false";
    let simulate = ["simulate", "-f", "cluster.yaml", "--config", "scheduler.yaml", "--feature-gates", gates];
    let ran = folder.run(&[&simulate[..], &["--record", "r.jsonl"]].concat());
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let text = folder.read("r.jsonl");
    for part in [r#""type":"MostAllocated""#, r#""NodeDeclaredFeatures":false"#] {
        assert!(text.contains(part), "{part}");
    }
    assert_eq!(folder.run(&["replay", "r.jsonl"]).code, 0);
    let changed =
        folder.replay(&text.replace(r#""podInitialBackoffSeconds":4"#, r#""podInitialBackoffSeconds":5"#));
    check_differs(&changed, &["changed.jsonl, line ", "wake at"]);
}

#[test]
fn another_seed_differs_and_says_where() {
    let (folder, text) = Folder::recorded("other-seed");
    let other = |seed: u32| text.replacen(r#""seed":7"#, &format!(r#""seed":{seed}"#), 1);
    // Ties are broken at random, so some of these seeds agree by chance.
    let differing = (8..40).map(|seed| folder.replay(&other(seed))).find(|ran| ran.code != 0);
    let ran = differing.expect("a seed that matters");
    check_differs(
        &ran,
        &["changed.jsonl, line ", "what comes out about default/", "  recorded ", "  now ", "\n  - "],
    );
    let line_no: usize = ran
        .stdout
        .split("line ")
        .nth(1)
        .and_then(|rest| rest.split(':').next()?.parse().ok())
        .expect("a line number");
    let (input, outcome) = (text.lines().nth(line_no - 1), text.lines().nth(line_no));
    assert!(input.is_some_and(|line| line.starts_with(r#"{"input":"schedule""#)), "{input:?}");
    assert!(outcome.is_some_and(|line| line.starts_with(r#"{"outcome":"#)), "{outcome:?}");
}

#[test]
fn an_object_that_was_changed_is_found_by_its_consequences() {
    let (folder, text) = Folder::recorded("other-object");
    let small = r#""cpu":"8""#;
    assert!(text.contains(small));
    let ran = folder.replay(&text.replace(small, r#""cpu":"9999m""#));
    assert_eq!(ran.code, 0, "8 CPUs or 10: neither fits. {}", ran.stdout);
    let ran = folder.replay(&text.replace(small, r#""cpu":"50m""#));
    check_differs(
        &ran,
        &[
            "default/huge (uid huge) is refused",
            "Insufficient cpu",
            "default/huge (uid huge) is bound to",
            "- bind default/huge (uid huge) to ",
        ],
    );
}

#[test]
fn a_decision_that_was_changed_is_shown_next_to_what_is_decided() {
    let (folder, text) = Folder::recorded("other-decision");
    let ran = folder.replay(&text.replacen("Insufficient cpu", "Insufficient luck", 1));
    check_differs(&ran, &["Insufficient luck", "Insufficient cpu", "time to schedule the next pod"]);
}

#[test]
fn a_replay_stops_where_it_is_told() {
    let (folder, text) = Folder::recorded("until");
    let ran = folder.run(&["replay", "r.jsonl", "--until", "4"]);
    assert_eq!(ran.code, 0);
    assert!(ran.stdout.starts_with("r.jsonl: identical up to line 4\n"), "{}", ran.stdout);
    assert_eq!(figure(&ran.stdout, "inputs"), "3");
    let n_lines = text.lines().count();
    let ran = folder.run(&["replay", "r.jsonl", "--until", &(n_lines + 1).to_string()]);
    assert!(ran.stdout.starts_with("r.jsonl: identical\n"), "{}", ran.stdout);
    // What comes after is not looked at.
    folder.write(
        "changed.jsonl",
        &format!("{}\nwhat is this?\n", text.lines().take(4).collect::<Vec<_>>().join("\n")),
    );
    assert_eq!(folder.run(&["replay", "changed.jsonl", "--until", "4"]).code, 0);
    assert_eq!(folder.run(&["replay", "changed.jsonl"]).code, 2);
}

#[test]
fn another_version_is_mentioned() {
    let (folder, text) = Folder::recorded("other-version");
    let this = format!(r#""version":"{}""#, env!("CARGO_PKG_VERSION"));
    let ran = folder.replay(&text.replacen(&this, r#""version":"0.0.1""#, 1));
    assert_eq!(ran.code, 0);
    assert!(ran.stdout.contains("by Steersman 0.0.1; this is"), "{}", ran.stdout);
}
