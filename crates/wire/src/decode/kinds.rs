//! Kinds that look like one that is read, but are none.
//!
//! What nobody reads is passed over, so a slip of the hand in `kind` or `apiVersion` would make an object
//! disappear without a word. An API server refuses such an object; kinds of other people's API groups may be
//! called as they like.

use super::DocumentProblem;
use crate::Kind;

/// Groups in which only Kubernetes itself defines kinds, so that all their kinds are known.
const BUILT_IN_GROUPS: [&str; 23] = [
    "",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "extensions",
    "flowcontrol.apiserver.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
    "storagemigration.k8s.io",
];

/// What kubectl understands for a kind, and so people write as one.
const SHORT_NAMES: [(&str, Kind); 11] = [
    ("no", Kind::Node),
    ("ns", Kind::Namespace),
    ("pc", Kind::PriorityClass),
    ("pdb", Kind::PodDisruptionBudget),
    ("po", Kind::Pod),
    ("pv", Kind::PersistentVolume),
    ("pvc", Kind::PersistentVolumeClaim),
    ("rs", Kind::ReplicaSet),
    ("sc", Kind::StorageClass),
    ("sts", Kind::StatefulSet),
    ("svc", Kind::Service),
];

/// How many letters may be wrong; in a short name a second one would make it any other name.
const DISTANCE_MAX: usize = 2;
const SHORT_NAME_LEN: usize = 4;

/// No kind is longer, and longer words are not worth quadratic work.
const NAME_LEN_MAX: usize = 64;

/// Whether only Kubernetes defines kinds in the group of this `apiVersion`.
pub(super) fn is_built_in(api_version: &str) -> bool {
    BUILT_IN_GROUPS.contains(&super::document::group(api_version))
}

/// Refuses a kind that is not read but is all but spelled like one that is.
pub(super) fn refuse_near_miss(name: &str, api_version: Option<&str>) -> Result<(), DocumentProblem> {
    if api_version.is_some_and(|api_version| !is_built_in(api_version)) {
        return Ok(());
    }
    let refuse = |meant: String| Err(DocumentProblem::UnknownKind { found: name.to_owned(), meant });
    let shown = |kind: Kind| format!("{} ({})", kind.name(), kind.api_versions()[0]);
    if let Some(kind) = meant(name) {
        return refuse(shown(kind));
    }
    match split_list(name) {
        Some("") if name != "List" => refuse("List (v1)".to_owned()),
        Some(item) => match meant(item) {
            Some(kind) => refuse(format!("{}List ({})", kind.name(), kind.api_versions()[0])),
            None => Ok(()),
        },
        None => Ok(()),
    }
}

/// The name before `List`, however that is spelled.
fn split_list(name: &str) -> Option<&str> {
    let (item, end) = name.split_at_checked(name.len().checked_sub("List".len())?)?;
    end.eq_ignore_ascii_case("List").then_some(item)
}

/// The kind that a name is a misspelling of.
fn meant(name: &str) -> Option<Kind> {
    if name.len() > NAME_LEN_MAX {
        return None;
    }
    let folded = name.to_ascii_lowercase();
    if let Some((_, kind)) = SHORT_NAMES.iter().find(|(short, _)| *short == folded) {
        return Some(*kind);
    }
    let near = Kind::ALL.iter().filter_map(|kind| {
        let limit = if kind.name().len() <= SHORT_NAME_LEN { 1 } else { DISTANCE_MAX };
        let distance = base::spelling::distance(&folded, &kind.name().to_ascii_lowercase());
        (distance <= limit).then_some((distance, *kind))
    });
    near.min().map(|(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, api_version: Option<&str>, expected: Option<&str>) {
        let refused = refuse_near_miss(name, api_version).err().map(|problem| match problem {
            DocumentProblem::UnknownKind { meant, .. } => meant,
            other => other.to_string(),
        });
        assert_eq!(refused.as_deref(), expected, "{name} in {api_version:?}");
    }

    #[test]
    fn slips_of_the_hand_are_told_what_was_meant() {
        for (name, meant) in [
            ("Pods", "Pod (v1)"),
            ("pod", "Pod (v1)"),
            ("Pdo", "Pod (v1)"),
            ("po", "Pod (v1)"),
            ("Nodes", "Node (v1)"),
            ("Noed", "Node (v1)"),
            ("Replicaset", "ReplicaSet (apps/v1)"),
            ("PersistantVolumeClaim", "PersistentVolumeClaim (v1)"),
            ("StorageClasses", "StorageClass (storage.k8s.io/v1)"),
            ("list", "List (v1)"),
            ("podlist", "PodList (v1)"),
        ] {
            check(name, Some("v1"), Some(meant));
            check(name, None, Some(meant));
            check(name, Some("example.com/v1"), None);
        }
    }

    #[test]
    fn kinds_that_exist_are_no_slips() {
        for name in [
            "APIService",
            "Binding",
            "CertificateSigningRequest",
            "ClusterRole",
            "ClusterRoleBinding",
            "ComponentStatus",
            "ConfigMap",
            "ControllerRevision",
            "CronJob",
            "CustomResourceDefinition",
            "DaemonSet",
            "Deployment",
            "DeviceTaintRule",
            "EndpointSlice",
            "Endpoints",
            "Event",
            "Eviction",
            "FlowSchema",
            "HorizontalPodAutoscaler",
            "IPAddress",
            "Ingress",
            "IngressClass",
            "Job",
            "Lease",
            "LeaseCandidate",
            "LimitRange",
            "MutatingWebhookConfiguration",
            "NetworkPolicy",
            "NodeClaim",
            "NodeMetrics",
            "NodePool",
            "PodMetrics",
            "PodSecurityPolicy",
            "PodTemplate",
            "PriorityLevelConfiguration",
            "ResourceClaimTemplate",
            "ResourceQuota",
            "Role",
            "RoleBinding",
            "RuntimeClass",
            "Scale",
            "Secret",
            "ServiceAccount",
            "ServiceCIDR",
            "Status",
            "StorageVersion",
            "SubjectAccessReview",
            "TokenReview",
            "ValidatingAdmissionPolicy",
            "VolumeAttributesClass",
            "VolumeSnapshot",
            "List",
            "PodTemplateList",
            "SecretList",
            "JobList",
            "RoleList",
        ] {
            check(name, Some("v1"), None);
        }
    }
}
