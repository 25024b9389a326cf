//! Pods that are being evicted, and for whom.
//!
//! Evictions are commands, so their outcome is known later. In the background (SchedulerAsyncPreemption) all victims
//! but the last are evicted first. When they have left, or are leaving, the last one follows. Until then the pod that
//! they make room for is held back, so that the first of them to go does not wake it too early.
//!
//! A victim has left as soon as its object is gone or terminating, whether or not anybody has answered the command:
//! an answer may be lost.

use std::sync::Arc;

use base::{Map, Now};

use crate::model::PodKey;

/// A pod that has to leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Victim {
    /// Namespace and name.
    pub key: PodKey,
    /// The UID.
    pub uid: Arc<str>,
    /// The generation of its object.
    pub generation: i64,
}

/// What pods are evicted for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purpose {
    /// The UID of the pod that they make room for.
    pub preemptor: Arc<str>,
    /// The name of that pod.
    pub preemptor_key: PodKey,
    /// The name of the scheduler that has decided so.
    pub scheduler: Arc<str>,
    /// The name of the node where they do.
    pub node: Arc<str>,
    /// What their condition DisruptionTarget says about it.
    pub message: String,
}

/// How the evictions for one pod are carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// All at once; the pod is not held back.
    AtOnce,
    /// The last victim after all others; the pod is held back until then.
    LastAfterOthers,
}

/// The evictions under way, by the pod that they make room for.
#[derive(Clone, Debug, Default)]
pub struct Evictions {
    runs: Map<Arc<str>, Run>,
    /// The UIDs of those for whom a pod is being evicted, by its UID.
    preemptors: Map<Arc<str>, Vec<Arc<str>>>,
}

/// The evictions for one pod.
#[derive(Clone, Debug)]
struct Run {
    purpose: Arc<Purpose>,
    manner: Manner,
    since: Now,
    /// Those whose eviction has been asked for.
    leaving: Vec<Victim>,
    /// The one to be evicted when the others have left.
    last: Option<Victim>,
    has_failed: bool,
}

/// What follows from news about a victim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What it was to leave for.
    pub purpose: Arc<Purpose>,
    /// The victim, if it has left and nobody had noticed yet.
    pub left: Option<Victim>,
    /// Who is to be evicted now.
    pub next: Option<Victim>,
    /// How it all ended, if it did.
    pub end: Option<End>,
}

/// How the evictions for a pod ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Every victim has left.
    Done(Manner),
    /// A victim is still there.
    Failed(Manner),
}

impl Evictions {
    /// Whether a pod is held back until others have left.
    pub fn holds_back(&self, preemptor: &str) -> bool {
        self.runs.get(preemptor).is_some_and(|run| run.manner == Manner::LastAfterOthers)
    }

    /// Begins to evict pods for another, and returns those to evict first. What was under way for that pod is
    /// forgotten.
    pub fn begin(
        &mut self,
        purpose: Arc<Purpose>,
        mut victims: Vec<Victim>,
        manner: Manner,
        now: Now,
    ) -> Vec<Victim> {
        let preemptor = Arc::clone(&purpose.preemptor);
        self.forget(&preemptor);
        let last = match manner {
            Manner::LastAfterOthers if victims.len() > 1 => victims.pop(),
            _ => None,
        };
        if victims.is_empty() {
            return victims;
        }
        for victim in victims.iter().chain(&last) {
            self.preemptors.entry(Arc::clone(&victim.uid)).or_default().push(Arc::clone(&preemptor));
        }
        let run = Run { purpose, manner, since: now, leaving: victims.clone(), last, has_failed: false };
        self.runs.insert(preemptor, run);
        victims
    }

    /// Takes an answer in. `None` if nobody was waiting for it any more.
    pub fn answered(&mut self, preemptor: &str, victim: &str, has_left: bool) -> Option<Progress> {
        let run = self.runs.get_mut(preemptor)?;
        let position = run.leaving.iter().position(|leaving| *leaving.uid == *victim)?;
        let victim = run.leaving.remove(position);
        run.has_failed |= !has_left;
        self.forget_victim(&victim.uid, preemptor);
        self.go_on(preemptor, has_left.then_some(victim))
    }

    /// Takes note that a pod is gone or terminating, whoever wanted it.
    pub fn left(&mut self, victim: &str) -> Vec<Progress> {
        let Some(preemptors) = self.preemptors.remove(victim) else { return Vec::new() };
        let progress = preemptors.into_iter().filter_map(|preemptor| {
            let run = self.runs.get_mut(&preemptor)?;
            let position = run.leaving.iter().position(|leaving| *leaving.uid == *victim);
            let left = match position {
                Some(position) => Some(run.leaving.remove(position)),
                None => run.last.take_if(|last| *last.uid == *victim),
            };
            self.go_on(&preemptor, left)
        });
        progress.collect()
    }

    /// Gives up what has been under way since before `limit`.
    pub fn give_up(&mut self, limit: Now) -> Vec<Progress> {
        let stuck = self.runs.iter().filter(|(_, run)| run.since < limit);
        let mut stuck: Vec<Arc<str>> = stuck.map(|(preemptor, _)| Arc::clone(preemptor)).collect();
        stuck.sort_unstable();
        stuck.into_iter().filter_map(|preemptor| self.end(&preemptor, None, true)).collect()
    }

    /// Forgets what is under way for a pod: it needs no room any more.
    pub fn forget(&mut self, preemptor: &str) {
        let Some(run) = self.runs.remove(preemptor) else { return };
        for victim in run.leaving.iter().chain(&run.last) {
            self.forget_victim(&victim.uid, preemptor);
        }
    }

    /// How many pods others are being evicted for.
    pub fn len(&self) -> usize {
        self.runs.len()
    }

    /// Whether no pod is being evicted.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    fn go_on(&mut self, preemptor: &str, left: Option<Victim>) -> Option<Progress> {
        let run = self.runs.get_mut(preemptor)?;
        if !run.leaving.is_empty() {
            return Some(Progress { purpose: Arc::clone(&run.purpose), left, next: None, end: None });
        }
        if run.has_failed {
            return self.end(preemptor, left, true);
        }
        let Some(next) = run.last.take() else { return self.end(preemptor, left, false) };
        run.leaving.push(next.clone());
        Some(Progress { purpose: Arc::clone(&run.purpose), left, next: Some(next), end: None })
    }

    fn end(&mut self, preemptor: &str, left: Option<Victim>, has_failed: bool) -> Option<Progress> {
        let run = self.runs.get(preemptor)?;
        let (purpose, manner) = (Arc::clone(&run.purpose), run.manner);
        self.forget(preemptor);
        let end = if has_failed { End::Failed(manner) } else { End::Done(manner) };
        Some(Progress { purpose, left, next: None, end: Some(end) })
    }

    fn forget_victim(&mut self, victim: &str, preemptor: &str) {
        if let Some(preemptors) = self.preemptors.get_mut(victim) {
            preemptors.retain(|other| **other != *preemptor);
            if preemptors.is_empty() {
                self.preemptors.remove(victim);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Now = Now::from_nanos(7);

    fn victim(name: &str) -> Victim {
        Victim {
            key: PodKey { namespace: "default".into(), name: name.into() },
            uid: name.into(),
            generation: 1,
        }
    }

    fn begin(evictions: &mut Evictions, preemptor: &str, victims: &[&str], manner: Manner) -> Vec<Victim> {
        let victims = victims.iter().map(|name| victim(name)).collect();
        let purpose = Purpose {
            preemptor: preemptor.into(),
            preemptor_key: PodKey { namespace: "".into(), name: preemptor.into() },
            scheduler: "".into(),
            node: "n".into(),
            message: String::new(),
        };
        evictions.begin(Arc::new(purpose), victims, manner, NOW)
    }

    #[test]
    fn the_last_victim_follows_when_the_others_have_left() {
        let mut evictions = Evictions::default();
        let first = begin(&mut evictions, "p", &["a", "b", "c"], Manner::LastAfterOthers);
        assert_eq!(first, [victim("a"), victim("b")]);
        assert!(evictions.holds_back("p"));
        let progress = evictions.answered("p", "b", true).expect("b was awaited");
        assert_eq!((progress.left, progress.next, progress.end), (Some(victim("b")), None, None));
        assert_eq!(evictions.answered("p", "b", true), None, "an answer counts once");
        let progress = evictions.left("a").remove(0);
        assert_eq!((progress.left, progress.next), (Some(victim("a")), Some(victim("c"))));
        assert!(evictions.holds_back("p"));
        let progress = evictions.left("c").remove(0);
        assert_eq!(progress.end, Some(End::Done(Manner::LastAfterOthers)));
        assert!(!evictions.holds_back("p"));
        assert!(evictions.is_empty() && evictions.preemptors.is_empty());
    }

    #[test]
    fn a_failure_spares_the_last_victim_once_all_others_have_answered() {
        let mut evictions = Evictions::default();
        begin(&mut evictions, "p", &["a", "b", "c"], Manner::LastAfterOthers);
        let progress = evictions.answered("p", "a", false).expect("awaited");
        assert_eq!((progress.left, progress.end), (None, None));
        let progress = evictions.answered("p", "b", true).expect("awaited");
        assert_eq!(progress.end, Some(End::Failed(Manner::LastAfterOthers)));
        assert_eq!(progress.next, None);
        assert!(evictions.is_empty() && evictions.preemptors.is_empty());
    }

    #[test]
    fn a_last_victim_that_leaves_by_itself_is_not_evicted() {
        let mut evictions = Evictions::default();
        begin(&mut evictions, "p", &["a", "b"], Manner::LastAfterOthers);
        assert_eq!(evictions.left("b").remove(0).end, None);
        let progress = evictions.left("a").remove(0);
        assert_eq!((progress.next, progress.end), (None, Some(End::Done(Manner::LastAfterOthers))));
    }

    #[test]
    fn at_once_means_all_of_them_and_holds_nobody_back() {
        let mut evictions = Evictions::default();
        assert_eq!(begin(&mut evictions, "p", &["a", "b"], Manner::AtOnce).len(), 2);
        assert!(!evictions.holds_back("p"));
        evictions.answered("p", "a", false);
        let progress = evictions.answered("p", "b", true).expect("awaited");
        assert_eq!(progress.end, Some(End::Failed(Manner::AtOnce)));
    }

    #[test]
    fn two_pods_may_want_the_same_victim() {
        let mut evictions = Evictions::default();
        begin(&mut evictions, "p", &["a"], Manner::LastAfterOthers);
        begin(&mut evictions, "q", &["a"], Manner::LastAfterOthers);
        let left = evictions.left("a");
        let ends: Vec<&str> = left.iter().map(|progress| &*progress.purpose.preemptor).collect();
        assert_eq!(ends, ["p", "q"]);
        assert!(evictions.is_empty());
    }

    #[test]
    fn what_takes_too_long_is_given_up() {
        let mut evictions = Evictions::default();
        begin(&mut evictions, "p", &["a"], Manner::LastAfterOthers);
        assert_eq!(evictions.give_up(NOW), []);
        let given_up = evictions.give_up(Now::from_nanos(8));
        assert_eq!(given_up[0].end, Some(End::Failed(Manner::LastAfterOthers)));
        assert!(!evictions.holds_back("p"));
    }
}
