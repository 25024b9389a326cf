//! The live scheduler, its client and the API server under random histories with faults, in virtual time.
//!
//! Requests are lost before or after they were carried out, refused, late; watches break; either side is killed and started
//! again. Whatever happens, no pod is moved, no node holds more than it has, and when the faults are over every pod is
//! where it fits, or fits nowhere. A history that fails is named by its seed: `STEERSMAN_CLUSTER_SEED=7 cargo test -p cluster-tests`.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]
#![allow(clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "tests tell how much they have seen")]

mod history;
mod invariants;

use std::panic::{AssertUnwindSafe, catch_unwind};

/// How many histories are run unless `STEERSMAN_CLUSTER_HISTORIES` says otherwise.
const HISTORIES: u64 = 12;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

#[test]
fn whatever_happens_every_pod_is_placed_once_and_where_it_fits() {
    let seeds = match number("STEERSMAN_CLUSTER_SEED") {
        Some(seed) => seed..seed + 1,
        None => 1..1 + number("STEERSMAN_CLUSTER_HISTORIES").unwrap_or(HISTORIES),
    };
    let mut told = Vec::new();
    for seed in seeds {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        let runtime = runtime.unwrap();
        let ran = catch_unwind(AssertUnwindSafe(|| runtime.block_on(history::run(seed))));
        let summary = ran.unwrap_or_else(|_| panic!("the history with STEERSMAN_CLUSTER_SEED={seed} fails"));
        println!("seed {seed}: {summary}");
        told.push(summary);
    }
    // A world in which nothing happens proves nothing.
    assert!(told.iter().any(|summary| summary.n_placed > 0));
    if told.len() > 3 {
        assert!(told.iter().map(|summary| summary.n_faults).sum::<usize>() > 100);
        assert!(told.iter().any(|summary| summary.n_evicted > 0), "preemption is never seen");
    }
}
