//! Which kinds are served under which paths.

use base::Map;
use resources::kind::Kind;
use resources::schema::{Schema, Type};

/// A kind as one of its versions serves it.
#[derive(Clone, Copy, Debug)]
pub struct Served {
    /// The kind.
    pub kind: &'static Kind,
    /// The group of the path.
    pub group: &'static str,
    /// The version of the path.
    pub version: &'static str,
    /// Its place among all kinds.
    pub index: usize,
}

impl Served {
    /// As the version that objects are stored in serves it.
    pub fn stored(kind: &'static Kind, index: usize) -> Served {
        let (group, version) = kind.versions[kind.stored_in];
        Served { kind, group, version, index }
    }

    /// Whether objects are served as they are stored.
    pub fn is_stored_version(&self) -> bool {
        self.kind.versions.get(self.kind.stored_in) == Some(&(self.group, self.version))
    }

    /// `apps/v1`, `v1`.
    pub fn api_version(&self) -> String {
        api_version(self.group, self.version)
    }

    /// The type of its objects.
    pub fn type_of(&self) -> Option<&'static Type> {
        Schema::get().type_of(self.group, self.version, self.kind.kind)
    }
}

/// `apps/v1`, `v1`.
pub fn api_version(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}

/// All kinds, by path.
#[derive(Debug)]
pub struct Kinds {
    all: &'static [&'static Kind],
    by_path: Map<(&'static str, &'static str, &'static str), Served>,
}

impl Kinds {
    /// Of a table of kinds.
    pub fn new(all: &'static [&'static Kind]) -> Kinds {
        let mut by_path = Map::default();
        for (index, kind) in all.iter().enumerate() {
            for (group, version) in kind.versions {
                by_path.insert((*group, *version, kind.plural), Served { kind, group, version, index });
            }
        }
        Kinds { all, by_path }
    }

    /// All kinds, in the order of discovery.
    pub fn all(&self) -> &'static [&'static Kind] {
        self.all
    }

    /// The kind behind a path.
    pub fn find(&self, group: &str, version: &str, resource: &str) -> Option<Served> {
        self.by_path.get(&(group, version, resource)).copied()
    }

    /// Whether anything is served in a group and version.
    pub fn has_version(&self, group: &str, version: &str) -> bool {
        self.all.iter().any(|kind| kind.versions.contains(&(group, version)))
    }

    /// The kind of a resource, as it is stored.
    pub fn stored(&self, group: &str, resource: &str) -> Option<Served> {
        let index = self.all.iter().position(|kind| kind.group == group && kind.plural == resource)?;
        Some(Served::stored(self.all[index], index))
    }
}
