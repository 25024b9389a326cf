//! Removing a pod to make room for another.

use std::sync::Arc;

use base::Now;
use client::{Error, Resource};
use http::{Method, StatusCode};
use scheduling::model::PodKey;
use serde_json::json;
use wire::Kind;

use super::Shared;
use super::retry::{Patience, is_open};
use crate::clock::rfc3339;

/// How often each of the two requests is tried before the eviction counts as failed.
const TRIES_MAX: u32 = 4;

/// A pod that has to leave.
pub(super) struct Evict {
    pub(super) pod: PodKey,
    pub(super) uid: Arc<str>,
    /// The UID of the pod that it makes room for.
    pub(super) preemptor: Arc<str>,
    pub(super) message: String,
    pub(super) generation: i64,
    /// When that was decided.
    pub(super) now: Now,
}

impl Evict {
    fn patch(&self) -> Vec<u8> {
        let condition = json!({
            "type": "DisruptionTarget",
            "status": "True",
            "reason": "PreemptionByScheduler",
            "message": self.message,
            "observedGeneration": self.generation,
            "lastTransitionTime": rfc3339(self.now, false),
        });
        let patch = json!({ "metadata": { "uid": &*self.uid }, "status": { "conditions": [condition] } });
        patch.to_string().into_bytes()
    }
}

impl Shared {
    /// Says in the pod's status why it has to go, and deletes it. A pod that is gone, or another by now, has left.
    pub(super) async fn evict(&self, evict: Evict) -> Result<(), String> {
        let pods = Resource::of(Kind::Pod);
        let status = pods.object_path(&evict.pod.namespace, &evict.pod.name, "status");
        let what = format!("preempting pod {}", evict.pod);
        let patch = ("application/strategic-merge-patch+json", evict.patch());
        if self.insist(Method::PATCH, &status, &patch, &what).await? == Some(StatusCode::NOT_FOUND) {
            return Ok(());
        }
        // After a conflict it is for the deletion to find out whether this is the pod that is meant.
        let options = json!({
            "apiVersion": "v1", "kind": "DeleteOptions", "preconditions": { "uid": &*evict.uid },
        });
        let object = pods.object_path(&evict.pod.namespace, &evict.pod.name, "");
        let content = ("application/json", options.to_string().into_bytes());
        self.insist(Method::DELETE, &object, &content, &what).await.map(drop)
    }

    /// Sends a request until there is an answer that counts. Returns the status if the pod was not there, or not as asked
    /// for.
    async fn insist(
        &self,
        method: Method,
        path: &str,
        (media_type, body): &(&str, Vec<u8>),
        what: &str,
    ) -> Result<Option<StatusCode>, String> {
        let mut patience = Patience::new();
        for n in 1.. {
            let content = Some((*media_type, body.clone()));
            let error = match self.send(method.clone(), path, content, what).await {
                Ok(_) => return Ok(None),
                Err(error) => error,
            };
            match error.refusal().map(|refusal| refusal.code) {
                Some(code @ (StatusCode::NOT_FOUND | StatusCode::CONFLICT)) => return Ok(Some(code)),
                _ if n < TRIES_MAX && is_open(&error) => patience.wait_after(&error).await,
                _ => return Err(Error::to_string(&error)),
            }
        }
        Ok(None)
    }
}
