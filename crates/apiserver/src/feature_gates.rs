//! The feature gates of kube-apiserver 1.36.
//!
//! Almost all of them change nothing here: the API is served with upstream's defaults. They are known all the same, so that
//! a command line made for upstream is taken, a misspelt name is noticed, and the operator is told what has no effect.

use std::collections::BTreeMap;

use component::flags::{self, FlagError};

/// How mature a feature is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// May disappear.
    Alpha,
    /// Well tested.
    Beta,
    /// Stable.
    Ga,
    /// Will be gone.
    Deprecated,
}

impl Stage {
    /// As metrics have it: nothing if it is stable.
    pub fn as_str(self) -> &'static str {
        match self {
            Stage::Alpha => "ALPHA",
            Stage::Beta => "BETA",
            Stage::Ga => "",
            Stage::Deprecated => "DEPRECATED",
        }
    }
}

/// Gates whose answer is looked at somewhere in this server.
const EFFECTIVE: [&str; 1] = ["APIResponseCompression"];

/// All gates: stage, default, names.
const ALL: [(Stage, bool, &[&str]); 6] = [
    (Stage::Alpha, false, ALPHA_OFF),
    (Stage::Beta, true, BETA_ON),
    (Stage::Beta, false, BETA_OFF),
    (Stage::Ga, true, GA_ON),
    (Stage::Deprecated, true, DEPRECATED_ON),
    (Stage::Deprecated, false, DEPRECATED_OFF),
];

/// What is wrong with `--feature-gates`.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum FeatureGateError {
    /// It is no list of `Name=true`.
    #[error(transparent)]
    Flag(#[from] FlagError),
    /// There is no such gate.
    #[error("unrecognized feature gate: {0}")]
    Unknown(String),
    /// A stable feature cannot be turned off.
    #[error("cannot set feature gate {name} to {value}, feature is locked to {}", !.value)]
    Locked {
        /// The gate.
        name: &'static str,
        /// What was asked for.
        value: bool,
    },
}

/// Which feature gates are on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeatureGates {
    on: BTreeMap<&'static str, (Stage, bool)>,
    without_effect: Vec<(&'static str, bool)>,
}

impl Default for FeatureGates {
    fn default() -> FeatureGates {
        let rows = ALL.iter().flat_map(|(stage, on, names)| names.iter().map(|name| (*name, (*stage, *on))));
        FeatureGates { on: rows.collect(), without_effect: Vec::new() }
    }
}

impl FeatureGates {
    /// Reads `Name=true,Other=false` as changes to the defaults. Of a gate that is there twice the last counts, and a
    /// gate's own value beats `AllAlpha` and `AllBeta`, wherever it stands. A leading `kube:` names the component.
    ///
    /// # Errors
    /// A gate that is not known, a value that is none, a stable feature that is turned off.
    pub fn parse(list: &str) -> Result<FeatureGates, FeatureGateError> {
        let wanted = flags::switches(list)?;
        let wanted: BTreeMap<&str, bool> =
            wanted.into_iter().map(|(name, on)| (name.strip_prefix("kube:").unwrap_or(name), on)).collect();
        let mut gates = FeatureGates::default();
        for (all, of) in [("AllAlpha", Stage::Alpha), ("AllBeta", Stage::Beta)] {
            if let Some(wanted) = wanted.get(all) {
                let touched: Vec<_> =
                    gates.on.iter().filter(|(_, (stage, _))| *stage == of).map(|(name, _)| *name).collect();
                touched.into_iter().for_each(|name| gates.set(name, of, *wanted));
            }
        }
        for (name, wanted) in wanted {
            if matches!(name, "AllAlpha" | "AllBeta") {
                continue;
            }
            let Some((known, (stage, _))) = gates.on.get_key_value(name) else {
                return Err(FeatureGateError::Unknown(name.to_owned()));
            };
            let (name, stage) = (*known, *stage);
            if stage == Stage::Ga && !wanted {
                return Err(FeatureGateError::Locked { name, value: wanted });
            }
            gates.set(name, stage, wanted);
        }
        let defaults = FeatureGates::default();
        let changed = gates.on.iter().filter(|(name, value)| defaults.on.get(*name) != Some(*value));
        let silent = changed.filter(|(name, _)| !EFFECTIVE.contains(name));
        gates.without_effect = silent.map(|(name, (_, on))| (*name, *on)).collect();
        Ok(gates)
    }

    fn set(&mut self, name: &'static str, stage: Stage, on: bool) {
        self.on.insert(name, (stage, on));
    }

    /// Whether a gate is on; one that is not known is off.
    pub fn enabled(&self, name: &str) -> bool {
        self.on.get(name).is_some_and(|(_, on)| *on)
    }

    /// What was asked for and changes nothing here, for the operator.
    pub fn without_effect(&self) -> &[(&'static str, bool)] {
        &self.without_effect
    }

    /// All gates with what they are: name, stage, whether on.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, Stage, bool)> {
        self.on.iter().map(|(name, (stage, on))| (*name, *stage, *on))
    }
}

const BETA_ON: &[&str] = &[
    "APIResponseCompression",
    "APIServerIdentity",
    "AllowParsingUserUIDFromCertAuth",
    "AuthorizePodWebsocketUpgradeCreatePermission",
    "CPUManagerPolicyBetaOptions",
    "CRDObservedGenerationTracking",
    "ClearingNominatedNodeNameAfterBinding",
    "ComponentFlagz",
    "ComponentStatusz",
    "ConstrainedImpersonation",
    "ContainerCheckpoint",
    "ContainerRestartRules",
    "DRAConsumableCapacity",
    "DRADeviceBindingConditions",
    "DRADeviceTaints",
    "DRAExtendedResource",
    "DRAPartitionableDevices",
    "DRAResourceClaimDeviceStatus",
    "DRAResourceClaimGranularStatusAuthorization",
    "DRASchedulerFilterTimeout",
    "DeclarativeValidationBeta",
    "DeploymentReplicaSetTerminatingReplicas",
    "DetectCacheInconsistency",
    "EnvFiles",
    "ExtendWebSocketsToKubelet",
    "GracefulNodeShutdown",
    "GracefulNodeShutdownBasedOnPodPriority",
    "HPAConfigurableTolerance",
    "HostnameOverride",
    "InPlacePodLevelResourcesVerticalScaling",
    "InPlacePodVerticalScalingInitContainers",
    "KubeletCrashLoopBackOffMax",
    "KubeletEnsureSecretPulledImages",
    "KubeletSeparateDiskGC",
    "KubeletServiceAccountTokenForCredentialProviders",
    "ListFromCacheSnapshot",
    "MatchLabelKeysInPodTopologySpread",
    "MatchLabelKeysInPodTopologySpreadSelectorMerge",
    "MutablePodResourcesForSuspendedJobs",
    "MutableSchedulingDirectivesForSuspendedJobs",
    "NodeDeclaredFeatures",
    "NominatedNodeNameForExpectation",
    "OpenAPIEnums",
    "OpportunisticBatching",
    "PLEGOnDemandRelist",
    "PodDeletionCost",
    "PodLevelResources",
    "PodReadyToStartContainersCondition",
    "PodTopologyLabelsAdmission",
    "PortForwardWebsockets",
    "PreventStaticPodAPIReferences",
    "RelaxedServiceNameValidation",
    "ReloadKubeletClientCAFile",
    "ReloadKubeletServerCertificateFile",
    "RemoteRequestHeaderUID",
    "ResourceHealthStatus",
    "ResourceHealthStatusMessage",
    "RestartAllContainersOnContainerExits",
    "RotateKubeletServerCertificate",
    "SchedulerAsyncPreemption",
    "SchedulerPopFromBackoffQ",
    "ServiceAccountNodeAudienceRestriction",
    "SizeBasedListCostEstimate",
    "StaleControllerConsistencyDaemonSet",
    "StaleControllerConsistencyJob",
    "StaleControllerConsistencyReplicaSet",
    "StaleControllerConsistencyStatefulSet",
    "StorageVersionHash",
    "StrictIPCIDRValidation",
    "StructuredAuthenticationConfigurationEgressSelector",
    "StructuredAuthenticationConfigurationJWKSMetrics",
    "TokenRequestServiceAccountUIDValidation",
    "TopologyManagerPolicyBetaOptions",
    "TranslateStreamCloseWebsocketRequests",
    "UnauthenticatedHTTP2DOSMitigation",
    "UnknownVersionInteroperabilityProxy",
    "WatchCacheInitializationPostStartHook",
    "WatchList",
    "WindowsGracefulNodeShutdown",
];

const BETA_OFF: &[&str] = &[
    "ClusterTrustBundle",
    "ClusterTrustBundleProjection",
    "ConcurrentWatchObjectDecode",
    "CoordinatedLeaderElection",
    "DRADeviceTaintRules",
    "LocalStorageCapacityIsolationFSQuotaMonitoring",
    "MaxUnavailableStatefulSet",
    "PodCertificateRequest",
    "SELinuxMount",
    "SchedulerAsyncAPICalls",
    "StorageVersionMigrator",
];

const ALPHA_OFF: &[&str] = &[
    "APIServingWithRoutine",
    "AllowUnsafeMalformedObjectDeletion",
    "CBORServingAndStorage",
    "CPUCFSQuotaPeriod",
    "CPUManagerPolicyAlphaOptions",
    "CRIListStreaming",
    "CSIVolumeHealth",
    "CloudControllerManagerWatchBasedRoutesReconciliation",
    "CloudControllerManagerWebhook",
    "ContainerStopSignals",
    "CrossNamespaceVolumeDataSource",
    "DRAListTypeAttributes",
    "DRANodeAllocatableResources",
    "DRAResourcePoolStatus",
    "DRAWorkloadResourceClaims",
    "EventedPLEG",
    "GangScheduling",
    "GenericWorkload",
    "HPAScaleToZero",
    "ImageVolumeWithDigest",
    "InPlacePodVerticalScalingExclusiveCPUs",
    "InPlacePodVerticalScalingExclusiveMemory",
    "KubeletInUserNamespace",
    "ManifestBasedAdmissionControlConfig",
    "MemoryQoS",
    "MutablePVNodeAffinity",
    "PersistentVolumeClaimUnusedSinceTime",
    "PodAndContainerStatsFromCRI",
    "PodLevelResourceManagers",
    "PodLogsQuerySplitStreams",
    "PodsAPI",
    "QOSReserved",
    "ReduceDefaultCrashLoopBackOffDecay",
    "RuntimeClassInImageCriAPI",
    "ShardedListAndWatch",
    "StorageCapacityScoring",
    "StorageVersionAPI",
    "TaintTolerationComparisonOperators",
    "TopologyAwareWorkloadScheduling",
    "TopologyManagerPolicyAlphaOptions",
    "UserNamespacesHostNetworkSupport",
    "VolumeLimitScaling",
    "WindowsCPUAndMemoryAffinity",
    "WorkloadAwarePreemption",
    "WorkloadWithJob",
];

const DEPRECATED_ON: &[&str] = &[
    "AggregatedDiscoveryRemoveBetaType",
    "DisableCPUQuotaWithExclusiveCPUs",
    "DisableNodeKubeProxyVersion",
    "KubeletPodResourcesListUseActivePods",
    "ServiceCIDRStatusFieldWiping",
    "StorageNamespaceIndex",
];

const DEPRECATED_OFF: &[&str] = &[
    "AllowDNSOnlyNodeCSR",
    "AllowInsecureKubeletCertificateSigningRequests",
    "AllowOverwriteTerminationGracePeriodSeconds",
    "ChangeContainerStatusOnKubeletRestart",
    "DeclarativeValidationTakeover",
    "GitRepoVolumeDriver",
    "KMSv1",
    "KubeletRegistrationGetOnExistsOnly",
    "SeparateCacheWatchRPC",
    "WindowsHostNetwork",
];

const GA_ON: &[&str] = &[
    "APIServerTracing",
    "AllowServiceExternalIPs",
    "AnonymousAuthConfigurableEndpoints",
    "AnyVolumeDataSource",
    "AuthorizeNodeWithSelectors",
    "AuthorizeWithSelectors",
    "BtreeWatchCache",
    "CPUManagerPolicyOptions",
    "CRDValidationRatcheting",
    "CSIServiceAccountTokenSecrets",
    "ConsistentListFromCache",
    "CustomResourceFieldSelectors",
    "DRAAdminAccess",
    "DRAPrioritizedList",
    "DeclarativeValidation",
    "DisableAllocatorDualWrite",
    "DynamicResourceAllocation",
    "ExecProbeTimeout",
    "ExternalServiceAccountTokenSigner",
    "ImageMaximumGCAge",
    "ImageVolume",
    "InPlacePodVerticalScaling",
    "JobBackoffLimitPerIndex",
    "JobManagedBy",
    "JobPodReplacementPolicy",
    "JobSuccessPolicy",
    "KubeletCgroupDriverFromCRI",
    "KubeletFineGrainedAuthz",
    "KubeletPSI",
    "KubeletPodResourcesDynamicResources",
    "KubeletPodResourcesGet",
    "KubeletTracing",
    "LogarithmicScaleDown",
    "MatchLabelKeysInPodAffinity",
    "MultiCIDRServiceAllocator",
    "MutableCSINodeAllocatableCount",
    "MutatingAdmissionPolicy",
    "NFTablesProxyMode",
    "NodeInclusionPolicyInPodTopologySpread",
    "NodeLogQuery",
    "NodeSwap",
    "OrderedNamespaceDeletion",
    "PodLifecycleSleepAction",
    "PodLifecycleSleepActionAllowZero",
    "PodObservedGenerationTracking",
    "PodSchedulingReadiness",
    "PreferSameTrafficDistribution",
    "ProcMountType",
    "RecoverVolumeExpansionFailure",
    "RecursiveReadOnlyMounts",
    "RelaxedDNSSearchValidation",
    "RelaxedEnvironmentVariableValidation",
    "ResilientWatchCacheInitialization",
    "RetryGenerateName",
    "SELinuxChangePolicy",
    "SELinuxMountReadWriteOncePod",
    "SchedulerQueueingHints",
    "SeparateTaintEvictionController",
    "ServiceAccountTokenJTI",
    "ServiceAccountTokenNodeBinding",
    "ServiceAccountTokenNodeBindingValidation",
    "ServiceAccountTokenPodNodeInfo",
    "SidecarContainers",
    "StreamingCollectionEncodingToJSON",
    "StreamingCollectionEncodingToProtobuf",
    "StructuredAuthenticationConfiguration",
    "SupplementalGroupsPolicy",
    "SystemdWatchdog",
    "TopologyManagerPolicyOptions",
    "UserNamespacesSupport",
    "VolumeAttributesClass",
    "WinDSR",
    "WinOverlay",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_upstream_reads() {
        let gates = FeatureGates::parse("").unwrap();
        assert!(gates.enabled("WatchList") && !gates.enabled("MaxUnavailableStatefulSet"));
        assert_eq!(gates.without_effect(), []);
        let gates =
            FeatureGates::parse("APIResponseCompression=false,kube:WatchList=false,ProcMountType=true");
        let gates = gates.unwrap();
        assert!(!gates.enabled("APIResponseCompression") && !gates.enabled("WatchList"));
        assert_eq!(gates.without_effect(), [("WatchList", false)]);
        let gates = FeatureGates::parse("AllBeta=false,WatchList=true").unwrap();
        assert!(!gates.enabled("OpenAPIEnums") && gates.enabled("WatchList"));
    }

    #[test]
    fn says_what_is_wrong() {
        for (list, message) in [
            ("WatchLst=true", "unrecognized feature gate: WatchLst"),
            ("WatchList", "\"WatchList\" has no value: KEY=VALUE is expected, several of them with commas"),
            ("WatchList=yes", "WatchList=\"yes\" is neither true nor false"),
            (
                "SidecarContainers=false",
                "cannot set feature gate SidecarContainers to false, feature is locked to true",
            ),
        ] {
            assert_eq!(FeatureGates::parse(list).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn gates_are_in_one_list_only() {
        let n_names: usize = ALL.iter().map(|(_, _, names)| names.len()).sum();
        assert_eq!(FeatureGates::default().on.len(), n_names);
        assert!(EFFECTIVE.iter().all(|name| FeatureGates::default().on.contains_key(name)));
    }
}
