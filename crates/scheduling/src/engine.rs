//! The state machine around decisions.
//!
//! Inputs are what happened; commands are what is to be done about it. Whoever drives the machine carries the
//! commands out and reports the outcome as an input; truth about objects comes back as object inputs. A command
//! may be lost, late or done twice: a pod stays assumed on its node until the object says so or the binding
//! is reported as failed.
//!
//! ```text
//!  Upsert/Delete -----> queue, snapshot, cluster
//!  Schedule ----------> next pod: decide -> Bind | PatchStatus + Event + Evict
//!  VolumeFinished ----> bind when claims are bound, or take back what was decided
//!  BindFinished ------> confirm, or forget and try again
//!  EvictFinished -----> evict the last victim, let the pod through that has room now
//!  Tick --------------> pods whose backoff is over become active
//! ```
//!
//! Every input may bring commands: the deletion of one victim, for instance, the eviction of the next.

mod apply;
mod attempt;
mod binding;
mod command;
mod failure;
mod pods;
mod policy;
mod preemption;
mod queue;
mod volumes;

use std::sync::Arc;
use std::time::Duration;

use base::{Interner, Map, Now};
use smallvec::SmallVec;
use wire::config::{FeatureGates, SchedulerConfiguration};

use binding::Bindings;
pub use command::{ClaimName, Command, Condition, EventKind, Input, Step, Tried};
use policy::PluginPolicy;
use queue::Policy;
pub use queue::{Cause, Queue, QueueCounts, QueueName, QueueWork, QueuedPod, Waits};

use crate::cluster::Cluster;
use crate::evictions::Evictions;
use crate::explanation::{self, Explanation};
use crate::framework::profile::ProfileError;
use crate::framework::{Around, ClusterEvent, Cycle, Extender, Profile, Stopwatch};
use crate::incremental::{Evaluator, Expanded, Work};
use crate::model::{Compiler, Pod, PodKey, Shapes};
use crate::outcome::Outcome;
use crate::reference::{self, Circumstances, Decision};
use crate::snapshot::{Nominator, Snapshot};

/// The scheduler's whole state.
pub struct Scheduler {
    symbols: Interner,
    gates: FeatureGates,
    shapes: Shapes,
    profiles: Vec<Profile>,
    snapshot: Snapshot,
    cluster: Cluster,
    nominator: Nominator,
    queue: Queue,
    /// Pods that have been given a node but are not known to be bound.
    bindings: Bindings,
    /// Pods that are to make room.
    evictions: Evictions,
    /// The UIDs of pods that wait or are being bound, by name.
    names: Map<PodKey, Arc<str>>,
    /// When the driver has been asked to send a tick.
    wake_at: Option<Now>,
    circumstances: Circumstances,
    evaluator: Evaluator,
    stopwatch: Option<Arc<dyn Stopwatch>>,
    extenders: Vec<Arc<dyn Extender>>,
    /// What waiting pods have been told of in this step.
    announced: SmallVec<[ClusterEvent; 2]>,
    /// After how many sweeps of shapes symbols were swept.
    n_sweeps: u64,
}

impl Scheduler {
    /// A scheduler that knows no object yet.
    pub fn new(
        configuration: &SchedulerConfiguration,
        gates: FeatureGates,
        seed: u64,
    ) -> Result<Scheduler, ProfileError> {
        let mut symbols = Interner::default();
        let profiles = Profile::build_all(configuration, &gates, &mut symbols)?;
        Ok(Scheduler {
            symbols,
            gates,
            shapes: Shapes::default(),
            profiles,
            snapshot: Snapshot::default(),
            cluster: Cluster::default(),
            nominator: Nominator::default(),
            queue: Queue::new(configuration, &gates),
            bindings: Bindings::default(),
            evictions: Evictions::default(),
            names: Map::default(),
            wake_at: None,
            circumstances: Circumstances::new(seed, Now::default()),
            evaluator: Evaluator::default(),
            stopwatch: None,
            extenders: Vec::new(),
            announced: SmallVec::new(),
            n_sweeps: 0,
        })
    }

    /// Sets how long a pod waits for something to happen until it is tried anyway: 5 minutes if nobody says otherwise
    /// (kube-scheduler's `--pod-max-in-unschedulable-pods-duration`).
    pub fn set_pod_max_in_unschedulable(&mut self, wait: Duration) {
        self.queue.set_max_in_unschedulable(wait);
    }

    /// Has parts of the work measured from now on.
    pub fn set_stopwatch(&mut self, stopwatch: Arc<dyn Stopwatch>) {
        self.stopwatch = Some(stopwatch);
    }

    /// Has others take part in decisions from now on. Those without whom nothing is decided are asked first.
    pub fn set_extenders(&mut self, mut extenders: Vec<Arc<dyn Extender>>) {
        extenders.sort_by_key(|extender| extender.is_ignorable());
        self.extenders = extenders;
    }

    /// Takes one input in and says what is to be done about it.
    pub fn step(&mut self, input: Input<'_>, now: Now) -> Step {
        self.circumstances.now = now;
        let mut step = Step::default();
        let commands = &mut step.commands;
        self.sweep_symbols();
        match input {
            Input::Upsert(object) => self.upsert(object, now, commands),
            Input::Delete(object) => self.delete(object, now, commands),
            Input::Schedule => step.tried = self.schedule_next(now, commands),
            Input::BindFinished { uid, result } => self.bind_finished(uid, result, now, commands),
            Input::VolumeFinished { uid, object, result } => {
                self.volume_finished(uid, object, result, now, commands);
            }
            Input::EvictFinished { preemptor, victim, result } => {
                self.evict_finished(preemptor, victim, result.is_ok(), now, commands);
            }
            Input::Tick => {
                self.with_policy(|queue, policy| queue.flush(now, policy));
                self.give_up_evictions(now, commands);
                self.time_out_volumes(now, commands);
            }
        }
        self.cluster.storage_mut().catch_up(&self.snapshot);
        step.events = std::mem::take(&mut self.announced);
        let wake_at = self.next_wake();
        if wake_at != self.wake_at {
            self.wake_at = wake_at;
            step.commands.extend(wake_at.map(Command::WakeAt));
        }
        step
    }

    /// When there will be something to do without anything having happened.
    pub fn next_wake(&self) -> Option<Now> {
        self.queue.next_wake().into_iter().chain(self.bindings.next_deadline()).min()
    }

    /// Frees the values of labels that were those of pods which are gone.
    fn sweep_symbols(&mut self) {
        if self.n_sweeps != self.shapes.n_sweeps() {
            self.n_sweeps = self.shapes.n_sweeps();
            // Counters may still name a value that is freed. They count nothing then, and whatever the symbol stands for
            // next is in no class before it is in a shape.
            self.symbols.sweep(&self.shapes.label_values());
        }
    }

    /// Lets the queue work with the plugins' knowledge of the cluster as it is now.
    fn with_policy<R>(&mut self, work: impl FnOnce(&mut Queue, &dyn Policy) -> R) -> R {
        let Scheduler { symbols, profiles, snapshot, cluster, nominator, evictions, queue, .. } = self;
        let around = Around { stopwatch: self.stopwatch.as_deref(), extenders: &self.extenders };
        let cycle = Cycle { symbols, snapshot, cluster, nominator, evictions, around };
        work(queue, &PluginPolicy { profiles, cycle })
    }

    /// The queue.
    pub fn queue(&self) -> &Queue {
        &self.queue
    }

    /// Nodes and the pods on them.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// The UID of the pod with this name, if it waits or is being bound.
    pub fn uid_of(&self, key: &PodKey) -> Option<Arc<str>> {
        self.names.get(key).cloned()
    }

    /// How many pods have been given a node and are not known to be there.
    pub fn n_assumed(&self) -> usize {
        self.bindings.n_assumed()
    }

    /// How many distinct shapes of pods are remembered.
    pub fn n_shapes(&self) -> usize {
        self.shapes.len()
    }

    /// The symbol table.
    pub fn symbols(&self) -> &Interner {
        &self.symbols
    }

    /// The profiles.
    pub fn profiles(&self) -> &[Profile] {
        &self.profiles
    }

    /// The profile that decides for a pod: the one with its scheduler name.
    pub fn profile_of(&self, pod: &Pod) -> Option<&Profile> {
        self.profiles.iter().find(|profile| profile.scheduler_symbol == pod.shape.scheduler_name)
    }

    /// What plugins can look at now. Nobody outside is asked, and nothing is measured.
    pub fn cycle(&self) -> Cycle<'_> {
        Cycle {
            symbols: &self.symbols,
            snapshot: &self.snapshot,
            cluster: &self.cluster,
            nominator: &self.nominator,
            evictions: &self.evictions,
            around: Around::default(),
        }
    }

    /// Compiles a pod as this scheduler sees it, without taking it in.
    pub fn compile_pod(&mut self, pod: &wire::Pod) -> Pod {
        let mut compiler = Compiler { symbols: &mut self.symbols, gates: &self.gates };
        Pod::compile(pod, &mut self.shapes, &mut compiler)
    }

    /// What would be decided about a pod now. Nothing changes, and no random number is used up.
    pub fn evaluate(&self, pod: &Pod) -> Option<Decision> {
        let profile = self.profile_of(pod)?;
        let mut circumstances = self.circumstances.clone();
        Some(reference::decide(self.cycle(), profile, pod, &mut circumstances))
    }

    /// What the evaluator has done so far.
    pub fn work(&self) -> Work {
        self.evaluator.work()
    }

    /// What the evaluator keeps about pods like this one, node by node; `None` if such pods are decided the long
    /// way. For tests that compare it with [`Scheduler::evaluate`].
    pub fn expand(&mut self, pod: &Pod) -> Option<Expanded> {
        let Scheduler { symbols, profiles, snapshot, cluster, nominator, evictions, evaluator, .. } = self;
        let name = pod.shape.scheduler_name;
        let position = profiles.iter().position(|profile| profile.scheduler_symbol == name)?;
        let around = Around::default();
        let cycle = Cycle { symbols, snapshot, cluster, nominator, evictions, around };
        evaluator.expand(cycle, position, &profiles[position], pod)
    }

    /// The pods that have a node and wait for their volumes, with the names of their nodes.
    #[cfg(test)]
    pub(crate) fn awaiting_volumes(&self) -> impl Iterator<Item = (Arc<str>, &str)> {
        self.bindings.with_volumes().map(|(uid, node)| (uid, self.symbols.resolve(node)))
    }

    /// The outcome of [`Scheduler::evaluate`], as the evaluator that keeps what it knows finds it. No random number
    /// is used up.
    pub fn estimate(&mut self, pod: &Pod) -> Option<Outcome> {
        self.decide_under(pod, &mut self.circumstances.clone())
    }

    /// The outcome under some circumstances, which are used up; `None` if no profile is for this pod.
    fn decide_under(&mut self, pod: &Pod, circumstances: &mut Circumstances) -> Option<Outcome> {
        let Scheduler { symbols, profiles, snapshot, cluster, nominator, evictions, evaluator, .. } = self;
        let name = pod.shape.scheduler_name;
        let position = profiles.iter().position(|profile| profile.scheduler_symbol == name)?;
        let around = Around { stopwatch: self.stopwatch.as_deref(), extenders: &self.extenders };
        let cycle = Cycle { symbols, snapshot, cluster, nominator, evictions, around };
        Some(evaluator.decide(cycle, position, &profiles[position], pod, circumstances))
    }

    /// What the user is told about a decision that did not place the pod; empty if it did.
    pub fn message(&self, decision: &Decision) -> String {
        match decision {
            Decision::Placed(_) => String::new(),
            Decision::Unschedulable(refusal) => refusal.diagnosis.message(&self.symbols),
            Decision::NoNodes => Decision::NO_NODES.to_owned(),
            Decision::Failed(status) => status.message(&self.symbols),
        }
    }

    /// Assumes what would be done about a pod's volumes if it were placed on a node now. For replays of recorded
    /// decisions, in which nothing is bound.
    pub fn assume_volumes(&mut self, pod: &Pod, node: &str) {
        let row = self.symbols.get(node).and_then(|name| self.snapshot.row(name));
        if let Some(row) = row {
            // Where nothing can be done about them, nothing is assumed.
            let _ = self.reserve_volumes(pod, row);
        }
    }

    /// Explains what would be decided about a pod now. Nothing changes.
    pub fn explain(&self, pod: &Pod) -> Option<Explanation> {
        let profile = self.profile_of(pod)?;
        let mut circumstances = self.circumstances.clone();
        Some(explanation::explain(self.cycle(), profile, pod, &mut circumstances))
    }

    /// Sets the time that [`Scheduler::evaluate`] takes as now.
    pub fn set_now(&mut self, now: Now) {
        self.circumstances.now = now;
    }
}

#[cfg(test)]
mod cost_tests;
#[cfg(test)]
mod failure_tests;
#[cfg(test)]
mod hint_tests;
#[cfg(test)]
mod nomination_tests;
#[cfg(test)]
mod preemption_tests;
#[cfg(test)]
mod simulation_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod volume_tests;
