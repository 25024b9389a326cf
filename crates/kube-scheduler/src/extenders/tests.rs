//! Decisions together with an extender that is reached over HTTPS.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use base::Now;
use component::body::Body;
use component::certificates::{Authority, Subject};
use component::serving::{self, Handler, Peer, Request, Response, Tls, TlsOptions};
use component::shutdown::{Shutdown, Stage};
use http::StatusCode;
use rustls::RootCertStore;
use scheduling::engine::{Command, Input, Scheduler, Step};
use serde_json::{Value, json};
use wire::config::{ExtenderManagedResource, ExtenderTlsConfig, FeatureGates, SchedulerConfiguration};
use wire::{Kind, Object};

use super::*;
use crate::double::{Double, Reply};
use crate::events::Recorder;
use crate::executor::{Completion, Executor};
use crate::{Clock, Permission};

type Say = dyn Fn(&str, &Value) -> (u16, Value) + Send + Sync;

/// An extender: a server of its own, with certificates of its own.
struct Server {
    authority: Authority,
    url: String,
    asked: Arc<Mutex<Vec<(String, Value)>>>,
    /// Who asked, by certificate.
    names: Arc<Mutex<BTreeSet<String>>>,
    shutdown: Shutdown,
    _folder: tempfile::TempDir,
}

struct Answers {
    say: Box<Say>,
    asked: Arc<Mutex<Vec<(String, Value)>>>,
    names: Arc<Mutex<BTreeSet<String>>>,
}

impl Handler for Answers {
    async fn handle(self: Arc<Self>, request: Request, peer: Arc<Peer>) -> Response {
        assert_eq!(request.method(), http::Method::POST);
        assert_eq!(request.headers()["content-type"], "application/json");
        let path = request.uri().path().to_owned();
        let body = request.into_body().read(1 << 20).await.unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        if let Some(subject) = peer.certificates().first().and_then(Subject::of) {
            self.names.lock().unwrap().insert(subject.common_name);
        }
        self.asked.lock().unwrap().push((path.clone(), body.clone()));
        let (code, answer) = (self.say)(&path, &body);
        if code == 0 {
            std::future::pending::<()>().await;
        }
        let mut response = Response::new(Body::full(answer.to_string()));
        *response.status_mut() = StatusCode::from_u16(code).unwrap();
        response
    }
}

fn now() -> jiff::Timestamp {
    #[allow(clippy::disallowed_methods, reason = "the library that verifies looks at the clock as well")]
    jiff::Timestamp::now()
}

impl Server {
    fn start(say: impl Fn(&str, &Value) -> (u16, Value) + Send + Sync + 'static) -> Server {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::open(folder.path(), now()).unwrap();
        let identity = authority.serving("extender", &["localhost".to_owned()], now()).unwrap();
        let mut roots = RootCertStore::empty();
        authority.add_to(&mut roots).unwrap();
        let tls = Tls::new(&identity, roots, &TlsOptions::default()).unwrap();
        let listener = serving::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let (asked, names, shutdown) = (Arc::default(), Arc::default(), Shutdown::new());
        let url = format!("https://localhost:{}/scheduler/", listener.address().port());
        let answers =
            Arc::new(Answers { say: Box::new(say), asked: Arc::clone(&asked), names: Arc::clone(&names) });
        let settings = serving::Settings { stop_wait: Duration::ZERO, ..serving::Settings::default() };
        tokio::spawn(serving::serve(listener, tls, settings, answers, shutdown.clone()));
        Server { authority, url, asked, names, shutdown, _folder: folder }
    }

    /// An extender of which nothing is configured but how it is reached.
    fn configured(&self) -> config::Extender {
        let client = self.authority.sign_client(&Subject::new("scheduler", &[]), now()).unwrap();
        config::Extender {
            url_prefix: self.url.clone(),
            enable_https: true,
            weight: 1,
            tls_config: Some(ExtenderTlsConfig {
                ca_data: self.authority.certificate_pem().into(),
                cert_data: client.certificate_pem.into(),
                key_data: client.key_pem.into(),
                ..ExtenderTlsConfig::default()
            }),
            ..config::Extender::default()
        }
    }

    fn asked(&self) -> Vec<(String, Value)> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shutdown.advance(Stage::Ending);
    }
}

/// A core with extenders.
struct World {
    scheduler: Scheduler,
    extenders: Extenders,
}

impl World {
    fn new(extenders: Vec<config::Extender>) -> World {
        let gates = FeatureGates::default();
        let configuration =
            SchedulerConfiguration { extenders, ..SchedulerConfiguration::default_for(&gates) };
        let mut scheduler = Scheduler::new(&configuration, gates, 7).unwrap();
        let extenders = Extenders::new(&configuration.extenders).unwrap().expect("there are some");
        scheduler.set_extenders(extenders.deciding());
        let mut world = World { scheduler, extenders };
        for name in ["n1", "n2", "n3"] {
            let node = json!({
                "metadata": {"name": name, "annotations": {"firmware": "7"}},
                "status": {"allocatable": {"cpu": "2", "memory": "4Gi", "pods": "10", "example.com/gpu": "4"}},
            });
            world.take_in(Kind::Node, &node);
        }
        world
    }

    fn take_in(&mut self, kind: Kind, object: &Value) {
        let text = object.to_string();
        let object: Object = wire::decode::json_object(kind, &text).unwrap();
        self.extenders.onlooker().upsert(&object, &text);
        self.scheduler.step(Input::Upsert(&object), Now::from_nanos(1));
    }

    fn pod(&mut self, name: &str, spec: &Value) {
        let mut spec = spec.clone();
        spec["schedulerName"] = "default-scheduler".into();
        let pod = json!({
            "metadata": {"name": name, "namespace": "default", "uid": name, "annotations": {"kept": "yes"}},
            "spec": spec,
        });
        self.take_in(Kind::Pod, &pod);
    }

    /// Decides about the next pod: its node, or what the user is told.
    fn decide(&mut self) -> String {
        let step = self.scheduler.step(Input::Schedule, Now::from_nanos(1));
        said(&step)
    }
}

fn said(step: &Step) -> String {
    let node = step.commands.iter().find_map(|command| match command {
        Command::Bind { node, .. } => Some(node.to_string()),
        _ => None,
    });
    node.unwrap_or_else(|| step.tried.as_ref().map(|tried| tried.message.clone()).unwrap_or_default())
}

fn asking(resource: &str, amount: &str) -> Value {
    json!({"containers": [{"name": "c", "resources": {"requests": {resource: amount}, "limits": {resource: amount}}}]})
}

fn verbs(configured: config::Extender, filter: &str, prioritize: &str, preempt: &str) -> config::Extender {
    config::Extender {
        filter_verb: filter.to_owned(),
        prioritize_verb: prioritize.to_owned(),
        preempt_verb: preempt.to_owned(),
        ..configured
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_are_filtered_and_scored_with_everything_in_them() {
    let server = Server::start(|path, asked| match path {
        "/scheduler/filter" => {
            let items = asked["Nodes"]["items"].as_array().unwrap();
            let kept: Vec<&Value> = items.iter().filter(|node| node["metadata"]["name"] != "n1").collect();
            (200, json!({"nodes": {"items": kept}, "failedNodes": {"n1": "too hot"}, "unknown": 1}))
        }
        "/scheduler/prioritize" => (200, json!([{"Host": "n2", "Score": 1}, {"Host": "n3", "Score": 9}])),
        _ => (404, json!({})),
    });
    let mut world = World::new(vec![verbs(server.configured(), "filter", "prioritize", "")]);
    world.pod("a", &asking("cpu", "100m"));
    assert_eq!(world.decide(), "n3");
    let asked = server.asked();
    assert_eq!(asked.len(), 2);
    let args = &asked[0].1;
    assert_eq!(args["Pod"]["metadata"]["annotations"]["kept"], "yes");
    assert_eq!(args["NodeNames"], Value::Null);
    assert_eq!(args["Nodes"]["items"][0]["metadata"]["annotations"]["firmware"], "7");
    assert_eq!(args["Nodes"]["items"].as_array().unwrap().len(), 3);
    assert_eq!(asked[1].1["Nodes"]["items"].as_array().unwrap().len(), 2, "only those that are left");
    assert_eq!(server.names.lock().unwrap().iter().next().map(String::as_str), Some("scheduler"));
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_told_to_the_user_and_any_event_is_worth_another_try() {
    let server = Server::start(|_, asked| {
        assert_eq!(asked["Nodes"], Value::Null);
        assert_eq!(asked["NodeNames"].as_array().unwrap().len(), 3);
        let failed = json!({"n1": "too hot", "n2": "too hot", "n3": "no firmware"});
        (
            200,
            json!({"NodeNames": [], "FailedNodes": failed, "FailedAndUnresolvableNodes": {"n3": "no firmware"}}),
        )
    });
    let configured = verbs(server.configured(), "filter", "", "");
    let mut world = World::new(vec![config::Extender { node_cache_capable: true, ..configured }]);
    world.pod("a", &asking("cpu", "100m"));
    let message = world.decide();
    assert!(message.starts_with("0/3 nodes are available: 1 no firmware, 2 too hot."), "{message}");
    let waiting = world.scheduler.queue().get("a").expect("it waits");
    assert_eq!(waiting.refused_by, ["Extender"]);
    assert_eq!(world.scheduler.queue().n_unschedulable(), 1);
    let node =
        json!({"metadata": {"name": "n3", "labels": {"a": "b"}}, "status": {"allocatable": {"cpu": "2"}}});
    world.take_in(Kind::Node, &node);
    assert_eq!(world.scheduler.queue().n_unschedulable(), 0, "whatever happened may have changed its mind");
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_matter_unless_they_may_be_ignored() {
    for (code, answer, expected) in [
        (500, json!({}), "failed filter with extender at URL"),
        (200, json!({"Error": "out of order"}), "out of order"),
        (200, json!([]), "the answer is not understood"),
        (
            200,
            json!({"NodeNames": ["n9"]}),
            "claims a filtered node \"n9\" which is not found in the input node list",
        ),
        (0, json!({}), "context deadline exceeded"),
    ] {
        let server = Server::start(move |_, _| (code, answer.clone()));
        let configured = config::Extender {
            node_cache_capable: true,
            http_timeout: config::Duration::from_nanos(200_000_000),
            ..verbs(server.configured(), "filter", "", "")
        };
        let mut world = World::new(vec![configured.clone()]);
        world.pod("a", &asking("cpu", "100m"));
        let message = world.decide();
        assert!(message.contains(expected), "{expected}: {message}");
        let mut world = World::new(vec![config::Extender { ignorable: true, ..configured }]);
        world.pod("a", &asking("cpu", "100m"));
        assert!(world.decide().starts_with('n'), "{expected}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn scores_that_cannot_be_had_are_none() {
    let server = Server::start(|_, _| (500, json!({})));
    let mut world = World::new(vec![verbs(server.configured(), "", "prioritize", "")]);
    world.pod("a", &asking("cpu", "100m"));
    assert!(world.decide().starts_with('n'));
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_pods_that_ask_for_what_it_manages_are_its_business() {
    let server = Server::start(|_, _| (200, json!({"NodeNames": ["n2"]})));
    let managed = ExtenderManagedResource { name: "example.com/gpu".to_owned(), ignored_by_scheduler: false };
    let configured = config::Extender {
        node_cache_capable: true,
        managed_resources: vec![managed],
        ..verbs(server.configured(), "filter", "", "")
    };
    let mut world = World::new(vec![configured]);
    world.pod("a", &asking("cpu", "100m"));
    assert!(world.decide().starts_with('n'));
    assert_eq!(server.asked().len(), 0);
    world.pod("b", &asking("example.com/gpu", "1"));
    assert_eq!(world.decide(), "n2");
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_says_where_room_may_be_made() {
    for knows_nodes in [true, false] {
        let server = Server::start(move |_, asked| {
            let (given, absent) = if knows_nodes {
                ("NodeNameToMetaVictims", "NodeNameToVictims")
            } else {
                ("NodeNameToVictims", "NodeNameToMetaVictims")
            };
            assert_eq!(asked[absent], Value::Null);
            let victims = &asked[given]["n2"];
            let uid = if knows_nodes {
                victims["Pods"][0]["UID"].clone()
            } else {
                assert_eq!(victims["Pods"][0]["metadata"]["annotations"]["kept"], "yes");
                victims["Pods"][0]["metadata"]["uid"].clone()
            };
            (200, json!({"NodeNameToMetaVictims": {"n2": {"Pods": [{"UID": uid}], "NumPDBViolations": 0}}}))
        });
        let configured = config::Extender {
            node_cache_capable: knows_nodes,
            ..verbs(server.configured(), "", "", "preempt")
        };
        let mut world = World::new(vec![configured]);
        for node in ["n1", "n2", "n3"] {
            let mut spec = asking("cpu", "2");
            spec["nodeName"] = node.into();
            world.pod(&format!("low-{node}"), &spec);
        }
        let mut spec = asking("cpu", "2");
        spec["priority"] = 9.into();
        world.pod("high", &spec);
        let step = world.scheduler.step(Input::Schedule, Now::from_nanos(1));
        let evicted: Vec<&str> = step
            .commands
            .iter()
            .filter_map(|command| match command {
                Command::Evict { uid, node, .. } => {
                    assert_eq!(&**node, "n2");
                    Some(&**uid)
                }
                _ => None,
            })
            .collect();
        assert_eq!(evicted, ["low-n2"], "{}", said(&step));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn preemption_that_it_does_not_want_does_not_happen() {
    for (answer, expected) in [
        (json!({"NodeNameToMetaVictims": {}}), "preemption: no candidate node for preemption"),
        (
            json!({"NodeNameToMetaVictims": {"n1": {"Pods": []}}}),
            "preemption: expected at least one victim pod on node \"n1\"",
        ),
        (
            json!({"NodeNameToMetaVictims": {"n1": {"Pods": [{"UID": "stranger"}]}}}),
            "claims to preempt pod (UID: stranger) on node: n1, but the pod is not found on that node",
        ),
    ] {
        let server = Server::start(move |_, _| (200, answer.clone()));
        let configured =
            config::Extender { node_cache_capable: true, ..verbs(server.configured(), "", "", "preempt") };
        let mut world = World::new(vec![configured]);
        for node in ["n1", "n2", "n3"] {
            let mut spec = asking("cpu", "2");
            spec["nodeName"] = node.into();
            world.pod(&format!("low-{node}"), &spec);
        }
        let mut spec = asking("cpu", "2");
        spec["priority"] = 9.into();
        world.pod("high", &spec);
        let message = world.decide();
        assert!(message.contains(expected), "{message}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_are_believed_as_configured() {
    let server = Server::start(|_, _| (200, json!({"NodeNames": ["n2"]})));
    let stranger = Server::start(|_, _| (200, json!({})));
    let decide = |tls: ExtenderTlsConfig, enable_https: bool| {
        let configured = config::Extender {
            node_cache_capable: true,
            enable_https,
            tls_config: Some(tls),
            ..verbs(server.configured(), "filter", "", "")
        };
        let mut world = World::new(vec![configured]);
        world.pod("a", &asking("cpu", "100m"));
        world.decide()
    };
    let trusting = |server: &Server| ExtenderTlsConfig {
        ca_data: server.authority.certificate_pem().into(),
        ..ExtenderTlsConfig::default()
    };
    assert_eq!(decide(trusting(&server), true), "n2");
    assert!(decide(trusting(&stranger), true).contains("tls: "));
    assert!(decide(ExtenderTlsConfig::default(), false).contains("tls: "), "the computer does not know it");
    assert_eq!(
        decide(ExtenderTlsConfig::default(), true),
        "n2",
        "nobody vouches, so it is believed, as upstream"
    );
    assert_eq!(decide(ExtenderTlsConfig { insecure: true, ..ExtenderTlsConfig::default() }, false), "n2");
    let other_name = ExtenderTlsConfig { server_name: "other".to_owned(), ..trusting(&server) };
    assert!(decide(other_name, true).contains("tls: "));
    let both = ExtenderTlsConfig { insecure: true, ..trusting(&server) };
    let configured = config::Extender { tls_config: Some(both), ..server.configured() };
    let error = Extenders::new(&[configured]).err().expect("a contradiction").to_string();
    assert!(error.starts_with("extenders[0] (https://localhost:"), "{error}");
    assert!(
        error.ends_with("specifying a root certificates file with the insecure flag is not allowed"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn it_binds_in_our_place() {
    for (answer, is_ignorable, expected) in [
        (json!({}), false, "bound"),
        (json!({"Error": "no"}), false, "no"),
        (json!({"Error": "no"}), true, "bound by us"),
    ] {
        let server = Server::start(move |_, _| (200, answer.clone()));
        let configured =
            config::Extender { bind_verb: "bind".to_owned(), ignorable: is_ignorable, ..server.configured() };
        let mut world = World::new(vec![configured]);
        world.pod("a", &asking("cpu", "100m"));
        let double = Double::new(|asked| match asked.method.as_str() {
            // It is nowhere yet.
            "GET" => Reply::Ok(json!({"kind": "Pod", "metadata": {"name": "a", "uid": "a"}})),
            _ => Reply::Ok(json!({})),
        });
        let clock = Clock::starting_at(Now::default());
        let recorder = Recorder::start(double.connection(), "h", clock);
        let (completed, mut completions) = tokio::sync::mpsc::unbounded_channel();
        let extenders = Some(world.extenders.clone());
        let permission = Permission::given();
        let executor =
            Executor::new(double.connection(), recorder, permission, clock, 4, extenders, completed);
        let step = world.scheduler.step(Input::Schedule, Now::from_nanos(1));
        let bind = step.commands.into_iter().find(|command| matches!(command, Command::Bind { .. }));
        executor.begin(bind.expect("it fits"));
        let Some(Completion::Bind { result, .. }) = completions.recv().await else { panic!("a completion") };
        let by_us = double.words().iter().any(|word| word.ends_with("/binding"));
        let what = match result {
            Ok(()) if by_us => "bound by us".to_owned(),
            Ok(()) => "bound".to_owned(),
            Err(error) => error,
        };
        assert_eq!(what, expected);
        let asked = server.asked();
        assert_eq!(asked[0].0, "/scheduler/bind");
        let node = asked[0].1["Node"].clone();
        assert_eq!(
            asked[0].1,
            json!({"PodName": "a", "PodNamespace": "default", "PodUID": "a", "Node": node})
        );
    }
}
