//! Writing into the status of a pod.

use std::sync::Arc;

use base::Now;
use client::Resource;
use http::{Method, StatusCode};
use scheduling::engine::Condition;
use scheduling::model::PodKey;
use serde_json::{Map, Value, json};
use wire::Kind;

use super::Shared;
use super::retry::{Patience, is_open};
use crate::clock::rfc3339;

/// How often a status is tried, as kube-scheduler does: what is not written now is written after the next attempt.
const TRIES_MAX: u32 = 4;

/// What the status is to say.
pub(super) struct Status {
    pub(super) pod: PodKey,
    pub(super) uid: Arc<str>,
    pub(super) condition: Option<Condition>,
    pub(super) nominated_node_name: Option<Arc<str>>,
    /// When it was found out.
    pub(super) now: Now,
}

impl Status {
    /// Puts newer words in the place of older ones that have not been sent. What the newer do not speak of stays.
    pub(super) fn merge(unsent: &mut Option<Status>, newer: Status) {
        let Some(older) = unsent.take() else {
            *unsent = Some(newer);
            return;
        };
        let (condition, now) = match (older.condition, newer.condition) {
            (Some(older), Some(newer_condition)) => {
                let is_transition = older.is_transition || newer_condition.is_transition;
                (Some(Condition { is_transition, ..newer_condition }), newer.now)
            }
            (None, newer_condition @ Some(_)) => (newer_condition, newer.now),
            (older_condition, None) => (older_condition, older.now),
        };
        let nominated_node_name = newer.nominated_node_name.or(older.nominated_node_name);
        *unsent = Some(Status { condition, now, nominated_node_name, ..newer });
    }

    /// The strategic merge patch. It names the UID, so that a pod of the same name that came later is not meant.
    fn patch(&self) -> Value {
        let mut status = Map::new();
        if let Some(condition) = &self.condition {
            let mut patch = json!({
                "type": "PodScheduled",
                "status": "False",
                "reason": condition.reason,
                "message": condition.message,
                "observedGeneration": condition.observed_generation,
            });
            if condition.is_transition {
                patch["lastTransitionTime"] = rfc3339(self.now, false).into();
            }
            status.insert("conditions".to_owned(), json!([patch]));
        }
        if let Some(node) = &self.nominated_node_name {
            let node = if node.is_empty() { Value::Null } else { Value::from(&**node) };
            status.insert("nominatedNodeName".to_owned(), node);
        }
        json!({ "metadata": { "uid": &*self.uid }, "status": status })
    }
}

impl Shared {
    /// Writes a status. What cannot be written is logged: the core does not depend on it.
    pub(super) async fn patch(&self, status: Status) {
        let path = Resource::of(Kind::Pod).object_path(&status.pod.namespace, &status.pod.name, "status");
        let what = format!("writing the status of pod {}", status.pod);
        let body = status.patch().to_string().into_bytes();
        let mut patience = Patience::new();
        for n in 1.. {
            let content = Some(("application/strategic-merge-patch+json", body.clone()));
            let Err(error) = self.send(Method::PATCH, &path, content, &what).await else { return };
            let code = error.refusal().map(|refusal| refusal.code);
            // Gone, or another pod by now: nobody is left to be told.
            if matches!(code, Some(StatusCode::NOT_FOUND | StatusCode::CONFLICT)) {
                return;
            }
            if n == TRIES_MAX || !is_open(&error) {
                tracing::error!(pod = %status.pod, %error, "Error updating pod");
                return;
            }
            patience.wait_after(&error).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(message: Option<&str>, is_transition: bool, node: Option<&str>) -> Status {
        Status {
            pod: PodKey { namespace: "shop".into(), name: "web".into() },
            uid: "u1".into(),
            condition: message.map(|message| Condition {
                reason: Condition::UNSCHEDULABLE,
                message: message.to_owned(),
                observed_generation: 3,
                is_transition,
            }),
            nominated_node_name: node.map(Arc::from),
            now: Now::from_nanos(1_767_999_614_000_000_000),
        }
    }

    #[test]
    fn a_patch_says_what_has_changed_and_nothing_else() {
        assert_eq!(
            status(Some("0/3 nodes"), true, None).patch(),
            json!({"metadata": {"uid": "u1"}, "status": {"conditions": [{
                "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes",
                "observedGeneration": 3, "lastTransitionTime": "2026-01-09T23:00:14Z",
            }]}})
        );
        let still = status(Some("0/4 nodes"), false, Some("")).patch();
        assert_eq!(still["status"]["conditions"][0].get("lastTransitionTime"), None);
        assert_eq!(still["status"]["nominatedNodeName"], Value::Null);
        let nominated = status(None, false, Some("n1")).patch();
        assert_eq!(nominated["status"], json!({"nominatedNodeName": "n1"}));
    }

    #[test]
    fn newer_words_replace_older_ones_of_the_same_subject() {
        let mut unsent = None;
        Status::merge(&mut unsent, status(Some("old"), true, Some("n1")));
        Status::merge(&mut unsent, status(Some("new"), false, None));
        let merged = unsent.take().expect("there is one");
        let condition = merged.condition.expect("a condition");
        assert_eq!((condition.message.as_str(), condition.is_transition), ("new", true));
        assert_eq!(merged.nominated_node_name.as_deref(), Some("n1"));
        Status::merge(&mut unsent, status(Some("kept"), true, Some("n1")));
        Status::merge(&mut unsent, status(None, false, Some("")));
        let merged = unsent.expect("there is one");
        assert_eq!(merged.condition.expect("a condition").message, "kept");
        assert_eq!(merged.nominated_node_name.as_deref(), Some(""));
    }
}
