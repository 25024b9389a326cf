//! Which resources the scheduler follows.

use std::collections::BTreeSet;
use std::sync::Arc;

use client::{Connection, Onlooker, Resource, Settings, Source, Told};
use scheduling::engine::Scheduler;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use wire::Kind;
use wire::config::{FeatureGates, Gate, PluginArgs, PodTopologySpreadArgs, Profile, SchedulerConfiguration};

/// Pods that have run to their end take no room, and there can be many.
const UNFINISHED: &str = "status.phase!=Succeeded,status.phase!=Failed";

/// How many news may wait for the core. Sources stop reading when there are more, and the server keeps what follows.
const NEWS_MAX: usize = 4096;

/// What the sources tell, in one stream.
pub type News = mpsc::Receiver<(Kind, Told)>;

/// The kinds that a scheduler with this configuration has to know about, as kube-scheduler's informers.
pub fn kinds(
    scheduler: &Scheduler,
    configuration: &SchedulerConfiguration,
    gates: &FeatureGates,
) -> BTreeSet<Kind> {
    let mut kinds = BTreeSet::from([
        Kind::Pod,
        Kind::Node,
        Kind::Namespace,
        Kind::CsiNode,
        Kind::ResourceClaim,
        Kind::ResourceSlice,
        Kind::DeviceClass,
    ]);
    let plugins = scheduler.profiles().iter().flat_map(|profile| profile.plugins());
    let enabled: BTreeSet<&str> = plugins.map(|plugin| plugin.registration.name).collect();
    for (plugin, needed) in [
        ("DefaultPreemption", &[Kind::PodDisruptionBudget][..]),
        ("VolumeRestrictions", &[Kind::PersistentVolumeClaim]),
        (
            "NodeVolumeLimits",
            &[
                Kind::PersistentVolume,
                Kind::PersistentVolumeClaim,
                Kind::StorageClass,
                Kind::CsiDriver,
                Kind::VolumeAttachment,
            ],
        ),
        (
            "VolumeBinding",
            &[
                Kind::PersistentVolume,
                Kind::PersistentVolumeClaim,
                Kind::StorageClass,
                Kind::CsiDriver,
                Kind::CsiStorageCapacity,
            ],
        ),
        ("VolumeZone", &[Kind::PersistentVolume, Kind::PersistentVolumeClaim, Kind::StorageClass]),
    ] {
        if enabled.contains(plugin) {
            kinds.extend(needed);
        }
    }
    if enabled.contains("PodTopologySpread") && configuration.profiles.iter().any(spreads_by_default) {
        kinds.extend([Kind::Service, Kind::ReplicationController, Kind::ReplicaSet, Kind::StatefulSet]);
    }
    if gates.enabled(Gate::GenericWorkload) {
        kinds.insert(Kind::PodGroup);
    }
    kinds
}

/// Whether pods without spread constraints get some: only then owners of pods matter.
fn spreads_by_default(profile: &Profile) -> bool {
    match profile.plugin_args("PodTopologySpread") {
        Some(PluginArgs::PodTopologySpread(args)) => {
            args.defaulting_type == PodTopologySpreadArgs::SYSTEM || !args.default_constraints.is_empty()
        }
        _ => true,
    }
}

/// Begins to follow the kinds. `onlooker` sees pods and nodes with everything in them. Sources run until the set, or what they tell, is dropped.
pub fn follow(
    connection: &Connection,
    kinds: &BTreeSet<Kind>,
    settings: Settings,
    seed: u64,
    onlooker: Option<&Arc<dyn Onlooker>>,
) -> (JoinSet<()>, News) {
    let (told, news) = mpsc::channel(NEWS_MAX);
    let mut running = JoinSet::new();
    for kind in kinds {
        let selector = if *kind == Kind::Pod { UNFINISHED } else { "" };
        let source = Source::new(connection.clone(), Resource::of(*kind), selector, settings, seed);
        let source = match onlooker {
            Some(onlooker) if matches!(kind, Kind::Pod | Kind::Node) => source.seen_by(Arc::clone(onlooker)),
            _ => source,
        };
        running.spawn(source.run(told.clone()));
    }
    (running, news)
}
