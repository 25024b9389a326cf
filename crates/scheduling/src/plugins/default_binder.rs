//! DefaultBinder: binds a pod to its node through the API server.
//!
//! The decision core does not bind; it emits a bind command, and whoever drives it carries that out. The row
//! is here because a profile must have a bind plugin.

use wire::config::ExtensionPoint;

use crate::framework::{Plugin, Registration};

/// The row of this plugin.
pub static REGISTRATION: Registration = Registration {
    points: &[ExtensionPoint::Bind],
    ..Registration::named("DefaultBinder", |_| Ok(Box::new(DefaultBinder)))
};

struct DefaultBinder;

impl Plugin for DefaultBinder {}
