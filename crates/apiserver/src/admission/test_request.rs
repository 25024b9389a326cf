//! Requests for tests of plugins.

use std::sync::Arc;

use resources::kind::Kind;
use serde_json::Value;

use super::{Operation, Plugin, Request};
use crate::attributes::Attributes;
use crate::authorization::test_objects::TestObjects;
use crate::user::User;

static KIND: Kind = Kind::named("", "Thing", "thing", "things");

/// A request that plugins are tried with.
pub(super) struct Trial {
    pub(super) operation: Operation,
    pub(super) attributes: Attributes,
    pub(super) old: Option<Value>,
    pub(super) objects: Arc<TestObjects>,
    pub(super) user: User,
}

impl Trial {
    /// About a resource (`pods/status`, `leases.coordination.k8s.io`) in a namespace, which may be empty.
    pub(super) fn new(operation: Operation, resource: &str, namespace: &str) -> Trial {
        let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
        let (resource, group) = resource.split_once('.').unwrap_or((resource, ""));
        let attributes = Attributes {
            is_resource: true,
            group: group.to_owned(),
            resource: resource.to_owned(),
            subresource: subresource.to_owned(),
            namespace: namespace.to_owned(),
            ..Attributes::default()
        };
        Trial {
            operation,
            attributes,
            old: None,
            objects: TestObjects::of([]),
            user: User { name: "u".into(), ..User::default() },
        }
    }

    pub(super) fn with(mut self, objects: impl IntoIterator<Item = (&'static str, Value)>) -> Trial {
        self.objects = TestObjects::of(objects);
        self
    }

    pub(super) fn over(mut self, old: Value) -> Trial {
        self.old = Some(old);
        self
    }

    /// What becomes of an object, or code and message of the refusal.
    pub(super) fn run(&self, plugin: &dyn Plugin, object: Value) -> Result<Value, (u16, String)> {
        let mut object = object;
        let name = super::text(&object, "/metadata/name").to_owned();
        let request = Request {
            user: &self.user,
            attributes: &self.attributes,
            operation: self.operation,
            kind: &KIND,
            name: &name,
            old: self.old.as_ref(),
            is_dry_run: false,
            objects: &*self.objects,
        };
        let deletes = self.operation == Operation::Delete;
        let admitted = plugin.admit(&request, (!deletes).then_some(&mut object));
        let validated = admitted.and_then(|()| plugin.validate(&request, (!deletes).then_some(&object)));
        validated.map(|()| object).map_err(|status| (status.code, status.message))
    }
}
