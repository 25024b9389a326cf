//! A small type for tests.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::types::{FieldType, Member, Relationship, Scalar, Shape};
use super::{Request, Set, Versions};

/// Types of the tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ty {
    Object,
    Metadata,
    Spec,
    Ports,
    Port,
    Names,
    Selector,
    Texts,
    Atoms,
    Text,
    Number,
    Free,
}

impl FieldType for Ty {
    fn shape(self) -> Shape {
        match self {
            Ty::Object | Ty::Metadata | Ty::Spec | Ty::Port | Ty::Texts => Shape::Map { is_atomic: false },
            Ty::Selector => Shape::Map { is_atomic: true },
            Ty::Ports => Shape::List(Relationship::Keyed(&["port", "protocol"])),
            Ty::Names => Shape::List(Relationship::Set),
            Ty::Atoms => Shape::List(Relationship::Atomic),
            Ty::Text => Shape::Scalar(Scalar::String),
            Ty::Number => Shape::Scalar(Scalar::Numeric),
            Ty::Free => Shape::Deduced,
        }
    }

    fn member(self, name: &str) -> Member<Ty> {
        let declared = match (self, name) {
            (Ty::Object, "metadata") => Ty::Metadata,
            (Ty::Object, "spec" | "status") => Ty::Spec,
            (Ty::Object, "apiVersion" | "kind") | (Ty::Metadata, "name" | "namespace") => Ty::Text,
            (Ty::Metadata, "labels") => Ty::Texts,
            (Ty::Metadata, "finalizers") => Ty::Names,
            (Ty::Metadata, "managedFields" | "uid") => Ty::Free,
            (Ty::Spec, "ports") => Ty::Ports,
            (Ty::Spec, "selector") => Ty::Selector,
            (Ty::Spec, "args") => Ty::Atoms,
            (Ty::Spec, "replicas") | (Ty::Port, "port") => Ty::Number,
            (Ty::Spec, "free") => Ty::Free,
            (Ty::Port, "name" | "protocol") => Ty::Text,
            (Ty::Texts, _) => return Member::Free(Ty::Text),
            (Ty::Free, _) => return Member::Free(Ty::Free),
            _ => return Member::Unknown,
        };
        Member::Declared(declared)
    }

    fn element(self) -> Option<Ty> {
        match self {
            Ty::Ports => Some(Ty::Port),
            Ty::Names | Ty::Atoms => Some(Ty::Text),
            _ => None,
        }
    }

    fn default_of(self, name: &str) -> Option<&'static Value> {
        static TCP: LazyLock<Value> = LazyLock::new(|| json!("TCP"));
        (self == Ty::Port && name == "protocol").then(|| &*TCP)
    }
}

/// A kind with one version.
pub(super) struct OneVersion;

impl Versions<Ty> for OneVersion {
    fn type_of(&self, api_version: &str) -> Option<Ty> {
        (api_version == "v1").then_some(Ty::Object)
    }

    fn convert(&self, object: Value, _from: &str, _to: &str) -> Option<Value> {
        Some(object)
    }
}

/// What upstream would print of an empty object.
pub(super) static ZERO: LazyLock<Value> =
    LazyLock::new(|| json!({"metadata": {}, "spec": {"selector": null}}));

/// A request of a manager at a time.
pub(super) fn request(manager: &'static str, now: &'static str) -> Request<'static, Ty> {
    static NOTHING: LazyLock<Set> = LazyLock::new(Set::default);
    Request {
        ty: Ty::Object,
        zero: &ZERO,
        api_version: "v1",
        kind: "Thing",
        subresource: "",
        manager,
        now,
        reset: &NOTHING,
        versions: &OneVersion,
    }
}
