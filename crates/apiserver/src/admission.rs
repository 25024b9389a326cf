//! What the cluster's operator wants of objects, besides what is valid.
//!
//! [`chain`] has all plugins of upstream in their order, which of them are here, and which run. Each is one file.

mod certificates;
pub mod chain;
mod default_classes;
mod default_toleration_seconds;
mod namespace_lifecycle;
mod node_restriction;
mod persistent_volume_claim_resize;
mod pod_resize_validator;
mod pod_topology_labels;
mod priority;
mod runtime_class;
mod service_account;
mod storage_object_in_use_protection;
mod taint_nodes_by_condition;
#[cfg(test)]
mod test_request;
pub mod timed;

use std::sync::Arc;

use apimachinery::{GroupResource, Status};
use resources::kind::Kind;
use serde_json::Value;

use crate::attributes::Attributes;
use crate::objects::Objects;
use crate::user::User;

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// A new object.
    Create,
    /// A changed object.
    Update,
    /// An object goes.
    Delete,
    /// Something is opened below an object: exec, proxy, …
    Connect,
}

/// A request that is to be admitted.
pub struct Request<'r> {
    /// Who asks.
    pub user: &'r User,
    /// What is asked.
    pub attributes: &'r Attributes,
    /// What is being done. A PATCH is an update, or a creation.
    pub operation: Operation,
    /// The kind.
    pub kind: &'r Kind,
    /// The object's name; of a new one its generateName if it has no name yet.
    pub name: &'r str,
    /// The object as it is stored; `None` of a new one.
    pub old: Option<&'r Value>,
    /// Whether nothing will be stored.
    pub is_dry_run: bool,
    /// The caches.
    pub objects: &'r dyn Objects,
}

/// An admission plugin.
pub trait Plugin: Send + Sync {
    /// Its name as in `--enable-admission-plugins`.
    fn name(&self) -> &'static str;

    /// Changes the object, or refuses. `object` is `None` of a deletion.
    ///
    /// # Errors
    /// The answer to the user, in upstream's words.
    fn admit(&self, _request: &Request<'_>, _object: Option<&mut Value>) -> Result<(), Box<Status>> {
        Ok(())
    }

    /// Refuses, after everything that changes the object.
    ///
    /// # Errors
    /// The answer to the user, in upstream's words.
    fn validate(&self, _request: &Request<'_>, _object: Option<&Value>) -> Result<(), Box<Status>> {
        Ok(())
    }
}

impl Request<'_> {
    /// Whether it is about objects of a resource themselves, not about a subresource.
    fn is_of(&self, group: &str, resource: &str) -> bool {
        self.attributes.group == group
            && self.attributes.resource == resource
            && self.attributes.subresource.is_empty()
    }

    /// The 403 of a plugin that does not want this, in upstream's form.
    fn forbidden(&self, error: impl std::fmt::Display) -> Box<Status> {
        let resource = GroupResource::new(self.attributes.group.as_str(), self.attributes.resource.as_str());
        let name = if self.name.is_empty() { "Unknown" } else { self.name };
        Box::new(Status::forbidden(&resource, name, error))
    }

    /// An object from the caches.
    fn get(&self, group: &str, resource: &str, namespace: &str, name: &str) -> Option<Arc<Value>> {
        self.objects.get(&GroupResource::new(group, resource), namespace, name)
    }

    /// All objects of a resource without namespaces from the caches.
    fn list(&self, group: &str, resource: &str) -> Vec<Arc<Value>> {
        self.objects.list(&GroupResource::new(group, resource), None)
    }
}

/// A value of a document, by the names that lead to it, each after a slash. As a JSON pointer without escapes, which
/// costs no copies of the names.
fn at<'v>(document: &'v Value, pointer: &str) -> Option<&'v Value> {
    pointer.split('/').skip(1).try_fold(document, apimachinery::members::member_of)
}

/// A text of a document; empty if it is not there.
fn text<'v>(document: &'v Value, pointer: &str) -> &'v str {
    at(document, pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The items of a list of a document.
fn items<'v>(document: &'v Value, pointer: &str) -> impl Iterator<Item = &'v Value> {
    at(document, pointer).and_then(Value::as_array).into_iter().flatten()
}

/// Adds an item to a list of a document, which is made if it is not there.
fn append(list: &mut Value, item: Value) {
    match list {
        Value::Array(items) => items.push(item),
        list => *list = Value::Array(vec![item]),
    }
}
