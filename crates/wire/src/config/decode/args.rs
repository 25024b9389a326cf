//! The arguments of plugins, each in its own `…Args` kind.

use super::super::document::Node;
use super::super::error::{Problem, Problems};
use super::super::{
    API_GROUP, API_VERSION, DefaultPreemptionArgs, DynamicResourcesArgs, FeatureGates, InterPodAffinityArgs,
    KIND, NodeAffinityArgs, NodeResourcesBalancedAllocationArgs, NodeResourcesFitArgs, PluginArgs,
    PodTopologySpreadArgs, ResourceSpec, ScoringStrategy, ShapePoint, VolumeBindingArgs,
};
use super::{Object, PROBLEMS_MAX, read_object};
use crate::{
    NodeAffinity, NodeSelector, NodeSelectorRequirement, NodeSelectorTerm, PreferredSchedulingTerm,
    TopologySpreadConstraint,
};

/// Whether a kind holds the arguments of a plugin.
pub(super) fn is_args_kind(kind: &str) -> bool {
    kind.strip_suffix("Args").is_some_and(|plugin| PluginArgs::TYPED.contains(&plugin))
}

/// Reads and defaults the arguments of one plugin. A plugin without a kind of its own keeps
/// what it is given.
pub(super) fn read(plugin: &str, node: &Node, gates: &FeatureGates) -> Result<PluginArgs, Problem> {
    if !PluginArgs::TYPED.contains(&plugin) {
        return Ok(PluginArgs::Other(node.to_value()));
    }
    check_kind(plugin, node)?;
    let mut problems = Vec::new();
    let args = read_object(node, String::new(), &mut problems, |object| {
        object.get("apiVersion");
        object.get("kind");
        typed(plugin, object, gates)
    });
    match args.flatten() {
        Some(args) if problems.is_empty() => Ok(args),
        _ => {
            problems.truncate(PROBLEMS_MAX);
            let problems = Problems(problems);
            let text = format!("decoding args for plugin {plugin}: {problems}");
            Err(if problems.has_fatal() { Problem::Fatal(text) } else { Problem::Strict(text) })
        }
    }
}

/// `kind` and `apiVersion` may be left out, but must not be something else.
fn check_kind(plugin: &str, node: &Node) -> Result<(), Problem> {
    let Node::Object(fields) = node else { return Ok(()) };
    let wanted_kind = format!("{plugin}Args");
    let text = |key: &str, default| match fields.iter().rev().find(|(name, _)| name == key) {
        Some((_, Node::Text(text))) if !text.is_empty() => Ok(text.clone()),
        Some((_, Node::Text(_) | Node::Null)) | None => Ok(default),
        Some((_, node)) => {
            let found = node.kind();
            Err(Problem::Fatal(format!(
                "decoding args for plugin {plugin}: couldn't get version/kind: {key} is {found}, \
                 not a string"
            )))
        }
    };
    let kind = text("kind", wanted_kind.clone())?;
    let api_version = text("apiVersion", API_VERSION.to_owned())?;
    if api_version != API_VERSION || !(is_args_kind(&kind) || kind == KIND) {
        return Err(Problem::Fatal(format!(
            "decoding args for plugin {plugin}: no kind \"{kind}\" is registered for version \
             \"{api_version}\"; want apiVersion: {API_VERSION}, kind: {wanted_kind}"
        )));
    }
    if kind != wanted_kind {
        return Err(Problem::Fatal(format!(
            "args for plugin {plugin} were not of type {wanted_kind}.{API_GROUP}, \
             got {kind}.{API_GROUP}"
        )));
    }
    Ok(())
}

fn typed(plugin: &str, object: &mut Object<'_, '_>, gates: &FeatureGates) -> Option<PluginArgs> {
    Some(match plugin {
        "DefaultPreemption" => PluginArgs::DefaultPreemption(default_preemption(object)),
        "DynamicResources" => PluginArgs::DynamicResources(dynamic_resources(object, gates)),
        "InterPodAffinity" => PluginArgs::InterPodAffinity(inter_pod_affinity(object)),
        "NodeAffinity" => PluginArgs::NodeAffinity(node_affinity_args(object)),
        "NodeResourcesBalancedAllocation" => {
            PluginArgs::NodeResourcesBalancedAllocation(balanced_allocation(object))
        }
        "NodeResourcesFit" => PluginArgs::NodeResourcesFit(node_resources_fit(object)),
        "PodTopologySpread" => PluginArgs::PodTopologySpread(pod_topology_spread(object)),
        "VolumeBinding" => PluginArgs::VolumeBinding(volume_binding(object, gates)),
        _ => return None,
    })
}

fn default_preemption(object: &mut Object<'_, '_>) -> DefaultPreemptionArgs {
    let base = DefaultPreemptionArgs::default();
    DefaultPreemptionArgs {
        min_candidate_nodes_percentage: object
            .int32("minCandidateNodesPercentage")
            .unwrap_or(base.min_candidate_nodes_percentage),
        min_candidate_nodes_absolute: object
            .int32("minCandidateNodesAbsolute")
            .unwrap_or(base.min_candidate_nodes_absolute),
    }
}

fn inter_pod_affinity(object: &mut Object<'_, '_>) -> InterPodAffinityArgs {
    let base = InterPodAffinityArgs::default();
    InterPodAffinityArgs {
        hard_pod_affinity_weight: object
            .int32("hardPodAffinityWeight")
            .unwrap_or(base.hard_pod_affinity_weight),
        ignore_preferred_terms_of_existing_pods: object
            .boolean("ignorePreferredTermsOfExistingPods")
            .unwrap_or(base.ignore_preferred_terms_of_existing_pods),
    }
}

fn node_resources_fit(object: &mut Object<'_, '_>) -> NodeResourcesFitArgs {
    NodeResourcesFitArgs {
        ignored_resources: object.texts("ignoredResources").unwrap_or_default(),
        ignored_resource_groups: object.texts("ignoredResourceGroups").unwrap_or_default(),
        scoring_strategy: object.object("scoringStrategy", scoring_strategy).unwrap_or_default(),
    }
}

fn scoring_strategy(object: &mut Object<'_, '_>) -> ScoringStrategy {
    ScoringStrategy {
        // A strategy that is given without its type has none: validation says so.
        strategy: object.text("type").unwrap_or_default(),
        resources: resources(object),
        requested_to_capacity_ratio: object
            .object("requestedToCapacityRatio", |object| shape(object).unwrap_or_default()),
    }
}

/// No resources means the default ones; no weight, or a weight of 0, means 1.
fn resources(object: &mut Object<'_, '_>) -> Vec<ResourceSpec> {
    let resources = object.objects("resources", |object| ResourceSpec {
        name: object.text("name").unwrap_or_default(),
        weight: object.int64("weight").filter(|weight| *weight != 0).unwrap_or(1),
    });
    resources.filter(|list| !list.is_empty()).unwrap_or_else(ResourceSpec::default_list)
}

fn shape(object: &mut Object<'_, '_>) -> Option<Vec<ShapePoint>> {
    object.objects("shape", |object| ShapePoint {
        utilization: object.int32("utilization").unwrap_or_default(),
        score: object.int32("score").unwrap_or_default(),
    })
}

fn balanced_allocation(object: &mut Object<'_, '_>) -> NodeResourcesBalancedAllocationArgs {
    NodeResourcesBalancedAllocationArgs { resources: resources(object) }
}

fn pod_topology_spread(object: &mut Object<'_, '_>) -> PodTopologySpreadArgs {
    let defaulting_type = object.text("defaultingType").filter(|text| !text.is_empty());
    PodTopologySpreadArgs {
        default_constraints: object.objects("defaultConstraints", default_constraint).unwrap_or_default(),
        defaulting_type: defaulting_type.unwrap_or_else(|| PodTopologySpreadArgs::SYSTEM.into()),
    }
}

fn default_constraint(object: &mut Object<'_, '_>) -> TopologySpreadConstraint {
    TopologySpreadConstraint {
        max_skew: object.int32("maxSkew").unwrap_or_default(),
        topology_key: object.text("topologyKey").unwrap_or_default(),
        when_unsatisfiable: object.text("whenUnsatisfiable").unwrap_or_default(),
        // Validation forbids a selector, so its own fields need no strictness.
        label_selector: object.lenient("labelSelector"),
        min_domains: object.int32("minDomains"),
        node_affinity_policy: object.text("nodeAffinityPolicy"),
        node_taints_policy: object.text("nodeTaintsPolicy"),
        match_label_keys: object.texts("matchLabelKeys").unwrap_or_default(),
    }
}

fn node_affinity_args(object: &mut Object<'_, '_>) -> NodeAffinityArgs {
    NodeAffinityArgs { added_affinity: object.object("addedAffinity", node_affinity) }
}

fn node_affinity(object: &mut Object<'_, '_>) -> NodeAffinity {
    let required = object.object("requiredDuringSchedulingIgnoredDuringExecution", |object| {
        let terms = object.objects("nodeSelectorTerms", node_selector_term);
        NodeSelector { node_selector_terms: terms.unwrap_or_default() }
    });
    let preferred =
        object.objects("preferredDuringSchedulingIgnoredDuringExecution", |object| PreferredSchedulingTerm {
            weight: object.int32("weight").unwrap_or_default(),
            preference: object.object("preference", node_selector_term).unwrap_or_default(),
        });
    NodeAffinity {
        required_during_scheduling_ignored_during_execution: required,
        preferred_during_scheduling_ignored_during_execution: preferred.unwrap_or_default(),
    }
}

fn node_selector_term(object: &mut Object<'_, '_>) -> NodeSelectorTerm {
    let mut requirements = |key| object.objects(key, node_selector_requirement).unwrap_or_default();
    NodeSelectorTerm {
        match_expressions: requirements("matchExpressions"),
        match_fields: requirements("matchFields"),
    }
}

fn node_selector_requirement(object: &mut Object<'_, '_>) -> NodeSelectorRequirement {
    NodeSelectorRequirement {
        key: object.text("key").unwrap_or_default(),
        operator: object.text("operator").unwrap_or_default(),
        values: object.texts("values").unwrap_or_default(),
    }
}

fn volume_binding(object: &mut Object<'_, '_>, gates: &FeatureGates) -> VolumeBindingArgs {
    let base = VolumeBindingArgs::default_for(gates);
    VolumeBindingArgs {
        bind_timeout_seconds: object.int64("bindTimeoutSeconds").unwrap_or(base.bind_timeout_seconds),
        shape: shape(object).filter(|shape| !shape.is_empty()).unwrap_or(base.shape),
    }
}

fn dynamic_resources(object: &mut Object<'_, '_>, gates: &FeatureGates) -> DynamicResourcesArgs {
    let base = DynamicResourcesArgs::default_for(gates);
    DynamicResourcesArgs {
        filter_timeout: object.duration("filterTimeout").or(base.filter_timeout),
        binding_timeout: object.duration("bindingTimeout").or(base.binding_timeout),
    }
}
