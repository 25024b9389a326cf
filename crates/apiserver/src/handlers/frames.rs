//! Events of watches as bytes.

use apimachinery::Status;
use apimachinery::table::TableOptions;
use bytes::{BufMut, Bytes, BytesMut};
use resources::schema::Schema;
use serde_json::{Value, json};

use super::body::{set_type, to_served};
use super::render;
use crate::document;
use crate::negotiation::{Accepted, Target};
use crate::served::Served;
use crate::watch_cache::{Cached, Change, FrameKey, FrameType};

/// The annotation of the bookmark after what was there at the beginning.
const INITIAL_EVENTS_END: &str = "k8s.io/initial-events-end";

/// Makes the bytes that one watch sends.
#[derive(Debug)]
pub(super) struct Frames {
    served: Served,
    accepted: Accepted,
    options: TableOptions,
    /// What stored objects begin with.
    head: String,
    /// Of tables the first event only has columns.
    has_sent: bool,
}

impl Frames {
    pub(super) fn new(served: Served, accepted: Accepted, options: TableOptions, head: &str) -> Frames {
        Frames { served, accepted, options, head: head.to_owned(), has_sent: false }
    }

    /// The event about a change; others may have made it already.
    pub(super) fn of_change(
        &mut self,
        change: &Change,
        frame_type: FrameType,
        object: &Cached,
        revision: u64,
    ) -> Bytes {
        let key = FrameKey {
            frame_type,
            group: self.served.group,
            version: self.served.version,
            target: self.accepted.target,
            variant: self.variant(),
        };
        let frame = change.frame(key, || self.make(frame_type, object, revision));
        self.has_sent = true;
        frame
    }

    /// The event about an object that was there at the beginning.
    pub(super) fn of_object(&mut self, object: &Cached) -> Bytes {
        let frame = self.make(FrameType::Added, object, object.revision);
        self.has_sent = true;
        frame
    }

    fn variant(&self) -> u8 {
        let include = match self.options.include_object {
            apimachinery::table::IncludeObject::None => 0,
            apimachinery::table::IncludeObject::Metadata => 1,
            apimachinery::table::IncludeObject::Object => 2,
        };
        let has_headers = !(self.options.no_headers || self.has_sent);
        let is_beta = self.accepted.target_version == "v1beta1";
        include | u8::from(has_headers) << 2 | u8::from(is_beta) << 3
    }

    fn make(&self, frame_type: FrameType, object: &Cached, revision: u64) -> Bytes {
        let is_verbatim = self.accepted.is_verbatim() && self.served.is_stored_version();
        if is_verbatim {
            let mut out = BytesMut::with_capacity(object.stored.len() + 96);
            out.put_slice(b"{\"type\":\"");
            out.put_slice(frame_type.as_str().as_bytes());
            out.put_slice(b"\",\"object\":");
            object.put_served(&mut out, &self.head, revision);
            out.put_slice(b"}\n");
            return out.freeze();
        }
        let document = document::decode(&object.stored, revision).unwrap_or_default();
        let options = TableOptions { no_headers: self.options.no_headers || self.has_sent, ..self.options };
        let accepted = match self.accepted.target {
            // Each object for itself, as upstream does.
            Target::PartialList => Accepted { target: Target::Partial, ..self.accepted.clone() },
            _ => self.accepted.clone(),
        };
        match render::transformed(self.served, &accepted, options, document) {
            Ok(document) => event(frame_type.as_str(), &document),
            Err(status) => error(&status),
        }
    }

    /// A bookmark: everything up to a revision has been sent.
    pub(super) fn bookmark(&self, revision: u64, is_initial_end: bool) -> Bytes {
        let kind = self.served.kind;
        let mut metadata = json!({"resourceVersion": revision.to_string()});
        if is_initial_end {
            metadata["annotations"] = json!({INITIAL_EVENTS_END: "true"});
        }
        let mut object = json!({"metadata": metadata});
        let stored = kind.storage_version();
        if let Some(of) = Schema::get().type_of(&stored.group, &stored.version, kind.kind) {
            Schema::get().normalise(of, &mut object);
        }
        set_type(&mut object, &stored.to_string(), kind.kind);
        to_served(self.served, &mut object);
        let document = match self.accepted.target {
            Target::Object => object,
            _ => {
                let options = TableOptions { no_headers: true, ..self.options };
                let accepted = match self.accepted.target {
                    Target::PartialList => Accepted { target: Target::Partial, ..self.accepted.clone() },
                    _ => self.accepted.clone(),
                };
                render::transformed(self.served, &accepted, options, object).unwrap_or_default()
            }
        };
        event("BOOKMARK", &document)
    }
}

/// The event that ends a watch.
pub(super) fn error(status: &Status) -> Bytes {
    event("ERROR", &status.to_document())
}

fn event(event_type: &str, object: &Value) -> Bytes {
    format!("{{\"type\":\"{event_type}\",\"object\":{object}}}\n").into()
}
