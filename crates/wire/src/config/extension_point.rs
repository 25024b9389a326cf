//! The places in a scheduling cycle at which plugins run.

use std::fmt;

/// One extension point of the scheduling framework, or `multiPoint`, which stands for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum ExtensionPoint {
    /// Before a pod enters the active queue.
    PreEnqueue,
    /// Orders the active queue.
    QueueSort,
    /// Once per cycle, before nodes are looked at.
    PreFilter,
    /// Whether a node can run the pod.
    Filter,
    /// When no node can run the pod.
    PostFilter,
    /// Once per cycle, before nodes are scored.
    PreScore,
    /// How well a node suits the pod.
    Score,
    /// When a node is chosen; undone if anything later fails.
    Reserve,
    /// May hold a pod back before it is bound.
    Permit,
    /// Work that must be done before binding.
    PreBind,
    /// Binds the pod.
    Bind,
    /// After the pod was bound.
    PostBind,
    /// Shorthand for every point that a plugin implements.
    MultiPoint,
    /// Proposes placements for a group of pods.
    PlacementGenerate,
    /// How well a placement suits a group of pods.
    PlacementScore,
}

impl ExtensionPoint {
    /// How many points there are, `multiPoint` included.
    pub const COUNT: usize = Self::ALL.len();

    /// Every point, in the order in which the configuration documents them.
    pub const ALL: [Self; 15] = [
        Self::PreEnqueue,
        Self::QueueSort,
        Self::PreFilter,
        Self::Filter,
        Self::PostFilter,
        Self::PreScore,
        Self::Score,
        Self::Reserve,
        Self::Permit,
        Self::PreBind,
        Self::Bind,
        Self::PostBind,
        Self::MultiPoint,
        Self::PlacementGenerate,
        Self::PlacementScore,
    ];

    /// The points that plugins really run at, in the order in which kube-scheduler builds
    /// them: the first problem of a configuration is reported at the same point as there.
    pub const IN_CONSTRUCTION_ORDER: [Self; 14] = [
        Self::PreFilter,
        Self::Filter,
        Self::PostFilter,
        Self::Reserve,
        Self::PreScore,
        Self::Score,
        Self::PreBind,
        Self::Bind,
        Self::PostBind,
        Self::Permit,
        Self::PreEnqueue,
        Self::QueueSort,
        Self::PlacementGenerate,
        Self::PlacementScore,
    ];

    /// The field name in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PreEnqueue => "preEnqueue",
            Self::QueueSort => "queueSort",
            Self::PreFilter => "preFilter",
            Self::Filter => "filter",
            Self::PostFilter => "postFilter",
            Self::PreScore => "preScore",
            Self::Score => "score",
            Self::Reserve => "reserve",
            Self::Permit => "permit",
            Self::PreBind => "preBind",
            Self::Bind => "bind",
            Self::PostBind => "postBind",
            Self::MultiPoint => "multiPoint",
            Self::PlacementGenerate => "placementGenerate",
            Self::PlacementScore => "placementScore",
        }
    }

    /// The name of the plugin interface, as kube-scheduler's messages and metrics spell it.
    pub const fn plugin_type(self) -> &'static str {
        match self {
            Self::PreEnqueue => "PreEnqueuePlugin",
            Self::QueueSort => "QueueSortPlugin",
            Self::PreFilter => "PreFilterPlugin",
            Self::Filter => "FilterPlugin",
            Self::PostFilter => "PostFilterPlugin",
            Self::PreScore => "PreScorePlugin",
            Self::Score => "ScorePlugin",
            Self::Reserve => "ReservePlugin",
            Self::Permit => "PermitPlugin",
            Self::PreBind => "PreBindPlugin",
            Self::Bind => "BindPlugin",
            Self::PostBind => "PostBindPlugin",
            Self::MultiPoint => "MultiPointPlugin",
            Self::PlacementGenerate => "PlacementGeneratePlugin",
            Self::PlacementScore => "PlacementScorePlugin",
        }
    }

    /// The point with that field name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|point| point.name() == name)
    }

    /// Whether plugins have a weight here.
    pub const fn is_weighted(self) -> bool {
        matches!(self, Self::Score | Self::PlacementScore)
    }

    /// A dense index below [`Self::COUNT`].
    pub const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for ExtensionPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_point_is_where_its_index_says() {
        for (index, point) in ExtensionPoint::ALL.into_iter().enumerate() {
            assert_eq!(point.index(), index);
            assert_eq!(ExtensionPoint::from_name(point.name()), Some(point));
            let is_built = ExtensionPoint::IN_CONSTRUCTION_ORDER.contains(&point);
            assert_eq!(is_built, point != ExtensionPoint::MultiPoint);
        }
    }

    #[test]
    fn plugin_types_are_the_capitalised_field_names() {
        for point in ExtensionPoint::ALL {
            let plugin_type = point.plugin_type();
            assert_eq!(plugin_type[1..], format!("{}Plugin", &point.name()[1..]));
            assert!(plugin_type[..1].eq_ignore_ascii_case(&point.name()[..1]));
        }
    }
}
