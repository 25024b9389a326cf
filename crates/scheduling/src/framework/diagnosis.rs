//! What is known about a pod that fits nowhere, and upstream's sentence for it.

use std::collections::BTreeSet;

use base::Interner;

use super::{Code, Reason, Status};
use crate::snapshot::Row;

/// Why each node was refused.
#[derive(Clone, Debug)]
pub struct Diagnosis {
    /// The nodes that were looked at and refused, in the order they were looked at.
    pub nodes: Vec<(Row, Status)>,
    /// The status of all other nodes.
    pub absent: Status,
    /// How many nodes there are.
    pub n_nodes: usize,
    /// The plugins that are to blame.
    pub unschedulable_plugins: BTreeSet<&'static str>,
    /// Those among them that wait for something outside.
    pub pending_plugins: BTreeSet<&'static str>,
    /// What PreFilter says to the user, if it rejected the pod.
    pub pre_filter_message: String,
    /// What PostFilter adds.
    pub post_filter_message: String,
}

impl Diagnosis {
    /// Nothing is known yet about any of `n_nodes` nodes.
    pub fn new(n_nodes: usize) -> Diagnosis {
        Diagnosis {
            nodes: Vec::new(),
            absent: Status::bare(Code::UnschedulableAndUnresolvable),
            n_nodes,
            unschedulable_plugins: BTreeSet::new(),
            pending_plugins: BTreeSet::new(),
            pre_filter_message: String::new(),
            post_filter_message: String::new(),
        }
    }

    /// Blames the plugin of a status.
    pub fn blame(&mut self, status: &Status) {
        if !status.plugin.is_empty() && status.code.is_rejected() {
            self.unschedulable_plugins.insert(status.plugin);
            if status.code == Code::Pending {
                self.pending_plugins.insert(status.plugin);
            }
        }
    }

    /// The status of one node.
    pub fn of(&self, row: Row) -> &Status {
        self.nodes.iter().find(|(known, _)| *known == row).map_or(&self.absent, |(_, status)| status)
    }

    /// `0/N nodes are available: …`
    pub fn message(&self, symbols: &Interner) -> String {
        let n_absent = self.n_nodes.saturating_sub(self.nodes.len());
        let recorded = self.nodes.iter().flat_map(|(_, status)| &status.reasons).map(|reason| (reason, 1));
        let absent = self.absent.reasons.iter().filter(|_| n_absent > 0).map(|reason| (reason, n_absent));
        let histogram = histogram(recorded.chain(absent), symbols);
        message(self.n_nodes, &self.pre_filter_message, &histogram, &self.post_filter_message)
    }
}

/// Upstream's sentence about a pod that fits on none of `n_nodes` nodes.
pub(crate) fn message(n_nodes: usize, pre_filter: &str, histogram: &str, post_filter: &str) -> String {
    let mut text = format!("0/{n_nodes} nodes are available:");
    let why = if pre_filter.is_empty() { histogram } else { pre_filter };
    if !why.is_empty() {
        text.push(' ');
        text.push_str(why);
        text.push('.');
    }
    if !post_filter.is_empty() {
        text.push(' ');
        text.push_str(post_filter);
    }
    text
}

/// How often each reason occurs, most upstream-like: `3 Insufficient cpu, 10 node(s) …`, sorted as plain strings.
pub(crate) fn histogram<'s>(
    reasons: impl Iterator<Item = (&'s Reason, usize)>,
    symbols: &Interner,
) -> String {
    let mut counts: Vec<(&Reason, usize)> = Vec::new();
    for (reason, by) in reasons {
        match counts.iter_mut().find(|known| known.0.reads_like(reason)) {
            Some(entry) => entry.1 += by,
            None => counts.push((reason, by)),
        }
    }
    // Reasons may be worded alike although built differently, so equal sentences are merged once more.
    let mut sentences: Vec<(String, usize)> = Vec::new();
    for (reason, n) in counts {
        let sentence = reason.sentence(symbols);
        match sentences.iter_mut().find(|(known, _)| *known == sentence) {
            Some((_, total)) => *total += n,
            None => sentences.push((sentence, n)),
        }
    }
    let mut entries: Vec<_> = sentences.into_iter().map(|(sentence, n)| format!("{n} {sentence}")).collect();
    entries.sort_unstable();
    entries.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_reasons_per_node_and_sorts_them_as_text() {
        let symbols = Interner::default();
        let mut diagnosis = Diagnosis::new(14);
        diagnosis.absent = Status::unresolvable("", Reason::fixed("x"));
        let refused = Status::unschedulable("", Reason::fixed("y"));
        let mut snapshot = crate::snapshot::Snapshot::default();
        let gates = wire::config::FeatureGates::default();
        let mut names = Interner::default();
        for name in ["a", "b", "c", "d"] {
            let mut node = wire::Node::default();
            node.metadata.name = name.into();
            let mut compiler = crate::model::Compiler { symbols: &mut names, gates: &gates };
            let row = snapshot.upsert_node(crate::model::Node::compile(&node, &mut compiler));
            diagnosis.nodes.push((row, refused.clone()));
        }
        diagnosis.post_filter_message = "preemption: no".into();
        assert_eq!(diagnosis.message(&symbols), "0/14 nodes are available: 10 x, 4 y. preemption: no");
        diagnosis.pre_filter_message = "because".into();
        assert_eq!(diagnosis.message(&symbols), "0/14 nodes are available: because. preemption: no");
    }
}
