//! Figures add up, whatever the cluster.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::world::{World, class, node, owned_pod};

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    fn pick<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[usize::try_from(self.below(texts.len() as u64)).expect("small")]
    }
}

/// Documents of a cluster, and how many of its pods wait.
fn cluster(seed: u64) -> (Vec<String>, u64) {
    let mut dice = Dice(seed);
    let n_nodes = 2 + dice.below(4);
    let mut documents: Vec<String> = (0..n_nodes).map(|i| node(&format!("n{i}"))).collect();
    documents.extend([class("high", 100), class("higher", 200), class("low", -5)]);
    documents.push(
        "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: guard}\n\
         spec: {selector: {matchLabels: {app: web}}}\nstatus: {disruptionsAllowed: 1}\n"
            .to_owned(),
    );
    let mut n_pending = 0;
    for i in 0..10 + dice.below(20) {
        let class = dice.pick(&["", ", priorityClassName: high", ", priorityClassName: higher", LOW]);
        let kind = dice.pick(&["", "ReplicaSet", "StatefulSet", "DaemonSet", "Job"]);
        let place = match dice.below(5) {
            0 | 1 => format!(", nodeName: n{}", dice.below(n_nodes)),
            2 => format!(", nodeSelector: {{kubernetes.io/hostname: n{}}}", dice.below(n_nodes)),
            3 => ", affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: pool, \
                  labelSelector: {matchLabels: {app: web}}}]}}"
                .to_owned(),
            _ => String::new(),
        };
        let state = dice.pick(&["", "", "", "status: {phase: Succeeded}\n"]);
        n_pending += u64::from(!place.contains("nodeName") && state.is_empty());
        let name = format!("p{i}");
        let cpu = dice.pick(&["300m", "700m", "1500m"]);
        let mut pod = owned_pod(&name, cpu, &format!("{class}{place}"), kind, "w") + state;
        if dice.below(2) == 0 {
            pod = pod.replace("  name: p", "  labels: {app: web}\n  name: p");
        }
        documents.push(pod);
    }
    (documents, n_pending)
}

const LOW: &str = ", priorityClassName: low";

fn check(report: &Value, n_given: u64, code: i32) {
    let count = |field: &str| report["summary"][field].as_u64().expect("a count");
    let rows = |field: &str| report[field].as_array().expect("rows").clone();
    assert_eq!(count("placed") + count("leftOver"), count("pending"));
    assert_eq!(count("pending"), n_given + count("replacements") - count("replaced"));
    for (field, list) in [("placed", "placements"), ("leftOver", "leftOver"), ("preempted", "preempted")] {
        assert_eq!(count(field), rows(list).len() as u64, "{field}");
    }
    let replaced = rows("preempted").iter().filter(|pod| !pod["replacedBy"].is_null()).count();
    assert_eq!(count("replacements"), replaced as u64);
    assert_eq!(code, i32::from(count("leftOver") > 0));
    let rows = [rows("placements"), rows("leftOver")].concat();
    let names: BTreeSet<_> = rows.iter().map(|pod| pod["name"].as_str().expect("a name")).collect();
    assert_eq!(names.len(), rows.len(), "no pod is both placed and left over");
}

#[test]
fn placed_and_left_over_are_pending_in_every_cluster() {
    let (mut n_replacements, mut n_given_back) = (0, 0);
    for seed in 0..60 {
        let (documents, n_given) = cluster(seed);
        let world = World::new("totals").file("all.yaml", &documents);
        let ran = world.simulate(&["-f", ".", "-o", "json"]);
        let report: Value = serde_json::from_str(&ran.stdout).unwrap_or_default();
        assert!(report.is_object(), "seed {seed}: {}", ran.stderr);
        check(&report, n_given, ran.code);
        let count = |field: &str| report["summary"][field].as_u64().unwrap_or(0);
        n_replacements += count("replacements");
        n_given_back += count("replaced");
        check_table(&world.simulate(&["-f", ".", "-o", "wide"]).stdout, &report);
    }
    assert!(
        n_replacements > 10 && n_given_back > 0,
        "{n_replacements} and {n_given_back} are too few to tell"
    );
}

/// The text has the figures of the document, and every row of a table has its first columns where the titles are.
fn check_table(text: &str, report: &Value) {
    let summary = &report["summary"];
    let line = format!(
        "\n{} placed, {} preempted, {} left over\n",
        summary["placed"], summary["preempted"], summary["leftOver"]
    );
    assert!(text.contains(&line), "{line:?} is not in {text}");
    for block in
        text.split("\n\n").filter(|block| block.starts_with("PLACED") || block.starts_with("PREEMPTED"))
    {
        let mut lines = block.lines().skip(1);
        let titles = lines.next().expect("titles");
        let column = titles.find("NAME ").expect("a column");
        for row in lines {
            assert_eq!((&row[column - 1..column], &row[column..=column]), (" ", "p"), "{block}");
        }
    }
}
