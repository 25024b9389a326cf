//! A cache for tests.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use apimachinery::GroupResource;
use serde_json::Value;

use crate::objects::Objects;

/// Objects that tests put there.
#[derive(Default)]
pub(crate) struct TestObjects {
    objects: Mutex<Vec<(GroupResource, Arc<Value>)>>,
    version: AtomicU64,
}

impl TestObjects {
    /// Objects, with their resources as `resource.group`.
    pub(crate) fn of(objects: impl IntoIterator<Item = (&'static str, Value)>) -> Arc<TestObjects> {
        let all = TestObjects::default();
        for (resource, object) in objects {
            all.put(resource, object);
        }
        Arc::new(all)
    }

    /// Removes an object.
    pub(crate) fn remove(&self, resource: &GroupResource, namespace: &str, name: &str) {
        let mut objects = self.objects.lock().unwrap();
        let text =
            |object: &Value, member: &str| object["metadata"][member].as_str().unwrap_or_default().to_owned();
        objects.retain(|(own, object)| {
            own != resource || text(object, "name") != name || text(object, "namespace") != namespace
        });
        self.version.fetch_add(1, Ordering::Relaxed);
    }

    /// Adds an object, or replaces the one of that name.
    pub(crate) fn put(&self, resource: &str, object: Value) {
        let (resource, group) = resource.split_once('.').unwrap_or((resource, ""));
        let resource = GroupResource::new(group, resource);
        let mut objects = self.objects.lock().unwrap();
        let is_same = |old: &Value| {
            ["namespace", "name"].iter().all(|member| old["metadata"][member] == object["metadata"][member])
        };
        objects.retain(|(own, old)| *own != resource || !is_same(old));
        objects.push((resource, Arc::new(object)));
        self.version.fetch_add(1, Ordering::Relaxed);
    }
}

impl Objects for TestObjects {
    fn get(&self, resource: &GroupResource, namespace: &str, name: &str) -> Option<Arc<Value>> {
        let of_namespace = self.list(resource, Some(namespace).filter(|namespace| !namespace.is_empty()));
        of_namespace.into_iter().find(|object| object["metadata"]["name"] == name)
    }

    fn list(&self, resource: &GroupResource, namespace: Option<&str>) -> Vec<Arc<Value>> {
        let objects = self.objects.lock().unwrap();
        let is_there = |object: &Value| namespace.is_none_or(|name| object["metadata"]["namespace"] == name);
        let found = objects.iter().filter(|(own, object)| own == resource && is_there(object));
        found.map(|(_, object)| object.clone()).collect()
    }

    fn version(&self, _resource: &GroupResource) -> u64 {
        self.version.load(Ordering::Relaxed)
    }
}
