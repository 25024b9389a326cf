//! Tokens of service accounts: JSON web tokens (RFC 7519) that this server signs and believes.
//!
//! [`Keys`] sign and check, `claims` are what a token says, `check` is whether it still holds: the service account
//! and the object that the token is bound to must be there, with the uids that the token names. `openid` is what others
//! need for checking tokens without asking this server (KEP-1393).

mod check;
mod claims;
mod keys;
mod openid;

use std::sync::Arc;

use tokio::sync::watch;

pub use claims::{Bound, Claims, Reference};
pub use keys::{KeyError, Keys};
pub use openid::documents;

use crate::objects::Objects;

/// What a server is told about tokens of service accounts. The names are those of upstream's flags.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `--service-account-issuer`: the first one is put into tokens, all of them are believed.
    pub issuers: Vec<String>,
    /// The keys.
    pub keys: KeySource,
    /// `--service-account-extend-token-expiration`: tokens that kubelets ask for live for a year, so that clients that
    /// never read them again go on working.
    pub extends_expiration: bool,
    /// `--service-account-max-token-expiration` in seconds; 0 is no limit.
    pub max_expiration_seconds: i64,
}

/// Keys that may still be in the making: a new one takes longer than a server's start.
#[derive(Clone, Debug)]
pub struct KeySource(watch::Receiver<Option<Arc<Keys>>>);

impl KeySource {
    /// Keys that are there.
    pub fn ready(keys: Keys) -> KeySource {
        KeySource(watch::channel(Some(Arc::new(keys))).1)
    }

    /// Keys that somebody makes meanwhile, and where to send them.
    pub fn pending() -> (watch::Sender<Option<Arc<Keys>>>, KeySource) {
        let (sender, receiver) = watch::channel(None);
        (sender, KeySource(receiver))
    }

    /// The keys, if they are there. As long as they are not there are no tokens either.
    pub fn now(&self) -> Option<Arc<Keys>> {
        self.0.borrow().clone()
    }

    /// The keys as soon as they are there; `None` if they could not be made.
    pub async fn wait(&self) -> Option<Arc<Keys>> {
        let mut receiver = self.0.clone();
        let keys = receiver.wait_for(Option::is_some).await.ok()?;
        keys.clone()
    }
}

/// Whose tokens are whose.
pub struct ServiceAccounts {
    /// What the operator wants.
    pub settings: Settings,
    objects: Arc<dyn Objects>,
}

impl ServiceAccounts {
    /// Tokens of the service accounts among some objects.
    pub fn new(settings: Settings, objects: Arc<dyn Objects>) -> ServiceAccounts {
        ServiceAccounts { settings, objects }
    }
}

impl std::fmt::Debug for ServiceAccounts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServiceAccounts").field("settings", &self.settings).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
