//! What is around the core: an API server's double, and time.
//!
//! Objects are named, completed and kept here; the core's commands are carried out at once and without
//! failures. Nobody runs pods: one that is deleted or preempted is gone at once, whatever its grace period,
//! unless a finalizer holds it.
//!
//! Time is virtual. An attempt takes [`DECISION`], so that what happens at some rate per second happens in a
//! defined ratio to decisions; creating objects takes no time; when nobody is to be decided about, time goes on
//! to whatever is next.

mod background;
mod commands;
mod objects;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use base::{Map, Now, Set};
use scheduling::engine::{Command, Input, Scheduler};
use wire::config::{FeatureGates, SchedulerConfiguration};
use wire::{Kind, Object, Pod};

use super::measure::{Fed, Measured, Period, Scope, feed};
use super::opcodes::Stage;
pub(super) use background::Background;
pub(super) use objects::Handle;

/// The virtual time that an attempt takes: 1,000 per second, which is the order of magnitude of a live
/// kube-scheduler.
pub(super) const DECISION: Duration = Duration::from_millis(1);
/// As long as this, in virtual time, pods are waited for while none of them gets any further; upstream's limit.
const PATIENCE: Duration = Duration::from_secs(600);
/// 2026-01-01T00:00:00Z.
const START: Now = Now::from_nanos(1_767_225_600_000_000_000);

/// The core and what is around it.
pub(super) struct World {
    scheduler: Scheduler,
    now: Now,
    /// All pods, by UID.
    pods: Map<Arc<str>, Object>,
    /// The UIDs of pods by namespace and name.
    names: BTreeMap<String, BTreeMap<String, Arc<str>>>,
    /// All other objects.
    others: BTreeMap<(Kind, String, String), Object>,
    n_nodes: usize,
    n_created: u64,
    background: Vec<Background>,
    waiting: Waiting,
    period: Option<Period>,
}

/// The pods that are waited for.
#[derive(Default)]
struct Waiting {
    stage: Stage,
    uids: Set<Arc<str>>,
}

/// Pods that wait although nothing will happen that could help them.
#[derive(Debug)]
pub(super) struct Stuck {
    /// What is wrong, in one line.
    pub(super) message: String,
}

impl World {
    /// A world without objects.
    pub(super) fn new(
        configuration: &SchedulerConfiguration,
        gates: FeatureGates,
        seed: u64,
    ) -> Result<World> {
        Ok(World {
            scheduler: Scheduler::new(configuration, gates, seed)?,
            now: START,
            pods: Map::default(),
            names: BTreeMap::new(),
            others: BTreeMap::new(),
            n_nodes: 0,
            n_created: 0,
            background: Vec::new(),
            waiting: Waiting::default(),
            period: None,
        })
    }

    /// The virtual time.
    pub(super) fn now(&self) -> Now {
        self.now
    }

    /// Has something happen again and again from now on.
    pub(super) fn start(&mut self, background: Background) {
        self.background.push(background);
    }

    /// Begins to measure. Returns false if a period has begun already.
    pub(super) fn start_measuring(&mut self, name: String, scope: Scope) -> bool {
        let is_first = self.period.is_none();
        if is_first {
            self.period = Some(Period::new(name, scope, &self.scheduler));
        }
        is_first
    }

    /// Ends to measure, if a period has begun.
    pub(super) fn stop_measuring(&mut self) -> Option<Measured> {
        let period = self.period.take()?;
        Some(period.finish(&self.scheduler, self.n_nodes))
    }

    /// Decides and lets time pass until a time has come.
    pub(super) fn run_until(&mut self, deadline: Now) {
        while self.now < deadline {
            if !self.turn(deadline) {
                self.now = deadline;
            }
        }
        self.fire_due();
    }

    /// Decides and lets time pass until these pods have reached a stage, or are gone.
    pub(super) fn wait(
        &mut self,
        pods: impl IntoIterator<Item = Arc<str>>,
        stage: Stage,
    ) -> Result<(), Stuck> {
        let outstanding = pods.into_iter().filter(|uid| !self.has_reached(uid, stage)).collect();
        self.waiting = Waiting { stage, uids: outstanding };
        let (mut n_left, mut deadline) = (self.waiting.uids.len(), self.now.after(PATIENCE));
        while !self.waiting.uids.is_empty() {
            if !self.turn(deadline) || self.now > deadline {
                return Err(self.stuck(stage));
            }
            if self.waiting.uids.len() < n_left {
                (n_left, deadline) = (self.waiting.uids.len(), self.now.after(PATIENCE));
            }
        }
        Ok(())
    }

    fn has_reached(&self, uid: &str, stage: Stage) -> bool {
        let Some(Object::Pod(pod)) = self.pods.get(uid) else { return true };
        let is_bound = !pod.spec.node_name.is_empty();
        is_bound || stage == Stage::Attempted && !pod.status.conditions.is_empty()
    }

    fn stuck(&mut self, stage: Stage) -> Stuck {
        let left = std::mem::take(&mut self.waiting.uids);
        let pods = left.iter().filter_map(|uid| match self.pods.get(uid) {
            Some(Object::Pod(pod)) => Some(pod),
            _ => None,
        });
        let first = pods.min_by(|a, b| a.metadata.name.cmp(&b.metadata.name));
        let example = first.map_or_else(String::new, |pod| {
            let said =
                pod.status.conditions.first().map_or("it was never tried", |said| said.message.as_str());
            format!(", such as {}/{}: {said}", pod.metadata.namespace, pod.metadata.name)
        });
        Stuck { message: format!("{} pods do not get {stage}{example}", left.len()) }
    }

    /// Does the next thing: decides about a pod, or lets time pass until something happens, at most until
    /// `deadline`. Returns false if nothing will happen until then.
    fn turn(&mut self, deadline: Now) -> bool {
        self.fire_due();
        if self.scheduler.queue().next_wake().is_some_and(|wake| wake <= self.now) {
            self.feed_tick();
        }
        if self.decide() {
            self.now = self.now.after(DECISION);
            return true;
        }
        let happens = self.background.iter().map(Background::next);
        let Some(next) = happens.chain(self.scheduler.queue().next_wake()).min() else { return false };
        if next > deadline {
            return false;
        }
        // Never twice at the same time, whatever the core says about when it wants to be woken.
        self.now = next.max(self.now.after(Duration::from_nanos(1)));
        true
    }

    /// Has the core decide about the next pod. Returns false if none was waiting.
    fn decide(&mut self) -> bool {
        let Fed { commands, attempt, took } = feed(&mut self.scheduler, Input::Schedule, self.now);
        if attempt.is_none() && commands.is_empty() {
            return false;
        }
        if let Some(period) = &mut self.period {
            period.input(took);
            // A pod that is not worth a decision any more is only taken off the queue.
            if let Some(outcome) = attempt {
                period.attempt(took, outcome);
            }
        }
        self.carry_out(commands.into());
        true
    }

    fn feed_tick(&mut self) {
        let Fed { commands, took, .. } = feed(&mut self.scheduler, Input::Tick, self.now);
        self.note_input(took);
        self.carry_out(commands.into());
    }

    fn note_input(&mut self, took: Duration) {
        if let Some(period) = &mut self.period {
            period.input(took);
        }
    }

    /// Takes a pod off those that are waited for, if that is what it was waited for.
    fn note_stage(&mut self, uid: &str, stage: Stage) {
        if stage == Stage::Scheduled || self.waiting.stage == stage {
            self.waiting.uids.remove(uid);
        }
    }
}

/// A pod that the world keeps.
fn as_pod(object: &Object) -> Option<&Pod> {
    match object {
        Object::Pod(pod) => Some(pod),
        _ => None,
    }
}

/// Commands that are to be carried out.
type Commands = VecDeque<Command>;

#[cfg(test)]
mod tests;
