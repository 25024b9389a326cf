//! The objects that exist, as an API server stores them.

use std::collections::BTreeMap;

use wire::{Kind, Node, Object, Pod};

/// Kind, namespace and name: what an object is found by.
pub(crate) type Key = (Kind, String, String);

/// The key of an object.
pub(crate) fn key_of(object: &Object) -> Key {
    let metadata = object.meta();
    (object.kind(), metadata.namespace.clone(), metadata.name.clone())
}

/// What exists. Each change gets the next resource version.
#[derive(Clone, Debug, Default)]
pub(crate) struct Truth {
    objects: BTreeMap<Key, Object>,
    revision: u64,
}

impl Truth {
    /// Stores an object, instead of the one with its key; returns it with its resource version.
    pub(crate) fn put(&mut self, mut object: Object) -> Object {
        self.revision += 1;
        object.meta_mut().resource_version = self.revision.to_string();
        self.objects.insert(key_of(&object), object.clone());
        object
    }

    /// Removes an object; returns its last form.
    pub(crate) fn remove(&mut self, key: &Key) -> Option<Object> {
        let removed = self.objects.remove(key);
        self.revision += u64::from(removed.is_some());
        removed
    }

    /// All objects, by kind, namespace and name.
    pub(crate) fn objects(&self) -> impl Iterator<Item = &Object> {
        self.objects.values()
    }

    /// The object with this key.
    pub(crate) fn get(&self, key: &Key) -> Option<&Object> {
        self.objects.get(key)
    }

    /// All pods.
    pub(crate) fn pods(&self) -> impl Iterator<Item = &Pod> {
        self.objects().filter_map(|object| match object {
            Object::Pod(pod) => Some(&**pod),
            _ => None,
        })
    }

    /// All nodes.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.objects().filter_map(|object| match object {
            Object::Node(node) => Some(&**node),
            _ => None,
        })
    }

    /// The pod of this namespace and name, if it is still the one with this UID.
    pub(crate) fn pod(&self, namespace: &str, name: &str, uid: &str) -> Option<&Pod> {
        match self.get(&(Kind::Pod, namespace.to_owned(), name.to_owned()))? {
            Object::Pod(pod) if pod.metadata.uid == uid => Some(pod),
            _ => None,
        }
    }
}
