//! What becomes of pods on simulated nodes, and when.

use std::time::Duration;

use base::Stream;
use wire::Pod;

/// How long the stages of a pod's life take.
#[derive(Clone, Copy, Debug)]
pub struct Stages {
    /// From being bound to running.
    pub start: Duration,
    /// From running to having succeeded, for pods that are not restarted always; `None` lets them run. The annotation
    /// [`Stages::COMPLETES_AFTER`] says it for one pod.
    pub completion: Option<Duration>,
    /// From being told to go to being gone, if the pod's grace period is not shorter.
    pub stop: Duration,
    /// By which part each wait may be longer by chance: 0.5 is up to half as long again.
    pub jitter: f64,
}

impl Default for Stages {
    /// Everything happens at once, and nothing ends by itself.
    fn default() -> Stages {
        Stages { start: Duration::ZERO, completion: None, stop: Duration::ZERO, jitter: 0.0 }
    }
}

/// What is to be done next with a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// It begins to run.
    Start,
    /// It has done what it was to do.
    Complete,
    /// It goes.
    Stop,
}

impl Stages {
    /// After how long a pod with this annotation has succeeded: `5s`, `1m30s`.
    pub const COMPLETES_AFTER: &'static str = "steersman.dev/completes-after";

    /// What a pod waits for, and for how long; `None` if nothing happens to it by itself.
    pub(crate) fn next(&self, pod: &Pod, random: &mut Stream) -> Option<(Stage, Duration)> {
        let (stage, wait) = self.plan(pod)?;
        let part = self.jitter.max(0.0) * random.below(1000) as f64 / 1000.0;
        Some((
            stage,
            wait.saturating_add(Duration::try_from_secs_f64(wait.as_secs_f64() * part).unwrap_or_default()),
        ))
    }

    fn plan(&self, pod: &Pod) -> Option<(Stage, Duration)> {
        if pod.metadata.deletion_timestamp.is_some() {
            let grace = pod.metadata.deletion_grace_period_seconds.unwrap_or(0);
            let grace = Duration::from_secs(u64::try_from(grace).unwrap_or(0));
            return Some((Stage::Stop, self.stop.min(grace)));
        }
        match pod.status.phase.as_str() {
            "" | "Pending" => Some((Stage::Start, self.start)),
            "Running" => self.completion_of(pod).map(|wait| (Stage::Complete, wait)),
            _ => None,
        }
    }

    fn completion_of(&self, pod: &Pod) -> Option<Duration> {
        if pod.spec.restart_policy.is_empty() || pod.spec.restart_policy == "Always" {
            return None;
        }
        let told = pod.metadata.annotations.get(Stages::COMPLETES_AFTER);
        // What is no duration is as if it was not there.
        let told = told.and_then(|text| text.parse::<jiff::SignedDuration>().ok());
        told.and_then(|wait| Duration::try_from(wait).ok()).or(self.completion)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(json: &str) -> Pod {
        match wire::decode::json_object(wire::Kind::Pod, json).expect("a pod") {
            wire::Object::Pod(pod) => *pod,
            _ => unreachable!("asked for a pod"),
        }
    }

    #[test]
    fn a_pod_starts_completes_and_stops() {
        let stages = Stages {
            start: Duration::from_secs(1),
            completion: Some(Duration::from_secs(9)),
            stop: Duration::from_secs(5),
            jitter: 0.0,
        };
        let next = |json: &str| stages.next(&pod(json), &mut Stream::new(1, "test"));
        assert_eq!(next(r#"{"status":{"phase":"Pending"}}"#), Some((Stage::Start, Duration::from_secs(1))));
        assert_eq!(next(r#"{"status":{"phase":"Running"}}"#), None, "restarted always");
        let job = r#"{"spec":{"restartPolicy":"Never"},"status":{"phase":"Running"}}"#;
        assert_eq!(next(job), Some((Stage::Complete, Duration::from_secs(9))));
        let soon = r#"{"metadata":{"annotations":{"steersman.dev/completes-after":"90s"}},
            "spec":{"restartPolicy":"OnFailure"},"status":{"phase":"Running"}}"#;
        assert_eq!(next(soon), Some((Stage::Complete, Duration::from_secs(90))));
        assert_eq!(next(r#"{"status":{"phase":"Succeeded"}}"#), None);
        let going = r#"{"metadata":{"deletionTimestamp":"2026-01-01T00:00:00Z","deletionGracePeriodSeconds":3},
            "status":{"phase":"Running"}}"#;
        assert_eq!(next(going), Some((Stage::Stop, Duration::from_secs(3))), "not longer than its grace");
    }
}
