//! What may stay as it is stored although it is not valid any more (ratcheting).

use apimachinery::names;
use apimachinery::{ErrorList, Path};
use serde_json::Value;
use wire::Quantity;

use super::super::label_selector::has_invalid_values;
use super::super::members::Members as _;
use super::super::{formats, resources};
use super::{all_containers, annotations, security};

/// Which rules the stored object breaks already. A changed object may break them, too.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Kept {
    /// The annotation that says what deleting the pod costs is no number.
    pub deletion_cost: bool,
    /// Selectors of pod affinity have values that no label has.
    pub selector_values: bool,
    /// Required node affinity has values that no label has.
    pub node_values: bool,
    /// Amounts of huge pages are no multiples of the page's size.
    pub parts_of_pages: bool,
    /// Selectors of topology spread constraints are not valid.
    pub spread_selectors: bool,
    /// Tokens are projected outside their volume.
    pub token_paths: bool,
    /// Kernel parameters of a namespace that is the node's are set.
    pub node_sysctls: bool,
}

impl Kept {
    /// What a stored spec with these annotations breaks.
    pub(crate) fn of(spec: Option<&Value>, metadata: Option<&Value>) -> Self {
        let Some(spec) = spec else { return Self::default() };
        let affinity = spec.member("affinity");
        Self {
            deletion_cost: !annotations::has_valid_deletion_cost(metadata.member("annotations")),
            selector_values: pod_terms(affinity).any(|term| {
                let selectors = [term.member("labelSelector"), term.member("namespaceSelector")];
                selectors.into_iter().flatten().any(has_invalid_values)
            }),
            node_values: required_terms(affinity).iter().any(|term| {
                let values =
                    term.items("matchExpressions").iter().flat_map(|expression| expression.texts("values"));
                values.into_iter().any(|value| !names::label_value(value).is_empty())
            }),
            parts_of_pages: has_parts_of_pages(spec),
            spread_selectors: spec.items("topologySpreadConstraints").iter().any(|constraint| {
                let path = Path::new("labelSelector");
                let selector = constraint.member("labelSelector");
                selector.is_some_and(|it| !super::label_selector::validate(it, &path, true).is_empty())
            }),
            token_paths: has_token_path_outside(spec),
            node_sysctls: security::has_node_sysctls(spec),
        }
    }
}

/// The terms of required node affinity.
fn required_terms<'v>(affinity: Option<&'v Value>) -> &'v [Value] {
    let affinity = affinity.and_then(|affinity| affinity.member("nodeAffinity"));
    let required = affinity.and_then(|it| it.member("requiredDuringSchedulingIgnoredDuringExecution"));
    required.map_or(&[], |required| required.items("nodeSelectorTerms"))
}

/// The terms of pod affinity and anti-affinity.
fn pod_terms<'v>(affinity: Option<&'v Value>) -> impl Iterator<Item = &'v Value> {
    let kinds = ["podAffinity", "podAntiAffinity"].into_iter();
    kinds.filter_map(move |kind| affinity.and_then(|affinity| affinity.member(kind))).flat_map(|kind| {
        let preferred = kind.items("preferredDuringSchedulingIgnoredDuringExecution").iter();
        let preferred = preferred.filter_map(|weighted| weighted.member("podAffinityTerm"));
        kind.items("requiredDuringSchedulingIgnoredDuringExecution").iter().chain(preferred)
    })
}

fn has_parts_of_pages(spec: &Value) -> bool {
    let is_part = |(name, amount): (&str, Quantity)| {
        let page: Quantity =
            name.strip_prefix("hugepages-").and_then(|size| size.parse().ok()).unwrap_or_default();
        resources::is_huge_pages(name) && (page.value() <= 0 || amount.value() % page.value() != 0)
    };
    let of_containers = all_containers(&Path::new("spec"), spec).into_iter().any(|(_, container)| {
        let resources = container.member("resources");
        let Some(resources) = resources else { return false };
        resources.amounts("limits").any(is_part) || resources.amounts("requests").any(is_part)
    });
    of_containers || spec.amounts("overhead").any(is_part)
}

fn has_token_path_outside(spec: &Value) -> bool {
    let sources = spec.items("volumes").iter().filter_map(|volume| volume.member("projected"));
    let tokens = sources.flat_map(|projected| projected.items("sources"));
    let mut paths =
        tokens.filter_map(|source| source.member("serviceAccountToken")).map(|it| it.text("path"));
    paths.any(|text| {
        let mut errors = ErrorList::new();
        formats::local_path(&mut errors, &Path::new("path"), text);
        !errors.is_empty()
    })
}
