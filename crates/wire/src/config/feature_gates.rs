//! The feature gates that a scheduler knows, and which of them are on.

use std::collections::BTreeMap;
use std::fmt;

/// How mature a feature is, which decides what `AllAlpha` and `AllBeta` touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Off by default and may disappear.
    Alpha,
    /// Well tested; on by default unless the table says otherwise.
    Beta,
    /// Stable.
    Ga,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Alpha => "ALPHA",
            Self::Beta => "BETA",
            Self::Ga => "GA",
        })
    }
}

/// What the table says about one gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GateSpec {
    /// The gate.
    pub gate: Gate,
    /// Its name on the command line.
    pub name: &'static str,
    /// How mature it is.
    pub stage: Stage,
    /// Whether it is on when nobody says anything.
    pub default: bool,
    /// Whether it can only have its default.
    pub locked: bool,
}

macro_rules! gates {
    ($($gate:ident $stage:ident $default:literal $($lock:ident)? $effect:literal;)*) => {
        /// A feature gate of Kubernetes 1.36 that concerns a scheduler.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Gate {
            $(#[doc = $effect] $gate,)*
        }

        impl Gate {
            /// The table of gates, in declaration order.
            pub const SPECS: &'static [GateSpec] = &[
                $(GateSpec {
                    gate: Gate::$gate,
                    name: stringify!($gate),
                    stage: Stage::$stage,
                    default: $default,
                    locked: gates!(@locked $($lock)?),
                },)*
            ];
        }
    };
    (@locked locked) => { true };
    (@locked) => { false };
}

gates! {
    DynamicResourceAllocation Ga true locked "Devices allocated through resource claims.";
    DRAAdminAccess Ga true locked "Claims with administrative access to devices in use.";
    DRAPrioritizedList Ga true "Alternatives within one device request, best first.";
    DRAConsumableCapacity Beta true "Devices shared by capacity.";
    DRADeviceTaints Beta true "Taints on devices in ResourceSlices.";
    DRADeviceTaintRules Beta false "Taints on devices set by DeviceTaintRules.";
    DRADeviceBindingConditions Beta true "Binding waits until devices are ready.";
    DRAResourceClaimDeviceStatus Beta true "Drivers report device status in claims.";
    DRAExtendedResource Beta true "Extended resources served by devices.";
    DRAPartitionableDevices Beta true "Devices that share counters.";
    DRASchedulerFilterTimeout Beta true "A limit on the time to allocate devices for one node.";
    DRAListTypeAttributes Alpha false "Device attributes with lists of values.";
    DRANodeAllocatableResources Alpha false "Claims that count against node allocatable.";
    DRAWorkloadResourceClaims Alpha false "Claims owned by pod groups.";
    DRAResourceClaimGranularStatusAuthorization Beta true "Finer authorization of claim status.";
    SchedulerQueueingHints Ga true locked "Plugins say which events can help a pod.";
    SchedulerAsyncPreemption Beta true "Victims are deleted in the background.";
    SchedulerAsyncAPICalls Beta false "Status patches are sent in the background.";
    SchedulerPopFromBackoffQ Beta true "An idle scheduler takes pods that still back off.";
    NominatedNodeNameForExpectation Beta true "A pod in binding carries its nominated node.";
    ClearingNominatedNodeNameAfterBinding Beta true "Binding clears the nominated node.";
    OpportunisticBatching Beta true "Results are reused for identical pods in a row.";
    NodeDeclaredFeatures Beta true "Nodes declare features and pods are matched to them.";
    PodLevelResources Beta true "Requests and limits of a whole pod.";
    InPlacePodVerticalScaling Ga true locked "Requests of a running pod can change.";
    InPlacePodLevelResourcesVerticalScaling Beta true "Pod-level requests can change too.";
    SidecarContainers Ga true locked "Init containers that keep running.";
    PodSchedulingReadiness Ga true locked "Scheduling gates.";
    NodeInclusionPolicyInPodTopologySpread Ga true locked "Which nodes topology spread counts.";
    MatchLabelKeysInPodTopologySpread Beta true "Spread selectors from the pod's own labels.";
    MatchLabelKeysInPodTopologySpreadSelectorMerge Beta true "Those labels are merged at admission.";
    MatchLabelKeysInPodAffinity Ga true locked "Affinity selectors from the pod's own labels.";
    TaintTolerationComparisonOperators Alpha false "Tolerations that compare numbers.";
    VolumeAttributesClass Ga true locked "Classes of changeable volume attributes.";
    VolumeLimitScaling Alpha false "Node counts follow volume limits.";
    StorageCapacityScoring Alpha false "Nodes are scored by storage capacity.";
    GangScheduling Alpha false "Pods of a group are placed together or not at all.";
    GenericWorkload Alpha false "The Workload and PodGroup API.";
    TopologyAwareWorkloadScheduling Alpha false "Groups are placed within a topology domain.";
    WorkloadAwarePreemption Alpha false "Preemption on behalf of, and of, groups.";
    WorkloadWithJob Alpha false "Jobs create workloads.";
    PodObservedGenerationTracking Ga true locked "Conditions carry the observed generation.";
    RemoteRequestHeaderUID Beta true "The user's UID in front-proxy headers.";
    CoordinatedLeaderElection Beta false "The control plane chooses the leader.";
    ComponentFlagz Beta true "The /flagz endpoint.";
    ComponentStatusz Beta true "The /statusz endpoint.";
    NativeHistograms Alpha false "Metrics as native histograms as well.";
    ContextualLogging Beta true "Log lines carry their context.";
    LoggingAlphaOptions Alpha false "Logging flags in alpha.";
    LoggingBetaOptions Beta true "Logging flags in beta.";
}

// `FeatureGates` keeps one bit per gate.
const _: () = assert!(Gate::SPECS.len() <= u64::BITS as usize);

const ALL_ALPHA: &str = "AllAlpha";
const ALL_BETA: &str = "AllBeta";

impl Gate {
    /// What the table says about this gate.
    pub fn spec(self) -> &'static GateSpec {
        &Self::SPECS[self as usize]
    }

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        self.spec().name
    }

    /// The gate of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::SPECS.iter().find(|spec| spec.name == name).map(|spec| spec.gate)
    }

    /// The gates that must be on for this one to be on.
    pub fn dependencies(self) -> Vec<Self> {
        let mut needed = match self {
            Self::GangScheduling
            | Self::TopologyAwareWorkloadScheduling
            | Self::WorkloadWithJob
            | Self::DRAWorkloadResourceClaims => vec![Self::GenericWorkload],
            Self::WorkloadAwarePreemption => vec![Self::GangScheduling],
            Self::DRADeviceBindingConditions => vec![Self::DRAResourceClaimDeviceStatus],
            Self::DRADeviceTaintRules => vec![Self::DRADeviceTaints],
            Self::InPlacePodLevelResourcesVerticalScaling => {
                vec![Self::InPlacePodVerticalScaling, Self::NodeDeclaredFeatures, Self::PodLevelResources]
            }
            _ => Vec::new(),
        };
        if self.name().starts_with("DRA") {
            needed.push(Self::DynamicResourceAllocation);
        }
        needed.sort_by_key(|gate| gate.name());
        needed
    }

    const fn bit(self) -> u64 {
        1 << self as u8
    }
}

/// Why a list of feature gates was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FeatureGateError {
    /// An item is not of the form `Name=value`.
    #[error("missing bool value for {0}")]
    MissingValue(String),
    /// The value is neither true nor false.
    #[error("invalid value of {name}={value}, err: strconv.ParseBool: parsing {value:?}: invalid syntax")]
    NotABool {
        /// The gate as written.
        name: String,
        /// The value as written.
        value: String,
    },
    /// No gate has that name.
    #[error("unrecognized feature gate: {0}")]
    Unknown(String),
    /// The gate can only have its default.
    #[error("cannot set feature gate {name} to {value}, feature is locked to {}", !.value)]
    Locked {
        /// The gate.
        name: &'static str,
        /// The value that was asked for.
        value: bool,
    },
    /// The gate is on, but what it needs is off.
    #[error("{name} is enabled, but depends on features that are disabled: [{}]", .needs.join(" "))]
    MissingDependencies {
        /// The gate that is on.
        name: &'static str,
        /// The gates that it needs and that are off.
        needs: Vec<&'static str>,
    },
}

/// Everything that is wrong with a list of feature gates, in the order of the gates' names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeatureGateErrors(pub Vec<FeatureGateError>);

impl fmt::Display for FeatureGateErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        super::field_error::write_aggregate(f, &self.0)
    }
}

impl std::error::Error for FeatureGateErrors {}

/// Which feature gates are on. Its default is the defaults of Kubernetes 1.36.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeatureGates {
    on: u64,
}

impl Default for FeatureGates {
    fn default() -> Self {
        let on = Gate::SPECS.iter().filter(|spec| spec.default);
        Self { on: on.map(|spec| spec.gate.bit()).sum() }
    }
}

impl FeatureGates {
    /// Whether a gate is on.
    pub const fn enabled(&self, gate: Gate) -> bool {
        self.on & gate.bit() != 0
    }

    /// The same gates with one of them changed, whatever locks and dependencies say.
    #[must_use]
    pub const fn with(self, gate: Gate, on: bool) -> Self {
        match on {
            true => Self { on: self.on | gate.bit() },
            false => Self { on: self.on & !gate.bit() },
        }
    }

    /// Reads a list such as `GangScheduling=true,AllBeta=false` as changes to the defaults.
    ///
    /// The last mention of a gate counts, and a gate's own value beats `AllAlpha` and
    /// `AllBeta` wherever it stands. A leading `kube:` names the component and is accepted.
    pub fn parse(list: &str) -> Result<Self, FeatureGateErrors> {
        let wanted = split(list).map_err(|error| FeatureGateErrors(vec![error]))?;
        let mut gates = Self::default();
        for (name, stage) in [(ALL_ALPHA, Stage::Alpha), (ALL_BETA, Stage::Beta)] {
            if let Some(on) = wanted.get(name) {
                let touched = Gate::SPECS.iter().filter(|spec| spec.stage == stage && !spec.locked);
                gates = touched.fold(gates, |gates, spec| gates.with(spec.gate, *on));
            }
        }
        let mut errors = Vec::new();
        for (name, on) in &wanted {
            if [ALL_ALPHA, ALL_BETA].contains(name) {
                continue;
            }
            match Gate::from_name(name).map(Gate::spec) {
                None => errors.push(FeatureGateError::Unknown((*name).to_owned())),
                Some(spec) if spec.locked && spec.default != *on => {
                    errors.push(FeatureGateError::Locked { name: spec.name, value: *on });
                }
                Some(spec) => gates = gates.with(spec.gate, *on),
            }
        }
        // Dependencies of gates that were not set as asked would only add noise.
        if errors.is_empty() {
            errors = gates.missing_dependencies();
        }
        if errors.is_empty() { Ok(gates) } else { Err(FeatureGateErrors(errors)) }
    }

    fn missing_dependencies(&self) -> Vec<FeatureGateError> {
        let mut errors = Vec::new();
        for spec in Gate::SPECS.iter().filter(|spec| self.enabled(spec.gate)) {
            let off = spec.gate.dependencies().into_iter().filter(|need| !self.enabled(*need));
            let needs: Vec<_> = off.map(Gate::name).collect();
            if !needs.is_empty() {
                errors.push(FeatureGateError::MissingDependencies { name: spec.name, needs });
            }
        }
        errors
    }
}

fn split(list: &str) -> Result<BTreeMap<&str, bool>, FeatureGateError> {
    let mut wanted = BTreeMap::new();
    for item in list.split(',').filter(|item| !item.is_empty()) {
        let (name, value) = match item.split_once('=') {
            Some((name, value)) => (name.trim(), value.trim()),
            None => return Err(FeatureGateError::MissingValue(item.trim().to_owned())),
        };
        let on = match value {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => true,
            "0" | "f" | "F" | "false" | "FALSE" | "False" => false,
            _ => {
                let (name, value) = (name.to_owned(), value.to_owned());
                return Err(FeatureGateError::NotABool { name, value });
            }
        };
        wanted.insert(name.strip_prefix("kube:").unwrap_or(name), on);
    }
    Ok(wanted)
}

#[cfg(test)]
mod tests;
