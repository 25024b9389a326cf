//! Which pods are behind a refusal.

use std::cell::OnceCell;

use base::{Map, Symbol};
use scheduling::framework::{Reason, Value};
use scheduling::model::{AffinityTerm, Pod};
use scheduling::snapshot::{NodeInfo, Row};

use crate::explain::situation::Situation;

/// How many pods are named.
const NAMED_MAX: usize = 3;

/// Finds the pods behind refusals.
pub(super) struct Witnesses<'s> {
    situation: &'s Situation,
    /// Filled with one look at every pod, when the first node is asked about.
    kept_apart: OnceCell<KeptApart>,
}

/// Pods that keep the pod in question away, per value of a topology key.
#[derive(Default)]
struct KeptApart {
    /// Because of its own terms.
    own: Map<(Symbol, Symbol), Names>,
    /// Because of theirs.
    existing: Map<(Symbol, Symbol), Names>,
}

/// The first names, and how many there are.
#[derive(Default)]
struct Names {
    first: Vec<String>,
    n: usize,
}

impl Names {
    fn add(&mut self, pod: &Pod) {
        self.n += 1;
        if self.first.len() < NAMED_MAX {
            self.first.push(pod.key.to_string());
        }
    }

    /// `a, b, c and 4 more`; `None` if there are none.
    fn describe(&self) -> Option<String> {
        let more = match self.n - self.first.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        (self.n > 0).then(|| self.first.join(", ") + &more)
    }
}

impl<'s> Witnesses<'s> {
    pub(super) fn new(situation: &'s Situation) -> Witnesses<'s> {
        Witnesses { situation, kept_apart: OnceCell::new() }
    }

    /// Who holds the host ports that the pod wants.
    pub(super) fn port_holders(&self, row: Row) -> Option<String> {
        let wanted = &self.situation.compiled.shape.host_ports;
        let mut names = Names::default();
        for other in self.situation.scheduler.snapshot().node(row).pods() {
            if other.shape.host_ports.iter().any(|used| wanted.iter().any(|wanted| used.conflicts(wanted))) {
                names.add(other);
            }
        }
        names.describe()
    }

    /// Who does not want to be where the pod is, or is not wanted there.
    pub(super) fn kept_apart(&self, reason: &Reason, row: Row) -> Option<String> {
        let key = reason.operands.iter().find_map(|operand| match operand.value {
            Value::Name(key) if operand.name == "topologyKey" => Some(key),
            _ => None,
        })?;
        let value = self.situation.scheduler.snapshot().node(row).node.labels.get(key)?;
        let kept_apart = self.kept_apart.get_or_init(|| KeptApart::of(self.situation));
        let sentence = reason.sentence(self.situation.scheduler.symbols());
        let names = if sentence.contains("existing pods anti-affinity") {
            &kept_apart.existing
        } else if sentence.contains("anti-affinity") {
            &kept_apart.own
        } else {
            return None;
        };
        names.get(&(key, value))?.describe()
    }
}

impl KeptApart {
    fn of(situation: &Situation) -> KeptApart {
        let pod = &situation.compiled;
        let cluster = situation.scheduler.cycle().cluster;
        let means = |term: &AffinityTerm, pod: &Pod| {
            let shape = &pod.shape;
            term.matches(shape.namespace, cluster.namespace_labels(shape.namespace), &shape.labels)
        };
        let place = |term: &AffinityTerm, node: &NodeInfo| {
            node.node.labels.get(term.topology_key).map(|value| (term.topology_key, value))
        };
        let mut found = KeptApart::default();
        for node in situation.scheduler.snapshot().nodes() {
            for other in node.pods() {
                let own = pod.shape.pod_affinity.anti_affinity.iter().filter(|term| means(term, other));
                for place in own.filter_map(|term| place(term, node)) {
                    found.own.entry(place).or_default().add(other);
                }
                let theirs = other.shape.pod_affinity.anti_affinity.iter().filter(|term| means(term, pod));
                for place in theirs.filter_map(|term| place(term, node)) {
                    found.existing.entry(place).or_default().add(other);
                }
            }
        }
        found
    }
}
