//! `Status` as it is sent and received.

use serde_json::{Map, Value, json};

use super::{Cause, Details, Reason, Status};
use crate::group::GroupResource;

fn put(members: &mut Map<String, Value>, name: &str, text: &str) {
    if !text.is_empty() {
        members.insert(name.to_owned(), text.into());
    }
}

impl Status {
    /// The body.
    pub fn to_document(&self) -> Value {
        let mut metadata = Map::new();
        put(&mut metadata, "continue", &self.continue_token);
        let mut body = Map::new();
        body.insert("kind".into(), "Status".into());
        body.insert("apiVersion".into(), "v1".into());
        body.insert("metadata".into(), metadata.into());
        body.insert("status".into(), "Failure".into());
        put(&mut body, "message", &self.message);
        put(&mut body, "reason", self.reason.as_str());
        if let Some(details) = &self.details {
            body.insert("details".into(), details.to_document());
        }
        body.insert("code".into(), self.code.into());
        body.into()
    }

    /// Reads a body that some API server has sent. None where it is no failed `Status`.
    pub fn from_document(body: &Value) -> Option<Self> {
        let text = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
        if body["kind"] != "Status" || body["status"] != "Failure" {
            return None;
        }
        let details = body.get("details").filter(|details| details.is_object()).map(|details| {
            let causes = details["causes"].as_array().into_iter().flatten();
            let causes = causes.map(|cause| Cause {
                reason: text(cause, "reason"),
                message: text(cause, "message"),
                field: text(cause, "field"),
            });
            let retry = details["retryAfterSeconds"].as_u64().unwrap_or_default();
            Details {
                name: text(details, "name"),
                group: text(details, "group"),
                kind: text(details, "kind"),
                uid: text(details, "uid"),
                causes: causes.collect(),
                retry_after_seconds: u32::try_from(retry).unwrap_or(u32::MAX),
            }
        });
        Some(Self {
            reason: Reason::parse(body["reason"].as_str().unwrap_or_default()),
            code: body["code"].as_u64().and_then(|code| u16::try_from(code).ok()).unwrap_or(500),
            message: text(body, "message"),
            details,
            continue_token: text(&body["metadata"], "continue"),
        })
    }
}

impl Details {
    fn to_document(&self) -> Value {
        let mut details = Map::new();
        put(&mut details, "name", &self.name);
        put(&mut details, "group", &self.group);
        put(&mut details, "kind", &self.kind);
        put(&mut details, "uid", &self.uid);
        if !self.causes.is_empty() {
            let causes = self.causes.iter().map(|cause| {
                let mut members = Map::new();
                put(&mut members, "reason", &cause.reason);
                put(&mut members, "message", &cause.message);
                put(&mut members, "field", &cause.field);
                Value::from(members)
            });
            details.insert("causes".into(), causes.collect());
        }
        if self.retry_after_seconds > 0 {
            details.insert("retryAfterSeconds".into(), self.retry_after_seconds.into());
        }
        details.into()
    }
}

/// The `Status` of a deletion that succeeded. It has no code.
pub fn success(resource: &GroupResource, name: &str, uid: &str) -> Value {
    let details = Details {
        name: name.to_owned(),
        group: resource.group.clone(),
        kind: resource.resource.clone(),
        uid: uid.to_owned(),
        ..Details::default()
    };
    json!({
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": details.to_document(),
    })
}
