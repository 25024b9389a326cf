//! What cannot be: it is said what is wrong, and nothing crashes in a loop.

use std::path::Path;

use crate::cluster::{Cluster, Scheduler};

#[test]
fn a_kubeconfig_that_is_wrong_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken.kubeconfig");
    std::fs::write(&broken, "clusters: 5").unwrap();
    for (path, expected) in
        [(Path::new("/no/such/kubeconfig"), "/no/such/kubeconfig"), (&broken, "broken.kubeconfig")]
    {
        let mut scheduler = Scheduler::start_as(path, &[]);
        assert_eq!(scheduler.ended().code(), Some(1));
        assert!(scheduler.log().contains(expected), "{}", scheduler.log());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_hears_which_verb_and_which_resource() {
    let cluster = Cluster::start(&[]).await;
    let mut scheduler = Scheduler::start_as(&cluster.kubeconfig_of_nobody(), &["--leader-elect=false"]);
    scheduler.wait_for(r#"User "nobody" cannot"#);
    scheduler.wait_for(r#"resource "nodes""#);
    scheduler.wait_for(r#"resource "pods""#);
    assert!(scheduler.is_running(), "{}", scheduler.log());
    scheduler.kill();
}

#[test]
fn flags_and_configurations_that_are_wrong_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let configuration = folder.path().join("config.yaml");
    let text = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n\
                profiles: [{schedulerName: a}, {schedulerName: a}]\n";
    std::fs::write(&configuration, text).unwrap();
    let configuration = format!("--config={}", configuration.display());
    for (flag, expected) in [
        ("--no-such-flag", "--no-such-flag"),
        ("--leader-elect-lease-duration=soon", "leader-elect-lease-duration"),
        ("--secure-port=70000", "secure-port"),
        ("--feature-gates=Nothing=true", "Nothing"),
        (configuration.as_str(), "profiles[1].schedulerName"),
    ] {
        let mut scheduler = Scheduler::start_as(Path::new("/dev/null"), &[flag]);
        assert_eq!(scheduler.ended().code(), Some(1), "{flag}: {}", scheduler.log());
        assert!(scheduler.log().contains(expected), "{flag}: {}", scheduler.log());
    }
}
