//! Statuses and their reasons.

mod witnesses;

use std::collections::BTreeMap;

use scheduling::framework::reason::{Operand as CoreOperand, Value, counts_bytes};
use scheduling::framework::{self, Status};
use scheduling::model::resources::ResourceName;
use scheduling::model::taints;
use scheduling::snapshot::Row;

use self::witnesses::Witnesses;
use crate::explain::node_labels;
use crate::explain::report::{Node, Operand, Reason, ReasonCount, Refusal};
use crate::explain::situation::Situation;

/// Tells what statuses say, with what the objects add to it.
pub(super) struct Reasons<'s> {
    pub(super) situation: &'s Situation,
    witnesses: Witnesses<'s>,
}

impl<'s> Reasons<'s> {
    pub(super) fn new(situation: &'s Situation) -> Reasons<'s> {
        Reasons { situation, witnesses: Witnesses::new(situation) }
    }

    /// What a status says; `row` is the node it is about, if it is about one.
    pub(super) fn refusal(&self, status: &Status, row: Option<Row>) -> Refusal {
        let detail = self.detail(status, row);
        let reasons = status.reasons.iter().map(|reason| {
            let added = row.map(|row| self.added(status.plugin, reason, row)).unwrap_or_default();
            self.reason(reason, added, detail.clone())
        });
        Refusal { plugin: status.plugin, code: status.code.name(), reasons: reasons.collect() }
    }

    fn reason(&self, reason: &framework::Reason, added: Vec<Operand>, detail: Option<String>) -> Reason {
        let symbols = self.situation.scheduler.symbols();
        let reads_alike = |a: &CoreOperand| {
            let is_other = |b: &CoreOperand| a.value != b.value && is_amount(&a.value) && is_amount(&b.value);
            let mut others = reason.operands.iter().filter(|b| is_other(b));
            others.any(|b| a.value.describe(symbols) == b.value.describe(symbols))
        };
        let is_exact = reason.operands.iter().any(reads_alike);
        let own = reason.operands.iter().map(|given| self.operand(given, is_exact));
        // What was found out here says more than the operand of the same name.
        let own = own.filter(|own| added.iter().all(|added| added.name != own.name));
        let operands = own.collect::<Vec<Operand>>().into_iter().chain(added);
        Reason { text: reason.sentence(symbols), operands: operands.collect(), detail }
    }

    /// NodeAffinity's refusals have no operands: what is lacking is read from the objects.
    fn detail(&self, status: &Status, row: Option<Row>) -> Option<String> {
        if status.plugin != "NodeAffinity" {
            return None;
        }
        let node = self.situation.node(self.situation.node_name(row?))?;
        node_labels::describe(&node_labels::unmet(&self.situation.pod, node))
    }

    /// What the plugins do not look up, because the first taint or a count decides.
    fn added(&self, plugin: &str, reason: &framework::Reason, row: Row) -> Vec<Operand> {
        match plugin {
            "TaintToleration" => self.untolerated_taints(row),
            "NodePorts" => {
                self.witnesses.port_holders(row).map(|text| named("heldBy", text)).into_iter().collect()
            }
            "InterPodAffinity" => {
                let pods = self.witnesses.kept_apart(reason, row);
                pods.map(|text| named("keptAwayBy", text)).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    fn untolerated_taints(&self, row: Row) -> Vec<Operand> {
        let symbols = self.situation.scheduler.symbols();
        let tolerations = &self.situation.compiled.shape.tolerations;
        let all = self.situation.scheduler.snapshot().node(row).node.taints.iter();
        let untolerated = all.filter(|taint| {
            taint.effect.forbids_scheduling() && !tolerations.iter().any(|t| t.tolerates(taint))
        });
        untolerated.map(|taint| named("taint", taints::describe(taint, symbols))).collect()
    }

    fn operand(&self, operand: &CoreOperand, is_exact: bool) -> Operand {
        let symbols = self.situation.scheduler.symbols();
        let (value, resource, unit) = match &operand.value {
            Value::Amount(resource, amount) => {
                let unit = match resource {
                    ResourceName::Cpu => "millicores",
                    _ if counts_bytes(*resource, symbols) => "bytes",
                    _ => "pieces",
                };
                (Some(*amount), Some(resource.as_str(symbols).to_owned()), Some(unit))
            }
            Value::Count(n) => (Some(*n), None, None),
            Value::Name(_) | Value::Text(_) => (None, None, None),
        };
        let text =
            if is_exact { operand.value.describe_exactly(symbols) } else { operand.value.describe(symbols) };
        Operand { name: operand.name, text, value, resource, unit }
    }
}

fn is_amount(value: &Value) -> bool {
    matches!(value, Value::Amount(..))
}

fn named(name: &'static str, text: String) -> Operand {
    Operand { name, text, value: None, resource: None, unit: None }
}

/// On how many nodes each reason occurs, most often first.
pub(super) fn count(nodes: &[Node]) -> Vec<ReasonCount> {
    let mut counts: BTreeMap<(&'static str, &str), usize> = BTreeMap::new();
    for refusal in nodes.iter().flat_map(|node| &node.refusals) {
        for reason in &refusal.reasons {
            *counts.entry((refusal.plugin, reason.text.as_str())).or_default() += 1;
        }
    }
    let counts = counts.into_iter().map(|((plugin, text), n_nodes)| ReasonCount {
        plugin,
        text: text.to_owned(),
        n_nodes,
    });
    let mut counts: Vec<ReasonCount> = counts.collect();
    counts.sort_by_key(|count| std::cmp::Reverse(count.n_nodes));
    counts
}
