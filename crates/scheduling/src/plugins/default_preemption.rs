//! DefaultPreemption: makes room for a pod by removing pods of lower priority.
//!
//! Every node where removing pods can help is tried. The configuration's `minCandidateNodes…` are lower
//! bounds on how many candidates are found before upstream stops looking; looking at all of them satisfies
//! any bound, and finds the best node instead of the best of a sample.

pub(crate) mod choice;
pub(crate) mod dry_run;

use wire::config::ExtensionPoint;

use crate::framework::{
    Actions, Changed, ClusterEvent, Code, Cycle, Diagnosis, Hint, Nomination, Plugin, PostFilterCycle,
    PostFilterResult, Preemption, PreemptionCandidate, Reason, Registration, Resource, Status, extender,
};
use crate::model::Pod;
use crate::snapshot::Row;

pub(crate) const NAME: &str = "DefaultPreemption";

/// The row of this plugin.
pub static REGISTRATION: Registration = Registration {
    points: &[ExtensionPoint::PreEnqueue, ExtensionPoint::PostFilter],
    events: &[ClusterEvent::new(Resource::Pod, Actions::DELETE)],
    ..Registration::named(NAME, |_| Ok(Box::new(DefaultPreemption)))
};

struct DefaultPreemption;

impl Plugin for DefaultPreemption {
    /// While victims are being evicted in the background, the pod is not tried: the first of them to leave would
    /// wake it too early.
    fn pre_enqueue(&self, cycle: Cycle<'_>, pod: &Pod) -> Result<(), Status> {
        if cycle.evictions.holds_back(&pod.uid) {
            let reason = Reason::fixed("waiting for the preemption for this pod to be finished");
            return Err(Status::unresolvable(NAME, reason));
        }
        Ok(())
    }

    /// The plugin waits for victims to leave, but whether the pod then fits is for those to say that refused it.
    fn hint(&self, _cycle: Cycle<'_>, _pod: &Pod, _event: ClusterEvent, _changed: Changed<'_>) -> Hint {
        Hint::Skip
    }

    fn is_default_preemption(&self) -> bool {
        true
    }

    fn post_filter(&self, cycle: &mut PostFilterCycle<'_, '_>) -> Option<PostFilterResult> {
        if let Err(why) = eligible(cycle) {
            return Some(refuse(why.to_owned(), None));
        }
        let potential = potential_nodes(cycle);
        let mut outcome = Outcome::default();
        for row in potential {
            outcome.take(row, dry_run::on_node(cycle, row), cycle);
        }
        let candidates = outcome.candidates();
        if candidates.is_empty() {
            if !outcome.errors.is_empty() {
                let text = format!("preemption: {}", outcome.errors.join(", "));
                let status = Err(Status::error(NAME, text));
                return Some(PostFilterResult { status, nomination: None, preemption: None });
            }
            let mut diagnosis = Diagnosis::new(cycle.diagnosis.n_nodes);
            diagnosis.nodes = outcome.refused;
            diagnosis.absent = unhelpful();
            return Some(refuse(diagnosis.message(cycle.cycle.symbols), Some(Nomination::Clear)));
        }
        let candidates = match extender::preempt(cycle.cycle, cycle.pod, candidates) {
            Ok(candidates) if candidates.is_empty() => {
                return Some(refuse("no candidate node for preemption".to_owned(), None));
            }
            Ok(candidates) => candidates,
            Err(error) => {
                let status = Err(Status::error(NAME, format!("preemption: {error}")));
                return Some(PostFilterResult { status, nomination: None, preemption: None });
            }
        };
        let best = choice::best(&candidates, cycle.now);
        let chosen = best[cycle.random.below(best.len())];
        Some(PostFilterResult {
            status: Ok(()),
            nomination: Some(Nomination::Node(candidates[chosen].row)),
            preemption: Some(Preemption { candidates, best, chosen }),
        })
    }
}

/// What is said about nodes where no preemption can help.
pub(crate) fn unhelpful() -> Status {
    Status::unresolvable(NAME, Reason::fixed("Preemption is not helpful for scheduling"))
}

/// What is said about nodes without pods of lower priority.
pub(crate) fn without_victims() -> Status {
    Status::unresolvable(NAME, Reason::fixed("No preemption victims found for incoming pod"))
}

/// What is said about pods that do not want to preempt.
pub(crate) const NEVER: &str = "not eligible due to preemptionPolicy=Never.";

pub(crate) fn refuse(why: String, nomination: Option<Nomination>) -> PostFilterResult {
    let reason = Reason::text(format!("preemption: {why}"));
    PostFilterResult { status: Err(Status::unschedulable(NAME, reason)), nomination, preemption: None }
}

/// Whether the pod may preempt others now.
fn eligible(cycle: &PostFilterCycle<'_, '_>) -> Result<(), &'static str> {
    let pod = cycle.pod;
    if pod.never_preempts {
        return Err(NEVER);
    }
    let Some(nominated) = pod.nominated_node_name.and_then(|name| cycle.cycle.snapshot.row(name)) else {
        return Ok(());
    };
    if cycle.diagnosis.of(nominated).code == Code::UnschedulableAndUnresolvable {
        return Ok(());
    }
    let mut others = cycle.cycle.snapshot.node(nominated).pods().iter();
    let room_is_being_made =
        others.any(|other| other.priority < pod.priority && other.is_terminating && other.is_being_preempted);
    if room_is_being_made {
        return Err("not eligible due to a terminating pod on the nominated node.");
    }
    Ok(())
}

/// The nodes where removing pods can help.
fn potential_nodes(cycle: &PostFilterCycle<'_, '_>) -> Vec<Row> {
    let diagnosis = cycle.diagnosis;
    if diagnosis.absent.code != Code::Unschedulable {
        let helpful = diagnosis.nodes.iter().filter(|(_, status)| status.code == Code::Unschedulable);
        return helpful.map(|(row, _)| *row).collect();
    }
    let order = cycle.cycle.snapshot.order().iter().copied();
    order.filter(|row| diagnosis.of(*row).code == Code::Unschedulable).collect()
}

/// What the dry runs found.
#[derive(Default)]
struct Outcome {
    non_violating: Vec<PreemptionCandidate>,
    violating: Vec<PreemptionCandidate>,
    refused: Vec<(Row, Status)>,
    errors: Vec<String>,
}

impl Outcome {
    fn take(
        &mut self,
        row: Row,
        result: Result<PreemptionCandidate, Status>,
        cycle: &PostFilterCycle<'_, '_>,
    ) {
        match result {
            Ok(candidate) if candidate.victims.is_empty() => {
                let name = cycle.cycle.symbols.resolve(cycle.cycle.snapshot.node(row).node.name);
                self.errors.push(format!("expected at least one victim pod on node {name:?}"));
            }
            Ok(candidate) if candidate.n_pdb_violations == 0 => self.non_violating.push(candidate),
            Ok(candidate) => self.violating.push(candidate),
            Err(status) if status.code == Code::Error => {
                self.errors.push(status.message(cycle.cycle.symbols))
            }
            Err(status) => self.refused.push((row, status)),
        }
    }

    fn candidates(&mut self) -> Vec<PreemptionCandidate> {
        let mut all = std::mem::take(&mut self.non_violating);
        all.append(&mut self.violating);
        all
    }
}
