//! Sees every step of the core, and counts what came of it.

use std::sync::Arc;
use std::time::Duration;

use base::{Map, Now, Stream};
use scheduling::engine::{Command, EventKind, Input, Scheduler, Step, Tried};
use scheduling::framework::{Code, Profile, Stopwatch};
use scheduling::outcome::{Outcome, Placement, Refused};
use tokio::time::Instant;
use wire::Object;
use wire::config::ExtensionPoint;

use super::timings::label;
use super::{Families, Metrics, Timings};
use crate::driver::Observer;

/// Of how many attempts one is looked at more closely.
const SAMPLED_OF: usize = 10;

/// The attempts of a pod are told apart up to here.
const ATTEMPTS_MAX: u32 = 15;

/// The extension points whose calls are counted.
pub(super) const COUNTED: [ExtensionPoint; 4] =
    [ExtensionPoint::PreFilter, ExtensionPoint::Filter, ExtensionPoint::PreScore, ExtensionPoint::Score];

/// Counts.
pub struct Meter {
    families: Arc<Families>,
    timings: Arc<Timings>,
    random: Stream,
    /// Pods that are being bound, by UID.
    bindings: Map<Arc<str>, Bound>,
    step_begun: Instant,
    input: Seen,
}

/// A pod that is being bound.
struct Bound {
    profile: Arc<str>,
    /// When the attempt began.
    begun: Instant,
    /// When its node was known.
    placed: Instant,
    /// When the command to bind it was given; `None` while its volumes are made ready.
    ordered: Option<Instant>,
    has_volumes: bool,
    attempts: u32,
    first_active: Option<Now>,
}

/// What matters of an input once the core has taken it in.
enum Seen {
    Object,
    Bound {
        uid: Arc<str>,
        is_bound: bool,
    },
    /// Something was written into a volume of the pod, or was not.
    Volume {
        is_written: bool,
    },
    /// A pod is gone.
    Gone {
        uid: String,
    },
    Other,
}

impl Meter {
    /// Counts into `metrics`. What kube-scheduler counts from the start is there at once.
    pub fn new(metrics: &Metrics, profiles: &[Profile], scheduler_names: &[String], seed: u64) -> Meter {
        let families = Arc::clone(&metrics.families);
        for (profile, name) in profiles.iter().zip(scheduler_names) {
            for point in COUNTED {
                for plugin in profile.at(point) {
                    families.evaluations.with([plugin.registration.name, label(point), name]);
                }
            }
        }
        for queue in ["active", "backoff", "unschedulable", "gated"] {
            families.pending_pods.with([queue]);
        }
        Meter {
            families,
            timings: Arc::clone(&metrics.timings),
            random: Stream::new(seed, "metrics"),
            bindings: Map::default(),
            step_begun: Instant::now(),
            input: Seen::Other,
        }
    }

    fn tried(&mut self, tried: &Tried, scheduler: &Scheduler) {
        let profile = scheduler.symbols().share(tried.pod.shape.scheduler_name);
        self.families.algorithm_seconds.with([]).observe(self.timings.algorithm_seconds());
        match &tried.outcome {
            Outcome::Placed(placement) => self.placed(tried, placement, profile),
            Outcome::Unschedulable(refused) => {
                self.failed("unschedulable", &profile);
                self.families.node_hint_seconds.with(["no_hint", &profile]).observe(0.0);
                self.refused(refused, scheduler.profile_of(&tried.pod));
            }
            Outcome::NoNodes => self.failed("unschedulable", &profile),
            Outcome::Failed(_) => self.failed("error", &profile),
        }
    }

    fn failed(&self, result: &str, profile: &str) {
        self.families.attempts.with([result, profile]).inc();
        let seconds = self.step_begun.elapsed().as_secs_f64();
        self.families.attempt_seconds.with([result, profile]).observe(seconds);
    }

    fn placed(&mut self, tried: &Tried, placement: &Placement, profile: Arc<str>) {
        let families = &self.families;
        // Nothing that one attempt finds is taken for the next as it is: the evaluator keeps what it knows in another way.
        families.batch_attempts.with([&profile, "no_hint"]).inc();
        let reason = if placement.n_feasible > 1 { "pod_not_batchable" } else { "empty_list" };
        families.batch_flushed.with([&profile, reason]).inc();
        families.node_hint_seconds.with(["no_hint", &profile]).observe(0.0);
        families.store_results_seconds.with([&profile]).observe(0.0);
        for point in [ExtensionPoint::Reserve, ExtensionPoint::Permit] {
            self.timings.point(&profile, point, Code::Success, 0);
        }
        let bound = Bound {
            profile,
            begun: self.step_begun,
            placed: Instant::now(),
            ordered: None,
            has_volumes: false,
            attempts: tried.attempts,
            first_active: tried.first_active,
        };
        self.bindings.insert(Arc::clone(&tried.pod.uid), bound);
    }

    fn refused(&self, refused: &Refused, profile: Option<&Profile>) {
        let families = &self.families;
        if profile.is_some_and(|profile| profile.runs(ExtensionPoint::PostFilter, "DefaultPreemption")) {
            families.preemption_attempts.with([]).inc();
        }
        let Some(room) = &refused.room else { return };
        if room.victims.iter().any(|victim| !victim.is_terminating) {
            families.preemption_victims.with([]).observe(room.victims.len() as f64);
            // As upstream, which looks at what came of it before anything did.
            families.preemptions.with(["success"]).inc();
            families.preemption_seconds.with(["success"]).observe(0.0);
        }
    }

    fn bound(&mut self, uid: &str, is_bound: bool, now: Now) {
        let Some(bound) = self.bindings.remove(uid) else { return };
        let (families, profile) = (&self.families, &*bound.profile);
        let took = |since: Instant| u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let result = if is_bound { "scheduled" } else { "error" };
        families.attempts.with([result, profile]).inc();
        families.attempt_seconds.with([result, profile]).observe(bound.begun.elapsed().as_secs_f64());
        let code = if is_bound { Code::Success } else { Code::Error };
        let flight = if bound.has_volumes { Code::Success } else { Code::Skip };
        families.point_seconds.with(["PreBindPreFlight", flight.name(), profile]).observe(0.0);
        match bound.ordered {
            Some(ordered) => {
                let preparing = u64::try_from((ordered - bound.placed).as_nanos()).unwrap_or(u64::MAX);
                let preparing = if bound.has_volumes { preparing } else { 0 };
                self.timings.point(profile, ExtensionPoint::PreBind, Code::Success, preparing);
                self.timings.point(profile, ExtensionPoint::Bind, code, took(ordered));
            }
            // Its volumes could not be made ready.
            None => self.timings.point(profile, ExtensionPoint::PreBind, code, took(bound.placed)),
        }
        if !is_bound {
            families.point_seconds.with(["Unreserve", "Success", profile]).observe(0.0);
            return;
        }
        self.timings.point(profile, ExtensionPoint::PostBind, Code::Success, 0);
        families.pod_attempts.with([]).observe(f64::from(bound.attempts));
        let attempts = match bound.attempts {
            ATTEMPTS_MAX.. => "15+".to_owned(),
            n => n.to_string(),
        };
        let waited = bound.first_active.map_or(0, |first| now.as_nanos().saturating_sub(first.as_nanos()));
        families.sli_seconds.with([&attempts]).observe(waited.max(0) as f64 / 1e9);
    }

    /// Looks at what is to be done for what it says about pods that are being bound.
    fn follow(&mut self, commands: &[Command], now: Now) {
        for command in commands {
            match command {
                Command::Bind { uid, .. } => {
                    if let Some(bound) = self.bindings.get_mut(uid) {
                        bound.ordered.get_or_insert_with(Instant::now);
                    }
                }
                Command::BindVolume { uid, .. } | Command::ProvisionClaim { uid, .. } => {
                    if let Some(bound) = self.bindings.get_mut(uid) {
                        bound.has_volumes = true;
                    }
                }
                // Of one that is being bound only its volumes can be to blame: a binding that failed is counted already.
                Command::Event { uid, kind: EventKind::FailedScheduling, .. } => self.bound(uid, false, now),
                _ => {}
            }
        }
    }

    /// Something happened to an object: one observation for each event that waiting pods may hear of, and one for all of
    /// them where an update is several.
    fn happened(&self, step: &Step, took: Duration) {
        let seconds = took.as_secs_f64();
        let mut labels: Vec<String> = step.events.iter().map(ToString::to_string).collect();
        for whole in ["AssignedPodUpdate", "UnschedulablePodUpdate"] {
            if labels.iter().any(|label| label.starts_with(whole) && label != whole) {
                labels.push(whole.to_owned());
            }
        }
        labels.sort_unstable();
        labels.dedup();
        for label in labels {
            self.families.event_seconds.with([&label]).observe(seconds);
        }
    }
}

impl Observer for Meter {
    fn before(&mut self, input: &Input<'_>, _now: Now) {
        self.input = match input {
            Input::Delete(Object::Pod(pod)) => Seen::Gone { uid: pod.metadata.uid.clone() },
            Input::Upsert(_) | Input::Delete(_) => Seen::Object,
            Input::VolumeFinished { result, .. } => Seen::Volume { is_written: result.is_ok() },
            Input::BindFinished { uid, result } => {
                Seen::Bound { uid: (*uid).into(), is_bound: result.is_ok() }
            }
            Input::Schedule | Input::EvictFinished { .. } | Input::Tick => Seen::Other,
        };
        self.timings.begin(self.random.below(SAMPLED_OF) == 0);
        self.step_begun = Instant::now();
    }

    fn after(&mut self, step: &Step, scheduler: &Scheduler, now: Now, took: Duration) {
        match std::mem::replace(&mut self.input, Seen::Other) {
            Seen::Object => self.happened(step, took),
            Seen::Gone { uid } => {
                // Of a binding that was ordered there will be an answer.
                if self.bindings.get(&*uid).is_some_and(|bound| bound.ordered.is_none()) {
                    self.bindings.remove(&*uid);
                }
                self.happened(step, took);
            }
            Seen::Volume { is_written: false } => self.families.volume_errors.with(["bind"]).inc(),
            Seen::Volume { is_written: true } => {}
            Seen::Bound { uid, is_bound } => self.bound(&uid, is_bound, now),
            Seen::Other => {}
        }
        if let Some(tried) = &step.tried {
            self.tried(tried, scheduler);
        }
        self.follow(&step.commands, now);
        let n_binding = i64::try_from(self.bindings.len()).unwrap_or(i64::MAX);
        self.families.goroutines.with(["binding"]).set(n_binding);
    }
}
