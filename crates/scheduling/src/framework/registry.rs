//! The table of plugins and how a profile's plugins are made.

use wire::config::{ExtensionPoint, PluginArgs};

use super::{ClusterEvent, Plugin};
use crate::model::Compiler;

/// On what a plugin's verdict or score for (shape, node) depends, and so how long it stays true.
///
/// A plugin whose scope is not [`Scope::Cluster`] also says by the pod's shape alone, and by what its volumes ask for
/// ([`crate::storage::Demand`]), whether it has anything to check or score, and rejects nobody in PreFilter for what
/// is in the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// On the node object: labels, taints, allocatable, images.
    Node,
    /// Also on what runs on that node.
    Occupancy,
    /// On all node objects: which images they have, how many there are.
    Nodes,
    /// Also on what runs elsewhere.
    Cluster,
}

/// One row of the plugin table.
pub struct Registration {
    /// Upstream's name.
    pub name: &'static str,
    /// The extension points it implements.
    pub points: &'static [ExtensionPoint],
    /// After which events its refusals may no longer hold.
    pub events: &'static [ClusterEvent],
    /// On what its Filter depends; set iff it has one.
    pub filter_scope: Option<Scope>,
    /// On what its Score depends; set iff it has one.
    pub score_scope: Option<Scope>,
    /// What Filter says if the profile has disabled PreFilter and Filter needs what it would have left.
    pub filter_without_pre_filter: Option<&'static str>,
    /// What Score says if the profile has disabled PreScore and Score needs what it would have left.
    pub score_without_pre_score: Option<&'static str>,
    /// Makes the plugin for one profile; the error is what upstream would say.
    pub build: fn(&mut Build<'_>) -> Result<Box<dyn Plugin>, String>,
}

/// What a plugin is made from.
pub struct Build<'a> {
    /// Its arguments, defaulted; `None` if the profile has none for it.
    pub args: Option<&'a PluginArgs>,
    /// Symbols and gates.
    pub compiler: Compiler<'a>,
}

impl Registration {
    /// A row with no extension point, to be filled in with struct update syntax.
    pub const fn named(
        name: &'static str,
        build: fn(&mut Build<'_>) -> Result<Box<dyn Plugin>, String>,
    ) -> Registration {
        Registration {
            name,
            points: &[],
            events: &[],
            filter_scope: None,
            score_scope: None,
            filter_without_pre_filter: None,
            score_without_pre_score: None,
            build,
        }
    }

    /// Whether the plugin implements `point`.
    pub fn implements(&self, point: ExtensionPoint) -> bool {
        self.points.contains(&point)
    }
}
