//! The scheduler's configuration file: `KubeSchedulerConfiguration` of
//! `kubescheduler.config.k8s.io/v1`.
//!
//! [`load`] reads a file strictly and applies the defaults, [`validate`] judges the values,
//! [`expand`] turns the plugin sets of a profile into the plugins that run at each extension
//! point, and [`to_yaml`] prints what is in force. [`FeatureGates`] are here because defaults
//! and validation depend on them.
//!
//! The steps are separate because kube-scheduler's are: command line flags change a loaded
//! configuration before it is validated, and expansion needs to know the plugins.
//!
//! Start reading at [`SchedulerConfiguration`].

mod args;
mod decode;
mod defaults;
mod document;
mod duration;
mod error;
mod expand;
mod extender;
mod extension_point;
mod feature_gates;
mod field_error;
mod print;
mod types;
mod validate;

pub use args::{
    DefaultPreemptionArgs, DynamicResourcesArgs, InterPodAffinityArgs, MAX_SHAPE_SCORE, NodeAffinityArgs,
    NodeResourcesBalancedAllocationArgs, NodeResourcesFitArgs, PluginArgs, PodTopologySpreadArgs,
    ResourceSpec, ScoringStrategy, ShapePoint, VolumeBindingArgs,
};
pub use decode::closest;
pub use duration::{Duration, DurationError};
pub use error::{ConfigError, PluginSetError, Problem, Problems};
pub use expand::{Implements, ResolvedPlugin, ResolvedPlugins, expand};
pub use extender::{Extender, ExtenderManagedResource, ExtenderTlsConfig};
pub use extension_point::ExtensionPoint;
pub use feature_gates::{FeatureGateError, FeatureGateErrors, FeatureGates, Gate, GateSpec, Stage};
pub use field_error::{FieldError, FieldErrorKind, FieldErrors, FieldValue};
pub use print::{to_value, to_yaml};
pub use types::{
    ClientConnection, DEFAULT_SCHEDULER_NAME, LeaderElection, Plugin, PluginConfig, PluginSet, Plugins,
    Profile, SchedulerConfiguration,
};
pub use validate::{
    validate, validate_default_preemption_args, validate_dynamic_resources_args,
    validate_inter_pod_affinity_args, validate_node_affinity_args,
    validate_node_resources_balanced_allocation_args, validate_node_resources_fit_args,
    validate_pod_topology_spread_args, validate_volume_binding_args,
};

/// The API group of the configuration.
pub const API_GROUP: &str = "kubescheduler.config.k8s.io";
/// The API version of the configuration, group included.
pub const API_VERSION: &str = "kubescheduler.config.k8s.io/v1";
/// The kind of the configuration.
pub const KIND: &str = "KubeSchedulerConfiguration";

/// Reads a configuration file, YAML or JSON, and applies the defaults.
///
/// Reading is strict: fields that do not exist or are given twice are errors, and all of them
/// are reported together. `file_name` is for messages only. Values are not judged: see
/// [`validate`].
pub fn load(
    bytes: &[u8],
    file_name: &str,
    gates: &FeatureGates,
) -> Result<SchedulerConfiguration, ConfigError> {
    decode::load(bytes, file_name, gates)
}
