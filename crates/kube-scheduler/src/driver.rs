//! Feeds the core with what happens, and has done what it says.

use std::collections::BTreeSet;
use std::time::Duration;

use base::Now;
use client::Told;
use http::StatusCode;
use scheduling::engine::{Command, Input, Scheduler, Step};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;
use wire::{Kind, Object};

use crate::executor::{Completion, Executor};
use crate::shadow::Shadow;
use crate::sources::News;
use crate::{Clock, Permission};

/// How many inputs are taken in before it is looked for something to decide, and how many decisions are made before it is
/// looked for inputs: the task is shared with others.
const INPUTS_AT_ONCE: usize = 256;
const DECISIONS_AT_ONCE: usize = 16;

/// With how many pods something may be under way. Deciding further ahead than the API server can follow helps nobody.
const BUSY_MAX: usize = 2048;

/// How often it is looked for pods that have waited too long for something to happen.
const TICK: Duration = Duration::from_secs(30);

/// Sees everything that goes into the core and comes out of it.
pub trait Observer: Send {
    /// Before an input goes in.
    fn before(&mut self, input: &Input<'_>, now: Now);

    /// After it. `took` is how long the core was at it.
    fn after(&mut self, step: &Step, scheduler: &Scheduler, now: Now, took: Duration);
}

type Question = Box<dyn FnOnce(&mut Scheduler, Now) + Send>;

/// A way to look into the running core. Clones are the same.
#[derive(Clone)]
pub struct Handle {
    questions: mpsc::Sender<Question>,
    synced: watch::Receiver<bool>,
}

impl Handle {
    /// Asks the core something, between two inputs. `None` if it has ended.
    pub async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Scheduler, Now) -> T + Send + 'static,
    ) -> Option<T> {
        let (answer, answered) = oneshot::channel();
        let question: Question = Box::new(move |scheduler, now| {
            // Who asked may have gone.
            let _ = answer.send(question(scheduler, now));
        });
        self.questions.send(question).await.ok()?;
        answered.await.ok()
    }

    /// Whether everything that was there at the beginning has been taken in.
    pub fn is_synced(&self) -> bool {
        *self.synced.borrow()
    }

    /// Waits until everything that was there at the beginning has been taken in.
    pub async fn synced(&mut self) {
        // When the core has ended there is nothing to wait for.
        let _ = self.synced.wait_for(|synced| *synced).await;
    }
}

/// What does with commands what is to be done with them.
pub enum Hands {
    /// They are carried out.
    Real(Executor),
    /// They are not.
    Shadow(Box<Shadow>),
}

impl Hands {
    fn begin(&mut self, command: Command) {
        match self {
            Hands::Real(executor) => executor.begin(command),
            Hands::Shadow(shadow) => shadow.begin(command),
        }
    }

    fn n_busy(&self) -> usize {
        match self {
            Hands::Real(executor) => executor.n_busy(),
            Hands::Shadow(_) => 0,
        }
    }
}

/// The core and what is around it.
pub struct Driver {
    scheduler: Scheduler,
    observers: Vec<Box<dyn Observer>>,
    clock: Clock,
    permission: Permission,
    news: News,
    completions: mpsc::UnboundedReceiver<Completion>,
    questions: mpsc::Receiver<Question>,
    hands: Hands,
    /// Kinds of which not everything has been told yet.
    unsynced: BTreeSet<Kind>,
    synced: watch::Sender<bool>,
    /// When the core wants to be told that time has passed.
    wake_at: Option<Now>,
}

impl Driver {
    /// A driver for a scheduler that has seen nothing yet. `kinds` are those that `news` tells of.
    pub fn new(
        scheduler: Scheduler,
        observers: Vec<Box<dyn Observer>>,
        clock: Clock,
        permission: Permission,
        (news, kinds): (News, BTreeSet<Kind>),
        (hands, completions): (Hands, mpsc::UnboundedReceiver<Completion>),
    ) -> (Driver, Handle) {
        let (ask, questions) = mpsc::channel(16);
        let synced = watch::Sender::new(kinds.is_empty());
        let handle = Handle { questions: ask, synced: synced.subscribe() };
        let driver = Driver {
            scheduler,
            observers,
            clock,
            permission,
            news,
            completions,
            questions,
            hands,
            unsynced: kinds,
            synced,
            wake_at: None,
        };
        (driver, handle)
    }

    /// Runs until the sources have ended. Can be dropped at any time.
    pub async fn run(mut self) {
        let mut next_tick = Instant::now() + TICK;
        loop {
            let mut is_busy = self.take_in();
            if self.wake_at.is_some_and(|at| at <= self.clock.now()) || next_tick <= Instant::now() {
                next_tick = Instant::now() + TICK;
                self.wake_at = None;
                self.step(Input::Tick);
            }
            for _ in 0..DECISIONS_AT_ONCE {
                if !self.has_to_decide() {
                    break;
                }
                if let Hands::Shadow(shadow) = &mut self.hands {
                    shadow.look(&self.scheduler);
                }
                self.step(Input::Schedule);
                is_busy = true;
            }
            if is_busy {
                tokio::task::yield_now().await;
                continue;
            }
            let wake = self.wake_at.map_or(next_tick, |at| self.clock.instant(at).min(next_tick));
            let has_permission = self.permission.is_given();
            tokio::select! {
                Some(completion) = self.completions.recv() => self.complete(completion),
                news = self.news.recv() => match news {
                    Some((kind, told)) => self.hear(kind, told),
                    None => return,
                },
                Some(question) = self.questions.recv() => question(&mut self.scheduler, self.clock.now()),
                () = self.permission.wait(), if !has_permission => {}
                () = tokio::time::sleep_until(wake) => {}
            }
        }
    }

    /// Takes in what has happened, but not too much of it. Returns whether there may be more.
    fn take_in(&mut self) -> bool {
        for _ in 0..INPUTS_AT_ONCE {
            if let Ok(completion) = self.completions.try_recv() {
                self.complete(completion);
            } else if let Ok((kind, told)) = self.news.try_recv() {
                self.hear(kind, told);
            } else {
                return false;
            }
        }
        true
    }

    fn has_to_decide(&self) -> bool {
        self.unsynced.is_empty()
            && self.scheduler.queue().has_next()
            && self.permission.is_given()
            && self.hands.n_busy() < BUSY_MAX
    }

    fn step(&mut self, input: Input<'_>) {
        let now = self.clock.now();
        for observer in &mut self.observers {
            observer.before(&input, now);
        }
        let begun = Instant::now();
        let step = self.scheduler.step(input, now);
        let took = begun.elapsed();
        for observer in &mut self.observers {
            observer.after(&step, &self.scheduler, now, took);
        }
        for command in step.commands {
            match command {
                Command::WakeAt(at) => self.wake_at = Some(at),
                command => self.hands.begin(command),
            }
        }
    }

    fn complete(&mut self, completion: Completion) {
        match completion {
            Completion::Bind { uid, result } => self.step(Input::BindFinished { uid: &uid, result }),
            Completion::Volume { uid, object, result } => {
                self.step(Input::VolumeFinished { uid: &uid, object: &object, result });
            }
            Completion::Evict { preemptor, victim, result } => {
                self.step(Input::EvictFinished { preemptor: &preemptor, victim: &victim, result });
            }
        }
    }

    fn hear(&mut self, kind: Kind, told: Told) {
        match told {
            Told::Upsert(object) => {
                if let (Hands::Shadow(shadow), Object::Pod(pod)) = (&mut self.hands, &object) {
                    shadow.compare(&self.scheduler, pod, self.clock.now());
                }
                self.step(Input::Upsert(&object));
            }
            Told::Delete(object) => self.step(Input::Delete(&object)),
            Told::Synced => self.has_begun(kind),
            Told::Trouble(error) => {
                tracing::error!(kind = kind.name(), %error, "Failed to watch");
                // A server that does not have the kind has no objects of it.
                if error.refusal().is_some_and(|refusal| refusal.code == StatusCode::NOT_FOUND) {
                    self.has_begun(kind);
                }
            }
        }
    }

    fn has_begun(&mut self, kind: Kind) {
        if self.unsynced.remove(&kind) && self.unsynced.is_empty() {
            tracing::info!("Caches are synced");
            self.synced.send_replace(true);
        }
    }
}
