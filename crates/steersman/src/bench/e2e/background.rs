//! What happens beside the sequence of op-codes, at some rate.

use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, Interval, MissedTickBehavior};

use super::requests::Requests;

/// An object and the namespace it is to be in.
pub(super) type Placed = (Value, Option<String>);

/// Ticks; the first after the interval, and none is made up for, as Go's tickers.
fn ticks(every: Duration) -> Interval {
    let mut ticks = tokio::time::interval_at(Instant::now() + every, every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// Creates the objects every interval, `n_times` times. As upstream: what cannot be created is not.
pub(super) async fn create_again_and_again(
    requests: Requests,
    objects: Vec<Placed>,
    n_times: u64,
    every: Duration,
) {
    let mut ticks = ticks(every);
    for _ in 0..n_times {
        ticks.tick().await;
        create(&requests, &objects).await;
    }
}

/// Creates the objects every interval, `n_slots` times; then deletes them, and so on.
pub(super) async fn recreate_again_and_again(
    requests: Requests,
    objects: Vec<Placed>,
    n_slots: usize,
    every: Duration,
) {
    let mut slots: Vec<Vec<String>> = vec![Vec::new(); n_slots.max(1)];
    let mut ticks = ticks(every);
    for i in (0..slots.len()).cycle() {
        ticks.tick().await;
        if slots[i].is_empty() {
            slots[i] = create(&requests, &objects).await;
            continue;
        }
        for path in std::mem::take(&mut slots[i]) {
            if let Err(error) = requests.delete(&path, false).await {
                tracing::warn!(%error, "churn: deleting an object");
            }
        }
    }
}

/// Deletes pods, one every interval.
pub(super) async fn delete_one_by_one(requests: Requests, paths: Vec<String>, every: Duration) {
    let mut ticks = ticks(every);
    for path in paths {
        ticks.tick().await;
        if let Err(error) = requests.delete(&path, false).await {
            tracing::warn!(%error, "deleting a pod");
        }
    }
}

async fn create(requests: &Requests, objects: &[Placed]) -> Vec<String> {
    let mut made = Vec::new();
    for (object, namespace) in objects {
        match requests.create_any(object, namespace.as_deref()).await {
            Ok(path) => made.push(path),
            Err(error) => tracing::warn!(%error, "churn: creating an object"),
        }
    }
    made
}
