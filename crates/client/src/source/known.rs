//! Which objects have been told of.

use base::Map;
use wire::{Kind, Object, ObjectMeta};

/// The names of objects that are there, as far as has been told. Objects themselves are not kept.
#[derive(Debug, Default)]
pub(super) struct Known {
    objects: Map<(String, String), Seen>,
    /// Counts how often everything has been asked for.
    round: u32,
    is_beginning: bool,
}

#[derive(Debug)]
struct Seen {
    uid: String,
    round: u32,
}

impl Known {
    /// From now on everything is told that is there.
    pub(super) fn begin(&mut self) {
        self.round = self.round.wrapping_add(1);
        self.is_beginning = true;
    }

    /// Whether not everything has been told yet.
    pub(super) fn is_beginning(&self) -> bool {
        self.is_beginning
    }

    /// An object is there. Returns the one that had its name before and must be gone, if it was another.
    pub(super) fn insert(&mut self, object: &Object) -> Option<Object> {
        let metadata = object.meta();
        let key = (metadata.namespace.clone(), metadata.name.clone());
        let seen = Seen { uid: metadata.uid.clone(), round: self.round };
        let before = self.objects.insert(key, seen)?;
        (before.uid != metadata.uid)
            .then(|| tombstone(object.kind(), &metadata.namespace, &metadata.name, &before.uid))
    }

    /// An object is gone.
    pub(super) fn remove(&mut self, object: &Object) {
        let metadata = object.meta();
        self.objects.remove(&(metadata.namespace.clone(), metadata.name.clone()));
    }

    /// Everything that is there has been told. Returns what is not among it, and forgets it.
    pub(super) fn end(&mut self, kind: Kind) -> Vec<Object> {
        self.is_beginning = false;
        let mut gone: Vec<((String, String), Seen)> =
            self.objects.extract_if(|_, seen| seen.round != self.round).collect();
        gone.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        gone.into_iter()
            .map(|((namespace, name), seen)| tombstone(kind, &namespace, &name, &seen.uid))
            .collect()
    }
}

/// An object of which only the name is known any more.
fn tombstone(kind: Kind, namespace: &str, name: &str, uid: &str) -> Object {
    let mut object = Object::empty(kind);
    *object.meta_mut() = ObjectMeta {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        uid: uid.to_owned(),
        ..ObjectMeta::default()
    };
    object
}
