//! Deciding beside another scheduler without acting, and comparing.
//!
//! A shadow follows the pods of a named scheduler, decides about each as it would if it were that scheduler, writes
//! nothing, and looks where the other one puts the pod. Before each decision it notes what it thinks of every node, so
//! that two choices that differ can be told from each other: equally good ones, of which each took one, and others.

use std::collections::VecDeque;
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use base::{Map, Now, Symbol};
use scheduling::engine::{Command, Scheduler};
use scheduling::reference::Decision;
use serde::Serialize;
use tokio::sync::mpsc;
use wire::{Pod, Timestamp};

use crate::executor::Completion;

/// About how many pods that the other scheduler has not placed yet it is remembered what was thought of the nodes.
const OPINIONS_MAX: usize = 256;

/// How two decisions compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// The same node.
    Same,
    /// Another node, with the same total score.
    Equal,
    /// Another node, which scores lower here.
    Lower,
    /// A node on which the pod does not fit, as seen from here.
    Unfit,
    /// No node will do, as seen from here.
    Refused,
    /// The other was faster, or this is a pod of which nothing is remembered.
    Unknown,
}

impl Verdict {
    /// All of them, in the order of [`Counts`].
    pub const ALL: [Verdict; 6] =
        [Verdict::Same, Verdict::Equal, Verdict::Lower, Verdict::Unfit, Verdict::Refused, Verdict::Unknown];

    /// The word for metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Same => "same",
            Verdict::Equal => "equal",
            Verdict::Lower => "lower",
            Verdict::Unfit => "unfit",
            Verdict::Refused => "refused",
            Verdict::Unknown => "unknown",
        }
    }
}

/// How often each verdict was reached. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Counts(Arc<[AtomicU64; Verdict::ALL.len()]>);

impl Counts {
    /// How often this one.
    pub fn get(&self, verdict: Verdict) -> u64 {
        self.0[verdict as usize].load(Ordering::Relaxed)
    }

    fn count(&self, verdict: Verdict) {
        self.0[verdict as usize].fetch_add(1, Ordering::Relaxed);
    }
}

/// One comparison, as a line of JSON.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Comparison<'c> {
    at: Timestamp,
    pod: String,
    verdict: Verdict,
    /// Where the other scheduler put it.
    theirs: &'c str,
    /// Where it would have gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    ours: Option<&'c str>,
    /// By how much the other node scores lower.
    #[serde(skip_serializing_if = "Option::is_none")]
    points: Option<i64>,
    /// Why it does not fit there, or nowhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'c str>,
}

/// Where lines of JSON go.
pub type Lines = Box<dyn Write + Send>;

/// What a shadow has instead of an executor.
pub struct Shadow {
    opinions: Map<Arc<str>, Opinion>,
    /// UIDs by age. Some are not in the map any more.
    order: VecDeque<Arc<str>>,
    counts: Counts,
    lines: Option<Arc<Mutex<Lines>>>,
    completions: mpsc::UnboundedSender<Completion>,
}

/// What was thought about a pod.
struct Opinion {
    /// Totals of the nodes on which it fits.
    totals: Map<Symbol, i64>,
    /// Why it does not fit on others.
    refusals: Map<Symbol, String>,
    /// Where it goes.
    host: Option<Arc<str>>,
    /// Why it goes nowhere.
    message: String,
}

impl Shadow {
    /// A shadow that writes a line for every comparison to `lines`. Completions of commands that are not carried out go
    /// to `completions`.
    pub fn new(lines: Option<Lines>, completions: mpsc::UnboundedSender<Completion>) -> Shadow {
        let lines = lines.map(|lines| Arc::new(Mutex::new(lines)));
        Shadow {
            opinions: Map::default(),
            order: VecDeque::new(),
            counts: Counts::default(),
            lines,
            completions,
        }
    }

    /// How often it agreed.
    pub fn counts(&self) -> Counts {
        self.counts.clone()
    }

    /// Notes what is to be said of every node about the pod that is next.
    pub(crate) fn look(&mut self, scheduler: &Scheduler) {
        let Some(pod) = scheduler.queue().pods().next().map(|queued| Arc::clone(&queued.pod)) else { return };
        let Some(decision) = scheduler.evaluate(&pod) else { return };
        let name = |row| scheduler.snapshot().node(row).node.name;
        let message = scheduler.message(&decision);
        let (mut totals, mut refusals) = (Map::default(), Map::default());
        let diagnosis = match &decision {
            Decision::Placed(selection) => {
                for (i, row) in selection.feasible.iter().enumerate() {
                    let total = selection.scores.as_ref().and_then(|scores| scores.total.get(i).copied());
                    totals.insert(name(*row), total.unwrap_or(0));
                }
                Some(&selection.diagnosis)
            }
            Decision::Unschedulable(refusal) => Some(&refusal.diagnosis),
            Decision::NoNodes | Decision::Failed(_) => None,
        };
        for (row, status) in diagnosis.into_iter().flat_map(|diagnosis| &diagnosis.nodes) {
            refusals.insert(name(*row), status.message(scheduler.symbols()));
        }
        let uid = Arc::clone(&pod.uid);
        if self.opinions.insert(Arc::clone(&uid), Opinion { totals, refusals, host: None, message }).is_none()
        {
            self.order.push_back(uid);
        }
        while self.order.len() > OPINIONS_MAX {
            let Some(oldest) = self.order.pop_front() else { return };
            self.opinions.remove(&oldest);
        }
    }

    /// Takes a command, which is not carried out. A binding counts as done, so that the pod takes up its room until it is
    /// seen where it really is.
    pub(crate) fn begin(&mut self, command: Command) {
        let completion = match command {
            Command::Bind { uid, node, .. } => {
                if let Some(opinion) = self.opinions.get_mut(&uid) {
                    opinion.host = Some(node);
                }
                Completion::Bind { uid, result: Ok(()) }
            }
            // Nothing is written; the pod stays where it was put until it is seen where it really is.
            Command::BindVolume { uid, node, .. } | Command::ProvisionClaim { uid, node, .. } => {
                if let Some(opinion) = self.opinions.get_mut(&uid) {
                    opinion.host = Some(node);
                }
                return;
            }
            Command::Evict { uid, preemptor, .. } => {
                Completion::Evict { preemptor, victim: uid, result: Err("a shadow evicts nobody".to_owned()) }
            }
            _ => return,
        };
        // If nobody listens any more, the scheduler has ended.
        let _ = self.completions.send(completion);
    }

    /// Compares, if this is news of a pod that the other scheduler has placed.
    pub(crate) fn compare(&mut self, scheduler: &Scheduler, pod: &Pod, now: Now) {
        let theirs = pod.spec.node_name.as_str();
        if theirs.is_empty() {
            return;
        }
        let Some(opinion) = self.opinions.remove(pod.metadata.uid.as_str()) else {
            // Only pods that wait here are the business of the other scheduler, the rest was placed before.
            let key = scheduling::model::PodKey {
                namespace: pod.metadata.namespace.as_str().into(),
                name: pod.metadata.name.as_str().into(),
            };
            if scheduler.uid_of(&key).is_some_and(|uid| *uid == *pod.metadata.uid) {
                self.tell(pod, now, Verdict::Unknown, None, None, None);
            }
            return;
        };
        let node = scheduler.symbols().get(theirs);
        let total = node.and_then(|node| opinion.totals.get(&node)).copied();
        let refusal = node.and_then(|node| opinion.refusals.get(&node)).map(String::as_str);
        let ours = opinion.host.as_deref();
        let best = opinion.totals.values().max().copied();
        let behind = best.zip(total).map(|(best, total)| best - total);
        let (verdict, points, message) = match (ours, behind) {
            (None, _) => (Verdict::Refused, None, Some(opinion.message.as_str())),
            (Some(ours), _) if ours == theirs => (Verdict::Same, None, None),
            (Some(_), Some(0)) => (Verdict::Equal, None, None),
            (Some(_), Some(points)) => (Verdict::Lower, Some(points), None),
            (Some(_), None) => (Verdict::Unfit, None, refusal),
        };
        self.tell(pod, now, verdict, ours, points, message);
    }

    fn tell(
        &self,
        pod: &Pod,
        now: Now,
        verdict: Verdict,
        ours: Option<&str>,
        points: Option<i64>,
        message: Option<&str>,
    ) {
        self.counts.count(verdict);
        let comparison = Comparison {
            at: Timestamp::from_nanos(now.as_nanos()),
            pod: format!("{}/{}", pod.metadata.namespace, pod.metadata.name),
            verdict,
            theirs: &pod.spec.node_name,
            ours,
            points,
            message,
        };
        if !matches!(verdict, Verdict::Same | Verdict::Equal) {
            let (pod, theirs) = (&comparison.pod, comparison.theirs);
            tracing::info!(pod, theirs, ours, points, message, "Shadow: {}", verdict.as_str());
        }
        if let (Some(lines), Ok(mut line)) = (&self.lines, serde_json::to_vec(&comparison)) {
            line.push(b'\n');
            let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
            if let Err(error) = lines.write_all(&line).and_then(|()| lines.flush()) {
                tracing::error!(%error, "Writing the shadow's report");
            }
        }
    }
}
