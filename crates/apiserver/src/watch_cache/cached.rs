//! One stored object.

mod outline;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use bytes::{Bytes, BytesMut};
use resources::kind::Kind;
use serde::Deserialize;
use serde_json::Value;
use store::Entry;

use crate::document;

/// One stored object. What is read out of it is read when it is first asked for.
#[derive(Debug)]
pub struct Cached {
    /// Its key in the store.
    pub key: Bytes,
    /// Its bytes in the store, without resourceVersion.
    pub stored: Bytes,
    /// When it was written.
    pub revision: u64,
    labels: OnceLock<BTreeMap<Box<str>, Box<str>>>,
    fields: OnceLock<Box<[Box<str>]>>,
    document: OnceLock<Option<Arc<Value>>>,
}

#[derive(Deserialize)]
struct Labelled {
    #[serde(default)]
    metadata: LabelledMeta,
}

#[derive(Default, Deserialize)]
struct LabelledMeta {
    #[serde(default)]
    labels: Option<BTreeMap<Box<str>, Box<str>>>,
}

impl Cached {
    /// What the store holds.
    pub fn new(entry: &Entry) -> Cached {
        Cached {
            key: entry.key.clone(),
            stored: entry.value.clone(),
            revision: entry.modified.0,
            labels: OnceLock::new(),
            fields: OnceLock::new(),
            document: OnceLock::new(),
        }
    }

    /// Namespace (empty if it has none) and name, by the key.
    pub fn namespace_and_name(&self, prefix_len: usize) -> (&str, &str) {
        let path =
            self.key.get(prefix_len..).and_then(|path| std::str::from_utf8(path).ok()).unwrap_or_default();
        path.split_once('/').unwrap_or(("", path))
    }

    /// The labels.
    pub fn labels(&self) -> &BTreeMap<Box<str>, Box<str>> {
        self.labels.get_or_init(|| {
            let labelled: Option<Labelled> = serde_json::from_slice(&self.stored).ok();
            labelled.and_then(|it| it.metadata.labels).unwrap_or_default()
        })
    }

    /// The values of the kind's selectable fields, in their order.
    pub fn fields(&self, kind: &Kind) -> &[Box<str>] {
        self.fields.get_or_init(|| {
            let outline;
            let document: &Value = match self.document.get() {
                Some(Some(document)) => document,
                _ => {
                    outline = outline::of(&self.stored).unwrap_or_default();
                    &outline
                }
            };
            kind.selectable_fields.iter().map(|field| (field.value)(document).into()).collect()
        })
    }

    /// The document with its resourceVersion. `is_kept` says whether it is worth remembering.
    pub fn document(&self, is_kept: bool) -> Option<Arc<Value>> {
        if let Some(document) = self.document.get() {
            return document.clone();
        }
        let document = document::decode(&self.stored, self.revision).map(Arc::new);
        if is_kept {
            return self.document.get_or_init(|| document).clone();
        }
        document
    }

    /// Writes it with its version, or another one.
    pub fn put_served(&self, out: &mut BytesMut, head: &str, revision: u64) {
        document::put_served(out, head, &self.stored, revision);
    }
}
