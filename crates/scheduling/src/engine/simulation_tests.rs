//! The whole engine among doubles of everything around it: random histories of events with late, lost, failed and
//! doubled requests and answers, broken watches and restarts, under a virtual clock.
//!
//! | module | what it is |
//! |---|---|
//! | [`world`] | puts it all together, and runs it |
//! | [`api_server`] | what exists; who may bind and evict |
//! | [`informer`], [`network`], [`delays`] | notices and messages under way |
//! | [`faults`] | what goes wrong |
//! | [`ledger`] | what the scheduler may do, given what it has been told |
//!
//! After every step: no pod is bound that is bound or being bound, none to a node without room for it, none
//! forgotten. Once the faults stop and nothing moves any more: no pod waits that fits.
//!
//! `STEERSMAN_HISTORIES=n` runs more of them, `STEERSMAN_SEED=s` the one that failed.

mod api_server;
mod delays;
mod faults;
mod informer;
mod ledger;
mod network;
mod world;

use faults::Faults;
use wire::config::{PluginArgs, PluginConfig};
use world::World;

use super::QueuedPod;
use crate::testing::dice::Dice;
use crate::testing::driver::seeds;
use crate::testing::history::History;

/// Runs histories with faults, then without, then until every pod has been tried again.
fn survives(n: u64, faults: fn(&mut Dice) -> Faults) {
    let (mut n_bound, mut n_reserved, mut n_provisioned) = (0, 0, 0);
    for seed in seeds(n) {
        let mut world = World::new(History::new(seed, 70), faults);
        world.run();
        world.settle();
        world.assert_books_are_true();
        world.settle_for_good();
        world.assert_books_are_true();
        assert_eq!(describe(world.fitting()), [""; 0], "fit and wait");
        assert_eq!(describe(world.pushing()), [""; 0], "could make room and wait");
        n_bound += world.n_bound();
        n_reserved += world.n_logged(" BindVolume ");
        n_provisioned += world.n_logged(" ProvisionClaim ");
    }
    let counts = (n_bound, n_reserved, n_provisioned);
    assert!(n_bound > 0 && n_reserved > 0 && n_provisioned > 0, "bound, reserved, provisioned: {counts:?}");
    if std::env::var_os("STEERSMAN_COUNTS").is_some() {
        eprintln!("{counts:?}");
    }
}

fn describe(pods: Vec<&QueuedPod>) -> Vec<String> {
    pods.into_iter().map(|queued| format!("{} refused by {:?}", queued.pod.key, queued.refused_by)).collect()
}

#[test]
fn survives_what_goes_wrong() {
    survives(300, Faults::honest);
}

#[test]
fn survives_false_reports_of_failure() {
    survives(200, Faults::dishonest);
}

/// Without waiting for the time after which pods are tried without a reason. Hints miss, as upstream's do, what depends
/// on namespaces' labels, existing pods' anti-affinity and some arguments; and what lets a pod make room.
#[test]
fn pods_that_fit_are_found_because_something_happened() {
    let is_missed = |config: &PluginConfig| match &config.args {
        PluginArgs::NodeAffinity(args) => args.added_affinity.is_some(),
        PluginArgs::NodeResourcesFit(args) => !args.ignored_resource_groups.is_empty(),
        _ => false,
    };
    for seed in seeds(300) {
        let history = History::new(seed, 70).of_what_is_heard();
        let profiles = history.configuration().profiles;
        if profiles.iter().any(|profile| profile.plugin_config.iter().any(is_missed)) {
            continue;
        }
        let mut world = World::new(history, Faults::honest);
        world.run();
        world.settle();
        let mut missed = world.fitting();
        missed.retain(|queued| !queued.refused_by.contains(&"InterPodAffinity"));
        assert_eq!(describe(missed), [""; 0], "fit and wait");
    }
}

#[test]
fn the_same_seed_gives_the_same_history() {
    for seed in seeds(30) {
        let run = || {
            let mut world = World::new(History::new(seed, 70), Faults::dishonest);
            world.run();
            world.settle();
            world.log.clone()
        };
        let log = run();
        assert!(!log.is_empty());
        assert_eq!(log, run());
    }
}
