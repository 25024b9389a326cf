//! What a running scheduler says to those who ask.

use std::path::Path;

use client::{Access, Connection};
use component::certificates::{Authority, Subject};
use component::kubeconfig::Kubeconfig;
use http::Method;

use crate::cluster::{Cluster, Scheduler, free_port};

/// A way to ask the scheduler, as somebody whose certificate `authority` has signed.
async fn way(authority: &Authority, port: u16, folder: &Path, name: &str, groups: &[&str]) -> Connection {
    let client = authority.sign_client(&Subject::new(name, groups), now()).unwrap();
    let kubeconfig = Kubeconfig {
        cluster: "scheduler",
        server: &format!("https://localhost:{port}"),
        authority_pem: authority.certificate_pem(),
        user: name,
        client: &client,
    };
    let path = folder.join(format!("{name}.kubeconfig"));
    kubeconfig.write(&path).unwrap();
    let access = Access { kubeconfig: Some(path), user_agent: "test".to_owned(), ..Access::default() };
    Connection::open(&access).await.unwrap()
}

#[allow(clippy::disallowed_methods, reason = "certificates have to be good now")]
fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

async fn get(way: &Connection, path: &str) -> Result<String, String> {
    let answer = way.send(Method::GET, path, None, "asking").await;
    answer.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).map_err(|error| error.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn those_whom_the_cluster_lets_see_how_it_is() {
    let cluster = Cluster::start(&[]).await;
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::open(folder.path(), now()).unwrap();
    authority.serving("scheduler", &["localhost".to_owned()], now()).unwrap();
    let ca = folder.path().join("clients.crt");
    std::fs::write(&ca, authority.certificate_pem()).unwrap();
    let port = free_port();
    let file = |flag: &str, path: &Path| format!("--{flag}={}", path.display());
    let flags = [
        format!("--secure-port={port}"),
        file("tls-cert-file", &folder.path().join("scheduler.crt")),
        file("tls-private-key-file", &folder.path().join("scheduler.key")),
        file("client-ca-file", &ca),
        file("authentication-kubeconfig", &cluster.kubeconfig()),
        file("authorization-kubeconfig", &cluster.kubeconfig()),
        "--leader-elect-retry-period=500ms".to_owned(),
        "-v=2".to_owned(),
    ];
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let mut scheduler = Scheduler::start(&cluster, &flags);
    cluster.leader("").await;
    cluster.add_node("n1").await;
    cluster.add_pod("one", "100m").await;
    assert_eq!(cluster.node_of("one").await, "n1");

    let admin = way(&authority, port, folder.path(), "admin", &["system:masters"]).await;
    assert_eq!(get(&admin, "/healthz").await.unwrap(), "ok");
    let ready = "[+]leaderElection ok\n[+]shutdown ok\n[+]sched-handler-sync ok\nreadyz check passed\n";
    assert_eq!(get(&admin, "/readyz?verbose").await.unwrap(), ready);
    let metrics = get(&admin, "/metrics").await.unwrap();
    for line in [
        "scheduler_schedule_attempts_total{result=\"scheduled\",profile=\"default-scheduler\"} 1\n",
        "leader_election_master_status{name=\"kube-scheduler\"} 1\n",
        "scheduler_pending_pods{queue=\"active\"} 0\n",
        "rest_client_requests_total{code=\"201\",method=\"POST\",",
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
    let resources = get(&admin, "/metrics/resources").await.unwrap();
    assert!(resources.contains("pod=\"one\",node=\"n1\""), "{resources}");
    assert!(get(&admin, "/configz").await.unwrap().starts_with("{\"componentconfig\":{"));
    assert!(get(&admin, "/flagz").await.unwrap().contains("leader-elect-retry-period"));

    let nobody = way(&authority, port, folder.path(), "nobody", &[]).await;
    assert_eq!(get(&nobody, "/livez").await.unwrap(), "ok");
    let refusal = get(&nobody, "/metrics").await.unwrap_err();
    assert!(refusal.contains("User \"nobody\" cannot get path \"/metrics\""), "{refusal}");

    scheduler.signal("USR2");
    scheduler.wait_for("Dump of scheduling queue");
    assert!(scheduler.log().contains("node n1: 1 pods: default/one"), "{}", scheduler.log());
    assert!(scheduler.terminate().success(), "{}", scheduler.log());
}
