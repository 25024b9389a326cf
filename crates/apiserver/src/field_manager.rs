//! Who owns which fields: what field management is told about a write.
//!
//! Objects here are of the version of the request, defaulted, before admission: what admission and strategies add
//! belongs to nobody.

use std::borrow::Cow;
use std::sync::LazyLock;

use apimachinery::field_management::{
    ApplyError, Request, Set, Versions, apply, manager_name, managers_of_new, nobodys_and, track,
    track_created,
};
use apimachinery::meta::{Meta, MetaMut};
use apimachinery::{GroupVersion, Status};
use base::Map;
use http::HeaderMap;
use http::header::USER_AGENT;
use resources::kind::Kind;
use resources::schema::{OwnedType, Schema, Type};
use serde_json::Value;

use crate::handlers::{set_type, to_served};
use crate::served::Served;

/// The name of the server itself.
pub(crate) const SERVER: &str = "kube-apiserver";

/// How deep the owners of fields may be nested. What reads JSON follows 128 levels, some of which are around them.
const MANAGERS_DEPTH_MAX: usize = 100;

/// The manager of a write.
pub(crate) struct FieldManager<'m> {
    of: Of,
    subresource: &'m str,
    name: String,
    now: String,
    reset: Cow<'static, Set>,
}

/// What is written.
#[derive(Clone, Copy)]
enum Of {
    /// An object of a kind.
    Kind(Served),
    /// A Scale.
    Scale(&'static Type),
}

impl<'m> FieldManager<'m> {
    /// Of a request. `said` is the name that it gives.
    pub(crate) fn of(
        served: Served,
        subresource: &'m str,
        said: &str,
        headers: &HeaderMap,
    ) -> FieldManager<'m> {
        let agent = headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
        Self::named(served, subresource, manager_name(said, agent))
    }

    /// Of the server itself, for objects that it makes complete.
    pub(crate) fn of_server(served: Served) -> FieldManager<'static> {
        let manager = FieldManager::named(served, "", SERVER.to_owned());
        // What strategies would add to what a client sends.
        let added: &[&[&str]] = match (served.kind.group, served.kind.kind) {
            ("", "Namespace") => &[&["spec", "finalizers"]],
            ("", "Service") => &[&["spec", "clusterIPs"], &["spec", "ipFamilies"]],
            _ => &[],
        };
        if added.is_empty() {
            return manager;
        }
        let reset = manager.reset.into_owned().union(Set::of_fields(added));
        FieldManager { reset: Cow::Owned(reset), ..manager }
    }

    fn named(served: Served, subresource: &str, name: String) -> FieldManager<'_> {
        let scale = || Schema::get().named("autoscaling", "v1", "Scale");
        let scale = (subresource == "scale").then(scale).flatten();
        let of = scale.map_or(Of::Kind(served), Of::Scale);
        let reset = match of_new(served.kind) {
            Some(of_new) if subresource.is_empty() => Cow::Borrowed(&of_new.reset),
            _ => Cow::Owned(Set::of_fields(served.kind.reset_of(subresource))),
        };
        FieldManager { of, subresource, name, now: crate::clock::print(crate::clock::now()), reset }
    }

    /// Notes who owns a new object.
    pub(crate) fn create(&self, object: &mut Value, said: Option<Value>) {
        self.with_request(|request| track_created(request, object, said));
        forget_deep_managers(object);
    }

    /// Who owns what of a new object, as text for who stores it. `None` if there is nothing to add to the object: nobody
    /// owns anything, or it is noted in it.
    pub(crate) fn create_as_text(&self, object: &mut Value, said: Option<Value>) -> Option<String> {
        let made = self.with_request(|request| match (self.of, &self.reset) {
            (Of::Kind(Served { kind, .. }), Cow::Borrowed(_)) if let Some(of_new) = of_new(kind) => {
                managers_of_new(request, &of_new.nobodys, object, said)
            }
            _ => managers_of_new(request, &nobodys_and(request.reset), object, said),
        });
        forget_deep_managers(object);
        made.flatten()
            .filter(|managers| managers.n_levels <= MANAGERS_DEPTH_MAX)
            .map(|managers| managers.text)
    }

    /// Notes who owns a changed object; `live` is of the stored version, or a Scale.
    pub(crate) fn update(&self, live: &Value, object: &mut Value, said: Option<Value>) {
        self.with_request(|request| match self.in_own_version(live) {
            Some(live) => track(request, &live, object, said),
            None => track(request, live, object, said),
        });
        forget_deep_managers(object);
    }

    /// The object that an apply makes of the live one, neither decoded nor defaulted.
    ///
    /// # Errors
    /// What is wrong with what is applied; conflicts.
    pub(crate) fn apply(
        &self,
        live: Option<&Value>,
        applied: &Value,
        force: bool,
    ) -> Result<Value, Box<Status>> {
        let own = live.and_then(|live| self.in_own_version(live));
        let done = self.with_request(|request| match own.as_ref().or(live) {
            Some(live) => apply(request, live, applied, false, force),
            None => apply(request, request.zero, applied, true, force),
        });
        done.unwrap_or_else(|| Ok(applied.clone())).map_err(|error| {
            Box::new(match error {
                ApplyError::BadRequest(message) => Status::bad_request(message),
                ApplyError::Unfit(message) => Status::unknown(message),
                ApplyError::Conflicts(conflicts) => conflicts.into_status(),
            })
        })
    }

    /// The live object in the version of the request, if it is stored in another one.
    fn in_own_version(&self, live: &Value) -> Option<Value> {
        match self.of {
            Of::Kind(served) if !served.is_stored_version() => {
                let mut live = live.clone();
                to_served(served, &mut live);
                normalise(served.type_of(), &mut live);
                Some(live)
            }
            _ => None,
        }
    }

    fn with_request<R>(&self, answer: impl FnOnce(&Request<'_, OwnedType>) -> R) -> Option<R> {
        let (ty, api_version, kind) = match self.of {
            Of::Kind(served) => (served.type_of()?, served.api_version(), served.kind.kind),
            Of::Scale(ty) => (ty, "autoscaling/v1".to_owned(), "Scale"),
        };
        Some(answer(&Request {
            ty: OwnedType::of(ty),
            zero: Schema::zero_of(ty),
            api_version: &api_version,
            kind,
            subresource: self.subresource,
            manager: &self.name,
            now: &self.now,
            reset: &self.reset,
            versions: &self.of,
        }))
    }
}

/// What creators of objects of a kind do not own.
struct OfNew {
    /// What the strategy resets.
    reset: Set,
    /// This, and what nobody ever owns.
    nobodys: Set,
}

fn of_new(kind: &Kind) -> Option<&'static OfNew> {
    static OF_NEW: LazyLock<Map<(&str, &str), OfNew>> = LazyLock::new(|| {
        let of_new = |kind: &Kind| {
            let reset = Set::of_fields(kind.reset_of(""));
            OfNew { nobodys: nobodys_and(&reset), reset }
        };
        resources::kinds::all().iter().map(|kind| ((kind.group, kind.kind), of_new(kind))).collect()
    });
    OF_NEW.get(&(kind.group, kind.kind))
}

/// Nobody owns anything of an object whose fields are so deep that it could not be read with its owners in it. Upstream, too,
/// lets go of the owners where an object cannot be stored with them.
pub(crate) fn forget_deep_managers(object: &mut Value) {
    let managers = Meta::of(object).get("managedFields");
    if managers.is_some_and(|managers| is_deeper_than(managers, MANAGERS_DEPTH_MAX)) {
        MetaMut::of(object).remove("managedFields");
    }
}

fn is_deeper_than(value: &Value, depth: usize) -> bool {
    let is_deep = |value: &Value| is_deeper_than(value, depth - 1);
    match value {
        Value::Object(_) | Value::Array(_) if depth == 0 => true,
        Value::Object(members) => members.values().any(is_deep),
        Value::Array(items) => items.iter().any(is_deep),
        _ => false,
    }
}

fn normalise(of: Option<&Type>, object: &mut Value) {
    if let Some(of) = of {
        Schema::get().normalise(of, object);
    }
}

/// A version that serves a kind.
fn version_of(kind: &Kind, api_version: &str) -> Option<(&'static str, &'static str)> {
    let version = GroupVersion::parse(api_version)?;
    kind.versions.iter().find(|(group, name)| *group == version.group && *name == version.version).copied()
}

impl Versions<OwnedType> for Of {
    fn type_of(&self, api_version: &str) -> Option<OwnedType> {
        match self {
            Of::Kind(served) => {
                let (group, version) = version_of(served.kind, api_version)?;
                Schema::get().type_of(group, version, served.kind.kind).map(OwnedType::of)
            }
            Of::Scale(ty) => (api_version == "autoscaling/v1").then_some(OwnedType::of(ty)),
        }
    }

    fn convert(&self, mut object: Value, from: &str, to: &str) -> Option<Value> {
        let Of::Kind(served) = self else { return Some(object) };
        if from == to {
            return Some(object);
        }
        let kind = served.kind;
        let (from, into) = (version_of(kind, from)?, version_of(kind, to)?);
        kind.strategy.convert(&mut object, from, into);
        set_type(&mut object, to, kind.kind);
        normalise(Schema::get().type_of(into.0, into.1, kind.kind), &mut object);
        Some(object)
    }
}

/// What a client has put into `metadata.managedFields`, taken out: an empty list, which means something, would not
/// survive otherwise.
pub(crate) fn take_said(object: &mut Value) -> Option<Value> {
    Meta::of(object).get("managedFields")?;
    MetaMut::of(object).remove("managedFields")
}

/// Puts the times of managers back that are the only thing that has changed.
pub(crate) fn keep_times(object: &mut Value, old: &Value) {
    let (own, before) = (Meta::of(object).get("managedFields"), Meta::of(old).get("managedFields"));
    if own != before && apimachinery::meta::equal_but_for_managed_field_times(object, old) {
        let before = before.cloned().unwrap_or_default();
        MetaMut::of(object).set("managedFields", before);
    }
}
