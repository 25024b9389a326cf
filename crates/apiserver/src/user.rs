//! Who asks.

/// A user as authentication found it out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    /// The name.
    pub name: String,
    /// What tells users of the same name at different times apart; may be empty.
    pub uid: String,
    /// The groups.
    pub groups: Vec<String>,
    /// What else is known, by key.
    pub extra: Vec<(String, Vec<String>)>,
}

impl User {
    /// The group of those who may do anything.
    pub const MASTERS: &'static str = "system:masters";
    /// The name of who does not say.
    pub const ANONYMOUS: &'static str = "system:anonymous";
    /// The group of everybody who is known.
    pub const AUTHENTICATED: &'static str = "system:authenticated";
    /// The group of everybody else.
    pub const UNAUTHENTICATED: &'static str = "system:unauthenticated";

    /// Nobody in particular.
    pub fn anonymous() -> User {
        User { name: User::ANONYMOUS.into(), groups: vec![User::UNAUTHENTICATED.into()], ..User::default() }
    }

    /// Whether the user is in a group.
    pub fn is_in(&self, group: &str) -> bool {
        self.groups.iter().any(|own| own == group)
    }
}
