//! Statuses and their reasons.

use std::collections::BTreeMap;

use scheduling::framework::reason::{Operand as CoreOperand, Value};
use scheduling::framework::{self, Status};
use scheduling::model::resources::ResourceName;

use crate::explain::node_labels;
use crate::explain::report::{Node, Operand, Reason, ReasonCount, Refusal};
use crate::explain::situation::Situation;

/// What a status says; `node` is the node it is about, if it is about one.
pub(super) fn refusal(situation: &Situation, status: &Status, node: Option<&str>) -> Refusal {
    let detail = detail(situation, status, node);
    let reasons = status.reasons.iter().map(|reason| self::reason(situation, reason, detail.clone()));
    Refusal { plugin: status.plugin, code: status.code.name(), reasons: reasons.collect() }
}

fn reason(situation: &Situation, reason: &framework::Reason, detail: Option<String>) -> Reason {
    let symbols = situation.scheduler.symbols();
    let operands = reason.operands.iter().map(|given| operand(situation, given));
    Reason { text: reason.sentence(symbols), operands: operands.collect(), detail }
}

/// NodeAffinity's refusals have no operands: what is lacking is read from the objects.
fn detail(situation: &Situation, status: &Status, node: Option<&str>) -> Option<String> {
    if status.plugin != "NodeAffinity" {
        return None;
    }
    let node = situation.node(node?)?;
    node_labels::describe(&node_labels::unmet(&situation.pod, node))
}

fn operand(situation: &Situation, operand: &CoreOperand) -> Operand {
    let symbols = situation.scheduler.symbols();
    let (value, resource, unit) = match &operand.value {
        Value::Amount(resource, amount) => {
            let name = resource.as_str(symbols);
            let unit = match resource {
                ResourceName::Cpu => "millicores",
                ResourceName::Memory | ResourceName::EphemeralStorage => "bytes",
                ResourceName::Scalar(_) if name.starts_with("hugepages-") => "bytes",
                ResourceName::Scalar(_) | ResourceName::Untracked(_) => "pieces",
            };
            (Some(*amount), Some(name.to_owned()), Some(unit))
        }
        Value::Count(n) => (Some(*n), None, None),
        Value::Name(_) | Value::Text(_) => (None, None, None),
    };
    Operand { name: operand.name, text: operand.value.describe(symbols), value, resource, unit }
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
