//! Reading metadata.

use serde_json::{Map, Value};

use crate::members::{member, member_of};

/// A view of a document's metadata.
#[derive(Clone, Copy, Debug)]
pub struct Meta<'d>(Option<&'d Map<String, Value>>);

impl<'d> Meta<'d> {
    /// The metadata of a document.
    pub fn of(document: &'d Value) -> Self {
        Self(member_of(document, "metadata").and_then(Value::as_object))
    }

    /// Any member.
    pub fn get(self, name: &str) -> Option<&'d Value> {
        member(self.0?, name).filter(|value| !value.is_null())
    }

    fn text(self, name: &str) -> &'d str {
        self.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// Name of the object.
    pub fn name(self) -> &'d str {
        self.text("name")
    }

    /// What a name is to be generated from.
    pub fn generate_name(self) -> &'d str {
        self.text("generateName")
    }

    /// The namespace; empty for objects that have none.
    pub fn namespace(self) -> &'d str {
        self.text("namespace")
    }

    /// What tells the object from all others that have or had its name.
    pub fn uid(self) -> &'d str {
        self.text("uid")
    }

    /// Which version of the object it is.
    pub fn resource_version(self) -> &'d str {
        self.text("resourceVersion")
    }

    /// How often the desired state has changed; 0 where nobody counts.
    pub fn generation(self) -> i64 {
        self.get("generation").and_then(Value::as_i64).unwrap_or_default()
    }

    /// When the object was created, as RFC 3339.
    pub fn creation_timestamp(self) -> &'d str {
        self.text("creationTimestamp")
    }

    /// When the object is to be gone, as RFC 3339; none while nobody deletes it.
    pub fn deletion_timestamp(self) -> Option<&'d str> {
        self.get("deletionTimestamp").and_then(Value::as_str)
    }

    /// Seconds between the wish to delete the object and its end.
    pub fn deletion_grace_period_seconds(self) -> Option<i64> {
        self.get("deletionGracePeriodSeconds").and_then(Value::as_i64)
    }

    /// Labels; none where there is no such member.
    pub fn labels(self) -> Option<&'d Map<String, Value>> {
        self.get("labels").and_then(Value::as_object)
    }

    /// The value of a label.
    pub fn label(self, key: &str) -> Option<&'d str> {
        self.labels()?.get(key)?.as_str()
    }

    /// Annotations; none where there is no such member.
    pub fn annotations(self) -> Option<&'d Map<String, Value>> {
        self.get("annotations").and_then(Value::as_object)
    }

    /// The value of an annotation.
    pub fn annotation(self, key: &str) -> Option<&'d str> {
        self.annotations()?.get(key)?.as_str()
    }

    /// Who must agree before the object goes.
    pub fn finalizers(self) -> impl Iterator<Item = &'d str> + Clone {
        self.list("finalizers").iter().filter_map(Value::as_str)
    }

    /// The objects that it belongs to, as documents.
    pub fn owner_references(self) -> &'d [Value] {
        self.list("ownerReferences")
    }

    /// Who has written which fields, as documents.
    pub fn managed_fields(self) -> &'d [Value] {
        self.list("managedFields")
    }

    fn list(self, name: &str) -> &'d [Value] {
        self.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }
}
