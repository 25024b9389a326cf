//! Objects of any kind in the store: the order of steps that every write goes through.
//!
//! ```text
//! create: wipe -> admit -> name, uid, time -> allocate -> prepare -> validate -> warn -> canonicalize -> admission
//!         validates -> store
//! update: read -> change -> admit -> version and uid agree? -> allocate -> prepare -> keep what is the server's ->
//!         validate -> warn -> canonicalize -> admission validates -> last finalizer gone? -> anything changed? -> store
//! delete: read -> preconditions -> grace -> finalizers -> store
//! ```
//!
//! Objects here are documents of the version they are stored in. A write that meets another one starts over with the
//! newer object, as often as there is time. Nothing is done without an [`Authorized`].

mod create;
mod delete;
mod delete_collection;
mod edit;
mod errors;
mod finalizers;
mod grace;
mod read;
mod rules;
mod update;

use std::sync::Arc;
use std::time::Duration;

use apimachinery::names::path_segment_name;
use apimachinery::{GroupResource, Status};
use bytes::Bytes;
use jiff::Timestamp;
use resources::kind::{Context, Kind};
use resources::schema::Schema;
use serde_json::Value;
use store::{Entry, Store, Write};

pub use create::New;
pub use delete::{Deletion, Removal};
pub use delete_collection::Collection;
pub use errors::store_error;
pub use read::Found;
pub use update::{Change, Outcome, Update};

use crate::admission::timed::Plugins;
use crate::admission::{Operation, Request};
use crate::authorization::modes::Modes;
use crate::authorization::{Authorized, escalation};
use crate::chance::Random;
use crate::document;
use crate::served::{Kinds, Served};
use crate::services::Allocators;
use crate::watch_cache::{Cache, Caches};

/// Objects of all kinds.
pub struct Registry {
    /// The only truth.
    pub store: Arc<dyn Store>,
    /// What is served.
    pub kinds: Kinds,
    /// What the store held a moment ago.
    pub caches: Arc<Caches>,
    /// What the operator wants of objects, in order.
    pub admission: Plugins,
    /// Who may do what: for steps that need a right of their own.
    pub modes: Arc<Modes>,
    /// Addresses and ports of services.
    pub allocators: Allocators,
    /// How long events live.
    pub event_ttl: Duration,
    /// For names.
    pub(crate) random: Random,
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registry").field("store", &self.store).finish_non_exhaustive()
    }
}

/// Which object a write is about.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its kind, and the version that was asked for.
    pub served: Served,
    /// Its namespace; empty for kinds without.
    pub namespace: String,
    /// Its name; empty where it is still to be made.
    pub name: String,
    /// The subresource; empty for the object itself.
    pub subresource: String,
}

/// An object that was written.
///
/// A write waits for the disk together with many others. Its document, which takes twenty times the bytes, is given back
/// before that, while the memory is still in the processor's cache; whoever wants it afterwards reads the stored bytes.
#[derive(Clone, Debug)]
pub enum Written {
    /// It is stored as these bytes.
    Stored(Found),
    /// Nothing is stored: a dry run, or the object is gone with this write. This is the object, with its version.
    Unstored(Value),
}

impl Written {
    /// The object, with its version.
    pub fn into_object(self) -> Value {
        match self {
            Written::Stored(found) => found.document(),
            Written::Unstored(object) => object,
        }
    }
}

impl Target {
    /// What a request is about.
    pub fn of(request: &Authorized, served: Served) -> Target {
        let attributes = request.attributes();
        let namespace = if served.kind.is_namespaced { attributes.namespace.clone() } else { String::new() };
        Target {
            served,
            namespace,
            name: attributes.name.clone(),
            subresource: attributes.subresource.clone(),
        }
    }

    /// The kind.
    pub fn kind(&self) -> &'static Kind {
        self.served.kind
    }

    /// The resource that errors name: in the group of the path.
    pub fn group_resource(&self) -> GroupResource {
        GroupResource::new(self.served.group, self.kind().plural)
    }

    /// The error of an object that is not there.
    pub fn not_found(&self) -> Box<Status> {
        Box::new(Status::not_found(&self.group_resource(), &self.name))
    }
}

impl Registry {
    /// The cache of a kind.
    pub fn cache(&self, served: Served) -> &Cache {
        self.caches.of(served.index)
    }

    /// The key of the object.
    ///
    /// # Errors
    /// A name that would lead to another key is a bad request.
    pub fn key(&self, target: &Target) -> Result<Bytes, Box<Status>> {
        let messages = path_segment_name(&target.name);
        if !messages.is_empty() {
            let name = &target.name;
            let message = format!("Invalid value: {}: {}", apimachinery::go::quote(name), messages.join(";"));
            return Err(Box::new(Status::bad_request(format!("name: {message}"))));
        }
        Ok(self.cache(target.served).key(&target.namespace, &target.name))
    }

    /// The document of an entry.
    ///
    /// # Errors
    /// Somebody wrote something else than an object: an internal error that names the key.
    pub fn decode(&self, entry: &Entry) -> Result<Value, Box<Status>> {
        document::decode(&entry.value, entry.modified.0).ok_or_else(|| {
            let key = String::from_utf8_lossy(&entry.key);
            Box::new(Status::internal_error(format!("{key} in the store is no object; delete it there")))
        })
    }

    fn write_of(&self, kind: &Kind, object: &Value, managers: Option<&str>) -> Write {
        let ttl = kind.expires.then_some(self.event_ttl);
        Write::Put { value: document::encode_with(kind, object, managers), ttl }
    }

    /// Brings an object into the form that answers have.
    fn normalise(&self, kind: &Kind, object: &mut Value) {
        let (group, version) = kind.versions[kind.stored_in];
        let schema = Schema::get();
        if let Some(of) = schema.type_of(group, version, kind.kind) {
            schema.normalise(of, object);
        }
    }

    fn admit(&self, request: &Request<'_>, object: Option<&mut Value>) -> Result<(), Box<Status>> {
        self.admission.admit(request, object)
    }

    fn admission_validates(&self, request: &Request<'_>, object: Option<&Value>) -> Result<(), Box<Status>> {
        self.admission.validate(request, object)
    }

    /// Whoever writes roles and bindings needs what they give.
    fn check_escalation(
        &self,
        request: &Authorized,
        kind: &Kind,
        object: &Value,
        old: Option<&Value>,
    ) -> Result<(), Box<Status>> {
        let Some(rbac) = self.modes.rbac().filter(|_| kind.group == "rbac.authorization.k8s.io") else {
            return Ok(());
        };
        let (user, attributes) = (request.user(), request.attributes());
        match kind.kind {
            "Role" | "ClusterRole" => {
                escalation::check_role(rbac, self.modes.as_ref(), user, attributes, object, old)
            }
            _ => escalation::check_binding(rbac, self.modes.as_ref(), user, attributes, object, old),
        }
    }

    /// Admission of what is asked below an object, and not stored.
    pub(crate) fn admit_subresource(
        &self,
        request: &Authorized,
        target: &Target,
        asked: &mut Value,
        is_dry_run: bool,
    ) -> Result<(), Box<Status>> {
        let admitted = self.admission_request(request, target, Operation::Create, None, is_dry_run);
        self.admit(&admitted, Some(asked))
    }

    /// The part of [`Self::admit_subresource`] that only refuses.
    pub(crate) fn validate_subresource(
        &self,
        request: &Authorized,
        target: &Target,
        asked: &Value,
        is_dry_run: bool,
    ) -> Result<(), Box<Status>> {
        let admitted = self.admission_request(request, target, Operation::Create, None, is_dry_run);
        self.admission_validates(&admitted, Some(asked))
    }

    fn admission_request<'r>(
        &'r self,
        request: &'r Authorized,
        target: &'r Target,
        operation: Operation,
        old: Option<&'r Value>,
        is_dry_run: bool,
    ) -> Request<'r> {
        Request {
            user: request.user(),
            attributes: request.attributes(),
            operation,
            kind: target.kind(),
            name: &target.name,
            old,
            is_dry_run,
            objects: self.caches.as_ref(),
        }
    }
}

/// What strategies are told about a request.
fn context<'r>(request: &'r Authorized, target: &'r Target, now: Timestamp) -> Context<'r> {
    let user = request.user();
    Context {
        user: &user.name,
        user_uid: &user.uid,
        groups: &user.groups,
        extra: &user.extra,
        now,
        subresource: &target.subresource,
    }
}
