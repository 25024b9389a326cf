//! Sets of verbs.

/// What can be done with a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verbs(u16);

impl Verbs {
    /// Nothing.
    pub const NONE: Verbs = Verbs(0);
    /// POST to the collection, or to a subresource.
    pub const CREATE: Verbs = Verbs(1);
    /// DELETE of one object.
    pub const DELETE: Verbs = Verbs(1 << 1);
    /// DELETE of the collection.
    pub const DELETE_COLLECTION: Verbs = Verbs(1 << 2);
    /// GET of one object.
    pub const GET: Verbs = Verbs(1 << 3);
    /// GET of the collection.
    pub const LIST: Verbs = Verbs(1 << 4);
    /// PATCH.
    pub const PATCH: Verbs = Verbs(1 << 5);
    /// PUT.
    pub const UPDATE: Verbs = Verbs(1 << 6);
    /// GET of changes.
    pub const WATCH: Verbs = Verbs(1 << 7);
    /// All of them.
    pub const ALL: Verbs = Verbs(0xff);
    /// Those of most subresources.
    pub const GET_PATCH_UPDATE: Verbs = Verbs::GET.or(Verbs::PATCH).or(Verbs::UPDATE);
    /// Those of requests that are passed on.
    pub const PROXY: Verbs = Verbs::GET_PATCH_UPDATE.or(Verbs::CREATE).or(Verbs::DELETE);

    /// In alphabetic order, as discovery shows them.
    const NAMES: [(&'static str, Verbs); 8] = [
        ("create", Verbs::CREATE),
        ("delete", Verbs::DELETE),
        ("deletecollection", Verbs::DELETE_COLLECTION),
        ("get", Verbs::GET),
        ("list", Verbs::LIST),
        ("patch", Verbs::PATCH),
        ("update", Verbs::UPDATE),
        ("watch", Verbs::WATCH),
    ];

    /// These and those.
    #[must_use]
    pub const fn or(self, other: Verbs) -> Verbs {
        Verbs(self.0 | other.0)
    }

    /// These without those.
    #[must_use]
    pub const fn without(self, other: Verbs) -> Verbs {
        Verbs(self.0 & !other.0)
    }

    /// Whether all of those are among these.
    pub const fn contains(self, other: Verbs) -> bool {
        self.0 & other.0 == other.0
    }

    /// Their names, in alphabetic order.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Verbs::NAMES.into_iter().filter(move |(_, verb)| self.contains(*verb)).map(|(name, _)| name)
    }
}
