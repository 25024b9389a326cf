//! What a simulation ends with.

use std::sync::Arc;

use base::Map;
use scheduling::model::PodKey;
use wire::Object;

use super::fate::{Fate, Refusal};
use super::replacements::CHAIN_MAX;
use super::{PoolUsage, Simulation, uid};

/// Where every pod is in the end.
pub(crate) struct SimulationResult {
    /// How many nodes there are.
    pub(crate) n_nodes: usize,
    /// How many pods were bound from the beginning.
    pub(crate) n_bound: usize,
    /// How many pods were to be placed: those that are placed now and those left over. Replacements are among
    /// them, and pods that waited, were placed, preempted and replaced are not.
    pub(crate) n_pending: usize,
    /// How many pods were made in place of preempted ones.
    pub(crate) n_replacements: usize,
    /// How many pods had waited when they were preempted and replaced.
    pub(crate) n_replaced: usize,
    /// How many pods have run to their end.
    pub(crate) n_finished: usize,
    /// How many pods were terminating before they had a node.
    pub(crate) n_terminating: usize,
    /// How many decisions were made.
    pub(crate) n_attempts: u64,
    /// The pods that were placed, in that order.
    pub(crate) placed: Vec<Placed>,
    /// The pods that had to leave, in that order.
    pub(crate) preempted: Vec<Preempted>,
    /// The pods that have no node, in the order in which they entered the queue.
    pub(crate) left_over: Vec<LeftOver>,
    /// How full the node pools are.
    pub(crate) pools: Vec<PoolUsage>,
}

/// A pod that was placed.
pub(crate) struct Placed {
    pub(crate) pod: PodKey,
    pub(crate) priority: i32,
    pub(crate) node: String,
    /// Its node's total score; `None` if there was nothing to compare.
    pub(crate) score: Option<i64>,
    /// On how many nodes it fitted.
    pub(crate) n_feasible: usize,
    /// Out of how many.
    pub(crate) n_nodes: usize,
    /// How many of them were equally good.
    pub(crate) n_ties: usize,
    /// Whether room had been made for it on this node.
    pub(crate) is_nominated: bool,
    pub(crate) n_attempts: u32,
    /// The pods that had to leave for it.
    pub(crate) victims: Vec<PodKey>,
}

/// A pod that had to leave.
pub(crate) struct Preempted {
    pub(crate) pod: PodKey,
    pub(crate) priority: i32,
    /// Where it was.
    pub(crate) node: String,
    /// For whom it left.
    pub(crate) by: PodKey,
    /// The other's UID: a pod and its replacement can have the same name.
    pub(super) by_uid: Arc<str>,
    /// The pod that its controller made instead.
    pub(crate) replaced_by: Option<PodKey>,
}

/// A pod that has no node.
pub(crate) struct LeftOver {
    pub(crate) pod: PodKey,
    pub(crate) priority: i32,
    pub(crate) n_attempts: u32,
    /// One word for programs.
    pub(crate) reason: &'static str,
    /// The sentence for people.
    pub(crate) message: String,
    /// Which plugins refused how many nodes.
    pub(crate) blame: Vec<Blame>,
}

/// What one plugin has to do with it.
pub(crate) struct Blame {
    pub(crate) plugin: &'static str,
    /// How many nodes it refused.
    pub(crate) n_nodes: usize,
    /// Its sentences, each with the number of nodes.
    pub(crate) reasons: Vec<(String, usize)>,
}

impl Simulation {
    pub(super) fn into_result(mut self) -> SimulationResult {
        let pools = self.pools.compare(&self.before, &self.scheduler);
        let left_over = self.take_left_over();
        let n_replaced = self.pending.iter().filter(|pending| matches!(pending.fate, Fate::Replaced)).count();
        let mut victims: Map<&str, Vec<PodKey>> = Map::default();
        for victim in &self.preempted {
            victims.entry(&victim.by_uid).or_default().push(victim.pod.clone());
        }
        let mut placed = Vec::with_capacity(self.placed.len());
        for i in std::mem::take(&mut self.placed) {
            let pending = &mut self.pending[i];
            // A pod that was preempted after it had been placed is left over or replaced.
            let Fate::Placed(placement) = std::mem::replace(&mut pending.fate, Fate::Untried) else {
                continue;
            };
            placed.push(Placed {
                pod: pending.key.clone(),
                priority: pending.priority,
                node: placement.node,
                score: placement.score,
                n_feasible: placement.n_feasible,
                n_nodes: placement.n_nodes,
                n_ties: placement.n_ties,
                is_nominated: placement.is_nominated,
                n_attempts: pending.n_attempts,
                victims: match &self.objects[pending.object] {
                    Object::Pod(pod) => victims.remove(&*uid(pod)).unwrap_or_default(),
                    _ => Vec::new(),
                },
            });
        }
        SimulationResult {
            n_nodes: self.scheduler.snapshot().len(),
            n_bound: self.n_bound,
            n_pending: self.pending.len() - n_replaced,
            n_replacements: self.replacements.n(),
            n_replaced,
            n_finished: self.n_finished,
            n_terminating: self.n_terminating,
            n_attempts: self.n_attempts,
            placed,
            preempted: self.preempted,
            left_over,
            pools,
        }
    }

    fn take_left_over(&mut self) -> Vec<LeftOver> {
        let mut left_over = Vec::new();
        for i in 0..self.pending.len() {
            let refusal = match &mut self.pending[i].fate {
                Fate::Placed(_) | Fate::Replaced => continue,
                Fate::Refused(refusal) => Refusal {
                    reason: refusal.reason,
                    message: std::mem::take(&mut refusal.message),
                    blame: std::mem::take(&mut refusal.blame),
                },
                Fate::Preempted { node, by, is_given_up } => {
                    let mut message = format!("placed on {node} first, then preempted to make room for {by}");
                    if *is_given_up {
                        message += &format!(
                            "; after {CHAIN_MAX} replacements in a row, the simulation makes no more of them"
                        );
                    }
                    Refusal { reason: "Preempted", message, blame: Vec::new() }
                }
                Fate::Untried => self.why_untried(i),
            };
            let pending = &self.pending[i];
            left_over.push(LeftOver {
                pod: pending.key.clone(),
                priority: pending.priority,
                n_attempts: pending.n_attempts,
                reason: refusal.reason,
                message: refusal.message,
                blame: refusal.blame,
            });
        }
        left_over
    }

    /// Why a pod never came to its turn: no profile is responsible for it, or a PreEnqueue plugin holds it back.
    fn why_untried(&mut self, i: usize) -> Refusal {
        let refusal = |reason, message, blame| Refusal { reason, message, blame };
        let Object::Pod(pod) = &self.objects[self.pending[i].object] else {
            return refusal("Untried", "this is not a pod".to_owned(), Vec::new());
        };
        let compiled = self.scheduler.compile_pod(pod);
        let Some(explanation) = self.scheduler.explain(&compiled) else {
            let name = self.scheduler.symbols().resolve(compiled.shape.scheduler_name);
            let message = format!("no profile of the configuration has the scheduler name {name:?}");
            return refusal("NoProfile", message, Vec::new());
        };
        let symbols = self.scheduler.symbols();
        let sentences: Vec<String> =
            explanation.pre_enqueue.iter().map(|status| status.message(symbols)).collect();
        let blame = explanation.pre_enqueue.iter().map(|status| Blame {
            plugin: status.plugin,
            n_nodes: 0,
            reasons: vec![(status.message(symbols), 0)],
        });
        refusal("SchedulingGated", sentences.join(", "), blame.collect())
    }
}
