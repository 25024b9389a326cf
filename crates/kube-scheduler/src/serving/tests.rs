//! A site is asked as over a connection, without one.

use std::time::Duration;

use component::body::Body as SentBody;
use component::metrics::Options;
use component::shutdown::{Shutdown, Stage};
use delegation::{Authentication, Authorization, authorization};
use serde_json::json;
use tokio::sync::watch;
use wire::config::FeatureGates;

use super::*;
use crate::double::{Double, Reply};

struct World {
    site: Arc<Site>,
    shutdown: Shutdown,
    synced: watch::Sender<bool>,
    verbosity: watch::Receiver<u32>,
    permission: Permission,
    metrics: Metrics,
}

impl World {
    fn new(delegation: Option<Delegation>) -> World {
        let shutdown = Shutdown::new();
        let (synced, is_synced) = watch::channel(false);
        let (told, verbosity) = watch::channel(0);
        let permission = Permission::none();
        let gates = FeatureGates::default();
        let metrics = Metrics::new(Options::default(), &gates);
        let double = Double::new(|_| {
            let pod = json!({"metadata": {"name": "a", "namespace": "n"}, "spec": {
                "containers": [{"name": "c", "resources": {"requests": {"cpu": "1"}}}],
            }});
            Reply::Ok(json!({"kind": "PodList", "metadata": {"resourceVersion": "1"}, "items": [pod]}))
        });
        let settings = Settings {
            delegation,
            checks: Checks::new(true, shutdown.clone(), move || *is_synced.borrow()),
            metrics: metrics.clone(),
            connection: double.connection(),
            permission: permission.clone(),
            configuration: json!({"kind": "KubeSchedulerConfiguration"}),
            flags: vec![("v".into(), "2".into()), ("config".into(), "/c".into())],
            started: "2026-01-01T00:00:00Z".parse().unwrap(),
            profiling: true,
            set_verbosity: Arc::new(move |n| {
                told.send_replace(n);
            }),
            decisions: LastDecisions::default(),
        };
        let site = Arc::new(Site::new(settings, Arc::default()));
        World { site, shutdown, synced, verbosity, permission, metrics }
    }

    async fn ask(&self, method: &str, uri: &str, headers: &[(&str, &str)]) -> (u16, String, HeaderMap) {
        let mut request = http::Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = if method == "PUT" { "4" } else { "" };
        let request = request.body(component::body::RequestBody::Full(bytes::Bytes::from(body))).unwrap();
        let peer = Arc::new(Peer::remote("127.0.0.1:1".parse().unwrap(), false, Vec::new(), None));
        let response = Arc::clone(&self.site).handle(request, peer).await;
        let (parts, body): (_, SentBody) = response.into_parts();
        let body = body.collect().await.unwrap();
        (parts.status.as_u16(), String::from_utf8_lossy(&body).into_owned(), parts.headers)
    }

    async fn get(&self, uri: &str) -> (u16, String) {
        let (code, body, _) = self.ask("GET", uri, &[]).await;
        (code, body)
    }
}

fn text(code: u16, body: &str) -> (u16, String) {
    (code, body.to_owned())
}

#[tokio::test]
async fn it_is_ready_when_it_knows_the_cluster_and_until_it_ends() {
    let world = World::new(None);
    assert_eq!(world.get("/healthz").await, text(200, "ok"));
    assert_eq!(world.get("/livez?verbose").await, text(200, "[+]ping ok\nlivez check passed\n"));
    assert_eq!(
        world.get("/healthz?verbose").await,
        text(200, "[+]leaderElection ok\nhealthz check passed\n")
    );
    let not_yet = "[+]leaderElection ok\n[+]shutdown ok\n[-]sched-handler-sync failed: reason withheld\n\
                   readyz check failed\n";
    assert_eq!(world.get("/readyz").await, text(500, not_yet));
    let why = "internal server error: handlers are not fully synchronized\n";
    assert_eq!(world.get("/readyz/sched-handler-sync").await, text(500, why));
    assert_eq!(world.get("/readyz?exclude=sched-handler-sync").await.0, 200);
    world.synced.send_replace(true);
    assert_eq!(world.get("/readyz").await, text(200, "ok"));
    world.shutdown.advance(Stage::Draining);
    assert_eq!(world.get("/readyz").await.0, 500);
    assert_eq!(world.get("/livez").await.0, 200);
    assert_eq!(world.get("/livez/nothing").await.0, 404);
    let (_, slis) = world.get("/metrics/slis").await;
    for line in [
        "kubernetes_healthcheck{name=\"shutdown\",type=\"readyz\"} 0",
        "kubernetes_healthchecks_total{name=\"ping\",status=\"success\",type=\"livez\"} 2",
        "kubernetes_healthchecks_total{name=\"sched-handler-sync\",status=\"error\",type=\"readyz\"} 2",
    ] {
        assert!(slis.contains(line), "{line} in {slis}");
    }
}

#[tokio::test]
async fn metrics_are_shown_and_count_anew() {
    let world = World::new(None);
    world.metrics.families.preemption_attempts.with([]).inc();
    let (code, body, headers) = world.ask("GET", "/metrics", &[]).await;
    assert_eq!(code, 200);
    assert!(body.contains("scheduler_preemption_attempts_total 1\n"));
    assert_eq!(headers[header::CONTENT_TYPE], "text/plain; version=0.0.4; charset=utf-8");
    assert_eq!(headers[header::CACHE_CONTROL], "no-cache, private");
    let (_, compressed, headers) = world.ask("GET", "/metrics", &[("accept-encoding", "gzip")]).await;
    assert_eq!(headers[header::CONTENT_ENCODING], "gzip");
    assert!(compressed.len() < body.len());
    let (code, answer, _) = world.ask("DELETE", "/metrics", &[]).await;
    assert_eq!((code, answer.as_str()), (200, "metrics reset\n"));
    assert!(world.get("/metrics").await.1.contains("scheduler_preemption_attempts_total 0\n"));
}

#[tokio::test]
async fn only_the_leader_speaks_for_pods() {
    let world = World::new(None);
    assert_eq!(world.get("/metrics/resources").await, text(200, ""));
    world.permission.give();
    let (code, body) = world.get("/metrics/resources").await;
    assert_eq!(code, 200);
    assert!(body.contains(r#"kube_pod_resource_request{namespace="n",pod="a""#), "{body}");
}

#[tokio::test]
async fn it_says_how_it_is_configured() {
    let world = World::new(None);
    let configz = r#"{"componentconfig":{"kind":"KubeSchedulerConfiguration"}}"#;
    assert_eq!(world.get("/configz").await, text(200, configz));
    let (_, flagz) = world.get("/flagz").await;
    assert!(
        flagz.starts_with(
            "\nkube-scheduler flagz\nWarning: This endpoint is not meant to be machine parseable"
        )
    );
    let lines: Vec<&str> = flagz.lines().skip(4).collect();
    assert!(lines[0].starts_with("config") && lines[1].starts_with('v'), "sorted: {lines:?}");
    let (_, statusz) = world.get("/statusz").await;
    assert!(statusz.contains("Thu Jan  1 00:00:00 UTC 2026"), "{statusz}");
    let accept = "application/json;v=v1beta1;g=config.k8s.io;as=Flagz";
    let (_, object, _) = world.ask("GET", "/flagz", &[("accept", accept)]).await;
    let object: Value = serde_json::from_str(&object).unwrap();
    let expected = json!({
        "kind": "Flagz", "apiVersion": "config.k8s.io/v1beta1", "metadata": {"name": "kube-scheduler"},
        "flags": {"config": "/c", "v": "2"},
    });
    assert_eq!(object, expected);
    let accept = "application/json;v=v1alpha1;g=config.k8s.io;as=Statusz";
    let (_, object, headers) = world.ask("GET", "/statusz", &[("accept", accept)]).await;
    let object: Value = serde_json::from_str(&object).unwrap();
    assert_eq!(
        (&object["startTime"], &object["binaryVersion"]),
        (&json!("2026-01-01T00:00:00Z"), &json!("1.36"))
    );
    assert!(headers.contains_key(header::WARNING));
    assert_eq!(world.ask("GET", "/statusz", &[("accept", "application/json")]).await.0, 406);
    assert_eq!(world.ask("POST", "/statusz", &[]).await.0, 405);
}

#[tokio::test]
async fn debugging_says_what_there_is_not() {
    let world = World::new(None);
    assert!(world.get("/debug/pprof/").await.1.contains("not written in Go"));
    let (code, heap) = world.get("/debug/pprof/heap").await;
    assert!(code == 501 && heap.starts_with("heap is a profile of Go's runtime"), "{code} {heap}");
    assert_eq!(world.get("/debug/pprof/cmdline").await.0, 200);
    let (code, body, _) = world.ask("PUT", "/debug/flags/v", &[]).await;
    assert_eq!((code, body.as_str()), (200, "successfully set klog.logging.verbosity to 4"));
    assert_eq!(*world.verbosity.borrow(), 4);
    assert_eq!(world.get("/nothing").await, text(404, "404 page not found\n"));
    assert_eq!(world.get("/debug/steersman/pods/n/a").await.0, 404);
}

#[tokio::test]
async fn who_may_ask_is_not_decided_here() {
    let settings = authorization::Settings {
        always_allow_paths: vec!["/healthz".into()],
        authorized_ttl: Duration::ZERO,
        unauthorized_ttl: Duration::ZERO,
    };
    let delegation = Delegation {
        authentication: Arc::new(Authentication::new(None, Duration::ZERO)),
        authorization: Arc::new(Authorization::new(None, settings).unwrap()),
    };
    let world = World::new(Some(delegation));
    assert_eq!(world.get("/healthz").await.0, 200);
    for path in ["/healthz/leaderElection", "/metrics", "/configz", "/debug/pprof/", "/nothing"] {
        assert_eq!(world.get(path).await.0, 403, "{path}");
    }
}
