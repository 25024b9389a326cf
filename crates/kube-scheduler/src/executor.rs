//! Carries out what the core wants done.
//!
//! Many pods at once, and for each pod one thing after the other: a status that was not sent yet is replaced by a newer
//! one, and dropped when the pod is bound. An answer that leaves open whether something was done (a connection that
//! broke, a server error, a time-out) is no answer: the same request is sent again, which the API server takes for the
//! same thing, until it is known. Nothing is sent without [`Permission`].

mod bind;
mod evict;
mod retry;
mod status;
#[cfg(test)]
mod tests;
mod volume;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use base::Map;
use client::Connection;
use scheduling::engine::Command;
use tokio::sync::{Semaphore, mpsc};

use crate::events::Recorder;
use crate::extenders::Extenders;
use crate::{Clock, Permission};
use bind::Bind;
use evict::Evict;
use status::Status;
use volume::{Target, VolumeWrite};

/// What has become of a command.
#[derive(Debug)]
pub enum Completion {
    /// A pod was bound, or will not be.
    Bind {
        /// The UID of the pod.
        uid: Arc<str>,
        /// Why not.
        result: Result<(), String>,
    },
    /// A volume or a claim was written, or will not be.
    Volume {
        /// The UID of the pod that needs it.
        uid: Arc<str>,
        /// The name of the volume, or namespace and name of the claim.
        object: Arc<str>,
        /// Why not.
        result: Result<(), String>,
    },
    /// A pod was evicted, or will not be.
    Evict {
        /// The UID of the pod that was to get room.
        preemptor: Arc<str>,
        /// The UID of the pod that was to leave.
        victim: Arc<str>,
        /// Why it was not evicted.
        result: Result<(), String>,
    },
}

/// What carries commands out. Clones are the same.
#[derive(Clone)]
pub struct Executor(Arc<Shared>);

struct Shared {
    connection: Connection,
    recorder: Recorder,
    permission: Permission,
    clock: Clock,
    completions: mpsc::UnboundedSender<Completion>,
    /// How many requests may be under way.
    slots: Semaphore,
    /// How many are.
    n_under_way: AtomicUsize,
    /// Who may bind in our place.
    extenders: Option<Extenders>,
    /// What is to be done with pods, by UID. While a pod is in here, a task is at work for it.
    work: Mutex<Map<Arc<str>, Work>>,
}

/// What is to be done with one pod.
#[derive(Default)]
struct Work {
    status: Option<Status>,
    /// In order.
    volumes: VecDeque<VolumeWrite>,
    bind: Option<Bind>,
    evict: Option<Evict>,
}

/// One thing to do.
enum Task {
    Status(Status),
    Volume(VolumeWrite),
    Bind(Bind),
    Evict(Evict),
}

impl Work {
    fn next(&mut self) -> Option<Task> {
        let status = self.status.take().map(Task::Status);
        let status = status.or_else(|| self.volumes.pop_front().map(Task::Volume));
        let status = status.or_else(|| self.bind.take().map(Task::Bind));
        status.or_else(|| self.evict.take().map(Task::Evict))
    }
}

impl Executor {
    /// Carries commands out through `connection`, with at most `n_requests_max` requests at once. What becomes of them is
    /// told to `completions`. Pods that concern an extender that binds are bound by it.
    pub fn new(
        connection: Connection,
        recorder: Recorder,
        permission: Permission,
        clock: Clock,
        n_requests_max: usize,
        extenders: Option<Extenders>,
        completions: mpsc::UnboundedSender<Completion>,
    ) -> Executor {
        Executor(Arc::new(Shared {
            connection,
            recorder,
            permission,
            clock,
            completions,
            slots: Semaphore::new(n_requests_max),
            n_under_way: AtomicUsize::new(0),
            extenders,
            work: Mutex::default(),
        }))
    }

    /// Begins to carry a command out. Must be called within a tokio runtime.
    ///
    /// [`Command::WakeAt`] is not for an executor, and does nothing.
    pub fn begin(&self, command: Command) {
        match command {
            Command::Bind { pod, uid, node } => {
                self.add(&uid, |work| {
                    // The API server says of a bound pod that it is scheduled; an older word must not come later.
                    work.status = None;
                    work.bind = Some(Bind { pod, uid: Arc::clone(&uid), node });
                });
            }
            Command::BindVolume { uid, volume: name, resource_version, names_claim, claim, .. } => {
                let target = Target::Volume { name, resource_version, names_claim };
                let write = VolumeWrite { uid: Arc::clone(&uid), claim, target };
                self.add(&uid, |work| work.volumes.push_back(write));
            }
            Command::ProvisionClaim { uid, claim, node, .. } => {
                let write = VolumeWrite { uid: Arc::clone(&uid), claim, target: Target::Claim { node } };
                self.add(&uid, |work| work.volumes.push_back(write));
            }
            Command::PatchStatus { pod, uid, condition, nominated_node_name } => {
                let now = self.0.clock.now();
                let status = Status { pod, uid: Arc::clone(&uid), condition, nominated_node_name, now };
                self.add(&uid, |work| Status::merge(&mut work.status, status));
            }
            Command::Evict { pod, uid, preemptor, message, generation, .. } => {
                let now = self.0.clock.now();
                let evict = Evict { pod, uid: Arc::clone(&uid), preemptor, message, generation, now };
                self.add(&uid, |work| work.evict = Some(evict));
            }
            Command::Event { pod, uid, related, reporter, kind, note } => {
                self.0.recorder.record(pod, uid, related, reporter, kind, note, self.0.clock.now());
            }
            Command::WakeAt(_) => {}
        }
    }

    /// How many pods something is being done with.
    pub fn n_busy(&self) -> usize {
        self.0.work.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// How many requests have been sent and are not answered.
    pub fn n_under_way(&self) -> usize {
        self.0.n_under_way.load(Ordering::Acquire)
    }

    fn add(&self, uid: &Arc<str>, add: impl FnOnce(&mut Work)) {
        let mut all = self.0.work.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(work) = all.get_mut(uid) {
            add(work);
            return;
        }
        let mut work = Work::default();
        add(&mut work);
        all.insert(Arc::clone(uid), work);
        drop(all);
        let (shared, uid) = (Arc::clone(&self.0), Arc::clone(uid));
        tokio::spawn(async move { shared.work_off(&uid).await });
    }
}

impl Shared {
    /// Does what there is to do with a pod, until there is nothing.
    async fn work_off(&self, uid: &str) {
        loop {
            let task = {
                let mut all = self.work.lock().unwrap_or_else(PoisonError::into_inner);
                let task = all.get_mut(uid).and_then(Work::next);
                if task.is_none() {
                    all.remove(uid);
                    return;
                }
                task
            };
            match task {
                Some(Task::Status(status)) => self.patch(status).await,
                Some(Task::Volume(write)) => {
                    let result = self.write_volume(&write).await;
                    let object = write.object();
                    self.complete(Completion::Volume { uid: write.uid, object, result });
                }
                Some(Task::Bind(bind)) => {
                    let uid = Arc::clone(&bind.uid);
                    let result = self.bind(bind).await;
                    self.complete(Completion::Bind { uid, result });
                }
                Some(Task::Evict(evict)) => {
                    let (preemptor, victim) = (Arc::clone(&evict.preemptor), Arc::clone(&evict.uid));
                    let result = self.evict(evict).await;
                    self.complete(Completion::Evict { preemptor, victim, result });
                }
                None => {}
            }
        }
    }

    fn complete(&self, completion: Completion) {
        // If nobody listens any more, the scheduler has ended.
        let _ = self.completions.send(completion);
    }
}
