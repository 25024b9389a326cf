//! Which objects of a kind are meant.

use std::collections::BTreeMap;

use apimachinery::selectors::fields::FieldSelector;
use apimachinery::selectors::labels::{LabelSelector, Labels};
use resources::kind::Kind;

use super::cached::Cached;

/// Which objects of a kind are meant.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// The namespace; empty for all, and for kinds without.
    pub namespace: String,
    /// By labels.
    pub labels: LabelSelector,
    /// By fields, under the names that the kind has for them.
    pub fields: FieldSelector,
}

struct LabelsOf<'c>(&'c BTreeMap<Box<str>, Box<str>>);

impl Labels for LabelsOf<'_> {
    fn label(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(AsRef::as_ref)
    }
}

impl Selection {
    /// Whether all objects of the namespace are meant.
    pub fn is_everything(&self) -> bool {
        self.labels.is_everything() && self.fields.is_everything()
    }

    /// Whether an object is meant. `prefix_len` is how long the kind's prefix of keys is.
    pub fn matches(&self, kind: &Kind, prefix_len: usize, object: &Cached) -> bool {
        let (namespace, name) = object.namespace_and_name(prefix_len);
        if !self.namespace.is_empty() && kind.is_namespaced && namespace != self.namespace {
            return false;
        }
        if !self.fields.is_everything() {
            let is_meant = self.fields.matches(|field| match field {
                "metadata.name" => Some(name),
                "metadata.namespace" => Some(namespace),
                field => {
                    let at = kind.selectable_fields.iter().position(|known| known.label == field)?;
                    object.fields(kind).get(at).map(AsRef::as_ref)
                }
            });
            if !is_meant {
                return false;
            }
        }
        self.labels.is_everything() || self.labels.matches(&LabelsOf(object.labels()))
    }
}
