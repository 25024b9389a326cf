//! An event and how it is written.

use std::sync::Arc;

use base::Now;
use http::Method;
use scheduling::engine::EventKind;
use scheduling::model::PodKey;
use serde_json::{Value, json};

use super::Write;
use crate::clock::rfc3339;

/// The longest name that an object can have.
const NAME_BYTES_MAX: usize = 253;

/// Something that has happened.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) identity: Identity,
    pub(super) note: String,
    pub(super) now: Now,
}

/// What makes two events the same. Not what they say in words.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Identity {
    pub(super) pod: PodKey,
    pub(super) uid: Arc<str>,
    pub(super) related: Option<(PodKey, Arc<str>)>,
    pub(super) reporter: Arc<str>,
    pub(super) kind: EventKind,
}

/// Type, reason and action.
fn words(kind: EventKind) -> (&'static str, &'static str, &'static str) {
    match kind {
        EventKind::Scheduled => ("Normal", "Scheduled", "Binding"),
        EventKind::FailedScheduling => ("Warning", "FailedScheduling", "Scheduling"),
        EventKind::Preempted => ("Normal", "Preempted", "Preempting"),
    }
}

fn reference(pod: &PodKey, uid: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod", "namespace": &*pod.namespace, "name": &*pod.name, "uid": uid,
    })
}

impl Event {
    /// What the event's object is called: the pod and the time. A name that would be too long has the UID instead.
    pub(super) fn name(&self) -> String {
        let nanos = self.now.as_nanos();
        let name = format!("{}.{nanos:x}", self.identity.pod.name);
        if name.len() <= NAME_BYTES_MAX { name } else { format!("{}.{nanos:x}", self.identity.uid) }
    }

    fn collection(&self) -> String {
        format!("/apis/events.k8s.io/v1/namespaces/{}/events", self.identity.pod.namespace)
    }

    fn object(&self, host_name: &str) -> Value {
        let identity = &self.identity;
        let (kind, reason, action) = words(identity.kind);
        let mut object = json!({
            "apiVersion": "events.k8s.io/v1",
            "kind": "Event",
            "metadata": { "name": self.name(), "namespace": &*identity.pod.namespace },
            "eventTime": rfc3339(self.now, true),
            "reportingController": &*identity.reporter,
            "reportingInstance": format!("{}-{host_name}", identity.reporter),
            "action": action,
            "reason": reason,
            "regarding": reference(&identity.pod, &identity.uid),
            "note": self.note,
            "type": kind,
        });
        if let Some((pod, uid)) = &identity.related {
            object["related"] = reference(pod, uid);
        }
        object
    }

    /// Makes the object.
    pub(super) fn creation(&self, host_name: &str) -> Write {
        Write {
            method: Method::POST,
            path: self.collection(),
            body: self.object(host_name).to_string().into_bytes(),
            instead: None,
        }
    }

    /// Says how often it has happened, in the object of the first time.
    pub(super) fn series(&self, count: u32, last: Now, host_name: &str) -> Write {
        let series = json!({ "count": count, "lastObservedTime": rfc3339(last, true) });
        let mut object = self.object(host_name);
        object["series"] = series.clone();
        Write {
            method: Method::PATCH,
            path: format!("{}/{}", self.collection(), self.name()),
            body: json!({ "series": series }).to_string().into_bytes(),
            instead: Some(Box::new(Write {
                method: Method::POST,
                path: self.collection(),
                body: object.to_string().into_bytes(),
                instead: None,
            })),
        }
    }
}
