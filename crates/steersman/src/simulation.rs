//! A cluster that exists only as objects, and the scheduler deciding about it under a virtual clock.
//!
//! The driver does what the world around a scheduler does, at once and without failures: it binds pods, removes
//! preempted ones, and lets time pass when everybody waits. Its result is a function of the objects, the
//! configuration and the seed; no clock is read.
//!
//! Controllers make new pods in place of those that were preempted ([`replacements`]), and disruption budgets are
//! used up ([`budgets`]). What nobody does here: pull images. Pods that are terminating when they are preempted
//! are taken to be gone then.

mod budgets;
mod fate;
mod replacements;
mod result;
mod utilisation;
mod volumes;

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, bail};
use base::{Map, Now};
use scheduling::engine::{Command, Input, Step, Tried};
use scheduling::model::PodKey;
use scheduling::outcome::Outcome;
use wire::config::{FeatureGates, SchedulerConfiguration};
use wire::{Object, Pod, Timestamp};

use crate::cluster_files::{describe, is_finished};
use crate::recording::RecordedScheduler;
use budgets::Budgets;
use fate::{Fate, Placement, Refusal};
use replacements::{Replacements, Successor};
pub(crate) use result::{Blame, LeftOver, Placed, Preempted, SimulationResult};
pub(crate) use utilisation::{NodePools, PoolUsage, Usage};

/// 2026-01-01T00:00:00Z: when simulations of objects without any time begin.
const DEFAULT_START: Now = Now::from_nanos(1_767_225_600_000_000_000);

/// A scheduler with the cluster it decides about.
pub(crate) struct Simulation {
    scheduler: RecordedScheduler,
    objects: Vec<Object>,
    /// Indexes into `objects` of bound and pending pods, by UID.
    pods: Map<Arc<str>, usize>,
    /// The pods that are to be placed, in the order in which they enter the queue.
    pending: Vec<Pending>,
    /// Indexes into `pending`, by UID.
    by_uid: Map<Arc<str>, usize>,
    preempted: Vec<Preempted>,
    replacements: Replacements,
    places: volumes::Places,
    budgets: Budgets,
    /// Indexes into `pending` of the pods that got a node, in that order.
    placed: Vec<usize>,
    n_bound: usize,
    n_finished: usize,
    /// Terminating pods without a node: nobody decides about them any more.
    n_terminating: usize,
    n_settled: usize,
    n_attempts: u64,
    /// How many attempts there had been when a pod was last bound or removed.
    n_attempts_at_change: u64,
    pools: NodePools,
    before: Vec<PoolUsage>,
    now: Now,
}

/// A pod that is to be placed.
struct Pending {
    object: usize,
    key: PodKey,
    priority: i32,
    n_attempts: u32,
    /// Which attempt of all was its last.
    last_attempt: u64,
    fate: Fate,
}

/// How far a run has come.
pub(crate) struct Progress {
    /// How many pods have been decided about at least once.
    pub(crate) n_settled: usize,
    /// How many there are to decide about.
    pub(crate) n_pending: usize,
}

impl Simulation {
    /// Takes a cluster in. Pods without a node, neither finished nor terminating, will be placed by `run`. With a
    /// path, everything that the scheduler is given is recorded there.
    pub(crate) fn new(
        configuration: &SchedulerConfiguration,
        gates: FeatureGates,
        seed: u64,
        recording: Option<&Path>,
        objects: Vec<Object>,
    ) -> Result<Simulation> {
        let now = start(&objects);
        let mut simulation = Simulation {
            scheduler: RecordedScheduler::new(configuration, gates, seed, now, recording)?,
            now,
            pools: NodePools::of(&objects),
            budgets: Budgets::of(&objects),
            places: volumes::Places::of(&objects),
            objects,
            pods: Map::default(),
            pending: Vec::new(),
            by_uid: Map::default(),
            preempted: Vec::new(),
            replacements: Replacements::default(),
            placed: Vec::new(),
            n_bound: 0,
            n_finished: 0,
            n_terminating: 0,
            n_settled: 0,
            n_attempts: 0,
            n_attempts_at_change: 0,
            before: Vec::new(),
        };
        simulation.feed_all_but_pending()?;
        simulation.before = simulation.pools.usage(&simulation.scheduler);
        simulation.feed_pending()?;
        Ok(simulation)
    }

    /// Nodes before the pods on them: a pod whose node is unknown would wait for it.
    fn feed_all_but_pending(&mut self) -> Result<()> {
        for object in self.objects.iter().filter(|object| !matches!(object, Object::Pod(_))) {
            self.scheduler.step(Input::Upsert(object), self.now);
        }
        for (i, object) in self.objects.iter().enumerate() {
            let Object::Pod(pod) = object else { continue };
            if is_finished(pod) {
                self.n_finished += 1;
                continue;
            }
            if pod.spec.node_name.is_empty() {
                self.n_terminating += usize::from(!is_pending(pod));
                continue;
            }
            remember(&mut self.pods, &self.objects, uid(pod), i)?;
            self.n_bound += 1;
            self.scheduler.step(Input::Upsert(object), self.now);
        }
        Ok(())
    }

    fn feed_pending(&mut self) -> Result<()> {
        let mut pending: Vec<(i64, usize)> = Vec::new();
        for (i, object) in self.objects.iter().enumerate() {
            let Object::Pod(pod) = object else { continue };
            if is_pending(pod) {
                // A pod without a time of creation has not been created yet: it comes last.
                let created = pod.metadata.creation_timestamp.map_or(i64::MAX, Timestamp::as_nanos);
                pending.push((created, i));
            }
        }
        pending.sort_unstable();
        for (_, i) in pending {
            let Object::Pod(pod) = &self.objects[i] else { continue };
            remember(&mut self.pods, &self.objects, uid(pod), i)?;
            self.enqueue(i);
        }
        Ok(())
    }

    /// Has a pod wait for its turn.
    fn enqueue(&mut self, i: usize) {
        let Object::Pod(pod) = &self.objects[i] else { return };
        if pod.spec.volumes.iter().any(|volume| volume.ephemeral.is_some()) {
            self.claim_for(&pod.clone());
        }
        let object = &self.objects[i];
        let Object::Pod(pod) = object else { return };
        self.by_uid.insert(uid(pod), self.pending.len());
        self.pending.push(Pending {
            object: i,
            key: key(pod),
            priority: pod.spec.priority.unwrap_or(0),
            n_attempts: 0,
            last_attempt: 0,
            fate: Fate::Untried,
        });
        self.scheduler.step(Input::Upsert(object), self.now);
    }

    /// Decides until every pod is placed or waits for something that does not happen. Fails only if that could not
    /// be recorded.
    pub(crate) fn run(mut self, progress: &mut dyn FnMut(Progress)) -> Result<SimulationResult> {
        self.settle(progress);
        self.scheduler.finish_recording()?;
        Ok(self.into_result())
    }

    /// The cluster after a run: the objects in the order in which they were given, `None` for pods that are gone,
    /// then the pods that controllers made.
    pub(crate) fn into_settled_cluster(mut self) -> Vec<Option<Object>> {
        self.settle(&mut |_| {});
        let pods = self.pods;
        let is_gone = |i: usize, object: &Object| match object {
            Object::Pod(pod) if !is_finished(pod) && (is_pending(pod) || !pod.spec.node_name.is_empty()) => {
                pods.get(&uid(pod)) != Some(&i)
            }
            _ => false,
        };
        self.objects.into_iter().enumerate().map(|(i, o)| (!is_gone(i, &o)).then_some(o)).collect()
    }

    fn settle(&mut self, progress: &mut dyn FnMut(Progress)) {
        loop {
            while self.scheduler.queue().n_active() > 0 {
                let step = self.scheduler.step(Input::Schedule, self.now);
                self.carry_out(step);
                progress(Progress { n_settled: self.n_settled, n_pending: self.pending.len() });
            }
            let Some(wake) = self.scheduler.queue().next_wake().filter(|_| !self.is_settled()) else { break };
            self.now = self.now.max(wake);
            let step = self.scheduler.step(Input::Tick, self.now);
            self.carry_out(step);
        }
    }

    /// Whether trying the pods that are left would only repeat what is known: an attempt that failed for a reason which
    /// is not the cluster's fails again, as long as no pod has come or gone.
    fn is_settled(&self) -> bool {
        let queue = self.scheduler.queue();
        let has_failed_since = |uid: &Arc<str>| {
            let pending = self.by_uid.get(uid).map(|i| &self.pending[*i]);
            pending.is_some_and(|pending| pending.last_attempt > self.n_attempts_at_change)
        };
        queue.n_backing_off() == queue.n_backing_off_after_errors()
            && queue.pods().filter(|pod| pod.refused_by.is_empty()).all(|pod| has_failed_since(&pod.pod.uid))
    }

    fn carry_out(&mut self, step: Step) {
        let Step { commands, tried, .. } = step;
        if let Some(tried) = &tried {
            self.note(tried);
        }
        self.carry_out_all(commands.into());
        // Whoever was leaving anyway is gone by now. Nobody is told to evict those.
        if let Some(Tried { pod, outcome: Outcome::Unschedulable(refused), .. }) = &tried
            && let Some(room) = &refused.room
        {
            for victim in room.victims.iter().filter(|victim| victim.is_terminating) {
                let mut commands = VecDeque::new();
                self.remove_victim(&victim.uid, &pod.uid, &mut commands);
                self.carry_out_all(commands);
            }
        }
    }

    /// Carries commands out, and those that come of it.
    fn carry_out_all(&mut self, mut commands: VecDeque<Command>) {
        while let Some(command) = commands.pop_front() {
            match command {
                Command::Bind { uid, node, .. } => self.bind(&uid, &node, &mut commands),
                Command::BindVolume { uid, volume, claim, .. } => {
                    self.bind_volume(&uid, &volume, &claim, &mut commands);
                }
                Command::ProvisionClaim { uid, claim, node, .. } => {
                    self.provision_claim(&uid, &claim, &node, &mut commands);
                }
                Command::PatchStatus { uid, nominated_node_name: Some(node), .. } => {
                    if let Some(Object::Pod(pod)) = self.pods.get(&uid).map(|i| &mut self.objects[*i]) {
                        pod.status.nominated_node_name = node.to_string();
                    }
                }
                Command::Evict { uid, preemptor, .. } => {
                    self.remove_victim(&uid, &preemptor, &mut commands);
                    let answer = Input::EvictFinished { preemptor: &preemptor, victim: &uid, result: Ok(()) };
                    commands.extend(self.scheduler.step(answer, self.now).commands);
                }
                // Events are for people who watch, and the loop in `settle` wakes by itself.
                Command::PatchStatus { .. } | Command::Event { .. } | Command::WakeAt(_) => {}
            }
        }
    }

    /// Notes what was decided about a pod.
    fn note(&mut self, tried: &Tried) {
        self.n_attempts += 1;
        let Some(i) = self.by_uid.get(&tried.pod.uid).copied() else { return };
        let pending = &mut self.pending[i];
        if pending.n_attempts == 0 {
            self.n_settled += 1;
        }
        pending.n_attempts += 1;
        pending.last_attempt = self.n_attempts;
        pending.fate = match &tried.outcome {
            Outcome::Placed(placement) => {
                self.placed.push(i);
                Fate::Placed(Placement::of(placement, &self.scheduler))
            }
            outcome => Fate::Refused(Refusal::of(outcome, tried.message.clone(), &self.scheduler)),
        };
    }

    fn bind(&mut self, uid: &str, node: &str, commands: &mut VecDeque<Command>) {
        let Some(i) = self.pods.get(uid).copied() else { return };
        self.n_attempts_at_change = self.n_attempts;
        if let Object::Pod(pod) = &mut self.objects[i] {
            node.clone_into(&mut pod.spec.node_name);
            pod.status.start_time = Some(Timestamp::from_nanos(self.now.as_nanos()));
        }
        for input in [Input::Upsert(&self.objects[i]), Input::BindFinished { uid, result: Ok(()) }] {
            commands.extend(self.scheduler.step(input, self.now).commands);
        }
        if let Object::Pod(pod) = &self.objects[i] {
            self.budgets.placed(pod, &mut self.scheduler, self.now);
        }
    }

    fn remove_victim(&mut self, uid: &str, by_uid: &Arc<str>, commands: &mut VecDeque<Command>) {
        let Some(by) = self.by_uid.get(by_uid).map(|i| self.pending[*i].key.clone()) else { return };
        let Some(i) = self.pods.remove(uid) else { return };
        let Object::Pod(pod) = &self.objects[i] else { return };
        self.n_attempts_at_change = self.n_attempts;
        let successor = self.replacements.succeed(pod, &self.objects, self.now);
        let mut victim = Preempted {
            pod: key(pod),
            node: pod.spec.node_name.clone(),
            priority: pod.spec.priority.unwrap_or(0),
            by: by.clone(),
            by_uid: Arc::clone(by_uid),
            replaced_by: None,
        };
        commands.extend(self.scheduler.step(Input::Delete(&self.objects[i]), self.now).commands);
        self.budgets.evicted(pod, &mut self.scheduler, self.now);
        let is_given_up = matches!(successor, Successor::NotAgain);
        if let Successor::Pod(replacement) = successor {
            victim.replaced_by = Some(key(&replacement));
            self.pods.insert(self::uid(&replacement), self.objects.len());
            self.objects.push(Object::Pod(replacement));
            self.enqueue(self.objects.len() - 1);
        }
        if let Some(pending) = self.by_uid.get(uid).map(|i| &mut self.pending[*i]) {
            pending.fate = match &victim.replaced_by {
                Some(_) => Fate::Replaced,
                None => Fate::Preempted { node: victim.node.clone(), by: by.clone(), is_given_up },
            };
        }
        self.preempted.push(victim);
    }
}

/// Whether a pod is to be placed.
pub(crate) fn is_pending(pod: &Pod) -> bool {
    pod.spec.node_name.is_empty() && !is_finished(pod) && pod.metadata.deletion_timestamp.is_none()
}

fn key(pod: &Pod) -> PodKey {
    PodKey {
        namespace: Arc::from(pod.metadata.namespace.as_str()),
        name: Arc::from(pod.metadata.name.as_str()),
    }
}

/// What the scheduler knows the pod by: its UID, or its name where it has none.
fn uid(pod: &Pod) -> Arc<str> {
    if pod.metadata.uid.is_empty() {
        Arc::from(format!("{}/{}", pod.metadata.namespace, pod.metadata.name))
    } else {
        Arc::from(pod.metadata.uid.as_str())
    }
}

fn remember(pods: &mut Map<Arc<str>, usize>, objects: &[Object], uid: Arc<str>, i: usize) -> Result<()> {
    if let Some(first) = pods.insert(Arc::clone(&uid), i) {
        bail!(
            "{} and {} have the same metadata.uid {uid:?}, so they cannot be told apart. Remove the uid from one of \
             them",
            describe(&objects[first]),
            describe(&objects[i])
        );
    }
    Ok(())
}

/// The latest time in the objects.
fn start(objects: &[Object]) -> Now {
    let times = objects.iter().flat_map(|object| {
        let started = match object {
            Object::Pod(pod) => pod.status.start_time,
            _ => None,
        };
        [object.meta().creation_timestamp, started]
    });
    // Zero values (0001-01-01) mean that there is no time.
    let latest = times.flatten().map(Timestamp::as_nanos).filter(|nanos| *nanos > 0).max();
    latest.map_or(DEFAULT_START, Now::from_nanos)
}
