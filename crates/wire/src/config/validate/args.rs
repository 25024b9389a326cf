//! Whether the arguments of plugins make sense.
//!
//! Each function takes the path of the arguments, such as `profiles[0].pluginConfig[1].args`,
//! or nothing where a plugin checks what it is built with.

use super::super::{
    DefaultPreemptionArgs, Duration, DynamicResourcesArgs, FeatureGates, FieldError, Gate,
    InterPodAffinityArgs, MAX_SHAPE_SCORE, NodeResourcesBalancedAllocationArgs, NodeResourcesFitArgs,
    PodTopologySpreadArgs, ResourceSpec, ScoringStrategy, ShapePoint, VolumeBindingArgs,
};
use super::names;
use crate::TopologySpreadConstraint;
use crate::config::print;

fn child(path: &str, field: &str) -> String {
    if path.is_empty() { field.to_owned() } else { format!("{path}.{field}") }
}

fn label_name_errors<'a>(path: &'a str, name: &'a str) -> impl Iterator<Item = FieldError> + 'a {
    let errors = names::qualified_name_errors(name);
    errors.into_iter().map(move |why| FieldError::invalid(path, name, why))
}

/// Checks the arguments of DefaultPreemption.
pub fn validate_default_preemption_args(args: &DefaultPreemptionArgs, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let percentage_path = child(path, "minCandidateNodesPercentage");
    let absolute_path = child(path, "minCandidateNodesAbsolute");
    let percentage = args.min_candidate_nodes_percentage;
    let absolute = args.min_candidate_nodes_absolute;
    if !(0..=100).contains(&percentage) {
        let detail = "not in valid range [0, 100]";
        errors.push(FieldError::invalid(percentage_path.as_str(), percentage, detail));
    }
    if absolute < 0 {
        let detail = "not in valid range [0, inf)";
        errors.push(FieldError::invalid(absolute_path.as_str(), absolute, detail));
    }
    if percentage == 0 && absolute == 0 {
        let zero_with = |other| format!("cannot be zero at the same time as {other}");
        let detail = zero_with("minCandidateNodesAbsolute");
        errors.push(FieldError::invalid(percentage_path, percentage, detail));
        let detail = zero_with("minCandidateNodesPercentage");
        errors.push(FieldError::invalid(absolute_path, absolute, detail));
    }
    errors
}

/// Checks the arguments of InterPodAffinity.
pub fn validate_inter_pod_affinity_args(args: &InterPodAffinityArgs, path: &str) -> Vec<FieldError> {
    let weight = args.hard_pod_affinity_weight;
    if (0..=100).contains(&weight) {
        return Vec::new();
    }
    let path = child(path, "hardPodAffinityWeight");
    vec![FieldError::invalid(path, weight, "not in valid range [0, 100]")]
}

/// Checks the arguments of NodeResourcesFit. Not part of [`super::validate`]: the plugin does
/// this when it is built.
pub fn validate_node_resources_fit_args(args: &NodeResourcesFitArgs, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (index, resource) in args.ignored_resources.iter().enumerate() {
        let path = child(path, &format!("ignoredResources[{index}]"));
        errors.extend(label_name_errors(&path, resource));
    }
    for (index, group) in args.ignored_resource_groups.iter().enumerate() {
        let path = child(path, &format!("ignoredResourceGroups[{index}]"));
        if group.contains('/') {
            let detail = "resource group name can't contain '/'";
            errors.push(FieldError::invalid(path.as_str(), group.as_str(), detail));
        }
        errors.extend(label_name_errors(&path, group));
    }
    validate_scoring_strategy(&args.scoring_strategy, &child(path, "scoringStrategy"), &mut errors);
    errors
}

fn validate_scoring_strategy(strategy: &ScoringStrategy, path: &str, errors: &mut Vec<FieldError>) {
    let name = strategy.strategy.as_str();
    if !ScoringStrategy::TYPES.contains(&name) {
        let path = child(path, "type");
        errors.push(FieldError::unsupported(path, name, &ScoringStrategy::TYPES));
    }
    for (index, ResourceSpec { name, weight }) in strategy.resources.iter().enumerate() {
        if !(1..=100).contains(weight) {
            let path = child(path, &format!("resources[{index}].weight"));
            let detail = format!("resource weight of {name} not in valid range (0, 100]");
            errors.push(FieldError::invalid(path, *weight, detail));
        }
    }
    let by_ratio = name == ScoringStrategy::REQUESTED_TO_CAPACITY_RATIO;
    let path = child(path, "requestedToCapacityRatio");
    match &strategy.requested_to_capacity_ratio {
        Some(shape) if by_ratio => validate_shape(shape, &child(&path, "shape"), errors),
        Some(_) => {
            let detail = "must be nil when type is not RequestedToCapacityRatio";
            errors.push(FieldError::forbidden(path, detail));
        }
        None if by_ratio => {
            let detail = "must be specified when type is RequestedToCapacityRatio";
            errors.push(FieldError::required(path, detail));
        }
        None => {}
    }
}

fn validate_shape(shape: &[ShapePoint], path: &str, errors: &mut Vec<FieldError>) {
    if shape.is_empty() {
        errors.push(FieldError::required(path, "at least one point must be specified"));
    }
    let falls = shape.windows(2).position(|pair| pair[0].utilization >= pair[1].utilization);
    if let Some(index) = falls.map(|before| before + 1) {
        let path = format!("{path}[{index}].utilization");
        let detail = "values must be sorted in increasing order";
        errors.push(FieldError::invalid(path, shape[index].utilization, detail));
    }
    for (index, point) in shape.iter().enumerate() {
        for (field, value, max) in
            [("utilization", point.utilization, 100), ("score", point.score, MAX_SHAPE_SCORE)]
        {
            if !(0..=max).contains(&value) {
                let path = format!("{path}[{index}].{field}");
                let detail = format!("not in valid range [0, {max}]");
                errors.push(FieldError::invalid(path, value, detail));
            }
        }
    }
}

/// Checks the arguments of NodeResourcesBalancedAllocation.
pub fn validate_node_resources_balanced_allocation_args(
    args: &NodeResourcesBalancedAllocationArgs,
    path: &str,
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (index, ResourceSpec { name, weight }) in args.resources.iter().enumerate() {
        let path = child(path, &format!("resources[{index}]"));
        if args.resources[..index].iter().any(|earlier| earlier.name == *name) {
            errors.push(FieldError::duplicate(format!("{path}.name"), name.as_str()));
        }
        if *weight != 1 {
            errors.push(FieldError::invalid(format!("{path}.weight"), *weight, "must be 1"));
        }
    }
    errors
}

/// Checks the arguments of PodTopologySpread.
pub fn validate_pod_topology_spread_args(args: &PodTopologySpreadArgs, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let type_path = child(path, "defaultingType");
    let defaulting = args.defaulting_type.as_str();
    let supported = [PodTopologySpreadArgs::SYSTEM, PodTopologySpreadArgs::LIST];
    if !supported.contains(&defaulting) {
        errors.push(FieldError::unsupported(type_path, defaulting, &supported));
    } else if args.uses_system_defaults() && !args.default_constraints.is_empty() {
        let detail = "when .defaultConstraints are not empty";
        errors.push(FieldError::invalid(type_path, defaulting, detail));
    }
    for (index, constraint) in args.default_constraints.iter().enumerate() {
        let path = child(path, &format!("defaultConstraints[{index}]"));
        validate_constraint(constraint, &path, &mut errors);
        let TopologySpreadConstraint { topology_key, when_unsatisfiable, .. } = constraint;
        let same = |other: &TopologySpreadConstraint| {
            (&other.topology_key, &other.when_unsatisfiable) == (topology_key, when_unsatisfiable)
        };
        if args.default_constraints[..index].iter().any(same) {
            let value = format!("{{{topology_key}, {when_unsatisfiable}}}");
            errors.push(FieldError::duplicate(path, value));
        }
    }
    errors
}

fn validate_constraint(constraint: &TopologySpreadConstraint, path: &str, errors: &mut Vec<FieldError>) {
    const ACTIONS: [&str; 2] = ["DoNotSchedule", "ScheduleAnyway"];
    if constraint.max_skew <= 0 {
        let path = child(path, "maxSkew");
        errors.push(FieldError::invalid(path, constraint.max_skew, "not in valid range (0, inf)"));
    }
    let key_path = child(path, "topologyKey");
    match constraint.topology_key.as_str() {
        "" => errors.push(FieldError::required(key_path, "can not be empty")),
        key => errors.extend(label_name_errors(&key_path, key)),
    }
    let action_path = child(path, "whenUnsatisfiable");
    match constraint.when_unsatisfiable.as_str() {
        "" => errors.push(FieldError::required(action_path, "can not be empty")),
        action if ACTIONS.contains(&action) => {}
        action => errors.push(FieldError::unsupported(action_path, action, &ACTIONS)),
    }
    if constraint.label_selector.is_some() {
        let path = child(path, "labelSelector");
        let detail = "constraint must not define a selector, as they deduced for each pod";
        errors.push(FieldError::forbidden(path, detail));
    }
}

/// Checks the arguments of VolumeBinding.
pub fn validate_volume_binding_args(
    args: &VolumeBindingArgs,
    path: &str,
    gates: &FeatureGates,
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let timeout = args.bind_timeout_seconds;
    if timeout < 0 {
        let path = child(path, "bindTimeoutSeconds");
        let detail = "invalid BindTimeoutSeconds, should not be a negative value";
        errors.push(FieldError::invalid(path, timeout, detail));
    }
    let path = child(path, "shape");
    if gates.enabled(Gate::StorageCapacityScoring) {
        validate_shape(&args.shape, &path, &mut errors);
    } else if !args.shape.is_empty() {
        let value = print::shape_value(&args.shape);
        let detail = "unexpected field `shape`, remove it or turn on the feature gate \
                      StorageCapacityScoring";
        errors.push(FieldError::invalid(path, &value, detail));
    }
    errors
}

/// Checks the arguments of DynamicResources. A field whose gate is off must not be set, so that
/// nothing changes unawares when the gate goes on.
pub fn validate_dynamic_resources_args(
    args: &DynamicResourcesArgs,
    path: &str,
    gates: &FeatureGates,
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let filter_path = child(path, "filterTimeout");
    match args.filter_timeout {
        Some(_) if !DynamicResourcesArgs::has_filter_timeout(gates) => {
            let detail = "DRASchedulingFilterTimeout feature gate is disabled";
            errors.push(FieldError::forbidden(filter_path, detail));
        }
        Some(timeout) if timeout < Duration::ZERO => {
            errors.push(FieldError::invalid(filter_path, timeout, "must be zero or positive"));
        }
        _ => {}
    }
    let binding_path = child(path, "bindingTimeout");
    match args.binding_timeout {
        Some(_) if !DynamicResourcesArgs::has_binding_timeout(gates) => {
            let detail = "DRADeviceBindingConditions or DRAResourceClaimDeviceStatus feature \
                          gate is disabled";
            errors.push(FieldError::forbidden(binding_path, detail));
        }
        Some(timeout) if timeout < Duration::from_secs(1) => {
            errors.push(FieldError::invalid(binding_path, timeout, "must be at least 1 second"));
        }
        _ => {}
    }
    errors
}

#[cfg(test)]
mod tests;
