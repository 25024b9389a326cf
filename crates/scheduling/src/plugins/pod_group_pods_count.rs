//! PodGroupPodsCount: prefers the placement that holds most pods of a group.
//!
//! Behind a gate that is off by default. It concerns pod groups only, whose pods are refused by name (see
//! [`super::gang_scheduling`]).

use wire::config::ExtensionPoint;

use crate::framework::{Plugin, Registration};

/// The row of this plugin.
pub static REGISTRATION: Registration = Registration {
    points: &[ExtensionPoint::PlacementScore],
    ..Registration::named("PodGroupPodsCount", |_| Ok(Box::new(PodGroupPodsCount)))
};

struct PodGroupPodsCount;

impl Plugin for PodGroupPodsCount {}
