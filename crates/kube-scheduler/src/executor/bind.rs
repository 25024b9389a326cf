//! Binding a pod to its node.

use std::sync::Arc;

use client::{Error, Resource};
use http::{Method, StatusCode};
use scheduling::framework::Extender as _;
use scheduling::model::PodKey;
use serde::Serialize;
use wire::{Kind, Object};

use super::Shared;
use super::retry::{Patience, UnderWay, is_open};

/// A pod and its node.
pub(super) struct Bind {
    pub(super) pod: PodKey,
    pub(super) uid: Arc<str>,
    pub(super) node: Arc<str>,
}

/// `v1` Binding.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Binding<'b> {
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata<'b>,
    target: Target<'b>,
}

#[derive(Serialize)]
struct Metadata<'b> {
    namespace: &'b str,
    name: &'b str,
    uid: &'b str,
}

#[derive(Serialize)]
struct Target<'b> {
    kind: &'static str,
    name: &'b str,
}

impl Shared {
    /// Binds, and tries until it is known what has become of it: the room on the node is given to nobody else as long as
    /// the pod may be there.
    pub(super) async fn bind(&self, bind: Bind) -> Result<(), String> {
        if let Some(bound) = self.bind_by_extender(&bind).await {
            return bound;
        }
        let binding = Binding {
            api_version: "v1",
            kind: "Binding",
            metadata: Metadata { namespace: &bind.pod.namespace, name: &bind.pod.name, uid: &bind.uid },
            target: Target { kind: "Node", name: &bind.node },
        };
        let body = serde_json::to_vec(&binding).map_err(|error| error.to_string())?;
        let pods = Resource::of(Kind::Pod);
        let path = pods.object_path(&bind.pod.namespace, &bind.pod.name, "binding");
        let what = format!("binding pod {}", bind.pod);
        let mut patience = Patience::new();
        loop {
            let content = Some(("application/json", body.clone()));
            let error = match self.send(Method::POST, &path, content, &what).await {
                Ok(_) => return Ok(()),
                Err(error) => error,
            };
            let answer = match error.refusal() {
                // Perhaps it is bound already, by a request of ours whose answer was lost.
                Some(refusal) if refusal.code == StatusCode::CONFLICT => self
                    .is_on_its_node(&bind)
                    .await
                    .map(|is_there| if is_there { Ok(()) } else { Err(error) }),
                _ if is_open(&error) => Err(error),
                _ => Ok(Err(error)),
            };
            match answer {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(error)) => return Err(error.to_string()),
                Err(open) => {
                    tracing::warn!(pod = %bind.pod, node = %bind.node, error = %open, "Binding is tried again");
                    patience.wait_after(&open).await;
                }
            }
        }
    }

    /// Has the extender bind whose business it is; `None` if there is none, or it may be passed over.
    async fn bind_by_extender(&self, bind: &Bind) -> Option<Result<(), String>> {
        let binder = self.extenders.as_ref()?.binder(&bind.uid)?;
        // Never closed.
        let _slot = self.slots.acquire().await;
        self.permission.wait().await;
        let _under_way = UnderWay::begin(&self.n_under_way);
        let error = match binder.bind(&bind.pod, &bind.uid, &bind.node).await {
            Ok(()) => return Some(Ok(())),
            Err(error) => error,
        };
        // It may have done it all the same.
        if self.is_on_its_node(bind).await.unwrap_or(false) {
            return Some(Ok(()));
        }
        if binder.is_ignorable() {
            tracing::info!(pod = %bind.pod, extender = binder.url(), error, "Skipping extender in bind as it returned error and has ignorable flag set");
            return None;
        }
        Some(Err(error))
    }

    /// Looks where a pod is. The error leaves it open.
    async fn is_on_its_node(&self, bind: &Bind) -> Result<bool, Error> {
        let path = Resource::of(Kind::Pod).object_path(&bind.pod.namespace, &bind.pod.name, "");
        let what = format!("looking for pod {}", bind.pod);
        match self.send(Method::GET, &path, None, &what).await {
            Ok(body) => {
                let misunderstood = |problem: String| Error::Misunderstood { what: what.clone(), problem };
                let text = std::str::from_utf8(&body).map_err(|error| misunderstood(error.to_string()))?;
                let read = wire::decode::json_object(Kind::Pod, text);
                let Object::Pod(pod) = read.map_err(|error| misunderstood(error.to_string()))? else {
                    return Ok(false);
                };
                Ok(pod.metadata.uid == *bind.uid && pod.spec.node_name == *bind.node)
            }
            Err(error) if is_open(&error) => Err(error),
            // Gone, or not to be seen: at any rate not bound by us.
            Err(_) => Ok(false),
        }
    }
}
