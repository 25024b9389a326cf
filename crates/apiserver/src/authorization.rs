//! Who may do what.
//!
//! [`modes`] composes the authorizers that `--authorization-mode` names; [`rbac`] and [`node`] are two of them.
//! [`escalation`] keeps users from giving away what they do not have, [`reviews`] answers questions about all this.

pub mod escalation;
pub mod modes;
pub mod node;
pub mod rbac;
#[cfg(test)]
mod recorded_tests;
pub mod reviews;
#[cfg(test)]
pub(crate) mod test_objects;

use apimachinery::{GroupResource, Status};

use crate::attributes::Attributes;
use crate::user::User;

/// What an authorizer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It may be done, whatever others say.
    Allow(String),
    /// It must not be done, whatever others say.
    Deny(String),
    /// Somebody else has to say; if nobody does, it must not be done. The reason may be empty.
    NoOpinion(String),
}

/// Decides who may do what, from what it knows by itself or from caches: never waits.
pub trait Authorizer: Send + Sync {
    /// Whether `user` may do this.
    fn authorize(&self, user: &User, attributes: &Attributes) -> Decision;
}

/// The proof that a user may do what a request asks. The registry does nothing without one.
#[derive(Clone, Debug)]
pub struct Authorized {
    user: User,
    attributes: Attributes,
}

impl Authorized {
    /// Who asks.
    pub fn user(&self) -> &User {
        &self.user
    }

    /// What was asked.
    pub fn attributes(&self) -> &Attributes {
        &self.attributes
    }

    /// For what the server does by its own loops, in nobody's name.
    pub(crate) fn for_server(attributes: Attributes) -> Authorized {
        let user = User {
            name: "system:apiserver".into(),
            groups: vec![User::MASTERS.into(), User::AUTHENTICATED.into()],
            ..User::default()
        };
        Authorized { user, attributes }
    }

    /// For another step of the same request, after that has been authorized as well.
    ///
    /// # Errors
    /// The 403 that tells the user why.
    pub fn also(
        &self,
        authorizer: &dyn Authorizer,
        attributes: Attributes,
    ) -> Result<Authorized, Box<Status>> {
        authorize(authorizer, self.user.clone(), attributes)
    }
}

/// Asks whether a user may do something.
///
/// # Errors
/// The 403 that tells the user why.
pub fn authorize(
    authorizer: &dyn Authorizer,
    user: User,
    attributes: Attributes,
) -> Result<Authorized, Box<Status>> {
    match authorizer.authorize(&user, &attributes) {
        Decision::Allow(_) => Ok(Authorized { user, attributes }),
        Decision::Deny(reason) | Decision::NoOpinion(reason) => {
            Err(Box::new(forbidden(&user, &attributes, &reason)))
        }
    }
}

/// The answer to who may not: upstream's sentence.
fn forbidden(user: &User, attributes: &Attributes, reason: &str) -> Status {
    let who = apimachinery::go::quote(&user.name);
    let quote = apimachinery::go::quote;
    let mut text = if attributes.is_resource {
        let mut resource = attributes.resource.clone();
        if !attributes.subresource.is_empty() {
            resource = format!("{resource}/{}", attributes.subresource);
        }
        let scope = match attributes.namespace.as_str() {
            "" => "at the cluster scope".to_owned(),
            namespace => format!("in the namespace {}", quote(namespace)),
        };
        format!(
            "User {who} cannot {} resource {} in API group {} {scope}",
            attributes.verb,
            quote(&resource),
            quote(&attributes.group)
        )
    } else {
        format!("User {who} cannot {} path {}", attributes.verb, quote(&attributes.path))
    };
    if !reason.is_empty() {
        text = format!("{text}: {reason}");
    }
    let resource = GroupResource::new(attributes.group.as_str(), attributes.resource.as_str());
    Status::forbidden(&resource, &attributes.name, &text)
}
