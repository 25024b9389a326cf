//! `steersman kube-scheduler`: configurations in, configurations out.

#![allow(missing_docs, reason = "tests have no interface")]

use std::path::PathBuf;
use std::process::{Command, Output};

fn steersman(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_steersman")).args(arguments).output().expect("the binary runs")
}

/// Writes `text` into a file of its own.
fn file(name: &str, text: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("config-{name}.yaml"));
    std::fs::write(&path, text).expect("a temporary file");
    path
}

fn with_header(body: &str) -> String {
    format!("apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n{body}")
}

/// What the command prints for a configuration.
fn printed(name: &str, body: &str) -> String {
    let path = file(name, &with_header(body));
    let output =
        steersman(&["kube-scheduler", "--config", &path.to_string_lossy(), "--write-config-to", "-"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// What the command says about a configuration that it refuses.
fn refusal(command: &[&str], name: &str, body: &str) -> String {
    let path = file(name, &with_header(body));
    let path = path.to_string_lossy();
    let mut arguments = command.to_vec();
    arguments.extend(["--config", &path]);
    let output = steersman(&arguments);
    // The component ends as kube-scheduler does, our own commands with 2.
    let code = if command[0] == "kube-scheduler" { 1 } else { 2 };
    assert_eq!(output.status.code(), Some(code), "{}", String::from_utf8_lossy(&output.stdout));
    let text = String::from_utf8(output.stderr).expect("text");
    assert_eq!(text.trim_end().lines().count(), 1, "one paragraph: {text}");
    assert!(text.contains(&*path), "names the file: {text}");
    text
}

#[test]
fn prints_the_defaults_without_a_file() {
    let output = steersman(&["kube-scheduler", "--write-config-to", "-"]);
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(text.starts_with("apiVersion: kubescheduler.config.k8s.io/v1\n"), "{text}");
    assert!(text.contains("\n  - args:\n      apiVersion: kubescheduler.config.k8s.io/v1\n"), "{text}");
    assert!(text.contains("  schedulerName: default-scheduler\n"), "{text}");
}

#[test]
fn managed_resources_that_are_to_be_ignored_are_ignored_in_every_profile() {
    let text = printed(
        "managed",
        "extenders:\n- urlPrefix: http://127.0.0.1:9\n  managedResources:\n  - {name: example.com/a, ignoredByScheduler: true}\n\
         profiles:\n- schedulerName: a\n- schedulerName: b\n",
    );
    assert_eq!(text.matches("ignoredResources:\n      - example.com/a\n").count(), 2, "{text}");
}

#[test]
fn refuses_what_cannot_be_with_file_and_field() {
    let kube_scheduler = ["kube-scheduler", "--write-config-to", "-"];
    let unknown = refusal(&kube_scheduler, "field", "parallelisms: 3\n");
    assert!(unknown.contains("parallelisms") && unknown.contains("parallelism"), "{unknown}");
    let typo = "profiles:\n- plugins: {score: {enabled: [{name: NodeResourceFit}]}}\n";
    let typo = refusal(&kube_scheduler, "plugin", typo);
    assert!(typo.contains("profiles[0]") && typo.contains("did you mean NodeResourcesFit?"), "{typo}");
    let twice = refusal(&kube_scheduler, "twice", "profiles:\n- schedulerName: x\n- schedulerName: x\n");
    assert!(twice.contains("profiles[1].schedulerName: Duplicate value"), "{twice}");
}

#[test]
fn commands_without_a_network_refuse_extenders_that_decide() {
    let node = file("node", "{apiVersion: v1, kind: Node, metadata: {name: n}}");
    let node = node.to_string_lossy();
    let body = "extenders:\n- {urlPrefix: 'http://127.0.0.1:9', filterVerb: filter}\n";
    let text = refusal(&["simulate", "-f", &node], "extender", body);
    assert!(text.contains("extenders[0].filterVerb") && text.contains("http://127.0.0.1:9"), "{text}");
}

#[test]
fn says_what_is_wrong_with_flags_and_where_it_looked_for_a_cluster() {
    let refused = |flags: &[&str]| {
        let output = steersman(&[&["kube-scheduler"], flags].concat());
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), text)
    };
    let (code, text) = refused(&["--secure-port", "70000"]);
    assert_eq!(code, Some(1));
    assert!(text.contains("--secure-port 70000 must be between 0 and 65535, inclusive"), "{text}");
    let (code, text) = refused(&["--no-such-flag"]);
    assert_eq!(code, Some(1));
    assert!(text.contains("--no-such-flag"), "{text}");
    let (code, text) = refused(&["stray"]);
    assert_eq!(code, Some(1));
    assert!(text.contains(r#""kube-scheduler" does not take any arguments, got ["stray"]"#), "{text}");
    let (code, text) = refused(&["--secure-port=0", "--kubeconfig=/nowhere/kubeconfig"]);
    assert_eq!(code, Some(1));
    assert!(text.contains("finding the API server: --kubeconfig /nowhere/kubeconfig"), "{text}");
    let version = steersman(&["kube-scheduler", "--version"]);
    assert_eq!(String::from_utf8_lossy(&version.stdout), "Kubernetes v1.36.2\n");
}
