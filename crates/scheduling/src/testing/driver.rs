//! Drives a scheduler through a random history and looks at it after every step.
//!
//! Commands are carried out late and in any order, bindings fail now and then. Everything that is drawn comes from the
//! history's seed.

use std::time::Duration;

use base::Now;
use wire::{Kind, Object, Pod};

use super::dice::Dice;
use super::history::{Change, History};
use super::truth::{Truth, key_of};
use super::{pod_changes, volume_controller};
use crate::engine::{Command, Input, Scheduler};
use crate::storage::claim::SELECTED_NODE;

/// Takes a history through a scheduler. After every step `check` is called with the scheduler and some pods to ask
/// about: some that wait, one like others, and one like no other.
pub(crate) fn drive(
    history: History,
    scheduler: &mut Scheduler,
    check: &mut dyn FnMut(&mut Scheduler, &[Pod]),
) {
    let mut drive = Drive::new(history);
    while drive.step(scheduler) {
        let probes = drive.probes();
        check(scheduler, &probes);
    }
}

/// A history under way. If it comes to a bad end, it says its seed and step.
pub(crate) struct Drive {
    history: History,
    truth: Truth,
    dice: Dice,
    now: Now,
    /// What the scheduler wants done.
    commands: Vec<Command>,
    n_steps: usize,
}

impl Drive {
    /// The beginning of a history.
    pub(crate) fn new(history: History) -> Drive {
        let dice = Dice::new(history.seed(), "driver");
        let now = Now::from_nanos(1_800_000_000_000_000_000);
        Drive { history, truth: Truth::default(), dice, now, commands: Vec::new(), n_steps: 0 }
    }

    /// What exists.
    pub(crate) fn truth(&self) -> &Truth {
        &self.truth
    }

    /// The pods that the scheduler has given a node without having been told yet what came of it.
    pub(crate) fn in_flight(&self) -> impl Iterator<Item = (&str, &str)> {
        self.commands.iter().filter_map(|command| match command {
            Command::Bind { uid, node, .. } => Some((&**uid, &**node)),
            _ => None,
        })
    }

    /// Pods to ask about.
    pub(crate) fn probes(&mut self) -> Vec<Pod> {
        self.history.probes(&self.truth)
    }

    /// Lets one thing happen; false at the end.
    pub(crate) fn step(&mut self, scheduler: &mut Scheduler) -> bool {
        self.n_steps += 1;
        self.now = self.now.after(Duration::from_millis(self.dice.pick(&[0, 1, 30, 700, 2500])));
        match self.dice.weighted(&[45, 30, 17, 8]) {
            0 => match self.history.next(&self.truth) {
                Some(change) => self.change(scheduler, change),
                None => return false,
            },
            1 => {
                self.commands_of(scheduler, Input::Schedule);
            }
            2 if !self.commands.is_empty() => {
                let command = self.commands.swap_remove(self.dice.below(self.commands.len()));
                self.carry_out(scheduler, &command);
            }
            _ => {
                if self.dice.chance(5) {
                    self.now = self.now.after(Duration::from_secs(400));
                }
                self.commands_of(scheduler, Input::Tick);
            }
        }
        true
    }

    fn change(&mut self, scheduler: &mut Scheduler, change: Change) {
        match change {
            Change::Put(object) => {
                let object = self.truth.put(object);
                self.commands_of(scheduler, Input::Upsert(&object));
            }
            Change::Remove(object) => {
                if let Some(object) = self.truth.remove(&key_of(&object)) {
                    self.commands_of(scheduler, Input::Delete(&object));
                }
            }
        }
    }

    fn carry_out(&mut self, scheduler: &mut Scheduler, command: &Command) {
        match command {
            Command::Bind { pod, uid, node } => {
                let bound = if self.dice.chance(80) {
                    self.waiting_pod(&pod.namespace, &pod.name, uid)
                } else {
                    None
                };
                let result = if bound.is_some() { Ok(()) } else { Err("refused".to_owned()) };
                let says_first = self.dice.chance(50);
                if says_first {
                    let result = result.clone();
                    self.commands_of(scheduler, Input::BindFinished { uid, result });
                }
                if let Some(mut bound) = bound {
                    bound.spec.node_name = node.to_string();
                    self.change(scheduler, Change::Put(bound.into()));
                }
                if !says_first {
                    self.commands_of(scheduler, Input::BindFinished { uid, result });
                }
            }
            Command::BindVolume { uid, volume, claim, .. } => {
                let is_refused = self.dice.chance(15);
                let reserved = if is_refused { None } else { self.reserved_volume(command) };
                let result =
                    reserved.as_ref().map(|_| ()).ok_or_else(|| format!("cannot reserve for {claim}"));
                if let Some(reserved) = reserved {
                    self.change(scheduler, Change::Put(reserved));
                }
                self.commands_of(scheduler, Input::VolumeFinished { uid, object: volume, result });
            }
            Command::ProvisionClaim { uid, claim, node, .. } => {
                let is_refused = self.dice.chance(15);
                let known = volume_controller::claim(&self.truth, &claim.namespace, &claim.name).cloned();
                let marked = known.filter(|known| {
                    known.metadata.resource_version == *claim.resource_version && !is_refused
                });
                let result = marked.as_ref().map(|_| ()).ok_or_else(|| "conflict".to_owned());
                if let Some(mut marked) = marked {
                    marked.metadata.annotations.insert(SELECTED_NODE.to_owned(), node.to_string());
                    self.change(scheduler, Change::Put(marked.into()));
                }
                let object = claim.to_string();
                self.commands_of(scheduler, Input::VolumeFinished { uid, object: &object, result });
            }
            Command::PatchStatus { pod, uid, condition, nominated_node_name } => {
                let Some(mut patched) = self.truth.pod(&pod.namespace, &pod.name, uid).cloned() else {
                    return;
                };
                if let Some(condition) = condition {
                    pod_changes::set_condition(&mut patched, "PodScheduled", "False", condition.reason);
                }
                if let Some(node) = nominated_node_name {
                    patched.status.nominated_node_name = node.to_string();
                }
                self.change(scheduler, Change::Put(patched.into()));
            }
            Command::Evict { pod, uid, preemptor, .. } => {
                let is_refused = self.dice.chance(10);
                if !is_refused && let Some(victim) = self.truth.pod(&pod.namespace, &pod.name, uid).cloned() {
                    self.evict(scheduler, victim);
                }
                // An answer may be lost.
                if self.dice.chance(80) {
                    let result = if is_refused { Err("refused".to_owned()) } else { Ok(()) };
                    self.commands_of(scheduler, Input::EvictFinished { preemptor, victim: uid, result });
                }
            }
            Command::Event { .. } | Command::WakeAt(_) => {}
        }
    }

    fn evict(&mut self, scheduler: &mut Scheduler, mut victim: Pod) {
        if self.dice.chance(50) {
            self.change(scheduler, Change::Remove(victim.into()));
            return;
        }
        pod_changes::terminate(&mut victim);
        pod_changes::set_condition(&mut victim, "DisruptionTarget", "True", "PreemptionByScheduler");
        self.change(scheduler, Change::Put(victim.into()));
    }

    fn commands_of(&mut self, scheduler: &mut Scheduler, input: Input<'_>) {
        let step = scheduler.step(input, self.now);
        self.commands.extend(step.commands.into_iter().filter(has_effect));
    }

    /// The volume that is to be reserved, if it still is what it was.
    fn reserved_volume(&self, command: &Command) -> Option<Object> {
        let Command::BindVolume { volume, resource_version, claim, .. } = command else { return None };
        let claim = volume_controller::claim(&self.truth, &claim.namespace, &claim.name)?;
        let key = (Kind::PersistentVolume, String::new(), volume.to_string());
        let Some(Object::PersistentVolume(known)) = self.truth.get(&key) else { return None };
        let mut known = (**known).clone();
        known.spec.claim_ref = Some(volume_controller::reference(claim));
        (known.metadata.resource_version == **resource_version).then(|| known.into())
    }

    fn waiting_pod(&self, namespace: &str, name: &str, uid: &str) -> Option<Pod> {
        self.truth.pod(namespace, name, uid).filter(|pod| pod.spec.node_name.is_empty()).cloned()
    }
}

fn has_effect(command: &Command) -> bool {
    !matches!(command, Command::Event { .. } | Command::WakeAt(_))
}

impl Drop for Drive {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("STEERSMAN_SEED={} failed at step {}", self.history.seed(), self.n_steps);
        }
    }
}

/// The seeds that a test runs through: `n` of them, unless `STEERSMAN_HISTORIES` says how many or `STEERSMAN_SEED`
/// which one.
pub(crate) fn seeds(n: u64) -> impl Iterator<Item = u64> {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse().expect("a number"));
    let first = number("STEERSMAN_SEED");
    let n = number("STEERSMAN_HISTORIES").unwrap_or(if first.is_some() { 1 } else { n });
    (first.unwrap_or(0)..).take(usize::try_from(n).unwrap_or(usize::MAX))
}
