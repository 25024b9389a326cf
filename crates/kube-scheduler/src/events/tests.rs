//! The recorder against a server that writes down what it is told.

use std::sync::Arc;
use std::time::Duration;

use base::Now;
use scheduling::engine::EventKind;
use scheduling::model::PodKey;
use serde_json::json;

use super::Recorder;
use crate::Clock;
use crate::double::{Double, Reply};

fn key(name: &str) -> PodKey {
    PodKey { namespace: "shop".into(), name: name.into() }
}

struct World {
    double: Double,
    recorder: Recorder,
    clock: Clock,
}

impl World {
    fn around(double: Double) -> World {
        let clock = Clock::starting_at(Now::from_nanos(1_767_999_614_000_000_000));
        let recorder = Recorder::start(double.connection(), "host", clock);
        World { double, recorder, clock }
    }

    fn say(&self, pod: &str, kind: EventKind, note: &str) {
        let (uid, reporter): (Arc<str>, Arc<str>) = (pod.into(), "default-scheduler".into());
        self.recorder.record(key(pod), uid, None, reporter, kind, note.to_owned(), self.clock.now());
    }
}

async fn minutes(n: u64) {
    tokio::time::sleep(Duration::from_secs(n * 60)).await;
}

#[tokio::test(start_paused = true)]
async fn an_event_says_what_upstream_says() {
    let world = World::around(Double::new(|_| Reply::Ok(json!({}))));
    world.say("web", EventKind::Scheduled, "Successfully assigned shop/web to n1");
    let preemptor = Some((key("big"), Arc::from("u-big")));
    let (uid, reporter): (Arc<str>, Arc<str>) = ("u-small".into(), "default-scheduler".into());
    let note = "Preempted by pod u-big on node n1".to_owned();
    world.recorder.record(
        key("small"),
        uid,
        preemptor,
        reporter,
        EventKind::Preempted,
        note,
        world.clock.now(),
    );
    minutes(1).await;
    let asked = world.double.asked();
    assert_eq!(asked[0].path, "/apis/events.k8s.io/v1/namespaces/shop/events");
    assert_eq!(
        asked[0].body,
        json!({
            "apiVersion": "events.k8s.io/v1", "kind": "Event",
            "metadata": {"name": "web.188932481b7f6c00", "namespace": "shop"},
            "eventTime": "2026-01-09T23:00:14.000000Z",
            "reportingController": "default-scheduler", "reportingInstance": "default-scheduler-host",
            "action": "Binding", "reason": "Scheduled", "type": "Normal",
            "regarding": {"apiVersion": "v1", "kind": "Pod", "namespace": "shop", "name": "web", "uid": "web"},
            "note": "Successfully assigned shop/web to n1",
        })
    );
    assert_eq!(asked[1].body["related"]["uid"], "u-big");
    assert_eq!((&asked[1].body["action"], &asked[1].body["type"]), (&json!("Preempting"), &json!("Normal")));
}

#[tokio::test(start_paused = true)]
async fn what_is_said_again_becomes_a_series() {
    let world = World::around(Double::new(|_| Reply::Ok(json!({}))));
    for n in 0..60 {
        world.say("web", EventKind::FailedScheduling, &format!("0/{n} nodes are available"));
        minutes(1).await;
    }
    // The first, the second, and one after half an hour.
    let asked = world.double.asked();
    let methods: Vec<&str> = asked.iter().map(|asked| asked.method.as_str()).collect();
    assert_eq!(methods, ["POST", "PATCH", "PATCH"]);
    assert_eq!(asked[1].body["series"]["count"], 2);
    let count = asked[2].body["series"]["count"].as_u64().unwrap();
    assert!((30..=34).contains(&count), "{count}");
    assert_eq!(asked[0].body["metadata"]["name"], asked[1].path.rsplit('/').next().unwrap());
    // When it is over, how often it was is written down; later it begins anew.
    minutes(10).await;
    assert_eq!(world.double.asked()[3].body["series"]["count"], 60);
    world.say("web", EventKind::FailedScheduling, "again");
    minutes(1).await;
    assert_eq!(world.double.asked()[4].method, "POST");
    assert_eq!(world.double.asked().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_series_whose_event_has_expired_is_written_whole() {
    let world = World::around(Double::new(|asked| match asked.method.as_str() {
        "PATCH" => Reply::Refused(404, "NotFound"),
        _ => Reply::Ok(json!({})),
    }));
    world.say("web", EventKind::FailedScheduling, "no");
    world.say("web", EventKind::FailedScheduling, "no");
    minutes(1).await;
    let asked = world.double.asked();
    assert_eq!(asked.len(), 3);
    assert_eq!((asked[2].method.as_str(), &asked[2].body["series"]["count"]), ("POST", &json!(2)));
}

#[tokio::test(start_paused = true)]
async fn too_many_events_are_dropped_and_none_is_waited_for() {
    let world = World::around(Double::new(|_| Reply::Silence));
    for n in 0..3000 {
        world.say(&format!("web-{n}"), EventKind::Scheduled, "");
        if n % 100 == 0 {
            tokio::task::yield_now().await;
        }
    }
    minutes(1).await;
    assert_eq!(world.double.asked().len(), 4, "so many writes at once");
    assert!((1980..=2000).contains(&world.recorder.n_dropped()), "{}", world.recorder.n_dropped());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_cannot_be_reached_is_tried_twelve_times_and_one_that_refuses_once() {
    let world = World::around(Double::new(|_| Reply::Broken));
    world.say("web", EventKind::Scheduled, "");
    minutes(10).await;
    assert_eq!(world.double.asked().len(), 12);
    let world = World::around(Double::new(|_| Reply::Refused(403, "Forbidden")));
    world.say("web", EventKind::Scheduled, "");
    minutes(10).await;
    assert_eq!(world.double.asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_name_is_never_too_long() {
    let world = World::around(Double::new(|_| Reply::Ok(json!({}))));
    let long = "x".repeat(250);
    let (uid, reporter): (Arc<str>, Arc<str>) = ("u1".into(), "s".into());
    world.recorder.record(
        key(&long),
        uid,
        None,
        reporter,
        EventKind::Scheduled,
        String::new(),
        world.clock.now(),
    );
    minutes(1).await;
    assert_eq!(world.double.asked()[0].body["metadata"]["name"], "u1.188932481b7f6c00");
}
