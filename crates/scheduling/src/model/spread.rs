//! Topology spread constraints.

use base::Symbol;

use super::{Compiler, Labels, Selector};

/// One topology spread constraint, with what is absent filled in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SpreadConstraint {
    /// By how many matching pods domains may differ.
    pub max_skew: i64,
    /// Nodes with the same value of this label are one domain.
    pub topology_key: Symbol,
    /// Whether a node that would break it is refused (`DoNotSchedule`) or only scored (`ScheduleAnyway`).
    pub is_hard: bool,
    /// Which pods count.
    pub selector: Selector,
    /// Below this number of domains the smallest count is taken as 0.
    pub min_domains: i64,
    /// Whether nodes that the pod's node affinity excludes are left out of the count.
    pub honors_node_affinity: bool,
    /// Whether nodes with taints that the pod does not tolerate are left out of the count.
    pub honors_node_taints: bool,
}

impl SpreadConstraint {
    /// Compiles a constraint of a pod that has `pod_labels`.
    pub fn compile(
        constraint: &wire::TopologySpreadConstraint,
        pod_labels: &Labels,
        compiler: &mut Compiler<'_>,
    ) -> Result<SpreadConstraint, String> {
        let mut selector = Selector::compile(constraint.label_selector.as_ref(), compiler)?;
        for key in &constraint.match_label_keys {
            let key = compiler.symbol(key);
            if let Some(value) = pod_labels.get(key) {
                selector.require(key, value);
            }
        }
        Ok(SpreadConstraint {
            max_skew: i64::from(constraint.max_skew),
            topology_key: compiler.symbol(&constraint.topology_key),
            is_hard: constraint.when_unsatisfiable != "ScheduleAnyway",
            selector,
            min_domains: i64::from(constraint.min_domains.unwrap_or(1)),
            honors_node_affinity: constraint.node_affinity_policy.as_deref() != Some("Ignore"),
            honors_node_taints: constraint.node_taints_policy.as_deref() == Some("Honor"),
        })
    }

    /// A default constraint of the configuration; its selector is derived per pod.
    pub fn default_of(max_skew: i64, topology_key: Symbol, is_hard: bool) -> SpreadConstraint {
        SpreadConstraint {
            max_skew,
            topology_key,
            is_hard,
            selector: Selector::NOTHING,
            min_domains: 1,
            honors_node_affinity: true,
            honors_node_taints: false,
        }
    }
}
