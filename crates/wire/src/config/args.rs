//! The arguments that built-in plugins take.

use super::{Duration, FeatureGates, Gate};

/// The highest score that a shape point can give.
pub const MAX_SHAPE_SCORE: i32 = 10;

/// The arguments of one plugin.
#[derive(Clone, Debug, PartialEq)]
pub enum PluginArgs {
    /// Arguments of DefaultPreemption.
    DefaultPreemption(DefaultPreemptionArgs),
    /// Arguments of InterPodAffinity.
    InterPodAffinity(InterPodAffinityArgs),
    /// Arguments of NodeResourcesFit.
    NodeResourcesFit(NodeResourcesFitArgs),
    /// Arguments of NodeResourcesBalancedAllocation.
    NodeResourcesBalancedAllocation(NodeResourcesBalancedAllocationArgs),
    /// Arguments of PodTopologySpread.
    PodTopologySpread(PodTopologySpreadArgs),
    /// Arguments of NodeAffinity.
    NodeAffinity(NodeAffinityArgs),
    /// Arguments of VolumeBinding.
    VolumeBinding(VolumeBindingArgs),
    /// Arguments of DynamicResources.
    DynamicResources(DynamicResourcesArgs),
    /// Arguments of a plugin that this crate does not know; `Null` if there are none.
    Other(serde_json::Value),
}

impl PluginArgs {
    /// The plugins whose arguments have a type of their own.
    pub const TYPED: [&'static str; 8] = [
        "DefaultPreemption",
        "DynamicResources",
        "InterPodAffinity",
        "NodeAffinity",
        "NodeResourcesBalancedAllocation",
        "NodeResourcesFit",
        "PodTopologySpread",
        "VolumeBinding",
    ];

    /// The default arguments of a plugin; `None` if it takes no typed ones.
    pub fn default_for(plugin: &str, gates: &FeatureGates) -> Option<Self> {
        Some(match plugin {
            "DefaultPreemption" => Self::DefaultPreemption(DefaultPreemptionArgs::default()),
            "DynamicResources" => Self::DynamicResources(DynamicResourcesArgs::default_for(gates)),
            "InterPodAffinity" => Self::InterPodAffinity(InterPodAffinityArgs::default()),
            "NodeAffinity" => Self::NodeAffinity(NodeAffinityArgs::default()),
            "NodeResourcesBalancedAllocation" => {
                Self::NodeResourcesBalancedAllocation(NodeResourcesBalancedAllocationArgs::default())
            }
            "NodeResourcesFit" => Self::NodeResourcesFit(NodeResourcesFitArgs::default()),
            "PodTopologySpread" => Self::PodTopologySpread(PodTopologySpreadArgs::default()),
            "VolumeBinding" => Self::VolumeBinding(VolumeBindingArgs::default_for(gates)),
            _ => return None,
        })
    }

    /// The plugin that these arguments belong to; `None` for [`PluginArgs::Other`].
    pub const fn plugin(&self) -> Option<&'static str> {
        Some(match self {
            Self::DefaultPreemption(_) => "DefaultPreemption",
            Self::InterPodAffinity(_) => "InterPodAffinity",
            Self::NodeResourcesFit(_) => "NodeResourcesFit",
            Self::NodeResourcesBalancedAllocation(_) => "NodeResourcesBalancedAllocation",
            Self::PodTopologySpread(_) => "PodTopologySpread",
            Self::NodeAffinity(_) => "NodeAffinity",
            Self::VolumeBinding(_) => "VolumeBinding",
            Self::DynamicResources(_) => "DynamicResources",
            Self::Other(_) => return None,
        })
    }
}

/// How many nodes preemption looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefaultPreemptionArgs {
    /// At least this share of all nodes, in percent.
    pub min_candidate_nodes_percentage: i32,
    /// At least this many nodes.
    pub min_candidate_nodes_absolute: i32,
}

impl Default for DefaultPreemptionArgs {
    fn default() -> Self {
        Self { min_candidate_nodes_percentage: 10, min_candidate_nodes_absolute: 100 }
    }
}

/// How affinity between pods is scored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterPodAffinityArgs {
    /// The weight of a running pod's required affinity to the incoming pod.
    pub hard_pod_affinity_weight: i32,
    /// Whether preferences of running pods count only if the incoming pod has affinity itself.
    pub ignore_preferred_terms_of_existing_pods: bool,
}

impl Default for InterPodAffinityArgs {
    fn default() -> Self {
        Self { hard_pod_affinity_weight: 1, ignore_preferred_terms_of_existing_pods: false }
    }
}

/// Which resources must fit, and how what is left is scored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeResourcesFitArgs {
    /// Resources that need not fit.
    pub ignored_resources: Vec<String>,
    /// Prefixes (before the slash) of resources that need not fit.
    pub ignored_resource_groups: Vec<String>,
    /// How nodes are scored.
    pub scoring_strategy: ScoringStrategy,
}

/// How NodeResourcesFit scores nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScoringStrategy {
    /// One of [`ScoringStrategy::TYPES`]; anything else is refused by validation.
    pub strategy: String,
    /// The resources that count.
    pub resources: Vec<ResourceSpec>,
    /// The shape, with strategy `RequestedToCapacityRatio` only.
    pub requested_to_capacity_ratio: Option<Vec<ShapePoint>>,
}

impl ScoringStrategy {
    /// Prefers nodes with much to spare.
    pub const LEAST_ALLOCATED: &'static str = "LeastAllocated";
    /// Prefers nodes that are nearly full.
    pub const MOST_ALLOCATED: &'static str = "MostAllocated";
    /// Scores utilization by a shape.
    pub const REQUESTED_TO_CAPACITY_RATIO: &'static str = "RequestedToCapacityRatio";
    /// The strategies there are.
    pub const TYPES: [&'static str; 3] =
        [Self::LEAST_ALLOCATED, Self::MOST_ALLOCATED, Self::REQUESTED_TO_CAPACITY_RATIO];
}

impl Default for ScoringStrategy {
    fn default() -> Self {
        Self {
            strategy: Self::LEAST_ALLOCATED.to_owned(),
            resources: ResourceSpec::default_list(),
            requested_to_capacity_ratio: None,
        }
    }
}

/// A resource and how much it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceSpec {
    /// The resource.
    pub name: String,
    /// Its weight.
    pub weight: i64,
}

impl ResourceSpec {
    /// What counts if nobody says: cpu and memory alike.
    pub fn default_list() -> Vec<Self> {
        ["cpu", "memory"].map(|name| Self { name: name.to_owned(), weight: 1 }).into()
    }
}

/// A point of a piecewise linear function from utilization to score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShapePoint {
    /// Utilization in percent.
    pub utilization: i32,
    /// The score there, up to [`MAX_SHAPE_SCORE`].
    pub score: i32,
}

/// Which resources are to be used evenly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeResourcesBalancedAllocationArgs {
    /// The resources that count.
    pub resources: Vec<ResourceSpec>,
}

impl Default for NodeResourcesBalancedAllocationArgs {
    fn default() -> Self {
        Self { resources: ResourceSpec::default_list() }
    }
}

/// How pods without constraints of their own are spread.
#[derive(Clone, Debug, PartialEq)]
pub struct PodTopologySpreadArgs {
    /// The constraints, with `defaultingType: List` only. They have no selector: it is deduced for each pod.
    pub default_constraints: Vec<crate::TopologySpreadConstraint>,
    /// One of [`PodTopologySpreadArgs::SYSTEM`] and [`PodTopologySpreadArgs::LIST`]; anything
    /// else is refused by validation.
    pub defaulting_type: String,
}

impl PodTopologySpreadArgs {
    /// Constraints built into the plugin.
    pub const SYSTEM: &'static str = "System";
    /// Constraints from the configuration.
    pub const LIST: &'static str = "List";

    /// Whether the plugin uses its built-in constraints.
    pub fn uses_system_defaults(&self) -> bool {
        self.defaulting_type == Self::SYSTEM
    }
}

impl Default for PodTopologySpreadArgs {
    fn default() -> Self {
        Self { default_constraints: Vec::new(), defaulting_type: Self::SYSTEM.to_owned() }
    }
}

/// Node affinity that every pod of the profile has in addition to its own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeAffinityArgs {
    /// The affinity; none by default.
    pub added_affinity: Option<crate::NodeAffinity>,
}

/// How volumes are bound, and nodes scored by their storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VolumeBindingArgs {
    /// How long binding may take.
    pub bind_timeout_seconds: i64,
    /// Score by utilization; only with gate `StorageCapacityScoring`, and empty without.
    pub shape: Vec<ShapePoint>,
}

impl VolumeBindingArgs {
    /// The defaults under these gates.
    pub fn default_for(gates: &FeatureGates) -> Self {
        Self { bind_timeout_seconds: 600, shape: Self::default_shape(gates) }
    }

    /// The shape if none is given.
    pub(super) fn default_shape(gates: &FeatureGates) -> Vec<ShapePoint> {
        if !gates.enabled(Gate::StorageCapacityScoring) {
            return Vec::new();
        }
        vec![ShapePoint { utilization: 0, score: MAX_SHAPE_SCORE }, ShapePoint { utilization: 100, score: 0 }]
    }
}

/// Limits on the time that device allocation takes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DynamicResourcesArgs {
    /// The limit per node in Filter, 0 for none; `None` if its gate is off.
    pub filter_timeout: Option<Duration>,
    /// How long binding waits for devices; `None` if its gates are off.
    pub binding_timeout: Option<Duration>,
}

impl DynamicResourcesArgs {
    /// The defaults under these gates.
    pub fn default_for(gates: &FeatureGates) -> Self {
        let filter = Self::has_filter_timeout(gates).then_some(Duration::from_secs(10));
        let binding = Self::has_binding_timeout(gates).then_some(Duration::from_secs(600));
        Self { filter_timeout: filter, binding_timeout: binding }
    }

    pub(super) fn has_filter_timeout(gates: &FeatureGates) -> bool {
        gates.enabled(Gate::DRASchedulerFilterTimeout)
    }

    pub(super) fn has_binding_timeout(gates: &FeatureGates) -> bool {
        gates.enabled(Gate::DRADeviceBindingConditions) && gates.enabled(Gate::DRAResourceClaimDeviceStatus)
    }
}
