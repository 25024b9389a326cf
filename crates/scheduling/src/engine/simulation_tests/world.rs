//! A scheduler among doubles of everything around it, under a virtual clock.

use std::time::Duration;

use base::Now;

use super::api_server::{ApiServer, Notice, is_over};
use super::faults::Faults;
use super::informer::Informer;
use super::ledger::Ledger;
use super::network::{Message, Network, Request};
use crate::engine::{Command, EventKind, Input, QueuedPod, Scheduler};
use crate::reference::Decision;
use crate::testing::dice::Dice;
use crate::testing::history::History;

/// Longer than any backoff, and shorter than the time after which pods are tried without a reason.
const QUIET: Duration = Duration::from_secs(40);
/// After this time, pods are tried without a reason.
const LONG: Duration = Duration::from_secs(301);

/// The world. If it comes to a bad end, it says its seed and step.
pub(super) struct World {
    history: History,
    server: ApiServer,
    informer: Informer,
    network: Network,
    scheduler: Scheduler,
    ledger: Ledger,
    faults: Faults,
    dice: Dice,
    now: Now,
    /// When something was last done or changed.
    last_change: Now,
    n_steps: usize,
    /// Every command, with its time.
    pub(super) log: Vec<String>,
}

impl World {
    /// A world in which nothing has happened.
    pub(super) fn new(history: History, faults: fn(&mut Dice) -> Faults) -> World {
        let mut dice = Dice::new(history.seed(), "world");
        let ledger = Ledger::new(&history.configuration());
        let now = Now::from_nanos(1_800_000_000_000_000_000);
        World {
            scheduler: history.scheduler(),
            history,
            server: ApiServer::default(),
            informer: Informer::default(),
            network: Network::default(),
            ledger,
            faults: faults(&mut dice),
            dice,
            now,
            last_change: now,
            n_steps: 0,
            log: Vec::new(),
        }
    }

    /// Lets the history happen, with faults, to its end. How the cluster came into being is known before.
    pub(super) fn run(&mut self) {
        while self.history.is_beginning() {
            self.change();
        }
        while let Some(due) = self.next_due() {
            self.deliver(due);
        }
        loop {
            self.n_steps += 1;
            match self.dice.weighted(&[40, 30, 30]) {
                0 if !self.change() => return,
                0 => {}
                1 => {
                    self.step(Input::Schedule);
                }
                _ => {
                    let wait = self.dice.pick(&[0, 10, 300, 2_000]);
                    self.wait(Duration::from_millis(wait));
                    if self.dice.chance(40) {
                        let notices = self.server.control_volumes();
                        notices.into_iter().for_each(|notice| self.tell(Some(notice)));
                    }
                    if self.dice.chance(20) {
                        let notice = self.server.finish_terminating();
                        self.tell(notice);
                    }
                }
            }
            if self.dice.chance(self.faults.restarts) {
                self.restart();
            }
            if self.dice.chance(self.faults.relists) {
                self.relist();
            }
        }
    }

    /// Lets the next thing happen; false at the end.
    fn change(&mut self) -> bool {
        let Some(change) = self.history.next(&self.server.truth) else { return false };
        let notice = self.server.change(change);
        self.tell(notice);
        true
    }

    /// Nothing goes wrong any more; runs until nothing happens.
    pub(super) fn settle(&mut self) {
        self.faults = Faults { are_dishonest: self.faults.are_dishonest, ..Faults::default() };
        self.last_change = self.now;
        for _ in 0..20_000 {
            self.n_steps += 1;
            while let Some(notice) = self.server.finish_terminating() {
                self.tell(Some(notice));
            }
            loop {
                let notices = self.server.control_volumes();
                if notices.is_empty() {
                    break;
                }
                notices.into_iter().for_each(|notice| self.tell(Some(notice)));
            }
            if self.step(Input::Schedule) {
                continue;
            }
            let mails = self.next_due();
            let wake = self.scheduler.next_wake();
            let Some(next) = mails.into_iter().chain(wake).min() else { return };
            let is_quiet = mails.is_none() && self.last_change.after(QUIET) < next;
            if is_quiet {
                return;
            }
            let until = next.max(self.now);
            self.deliver(until);
            self.now = until;
            self.step(Input::Tick);
        }
        panic!("never came to rest");
    }

    /// Lets so much time pass that every pod is tried again, until that places and evicts nobody any more.
    pub(super) fn settle_for_good(&mut self) {
        let has_effect = |line: &String| line.contains(" Bind ") || line.contains(" Evict ");
        for _ in 0..20 {
            let n_before = self.log.len();
            self.now = self.now.after(LONG);
            self.step(Input::Tick);
            self.settle();
            if !self.log[n_before..].iter().any(has_effect) {
                return;
            }
        }
        panic!("places or evicts somebody every time that it tries again");
    }

    /// The pods that wait although they would be placed if they were tried.
    pub(super) fn fitting(&mut self) -> Vec<&QueuedPod> {
        self.waiting(|decision| matches!(decision, Decision::Placed(_)))
    }

    /// The pods that wait although room would be made for them if they were tried.
    pub(super) fn pushing(&mut self) -> Vec<&QueuedPod> {
        self.waiting(
            |decision| matches!(decision, Decision::Unschedulable(refusal) if refusal.preemption.is_some()),
        )
    }

    fn waiting(&mut self, is_meant: fn(&Decision) -> bool) -> Vec<&QueuedPod> {
        self.scheduler.set_now(self.now);
        let may_be_tried = |queued: &&QueuedPod| queued.pod.shape.scheduling_gates.is_empty();
        let waiting = self.scheduler.queue().pods().filter(may_be_tried);
        waiting.filter(|queued| self.scheduler.evaluate(&queued.pod).as_ref().is_some_and(is_meant)).collect()
    }

    /// The scheduler knows exactly what is true.
    pub(super) fn assert_books_are_true(&mut self) {
        assert!(self.next_due().is_none(), "something is still under way");
        let placed = self.server.truth.pods().filter(|pod| !pod.spec.node_name.is_empty() && !is_over(pod));
        let mut n_placed = 0;
        for pod in placed {
            n_placed += 1;
            let known = self.scheduler.snapshot().pod(&pod.metadata.uid);
            let node = known.and_then(|pod| pod.node_name).map(|node| self.scheduler.symbols().resolve(node));
            assert_eq!(node, Some(pod.spec.node_name.as_str()), "where {} is", pod.metadata.name);
        }
        let n_awaiting = self.scheduler.awaiting_volumes().count();
        assert_eq!(self.scheduler.snapshot().pods().count(), n_placed + n_awaiting, "pods that have a node");
        let assumes = self.scheduler.cycle().cluster.storage().assumes_something();
        assert!(!assumes || n_awaiting > 0, "volumes or claims are kept for nobody");
        self.server.assert_volumes_are_had_once();
        let mut bound = self.server.bound.clone();
        bound.sort_unstable();
        assert!(bound.windows(2).all(|pair| pair[0] != pair[1]), "bound twice: {bound:?}");
    }

    /// How many commands of a kind there were.
    pub(super) fn n_logged(&self, kind: &str) -> usize {
        self.log.iter().filter(|line| line.contains(kind)).count()
    }

    /// How many pods were bound.
    pub(super) fn n_bound(&self) -> usize {
        self.server.bound.len()
    }

    /// Gives the scheduler an input, sends its commands off and looks at its books. Whether there was anything to do.
    fn step(&mut self, input: Input<'_>) -> bool {
        let has_tried = self.feed(input);
        self.ledger.assert_nobody_forgotten(&self.informer.told, &self.scheduler);
        has_tried
    }

    fn feed(&mut self, input: Input<'_>) -> bool {
        let step = self.scheduler.step(input, self.now);
        let has_tried = step.tried.is_some() || !step.commands.is_empty();
        for command in step.commands {
            if let Command::Event { pod, kind: EventKind::FailedScheduling, .. } = &command {
                self.ledger.gave_up(&self.informer.told, pod);
            }
            if matches!(command, Command::Event { .. } | Command::WakeAt(_)) {
                continue;
            }
            self.log.push(format!("{} {command:?}", self.now.as_nanos()));
            if let Command::Bind { pod, uid, node } = &command {
                self.ledger.ask(&self.informer.told, pod, uid, node, false);
            }
            if let Command::BindVolume { pod, uid, node, .. }
            | Command::ProvisionClaim { pod, uid, node, .. } = &command
            {
                self.ledger.ask_volumes(&self.informer.told, pod, uid, node);
            }
            if let Command::BindVolume { uid, volume, resource_version, claim, .. } = &command {
                let volume = (&**volume, &**resource_version);
                self.ledger.reserve(&self.informer.told, uid, volume, &claim.to_string());
            }
            if !matches!(command, Command::PatchStatus { .. }) {
                self.last_change = self.now;
            }
            self.network.request(command, self.now, self.faults, &mut self.dice);
        }
        has_tried
    }

    fn tell(&mut self, notice: Option<Notice>) {
        if let Some(notice) = notice {
            self.last_change = self.now;
            self.informer.send(self.faults.due(self.now, &mut self.dice), notice);
        }
    }

    fn next_due(&self) -> Option<Now> {
        self.network.next_due().into_iter().chain(self.informer.next_due()).min()
    }

    fn wait(&mut self, wait: Duration) {
        let until = self.now.after(wait);
        self.deliver(until);
        self.now = until;
        self.step(Input::Tick);
    }

    /// Delivers what arrives up to then.
    fn deliver(&mut self, until: Now) {
        while let Some(due) = self.next_due().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            if self.informer.next_due() == Some(due) {
                if let Some(notice) = self.informer.receive() {
                    self.hear(&notice);
                }
            } else if let Some(message) = self.network.receive() {
                match message {
                    Message::Request(request) => self.serve(&request),
                    Message::Bound(uid, result) => {
                        self.ledger.answer(&uid, result.is_ok());
                        self.step(Input::BindFinished { uid: &uid, result });
                    }
                    Message::VolumeWritten(uid, object, result) => {
                        self.step(Input::VolumeFinished { uid: &uid, object: &object, result });
                    }
                    Message::Evicted(preemptor, victim, result) => {
                        self.step(Input::EvictFinished { preemptor: &preemptor, victim: &victim, result });
                    }
                }
            }
        }
    }

    fn hear(&mut self, notice: &Notice) {
        self.note(notice);
        match notice {
            Notice::Put(object) => self.step(Input::Upsert(object)),
            Notice::Gone(object) => self.step(Input::Delete(object)),
        };
    }

    /// Pods that are over, bound, being deleted or gone need no binding any more.
    fn note(&mut self, notice: &Notice) {
        let needs_none = match notice {
            Notice::Put(wire::Object::Pod(pod)) => {
                is_over(pod) || !pod.spec.node_name.is_empty() || pod.metadata.deletion_timestamp.is_some()
            }
            Notice::Put(_) => false,
            Notice::Gone(_) => true,
        };
        if needs_none {
            self.ledger.forget(&notice.object().meta().uid);
        }
    }

    /// The server does what it is asked to, or not.
    fn serve(&mut self, request: &Request) {
        match &request.command {
            Command::Bind { pod, uid, node } => {
                let refused = || Err("etcdserver: request timed out".to_owned());
                let result = if request.is_refused { refused() } else { self.server.bind(pod, uid, node) };
                if result.is_ok() && !self.faults.are_dishonest {
                    let is_overcommitted = self.server.is_overcommitted(node, self.ledger.ignores_scalars());
                    assert!(!is_overcommitted, "{pod} is too much for {node}");
                }
                let answer = result.as_ref().map(|_| ()).map_err(Clone::clone);
                self.tell(result.ok());
                self.network.answer(request, answer, self.now, self.faults, &mut self.dice);
            }
            Command::PatchStatus { pod, uid, condition, nominated_node_name } if !request.is_refused => {
                let reason = condition.as_ref().map(|condition| condition.reason);
                let notice = self.server.patch_status(pod, uid, reason, nominated_node_name.as_deref());
                // A condition that says the same again changes nothing that anybody waits for.
                if let Some(notice) = notice {
                    self.informer.send(self.faults.due(self.now, &mut self.dice), notice);
                }
            }
            Command::BindVolume { volume, resource_version, claim, .. } => {
                let result = match request.is_refused {
                    true => Err("etcdserver: request timed out".to_owned()),
                    false => self.server.bind_volume(volume, resource_version, claim),
                };
                let answer = result.as_ref().map(|_| ()).map_err(Clone::clone);
                self.tell(result.ok());
                self.network.answer(request, answer, self.now, self.faults, &mut self.dice);
            }
            Command::ProvisionClaim { claim, node, .. } => {
                let result = match request.is_refused {
                    true => Err("etcdserver: request timed out".to_owned()),
                    false => self.server.provision_claim(claim, node),
                };
                let answer = result.as_ref().map(|_| ()).map_err(Clone::clone);
                self.tell(result.ok());
                self.network.answer(request, answer, self.now, self.faults, &mut self.dice);
            }
            Command::Evict { pod, uid, .. } => {
                let refused = || Err("etcdserver: request timed out".to_owned());
                // One that is not there any more has left, which is all that was asked.
                let notice = if request.is_refused { None } else { self.server.evict(pod, uid).ok() };
                let answer = if request.is_refused { refused() } else { Ok(()) };
                self.tell(notice);
                self.network.answer(request, answer, self.now, self.faults, &mut self.dice);
            }
            _ => {}
        }
    }

    /// The scheduler dies; a new one starts from a list.
    fn restart(&mut self) {
        self.log.push(format!("{} restart", self.now.as_nanos()));
        self.network.hang_up(self.faults.are_dishonest);
        self.scheduler = self.history.scheduler();
        self.ledger.clear();
        self.informer.forget();
        self.relist();
    }

    fn relist(&mut self) {
        let notices = self.informer.relist(&self.server.truth);
        // All of it is known before the first pod is tried, so it is checked at the end only.
        for notice in &notices {
            self.note(notice);
            let input = match notice {
                Notice::Put(object) => Input::Upsert(object),
                Notice::Gone(object) => Input::Delete(object),
            };
            self.feed(input);
        }
        self.step(Input::Tick);
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("STEERSMAN_SEED={} failed at step {}", self.history.seed(), self.n_steps);
        }
    }
}
