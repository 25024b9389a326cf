//! The objects of simulated nodes.

use std::sync::{Arc, Mutex, PoisonError};

use base::Set;
use client::{Error, Resource, Settings as SourceSettings, Source, Told};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use wire::{Kind, Node, Object, Taint};

use crate::shape::{conditions, name};
use crate::{Client, LABEL, Settings};

/// Makes the nodes that are missing, and says of the others that they are ready again.
pub(crate) async fn create(client: &Client, settings: &Settings) -> Result<(), Error> {
    let now = now();
    let mut making = JoinSet::new();
    for number in 1..=settings.n_nodes {
        let (client, now) = (client.clone(), now.clone());
        let node = settings.shape.node(number, &now).to_string().into_bytes();
        making.spawn(async move {
            let what = format!("making the simulated node {}", name(number));
            let content = Some(("application/json", node));
            match client.send(Method::POST, "/api/v1/nodes", content, &what).await {
                Err(error) if is(&error, StatusCode::CONFLICT) => {
                    let patch = json!({ "status": { "conditions": conditions(&now) } });
                    let content =
                        Some(("application/strategic-merge-patch+json", patch.to_string().into_bytes()));
                    let path = Resource::of(Kind::Node).object_path("", &name(number), "status");
                    client.send(Method::PATCH, &path, content, &what).await.map(drop)
                }
                made => made.map(drop),
            }
        });
    }
    while let Some(made) = making.join_next().await {
        // A task that panicked has printed why.
        if let Ok(made) = made {
            made?;
        }
    }
    Ok(())
}

/// The names of the nodes that are simulated. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Known(Arc<KnownInside>);

#[derive(Default)]
struct KnownInside {
    names: Mutex<Set<Arc<str>>>,
    changed: Notify,
}

impl Known {
    pub(crate) fn contains(&self, name: &str) -> bool {
        self.0.names.lock().unwrap_or_else(PoisonError::into_inner).contains(name)
    }

    /// All names, in an order that stays.
    pub(crate) fn sorted(&self) -> Vec<Arc<str>> {
        let names = self.0.names.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sorted: Vec<Arc<str>> = names.iter().map(Arc::clone).collect();
        sorted.sort_unstable();
        sorted
    }

    /// Waits until nodes have come or gone.
    pub(crate) async fn changed(&self) {
        self.0.changed.notified().await;
    }

    fn set(&self, name: &str, is_simulated: bool) {
        let mut names = self.0.names.lock().unwrap_or_else(PoisonError::into_inner);
        let has_changed = if is_simulated { names.insert(name.into()) } else { names.remove(name) };
        drop(names);
        if has_changed {
            self.0.changed.notify_waiters();
            self.0.changed.notify_one();
        }
    }
}

/// Follows which nodes are simulated.
pub(crate) async fn follow(client: Client, known: Known) {
    let (told, mut news) = mpsc::channel(256);
    let connection = client.connection.clone();
    let source = Source::new(connection, Resource::of(Kind::Node), "", SourceSettings::default(), 1);
    let following = async {
        while let Some((_, told)) = news.recv().await {
            match told {
                Told::Upsert(node) => {
                    let is_simulated = node.meta().labels.get(LABEL).is_some_and(|value| value == "true");
                    known.set(&node.meta().name, is_simulated);
                    if let (true, Object::Node(node)) = (is_simulated, node)
                        && node.spec.taints.iter().any(|taint| taint.key == NOT_READY)
                    {
                        tokio::spawn(open(client.clone(), node));
                    }
                }
                Told::Delete(node) => known.set(&node.meta().name, false),
                Told::Synced => {}
                Told::Trouble(error) => tracing::warn!(%error, "Simulated nodes cannot be followed"),
            }
        }
    };
    tokio::join!(source.run(told), following);
}

/// The taint with which the API server receives every new node.
const NOT_READY: &str = "node.kubernetes.io/not-ready";

/// Takes the taint off a node that is ready, which in a cluster with controllers is the business of one of them.
async fn open(client: Client, node: Box<Node>) {
    let metadata = &node.metadata;
    let taints: Vec<Value> =
        node.spec.taints.iter().filter(|taint| taint.key != NOT_READY).map(taint).collect();
    let patch = json!({
        "metadata": { "resourceVersion": metadata.resource_version },
        "spec": { "taints": if taints.is_empty() { Value::Null } else { taints.into() } },
    });
    let content = Some(("application/merge-patch+json", patch.to_string().into_bytes()));
    let path = Resource::of(Kind::Node).object_path("", &metadata.name, "");
    let what = format!("opening the simulated node {}", metadata.name);
    match client.send(Method::PATCH, &path, content, &what).await {
        // It has changed meanwhile, and will be looked at again.
        Err(error) if !is(&error, StatusCode::CONFLICT) => tracing::warn!(%error, "{what}"),
        _ => {}
    }
}

fn taint(taint: &Taint) -> Value {
    let mut object = json!({ "key": taint.key, "effect": taint.effect });
    if !taint.value.is_empty() {
        object["value"] = taint.value.as_str().into();
    }
    object
}

pub(crate) fn is(error: &Error, code: StatusCode) -> bool {
    error.refusal().is_some_and(|refusal| refusal.code == code)
}

/// The time as objects have it.
#[allow(clippy::disallowed_methods, reason = "what kubelets write into objects is the time of day")]
pub(crate) fn now() -> String {
    format!("{:.0}", jiff::Timestamp::now())
}

/// The time with microseconds.
#[allow(clippy::disallowed_methods, reason = "what kubelets write into objects is the time of day")]
pub(crate) fn now_micros() -> String {
    format!("{:.6}", jiff::Timestamp::now())
}
