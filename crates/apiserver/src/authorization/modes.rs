//! `--authorization-mode`: several authorizers, asked one after the other.

use std::sync::Arc;

use super::node::Node;
use super::rbac::Rbac;
use super::{Authorizer, Decision};
use crate::attributes::Attributes;
use crate::objects::Objects;
use crate::user::User;

/// An authorizer, as the flag names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Everybody may do anything.
    AlwaysAllow,
    /// Nobody may do anything but `system:masters`.
    AlwaysDeny,
    /// What kubelets need.
    Node,
    /// Roles and their bindings.
    Rbac,
}

/// What is wrong with the flag.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModeError {
    /// It is empty.
    #[error("at least one authorization-mode must be passed: AlwaysAllow, AlwaysDeny, Node or RBAC")]
    None,
    /// A mode that does not exist.
    #[error("authorization-mode {0:?} is not a valid mode: AlwaysAllow, AlwaysDeny, Node and RBAC are")]
    Unknown(String),
    /// A mode of upstream that is not here.
    #[error("authorization-mode {0:?} is not implemented yet: AlwaysAllow, AlwaysDeny, Node and RBAC are")]
    NotYet(String),
    /// A mode that is there twice.
    #[error("authorization-mode {0:?} has mode specified more than once")]
    Twice(String),
}

/// Reads the flag: `Node,RBAC`.
///
/// # Errors
/// If a mode is unknown or there twice, or there is none.
pub fn parse(text: &str) -> Result<Vec<Mode>, ModeError> {
    let mut modes = Vec::new();
    for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        let mode = match name {
            "AlwaysAllow" => Mode::AlwaysAllow,
            "AlwaysDeny" => Mode::AlwaysDeny,
            "Node" => Mode::Node,
            "RBAC" => Mode::Rbac,
            "ABAC" | "Webhook" => return Err(ModeError::NotYet(name.to_owned())),
            _ => return Err(ModeError::Unknown(name.to_owned())),
        };
        if modes.contains(&mode) {
            return Err(ModeError::Twice(name.to_owned()));
        }
        modes.push(mode);
    }
    if modes.is_empty() { Err(ModeError::None) } else { Ok(modes) }
}

/// The authorizers of all modes. Whoever is in `system:masters` may do anything, whatever the modes.
pub struct Modes {
    authorizers: Vec<Box<dyn Authorizer>>,
    has_node: bool,
    allows_everything: bool,
    rbac: Option<Arc<Rbac>>,
}

impl Modes {
    /// Authorizers that read roles, bindings and pods from caches.
    pub fn new(modes: &[Mode], objects: &Arc<dyn Objects>) -> Modes {
        let rbac = modes.contains(&Mode::Rbac).then(|| Arc::new(Rbac::new(objects.clone())));
        let authorizer = |mode: &Mode| -> Box<dyn Authorizer> {
            match mode {
                Mode::AlwaysAllow => Box::new(AlwaysAllow),
                Mode::AlwaysDeny => Box::new(AlwaysDeny),
                Mode::Node => Box::new(Node::new(objects.clone())),
                Mode::Rbac => Box::new(rbac.clone().unwrap_or_else(|| Arc::new(Rbac::new(objects.clone())))),
            }
        };
        let authorizers = modes.iter().map(authorizer).collect();
        let allows_everything = modes.contains(&Mode::AlwaysAllow);
        Modes { authorizers, has_node: modes.contains(&Mode::Node), allows_everything, rbac }
    }

    /// RBAC, if it is one of the modes. Escalation is checked only then.
    pub fn rbac(&self) -> Option<&Rbac> {
        self.rbac.as_deref()
    }

    /// Whether AlwaysAllow is one of the modes.
    pub fn allows_everything(&self) -> bool {
        self.allows_everything
    }

    /// Whether Node is one of the modes.
    pub fn has_node(&self) -> bool {
        self.has_node
    }
}

impl Authorizer for Modes {
    fn authorize(&self, user: &User, attributes: &Attributes) -> Decision {
        if user.is_in(User::MASTERS) {
            return Decision::Allow(String::new());
        }
        let mut reasons = Vec::new();
        for authorizer in &self.authorizers {
            match authorizer.authorize(user, attributes) {
                Decision::NoOpinion(reason) if reason.is_empty() => {}
                Decision::NoOpinion(reason) => reasons.push(reason),
                decided => return decided,
            }
        }
        Decision::NoOpinion(reasons.join("\n"))
    }
}

impl<A: Authorizer + ?Sized> Authorizer for Arc<A> {
    fn authorize(&self, user: &User, attributes: &Attributes) -> Decision {
        (**self).authorize(user, attributes)
    }
}

struct AlwaysAllow;

impl Authorizer for AlwaysAllow {
    fn authorize(&self, _user: &User, _attributes: &Attributes) -> Decision {
        Decision::Allow(String::new())
    }
}

struct AlwaysDeny;

impl Authorizer for AlwaysDeny {
    fn authorize(&self, _user: &User, _attributes: &Attributes) -> Decision {
        Decision::NoOpinion("Everything is forbidden.".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_objects::TestObjects;
    use super::*;

    #[test]
    fn the_flag_names_modes() {
        assert_eq!(parse("Node,RBAC"), Ok(vec![Mode::Node, Mode::Rbac]));
        for (text, error) in [
            ("", ModeError::None),
            ("RBAC,rbac", ModeError::Unknown("rbac".into())),
            ("RBAC,RBAC", ModeError::Twice("RBAC".into())),
            ("Webhook", ModeError::NotYet("Webhook".into())),
        ] {
            assert_eq!(parse(text), Err(error));
        }
    }

    #[test]
    fn the_first_decision_counts_and_masters_may_do_anything() {
        let objects: Arc<dyn Objects> = TestObjects::of([]);
        let bob = User { name: "bob".into(), ..User::default() };
        let root = User { groups: vec![User::MASTERS.into()], ..bob.clone() };
        let ask =
            |modes: &[Mode], user: &User| Modes::new(modes, &objects).authorize(user, &Attributes::default());
        assert_eq!(ask(&[Mode::AlwaysDeny], &root), Decision::Allow(String::new()));
        let denied = Decision::NoOpinion("Everything is forbidden.".into());
        assert_eq!(ask(&[Mode::Rbac, Mode::AlwaysDeny], &bob), denied);
        assert_eq!(ask(&[Mode::AlwaysDeny, Mode::AlwaysAllow], &bob), Decision::Allow(String::new()));
    }
}
