//! Verdicts and scores as rules over counts of pods per domain.
//!
//! A plugin whose verdict about a node depends on pods elsewhere (spread, inter-pod affinity) prepares its
//! [`super::Filter`] by walking over all pods. What it finds there are always counts: how many pods of some kind
//! are in each domain of a topology key. Said as a rule (which pods, on which nodes, per which key, and what
//! number is too many or too few), the same verdict can be had from counts that are kept up to date, whatever the
//! number of pods. Both forms are the plugin's; that they agree is a property test.

use base::Symbol;

use super::Status;
use crate::model::{AffinityTerm, Labels, Node, NodeAffinity, Pod, Selector, Toleration, taints};
use crate::snapshot::Snapshot;

/// What divides nodes into domains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TopologyKey {
    /// Nodes with the same value of this label; nodes without it are in no domain.
    Label(Symbol),
    /// Every node by itself.
    Node,
}

/// Which namespaces a term means.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Namespaces {
    /// All of them.
    Any,
    /// These.
    Of(Box<[Symbol]>),
}

/// A selection of pods: in these namespaces, with these labels.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PodTerm {
    /// In which namespaces.
    pub namespaces: Namespaces,
    /// With which labels.
    pub selector: Selector,
}

impl PodTerm {
    /// Whether a pod in `namespace` with these labels is selected.
    pub fn matches(&self, namespace: Symbol, labels: &Labels) -> bool {
        let is_there = match &self.namespaces {
            Namespaces::Any => true,
            Namespaces::Of(listed) => listed.contains(&namespace),
        };
        is_there && self.selector.matches(labels)
    }
}

/// How a pod that has an inter-pod affinity term feels about the pods that the term means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TermKind {
    /// It needs to be near one.
    Affinity,
    /// It must not be near one.
    AntiAffinity,
    /// It likes to be near them.
    PreferredAffinity,
    /// It likes to be far from them.
    PreferredAntiAffinity,
}

/// Which pods are counted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Counted {
    /// Pods that all of these terms select.
    Selected {
        /// The terms.
        terms: Box<[PodTerm]>,
        /// Whether pods that are being deleted count too.
        with_terminating: bool,
    },
    /// Pods that have this term themselves, each as often as it has it.
    Having {
        /// In which role.
        kind: TermKind,
        /// With which weight; 0 for required terms.
        weight: i64,
        /// The term.
        term: AffinityTerm,
    },
}

/// On which nodes pods are counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct CountedNodes {
    /// Those with all of these labels.
    pub with_labels: Box<[Symbol]>,
    /// Those that meet this node selector and required node affinity.
    pub admitted_by: Option<NodeAffinity>,
    /// Those without taints that these tolerations do not tolerate.
    pub tolerated_by: Option<Box<[Toleration]>>,
}

impl CountedNodes {
    /// Whether every node counts.
    pub fn is_all(&self) -> bool {
        self.with_labels.is_empty() && self.admitted_by.is_none() && self.tolerated_by.is_none()
    }

    /// Whether they are chosen by what one pod demands, so that pods of other shapes count on others.
    pub fn are_of_one_shape(&self) -> bool {
        self.admitted_by.is_some() || self.tolerated_by.is_some()
    }

    /// Whether a node counts.
    pub fn include(&self, node: &Node) -> bool {
        self.with_labels.iter().all(|key| node.labels.get(*key).is_some())
            && self.admitted_by.as_ref().is_none_or(|affinity| affinity.admits(node))
            && self
                .tolerated_by
                .as_ref()
                .is_none_or(|tolerations| taints::untolerated(&node.taints, tolerations).is_none())
    }
}

impl CountedNodes {
    /// Per row: whether its node counts. Rows without a node may have any answer.
    pub fn included(&self, snapshot: &Snapshot) -> Vec<bool> {
        let mut included = match &self.admitted_by {
            Some(affinity) => snapshot.admitted_by(affinity),
            None => vec![true; snapshot.n_rows()],
        };
        self.with_labels.iter().for_each(|key| snapshot.keep_carrying(&mut included, *key));
        if let Some(tolerations) = &self.tolerated_by {
            for (taints, rows) in snapshot.columns().repelling() {
                if taints::untolerated(taints, tolerations).is_some() {
                    rows.iter().for_each(|row| included[row.index()] = false);
                }
            }
        }
        included
    }
}

/// A number per domain.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Count {
    /// Of which pods.
    pub pods: Counted,
    /// On which nodes.
    pub nodes: CountedNodes,
    /// Per which domains.
    pub key: TopologyKey,
}

/// The terms of pods that are there, each once.
pub trait ExistingTerms {
    /// Calls `take` with the role, the weight and the term of all that may mean a pod with these labels, and of
    /// others perhaps.
    fn for_each(&self, labels: &Labels, take: &mut dyn FnMut(TermKind, i64, &AffinityTerm));
}

/// When a domain is refused.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// If there is one.
    NoneThere,
    /// If there is none; but if there is none in any domain of all rules with this test, and the pod is itself one
    /// of those it looks for, it may start anywhere.
    SomeThere {
        /// Whether the pod is one of those.
        is_own: bool,
    },
    /// If with this pod there would be more than `max_skew` above the emptiest domain.
    Skew {
        /// How many.
        max_skew: i64,
        /// 1 if the pod counts itself.
        own: i64,
        /// With fewer domains the emptiest counts as empty.
        min_domains: i64,
    },
}

/// One rule of a Filter. A plugin's first rule that refuses a node decides.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// The domains.
    pub key: TopologyKey,
    /// The numbers that are added up per domain; with the rule's key.
    pub counts: Vec<Count>,
    /// What is refused.
    pub test: Test,
    /// What is said about a refused domain; its operands are left out.
    pub refusal: Status,
    /// What is said about a node in no domain; `None` lets it pass.
    pub missing: Option<Status>,
}

/// One part of a Score: a number per domain.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// The domains.
    pub key: TopologyKey,
    /// The numbers that are added up, with their weights; with the axis' key.
    pub counts: Vec<(i64, Count)>,
}

/// How axes make a raw score.
#[derive(Clone, Debug, PartialEq)]
pub enum Combination {
    /// They are added up.
    Sum,
    /// Each is weighted by the logarithm of the number of its domains with feasible nodes, as PodTopologySpread
    /// does.
    Spread {
        /// Per axis: `maxSkew - 1`, added for each node in a domain.
        bonuses: Vec<i64>,
        /// Per axis: the label that a node must have for the axis to count.
        labels: Vec<Symbol>,
        /// Whether nodes that lack one of the labels take no part.
        requires_all_labels: bool,
    },
}

/// A Score over counts.
#[derive(Clone, Debug, PartialEq)]
pub struct DomainScore {
    /// Its parts.
    pub axes: Vec<Axis>,
    /// How they become one number.
    pub combination: Combination,
}

/// Whether an existing pod's term means a pod, whose namespace has these labels.
pub fn term_means(term: &AffinityTerm, pod: &Pod, namespace_labels: &Labels) -> bool {
    term.matches(pod.shape.namespace, namespace_labels, &pod.shape.labels)
}
