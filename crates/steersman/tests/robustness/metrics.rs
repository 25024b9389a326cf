//! What is declared is counted.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::process::Server;

/// Values by name and labels.
type Samples = BTreeMap<String, f64>;

/// Reads Prometheus' text format 0.0.4, strictly.
fn parse(text: &str) -> (BTreeMap<String, String>, Samples) {
    let mut types = BTreeMap::new();
    let mut samples = Samples::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(types.insert(name.to_owned(), kind.to_owned()).is_none(), "{name} is there twice");
            continue;
        }
        if line.starts_with("# HELP ") {
            continue;
        }
        let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
        let value = if value == "+Inf" { f64::INFINITY } else { value.parse().unwrap() };
        let name = series.split('{').next().unwrap();
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'), "{line}");
        check_labels(series);
        let family = ["_bucket", "_sum", "_count"].into_iter().find_map(|suffix| {
            let family = name.strip_suffix(suffix)?;
            (types.get(family).map(String::as_str) == Some("histogram")).then(|| family.to_owned())
        });
        let family = family.unwrap_or_else(|| name.to_owned());
        assert!(types.contains_key(&family), "{line} comes without a type");
        assert!(samples.insert(series.to_owned(), value).is_none(), "{series} is there twice");
    }
    (types, samples)
}

fn check_labels(series: &str) {
    let Some((_, labels)) = series.split_once('{') else { return };
    let mut rest = labels.strip_suffix('}').unwrap_or_else(|| panic!("{series}"));
    while !rest.is_empty() {
        let (name, tail) = rest.split_once("=\"").unwrap_or_else(|| panic!("{series}"));
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'), "{series}");
        let mut is_escaped = false;
        let end = tail.char_indices().find(|(_, c)| {
            let is_end = *c == '"' && !is_escaped;
            is_escaped = *c == '\\' && !is_escaped;
            is_end
        });
        rest = &tail[end.unwrap_or_else(|| panic!("{series}")).0 + 1..];
        rest = rest.strip_prefix(',').unwrap_or(rest);
    }
}

fn sum(samples: &Samples, name: &str, labels: &[&str]) -> f64 {
    let of = |series: &str| series == name || series.starts_with(&format!("{name}{{"));
    let has = |series: &str| labels.iter().all(|label| series.contains(label));
    samples.iter().filter(|(series, _)| of(series) && has(series)).map(|(_, value)| value).sum()
}

#[tokio::test]
async fn every_family_is_moved_by_what_it_counts() {
    let server = Server::start(&["--max-mutating-requests-inflight=1", "--request-timeout=2s"]).await;
    let client = server.client();
    let mut connection = client.connect().await.unwrap();
    let maps = "/api/v1/namespaces/default/configmaps";
    let (_, before) = parse(&client.get("/metrics").await.text());

    let mut watch = client.dial("http/1.1").await.unwrap();
    watch.write_all(client.head(&format!("GET {maps}?watch=1"), "").as_bytes()).await.unwrap();
    for i in 0..3 {
        let object = format!(r#"{{"metadata":{{"name":"m{i}"}}}}"#);
        assert_eq!(connection.ask("POST", maps, &object).await.unwrap().status, 201);
    }
    assert_eq!(
        connection.ask("PATCH", &format!("{maps}/m0"), r#"{"data":{"a":"b"}}"#).await.unwrap().status,
        200
    );
    assert_eq!(
        connection
            .ask("POST", &format!("{maps}?dryRun=All"), r#"{"metadata":{"name":"d"}}"#)
            .await
            .unwrap()
            .status,
        201
    );
    assert_eq!(connection.ask("DELETE", &format!("{maps}/m0"), "").await.unwrap().status, 200);
    assert_eq!(connection.ask("GET", maps, "").await.unwrap().status, 200);
    let version =
        connection.ask("GET", maps, "").await.unwrap().json()["metadata"]["resourceVersion"].clone();
    let exact = format!("{maps}?resourceVersionMatch=Exact&resourceVersion={}", version.as_str().unwrap());
    assert_eq!(connection.ask("GET", &exact, "").await.unwrap().status, 200);
    let revisions = "/apis/apps/v1/namespaces/default/controllerrevisions";
    let too_large =
        format!(r#"{{"metadata":{{"name":"l"}},"revision":1,"data":{{"k":"{}"}}}}"#, "x".repeat(2_000_000));
    assert!(connection.ask("POST", revisions, &too_large).await.unwrap().status >= 400);
    assert_eq!(server.client_with("user-token").get(maps).await.status, 403);
    assert_eq!(server.client_with("nobody").get(maps).await.status, 401);
    let missing = r#"{"metadata":{"name":"m"}}"#;
    assert_eq!(
        connection.ask("POST", "/api/v1/namespaces/none/configmaps", missing).await.unwrap().status,
        404
    );
    assert_eq!(connection.ask("GET", "/apis/made.up/v1/things", "").await.unwrap().status, 404);
    // Somebody who is slow, and somebody for whom there is no turn.
    let user = server.client_with("user-token");
    let reviews = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    let mut slow = user.dial("http/1.1").await.unwrap();
    let head =
        user.head(&format!("POST {reviews}"), "Content-Type: application/json\r\nContent-Length: 9\r\n");
    slow.write_all(head.as_bytes()).await.unwrap();
    let during = loop {
        let (_, during) = parse(&client.get("/metrics").await.text());
        if sum(&during, "apiserver_current_inflight_requests", &["mutating"]) == 1.0 {
            break during;
        }
    };
    let waiting = tokio::spawn(async move { user.ask("POST", reviews, "{}").await.status });
    loop {
        let (_, during) = parse(&client.get("/metrics").await.text());
        if sum(&during, "apiserver_current_inqueue_requests", &["mutating"]) == 1.0 || waiting.is_finished() {
            break;
        }
    }
    assert_eq!(waiting.await.unwrap(), 429);
    assert_eq!(sum(&during, "apiserver_registered_watchers", &["kind=\"ConfigMap\""]), 1.0);
    assert_eq!(
        sum(&during, "apiserver_longrunning_requests", &["verb=\"WATCH\"", "resource=\"configmaps\""]),
        1.0
    );
    let mut events = vec![0; 64 << 10];
    while !String::from_utf8_lossy(&events).contains("DELETED") {
        let n = watch.read(&mut events).await.unwrap();
        assert!(n > 0);
        events.resize(64 << 10, 0);
    }
    let (types, after) = parse(&client.get("/metrics").await.text());

    let maps_only: &[&str] = &["resource=\"configmaps\""];
    for (name, labels, grown) in [
        (
            "apiserver_request_total",
            &["verb=\"POST\"", "resource=\"configmaps\"", "code=\"201\"", "dry_run=\"\""][..],
            3.0,
        ),
        ("apiserver_request_total", &["dry_run=\"All\"", "code=\"201\""], 1.0),
        ("apiserver_request_total", &["code=\"403\""], 1.0),
        ("apiserver_request_duration_seconds_count", &["verb=\"DELETE\"", "configmaps"], 1.0),
        ("apiserver_request_sli_duration_seconds_count", &["verb=\"PATCH\"", "configmaps"], 1.0),
        ("apiserver_response_sizes_count", &["verb=\"LIST\"", "configmaps"], 4.0),
        ("apiserver_watch_events_total", maps_only, 5.0),
        ("apiserver_watch_cache_events_received_total", maps_only, 5.0),
        ("apiserver_cache_list_total", maps_only, 2.0),
        ("apiserver_cache_list_fetched_objects_total", maps_only, 4.0),
        ("apiserver_cache_list_returned_objects_total", maps_only, 4.0),
        ("apiserver_storage_list_total", maps_only, 1.0),
        ("apiserver_storage_list_fetched_objects_total", maps_only, 2.0),
        ("apiserver_storage_list_returned_objects_total", maps_only, 2.0),
        ("apiserver_resource_objects", maps_only, 2.0),
        ("apiserver_storage_objects", maps_only, 2.0),
        ("etcd_requests_total", &["operation=\"delete\"", "configmaps"], 1.0),
        ("etcd_requests_total", &["operation=\"update\"", "configmaps"], 1.0),
        ("etcd_request_errors_total", &["operation=\"create\"", "controllerrevisions"], 1.0),
        ("etcd_request_duration_seconds_count", &["operation=\"create\"", "configmaps"], 3.0),
        ("authentication_attempts", &["failure"], 1.0),
        ("authentication_duration_seconds_count", &["failure"], 1.0),
        ("authorization_attempts_total", &["no-opinion"], 1.0),
        ("authorization_duration_seconds_count", &["no-opinion"], 1.0),
        ("apiserver_request_terminations_total", &["code=\"429\""], 1.0),
        (
            "apiserver_admission_controller_admission_duration_seconds_count",
            &["NamespaceLifecycle", "type=\"admit\"", "CREATE", "rejected=\"true\""],
            1.0,
        ),
        (
            "apiserver_admission_step_admission_duration_seconds_count",
            &["type=\"validate\"", "operation=\"UPDATE\""],
            1.0,
        ),
    ] {
        let difference = sum(&after, name, labels) - sum(&before, name, labels);
        assert_eq!(difference, grown, "{name} {labels:?}");
    }
    assert!(sum(&after, "authenticated_user_requests", &["username=\"admin\""]) > 10.0);
    assert!(sum(&after, "apiserver_storage_size_bytes", &[]) > 0.0);
    assert!(sum(&after, "apiserver_watch_cache_resource_version", maps_only) > 0.0);
    assert!(!after.keys().any(|series| series.contains("made.up")), "what nobody serves gets no series");
    // A watcher of everything, and one that is ended, are counted too: with the list of all families below.
    let _ = connection
        .send("GET", "/api/v1/namespaces?watch=1&timeoutSeconds=1", &[], Bytes::new())
        .await
        .unwrap();
    let (_, last) = parse(&client.get("/metrics").await.text());
    assert!(sum(&last, "apiserver_init_events_total", &["namespaces"]) >= 4.0);

    let without_series = ["apiserver_terminated_watchers_total"];
    let seen: BTreeSet<&str> =
        types.keys().map(String::as_str).chain(["apiserver_init_events_total"]).collect();
    for name in declared() {
        assert!(
            seen.contains(name.as_str()) || without_series.contains(&name.as_str()),
            "{name} never moves"
        );
    }
}

/// The families that the source declares.
fn declared() -> Vec<String> {
    let source = include_str!("../../../component/src/metrics/apiserver.rs");
    let source = source.split("#[cfg(test)]").next().unwrap();
    let quoted = source.split('"').skip(1).step_by(2);
    let is_family = |text: &&str| {
        ["apiserver_", "etcd_", "authenti", "authoriz"].iter().any(|prefix| text.starts_with(prefix))
            && text.chars().all(|c| c.is_ascii_lowercase() || c == '_')
    };
    let declared: Vec<String> = quoted.filter(is_family).map(str::to_owned).collect();
    assert!(declared.len() > 20, "{declared:?}");
    declared
}
