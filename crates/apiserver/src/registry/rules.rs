//! Where upstream checks metadata of kinds in different ways.

use apimachinery::meta::MetaRules;
use resources::kind::Kind;

/// Whether finalizers without a domain have to be those that Kubernetes itself uses. Groups whose validation was written
/// later do not ask that.
pub(super) fn demands_known_finalizers(kind: &Kind) -> bool {
    !matches!(kind.group, "admissionregistration.k8s.io" | "coordination.k8s.io" | "policy")
}

/// Whether metadata of changed objects is checked a second time by the kind's own validation, and what is wrong is
/// reported twice.
pub(super) fn checks_metadata_twice(kind: &Kind) -> bool {
    let once = matches!(
        kind.group,
        "admissionregistration.k8s.io" | "coordination.k8s.io" | "flowcontrol.apiserver.k8s.io" | "policy"
    );
    !once && !matches!(kind.kind, "CSINode" | "EndpointSlice" | "Event")
}

/// What metadata of objects of a kind has to be.
pub(super) fn rules(kind: &Kind) -> MetaRules {
    MetaRules { is_namespaced: kind.is_namespaced, name: kind.name_rule }
}
