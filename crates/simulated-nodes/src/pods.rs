//! Pods on simulated nodes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base::{Map, Stream};
use client::{Error, Resource, Settings as SourceSettings, Source, Told};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::Instant;
use wire::{Kind, Object, Pod};

use crate::nodes::{Known, is, now};
use crate::shape::address_of;
use crate::stages::Stage;
use crate::{Client, Stages};

/// How long to wait before what could not be done is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// How long to wait before it is looked again whether a pod's node is a simulated one.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// A pod and what it waits for.
struct Waiting {
    pod: Box<Pod>,
    stage: Stage,
    at: Instant,
    number: u64,
}

/// What has become of a stage: the UID of the pod, and whether it has to be tried again.
type Done = (Arc<str>, bool);

struct Simulation {
    client: Client,
    known: Known,
    stages: Stages,
    random: Stream,
    /// By UID.
    pods: Map<Arc<str>, Waiting>,
    /// UIDs by when something is to happen. The number tells those of one moment apart.
    due: BTreeMap<(Instant, u64), Arc<str>>,
    n_stages: u64,
    n_addresses: u32,
    done: mpsc::UnboundedSender<Done>,
}

/// Follows pods and leads those on simulated nodes through their stages.
pub(crate) async fn follow(client: Client, known: Known, stages: Stages) {
    let (told, mut news) = mpsc::channel(1024);
    let (done, mut results) = mpsc::unbounded_channel();
    let connection = client.connection.clone();
    let source =
        Source::new(connection, Resource::of(Kind::Pod), "spec.nodeName!=", SourceSettings::default(), 2);
    let mut simulation = Simulation {
        client,
        known: known.clone(),
        stages,
        random: Stream::new(3, "stages"),
        pods: Map::default(),
        due: BTreeMap::new(),
        n_stages: 0,
        n_addresses: first_address(),
        done,
    };
    let simulating = async {
        loop {
            let next = simulation.due.first_key_value().map(|((at, _), _)| *at);
            let wake = next.unwrap_or_else(|| Instant::now() + Duration::from_secs(3600));
            tokio::select! {
                news = news.recv() => match news {
                    Some((_, told)) => simulation.hear(told),
                    None => return,
                },
                Some(done) = results.recv() => simulation.conclude(done),
                () = tokio::time::sleep_until(wake) => simulation.act(),
            }
        }
    };
    tokio::join!(source.run(told), simulating);
}

impl Simulation {
    fn hear(&mut self, told: Told) {
        match told {
            Told::Upsert(Object::Pod(pod)) => self.upsert(pod),
            Told::Delete(Object::Pod(pod)) => drop(self.forget(&pod.metadata.uid)),
            Told::Trouble(error) => tracing::warn!(%error, "Pods on simulated nodes cannot be followed"),
            Told::Upsert(_) | Told::Delete(_) | Told::Synced => {}
        }
    }

    fn upsert(&mut self, pod: Box<Pod>) {
        let uid: Arc<str> = pod.metadata.uid.as_str().into();
        let next = self.stages.next(&pod, &mut self.random);
        let before = self.forget(&uid);
        let Some((stage, wait)) = next else { return };
        let at = match before {
            // A change of something else does not make it wait longer.
            Some(before) if before.stage == stage => before.at,
            _ => Instant::now() + wait,
        };
        self.wait(uid, pod, stage, at);
    }

    fn wait(&mut self, uid: Arc<str>, pod: Box<Pod>, stage: Stage, at: Instant) {
        self.n_stages += 1;
        let number = self.n_stages;
        self.due.insert((at, number), Arc::clone(&uid));
        self.pods.insert(uid, Waiting { pod, stage, at, number });
    }

    fn forget(&mut self, uid: &str) -> Option<Waiting> {
        let waiting = self.pods.remove(uid)?;
        self.due.remove(&(waiting.at, waiting.number));
        Some(waiting)
    }

    /// Does what is due.
    fn act(&mut self) {
        let now = Instant::now();
        while let Some(entry) = self.due.first_entry().filter(|entry| entry.key().0 <= now) {
            let uid = entry.remove();
            let Some(waiting) = self.pods.get(&uid) else { continue };
            if !self.known.contains(&waiting.pod.spec.node_name) {
                // A real node, or one that is not known yet.
                let waiting = self.pods.remove(&uid);
                if let Some(waiting) = waiting {
                    self.wait(uid, waiting.pod, waiting.stage, now + LOOK_AGAIN);
                }
                continue;
            }
            let request = match waiting.stage {
                Stage::Start => {
                    self.n_addresses = self.n_addresses.wrapping_add(1);
                    start(&waiting.pod, self.n_addresses)
                }
                Stage::Complete => complete(&waiting.pod),
                Stage::Stop => stop(&waiting.pod),
            };
            let (client, done) = (self.client.clone(), self.done.clone());
            tokio::spawn(async move {
                let again = request.carry_out(&client).await;
                // If nobody listens any more, the simulation has ended.
                let _ = done.send((uid, again));
            });
        }
    }

    /// After success the pod's object says what comes next. What has failed is tried again.
    fn conclude(&mut self, (uid, again): Done) {
        if !again {
            return;
        }
        if let Some(waiting) = self.pods.remove(&uid) {
            self.due.remove(&(waiting.at, waiting.number));
            self.wait(uid, waiting.pod, waiting.stage, Instant::now() + RETRY);
        }
    }
}

/// Where to begin with addresses, so that a process that begins anew does not give those of pods that are there already
/// for a day and a half, if the one before has not given more than 64 in a second.
#[allow(clippy::disallowed_methods, reason = "addresses are left to chance, and nothing is decided by them")]
fn first_address() -> u32 {
    let seconds = jiff::Timestamp::now().as_second();
    u32::try_from((seconds * 64).rem_euclid(1 << 23)).unwrap_or(0)
}

/// A request about a pod.
struct Request {
    method: Method,
    path: String,
    media_type: &'static str,
    body: Value,
    what: String,
}

impl Request {
    /// Returns whether it is worth another try.
    async fn carry_out(self, client: &Client) -> bool {
        let content = Some((self.media_type, self.body.to_string().into_bytes()));
        match client.send(self.method, &self.path, content, &self.what).await {
            Ok(_) => false,
            Err(error) => {
                let is_over = is(&error, StatusCode::NOT_FOUND) || is(&error, StatusCode::CONFLICT);
                if !is_over {
                    tracing::warn!(%error, "{}", self.what);
                }
                !is_over && !matches!(error, Error::Access(_))
            }
        }
    }
}

fn status(pod: &Pod, status: &Value, what: &str) -> Request {
    let metadata = &pod.metadata;
    Request {
        method: Method::PATCH,
        path: Resource::of(Kind::Pod).object_path(&metadata.namespace, &metadata.name, "status"),
        media_type: "application/strategic-merge-patch+json",
        body: json!({ "metadata": { "uid": metadata.uid }, "status": status }),
        what: format!("{what} pod {}/{}", metadata.namespace, metadata.name),
    }
}

fn conditions(now: &str, is_ready: bool) -> Vec<Value> {
    let condition = |kind: &str, holds: bool| {
        let mut condition = json!({
            "type": kind, "status": if holds { "True" } else { "False" }, "lastTransitionTime": now,
        });
        if !holds {
            condition["reason"] = "PodCompleted".into();
        }
        condition
    };
    vec![
        condition("PodReadyToStartContainers", is_ready),
        condition("Initialized", true),
        condition("Ready", is_ready),
        condition("ContainersReady", is_ready),
    ]
}

fn container(pod: &Pod, name: &str, image: &str, is_ready: bool, state: &Value) -> Value {
    json!({
        "name": name, "image": image, "imageID": format!("simulated://{image}"),
        "containerID": format!("simulated://{}/{name}", pod.metadata.uid),
        "ready": is_ready, "started": is_ready, "restartCount": 0, "state": state,
    })
}

fn start(pod: &Pod, number: u32) -> Request {
    let now = now();
    // 10.128.0.0/9, over and over again.
    let [_, b, c, d] = number.to_be_bytes();
    let address = format!("10.{}.{c}.{d}", 128 | b);
    let running = json!({ "running": { "startedAt": now } });
    let finished = terminated(&now);
    let containers = pod.spec.containers.iter();
    let containers = containers.map(|one| container(pod, &one.name, &one.image, true, &running));
    let init = pod.spec.init_containers.iter().map(|one| {
        let is_sidecar = one.restart_policy == "Always";
        container(pod, &one.name, &one.image, true, if is_sidecar { &running } else { &finished })
    });
    let mut told = json!({
        "phase": "Running",
        "startTime": now,
        "podIP": address,
        "podIPs": [{ "ip": address }],
        "conditions": conditions(&now, true),
        "containerStatuses": containers.collect::<Vec<_>>(),
        "initContainerStatuses": init.collect::<Vec<_>>(),
        "observedGeneration": pod.metadata.generation,
    });
    if let Some(host) = address_of(&pod.spec.node_name) {
        told["hostIPs"] = json!([{ "ip": host }]);
        told["hostIP"] = host.into();
    }
    status(pod, &told, "starting")
}

fn terminated(now: &str) -> Value {
    json!({ "terminated": { "exitCode": 0, "reason": "Completed", "startedAt": now, "finishedAt": now } })
}

fn complete(pod: &Pod) -> Request {
    let now = now();
    let finished = terminated(&now);
    let containers = pod.spec.containers.iter();
    let containers = containers.map(|one| container(pod, &one.name, &one.image, false, &finished));
    let told = json!({
        "phase": "Succeeded",
        "conditions": conditions(&now, false),
        "containerStatuses": containers.collect::<Vec<_>>(),
    });
    status(pod, &told, "completing")
}

/// Lets the object go, as a kubelet does when all containers have stopped.
fn stop(pod: &Pod) -> Request {
    let metadata = &pod.metadata;
    Request {
        method: Method::DELETE,
        path: Resource::of(Kind::Pod).object_path(&metadata.namespace, &metadata.name, ""),
        media_type: "application/json",
        body: json!({
            "apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0,
            "preconditions": { "uid": metadata.uid },
        }),
        what: format!("stopping pod {}/{}", metadata.namespace, metadata.name),
    }
}
