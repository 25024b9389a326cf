//! Time to end: what kinds with it, which are pods, get when they are deleted.

use apimachinery::meta::{Meta, MetaMut};
use apimachinery::options::DeleteOptions;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// What a deletion means for an object's time to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grace {
    /// It has no such time: it goes at once.
    None,
    /// It has been given so many seconds now.
    Given(i64),
    /// It is ending already, and this deletion changes nothing.
    Pending,
}

/// Gives an object its time to end, as a deletion at `now` does.
pub(super) fn begin(object: &mut Value, options: &DeleteOptions, now: Timestamp) -> Grace {
    let meta = Meta::of(object);
    let wanted = seconds(object, options);
    let current = meta.deletion_grace_period_seconds();
    let Some(deadline) = meta.deletion_timestamp() else {
        let generation = meta.generation();
        let deadline = crate::clock::print(now.saturating_add(SignedDuration::from_secs(wanted)).unwrap_or(now));
        let mut meta = MetaMut::of(object);
        meta.set_deletion(&deadline, wanted);
        if generation > 0 {
            meta.set_generation(generation + 1);
        }
        return Grace::Given(wanted);
    };
    let current = current.unwrap_or_default();
    // Only a shorter time than the given one counts.
    let Some(asked) = options.grace_period_seconds.filter(|asked| *asked < current) else {
        return Grace::Pending;
    };
    let asked = if asked < 0 { 1 } else { asked };
    let Ok(deadline) = deadline.parse::<Timestamp>() else { return Grace::Pending };
    let shift = SignedDuration::from_secs(asked - current);
    let shortened = deadline.saturating_add(shift).unwrap_or(now);
    let (deadline, asked) = if shortened < now && asked > 0 { (now, 1) } else { (shortened, asked) };
    MetaMut::of(object).set_deletion(&crate::clock::print(deadline), asked);
    Grace::Given(asked)
}

/// How long a pod gets: what was asked for, or what it says itself; nothing if it runs nowhere.
fn seconds(pod: &Value, options: &DeleteOptions) -> i64 {
    let own = || pod["spec"]["terminationGracePeriodSeconds"].as_i64().unwrap_or_default();
    let seconds = options.grace_period_seconds.unwrap_or_else(own);
    let has_node = pod["spec"]["nodeName"].as_str().is_some_and(|name| !name.is_empty());
    let has_ended = matches!(pod["status"]["phase"].as_str(), Some("Failed" | "Succeeded"));
    match seconds {
        _ if !has_node || has_ended => 0,
        negative if negative < 0 => 1,
        seconds => seconds,
    }
}
