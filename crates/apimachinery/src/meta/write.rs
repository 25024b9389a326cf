//! Writing metadata.

use serde_json::{Map, Value};

use crate::members::member;

/// Writes a document's metadata. What is set to nothing is removed, because the API does not send it.
#[derive(Debug)]
pub struct MetaMut<'d>(&'d mut Map<String, Value>);

impl<'d> MetaMut<'d> {
    /// The metadata of a document, made where it is missing. A document that is no object becomes one.
    pub fn of(document: &'d mut Value) -> Self {
        let members = as_object(document);
        Self(as_object(members.entry("metadata").or_insert_with(|| Map::new().into())))
    }

    /// Any member; null removes it.
    pub fn set(&mut self, name: &str, value: Value) -> &mut Self {
        if value.is_null() {
            self.0.remove(name);
        } else {
            self.0.insert(name.to_owned(), value);
        }
        self
    }

    /// Takes a member away.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        member(self.0, name)?;
        self.0.remove(name)
    }

    fn set_text(&mut self, name: &str, text: &str) -> &mut Self {
        self.set(name, if text.is_empty() { Value::Null } else { text.into() })
    }

    /// Name of the object.
    pub fn set_name(&mut self, name: &str) -> &mut Self {
        self.set_text("name", name)
    }

    /// Its namespace.
    pub fn set_namespace(&mut self, namespace: &str) -> &mut Self {
        self.set_text("namespace", namespace)
    }

    /// Its uid.
    pub fn set_uid(&mut self, uid: &str) -> &mut Self {
        self.set_text("uid", uid)
    }

    /// Which version it is.
    pub fn set_resource_version(&mut self, version: &str) -> &mut Self {
        self.set_text("resourceVersion", version)
    }

    /// How often the desired state has changed; 0 is not sent.
    pub fn set_generation(&mut self, generation: i64) -> &mut Self {
        self.set("generation", if generation == 0 { Value::Null } else { generation.into() })
    }

    /// When it was created, as RFC 3339.
    pub fn set_creation_timestamp(&mut self, time: &str) -> &mut Self {
        self.set_text("creationTimestamp", time)
    }

    /// When it is to be gone, and after how many seconds.
    pub fn set_deletion(&mut self, time: &str, grace_period_seconds: i64) -> &mut Self {
        self.set_text("deletionTimestamp", time)
            .set("deletionGracePeriodSeconds", grace_period_seconds.into())
    }

    /// Who must agree before it goes.
    pub fn set_finalizers<T: AsRef<str>>(&mut self, finalizers: &[T]) -> &mut Self {
        let list: Value = finalizers.iter().map(|name| Value::from(name.as_ref())).collect();
        self.set("finalizers", if finalizers.is_empty() { Value::Null } else { list })
    }

    /// Sets a label.
    pub fn set_label(&mut self, key: &str, value: &str) -> &mut Self {
        self.set_entry("labels", key, value)
    }

    /// Sets an annotation.
    pub fn set_annotation(&mut self, key: &str, value: &str) -> &mut Self {
        self.set_entry("annotations", key, value)
    }

    /// Takes an annotation away, and the last one with its map.
    pub fn remove_annotation(&mut self, key: &str) -> &mut Self {
        if let Some(Value::Object(entries)) = self.0.get_mut("annotations") {
            entries.remove(key);
            if entries.is_empty() {
                self.0.remove("annotations");
            }
        }
        self
    }

    fn set_entry(&mut self, map: &str, key: &str, value: &str) -> &mut Self {
        let entries = self.0.entry(map).or_insert_with(|| Map::new().into());
        as_object(entries).insert(key.to_owned(), value.into());
        self
    }
}

fn as_object(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = Map::new().into();
    }
    value.as_object_mut().expect("it was made an object above")
}
