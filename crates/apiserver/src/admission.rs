//! What the cluster's operator wants of objects, besides what is valid.

use apimachinery::Status;
use resources::kind::Kind;
use serde_json::Value;

use crate::attributes::Attributes;
use crate::objects::Objects;
use crate::user::User;

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// A new object.
    Create,
    /// A changed object.
    Update,
    /// An object goes.
    Delete,
    /// Something is opened below an object: exec, proxy, …
    Connect,
}

/// A request that is to be admitted.
pub struct Request<'r> {
    /// Who asks.
    pub user: &'r User,
    /// What is asked.
    pub attributes: &'r Attributes,
    /// What is being done. A PATCH is an update, or a creation.
    pub operation: Operation,
    /// The kind.
    pub kind: &'r Kind,
    /// The object's name; of a new one its generateName if it has no name yet.
    pub name: &'r str,
    /// The object as it is stored; `None` of a new one.
    pub old: Option<&'r Value>,
    /// Whether nothing will be stored.
    pub is_dry_run: bool,
    /// The caches.
    pub objects: &'r dyn Objects,
}

/// An admission plugin.
pub trait Plugin: Send + Sync {
    /// Its name as in `--enable-admission-plugins`.
    fn name(&self) -> &'static str;

    /// Changes the object, or refuses. `object` is `None` of a deletion.
    ///
    /// # Errors
    /// The answer to the user, in upstream's words.
    fn admit(&self, _request: &Request<'_>, _object: Option<&mut Value>) -> Result<(), Box<Status>> {
        Ok(())
    }

    /// Refuses, after everything that changes the object.
    ///
    /// # Errors
    /// The answer to the user, in upstream's words.
    fn validate(&self, _request: &Request<'_>, _object: Option<&Value>) -> Result<(), Box<Status>> {
        Ok(())
    }
}
