//! TopologyPlacementGenerator: proposes the domains in which a pod group may be placed.
//!
//! Behind a gate that is off by default. It concerns pod groups only, whose pods are refused by name (see
//! [`super::gang_scheduling`]).

use wire::config::ExtensionPoint;

use crate::framework::{Plugin, Registration};

/// The row of this plugin.
pub static REGISTRATION: Registration = Registration {
    points: &[ExtensionPoint::PlacementGenerate],
    ..Registration::named("TopologyPlacementGenerator", |_| Ok(Box::new(TopologyPlacementGenerator)))
};

struct TopologyPlacementGenerator;

impl Plugin for TopologyPlacementGenerator {}
