//! `steersman kube-scheduler` as a process of its own, through HTTPS, beside others and without them.

#![allow(missing_docs, reason = "tests have no interface")]
#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]
#![allow(clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "a test that is skipped says so")]

mod cluster;
mod input;
mod serving;

use std::time::Duration;

use cluster::{Cluster, Scheduler};

/// Short times of election, so that a test need not wait for long.
const ELECTION: [&str; 3] = [
    "--leader-elect-lease-duration=4s",
    "--leader-elect-renew-deadline=2s",
    "--leader-elect-retry-period=500ms",
];

#[tokio::test(flavor = "multi_thread")]
async fn pods_are_placed_and_one_that_fits_nowhere_hears_why() {
    let cluster = Cluster::start(&[]).await;
    let mut scheduler = Scheduler::start(&cluster, &ELECTION);
    cluster.add_node("n1").await;
    cluster.add_pod("small", "1").await;
    cluster.add_pod("large", "100").await;
    assert_eq!(cluster.node_of("small").await, "n1");
    cluster
        .wait_for("/api/v1/namespaces/default/pods/large", |pod| {
            let conditions = pod["status"]["conditions"].as_array().cloned().unwrap_or_default();
            conditions.iter().any(|condition| {
                condition["message"]
                    .as_str()
                    .is_some_and(|text| text.starts_with("0/1 nodes are available: 1 Insufficient cpu."))
            })
        })
        .await;
    let events = "/api/v1/namespaces/default/events";
    cluster.wait_for(events, |list| list["items"].as_array().is_some_and(|items| items.len() >= 2)).await;
    assert!(scheduler.terminate().success(), "{}", scheduler.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_takes_over_from_one_that_is_killed_and_at_once_from_one_that_ends() {
    let cluster = Cluster::start(&[]).await;
    cluster.add_node("n1").await;
    let mut first = Scheduler::start(&cluster, &ELECTION);
    let leader = cluster.leader("").await;
    cluster.add_pod("one", "100m").await;
    assert_eq!(cluster.node_of("one").await, "n1");
    let mut second = Scheduler::start(&cluster, &ELECTION);
    first.kill();
    cluster.add_pod("two", "100m").await;
    assert_eq!(cluster.node_of("two").await, "n1");
    let leader = cluster.leader(&leader).await;
    let mut third = Scheduler::start(&cluster, &ELECTION);
    assert!(second.terminate().success(), "{}", second.log());
    cluster.add_pod("three", "100m").await;
    assert_eq!(cluster.node_of("three").await, "n1");
    cluster.leader(&leader).await;
    assert!(third.terminate().success(), "{}", third.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_was_stopped_and_goes_on_does_not_act_beside_its_successor() {
    let cluster = Cluster::start(&[]).await;
    cluster.add_node("n1").await;
    let mut first = Scheduler::start(&cluster, &ELECTION);
    let leader = cluster.leader("").await;
    first.signal("STOP");
    let mut second = Scheduler::start(&cluster, &ELECTION);
    let successor = cluster.leader(&leader).await;
    cluster.add_pod("one", "100m").await;
    assert_eq!(cluster.node_of("one").await, "n1");
    first.signal("CONT");
    // It finds that its lease is over, and ends.
    assert!(!first.ended().success(), "{}", first.log());
    cluster.add_pod("two", "100m").await;
    assert_eq!(cluster.node_of("two").await, "n1");
    assert_eq!(cluster.leader("").await, successor);
    assert!(second.terminate().success(), "{}", second.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn it_waits_for_an_api_server_that_is_away() {
    let mut cluster = Cluster::start(&[]).await;
    cluster.add_node("n1").await;
    let mut scheduler = Scheduler::start(&cluster, &["--leader-elect=false"]);
    cluster.add_pod("one", "100m").await;
    assert_eq!(cluster.node_of("one").await, "n1");
    cluster.kill();
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(scheduler.is_running(), "{}", scheduler.log());
    cluster.restart();
    cluster.wait_until_ready().await;
    cluster.add_pod("two", "100m").await;
    assert_eq!(cluster.node_of("two").await, "n1");
    scheduler.kill();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shadow_binds_nothing_and_agrees() {
    let cluster = Cluster::start(&[]).await;
    cluster.add_node("n1").await;
    let report = cluster.folder().join("shadow.jsonl");
    let report_flag = format!("--shadow-report={}", report.display());
    let mut shadow = Scheduler::start(&cluster, &["--shadow=default-scheduler", &report_flag]);
    cluster.add_pod("one", "100m").await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let pod = cluster.get("/api/v1/namespaces/default/pods/one").await.unwrap();
    assert!(pod["spec"]["nodeName"].is_null() && pod["status"]["conditions"].is_null(), "{pod}");
    let mut scheduler = Scheduler::start(&cluster, &["--leader-elect=false"]);
    assert_eq!(cluster.node_of("one").await, "n1");
    let mut text = String::new();
    for _ in 0..600 {
        text = std::fs::read_to_string(&report).unwrap_or_default();
        if text.contains('\n') {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let line: serde_json::Value = serde_json::from_str(text.lines().next().expect("a line")).unwrap();
    assert_eq!(
        (&line["pod"], &line["verdict"], &line["theirs"]),
        (&"default/one".into(), &"same".into(), &"n1".into())
    );
    shadow.kill();
    scheduler.kill();
}

#[tokio::test(flavor = "multi_thread")]
async fn it_works_on_etcd() {
    let Some(etcd) = cluster::Etcd::start() else {
        println!("SKIPPED: there is no etcd");
        return;
    };
    let servers = format!("--etcd-servers={}", etcd.url());
    let cluster = Cluster::start(&[&servers]).await;
    cluster.add_node("n1").await;
    let mut scheduler = Scheduler::start(&cluster, &["--leader-elect=false"]);
    cluster.add_pod("one", "100m").await;
    assert_eq!(cluster.node_of("one").await, "n1");
    scheduler.kill();
}
