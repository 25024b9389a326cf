//! The table of plugins is complete and agrees with the files and with upstream's defaults.

#![allow(missing_docs, reason = "tests have no interface")]
#![allow(clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::path::Path;

use base::Interner;
use scheduling::framework::Profile;
use scheduling::plugins::REGISTRY;
use wire::config::{ExtensionPoint, FeatureGates, SchedulerConfiguration};

fn snake_case(name: &str) -> String {
    let mut text = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.extend(letter.to_lowercase());
    }
    text
}

#[test]
fn every_plugin_has_one_file_and_one_line() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/plugins");
    let entries = std::fs::read_dir(folder).expect("plugins").flatten();
    let files: BTreeSet<String> = entries
        .filter(|entry| entry.path().is_file())
        .map(|entry| entry.path().file_stem().unwrap_or_default().to_string_lossy().into_owned())
        .collect();
    let registered: BTreeSet<String> = REGISTRY.iter().map(|row| snake_case(row.name)).collect();
    assert_eq!(files, registered);
    assert_eq!(registered.len(), REGISTRY.len(), "a name is registered twice");
}

#[test]
fn every_filter_and_score_declares_its_scope() {
    for row in REGISTRY {
        assert_eq!(row.filter_scope.is_some(), row.implements(ExtensionPoint::Filter), "{}", row.name);
        assert_eq!(row.score_scope.is_some(), row.implements(ExtensionPoint::Score), "{}", row.name);
        assert!(!row.points.is_empty(), "{} does nothing", row.name);
    }
}

#[test]
fn the_default_profile_runs_the_default_plugins_in_upstreams_order() {
    let gates = FeatureGates::default();
    let configuration = SchedulerConfiguration::default_for(&gates);
    let profiles = Profile::build_all(&configuration, &gates, &mut Interner::default()).expect("valid");
    let names = |point| profiles[0].names_at(point).collect::<Vec<_>>().join(" ");
    assert_eq!(names(ExtensionPoint::PreEnqueue), "SchedulingGates DynamicResources DefaultPreemption");
    assert_eq!(names(ExtensionPoint::QueueSort), "PrioritySort");
    assert_eq!(
        names(ExtensionPoint::PreFilter),
        "NodeAffinity NodePorts NodeResourcesFit VolumeRestrictions NodeVolumeLimits VolumeBinding VolumeZone \
         PodTopologySpread InterPodAffinity DynamicResources NodeDeclaredFeatures"
    );
    assert_eq!(
        names(ExtensionPoint::Filter),
        "NodeUnschedulable NodeName TaintToleration NodeAffinity NodePorts NodeResourcesFit VolumeRestrictions \
         NodeVolumeLimits VolumeBinding VolumeZone PodTopologySpread InterPodAffinity DynamicResources \
         NodeDeclaredFeatures"
    );
    assert_eq!(names(ExtensionPoint::PostFilter), "DynamicResources DefaultPreemption");
    assert_eq!(
        names(ExtensionPoint::PreScore),
        "TaintToleration NodeAffinity NodeResourcesFit VolumeBinding PodTopologySpread InterPodAffinity \
         NodeResourcesBalancedAllocation"
    );
    let scores: Vec<_> = profiles[0]
        .scores()
        .map(|(plugin, weight)| format!("{} {weight}", plugin.registration.name))
        .collect();
    assert_eq!(
        scores.join(", "),
        "TaintToleration 3, NodeAffinity 2, NodeResourcesFit 1, VolumeBinding 1, PodTopologySpread 2, \
         InterPodAffinity 2, DynamicResources 2, NodeResourcesBalancedAllocation 1, ImageLocality 1"
    );
    assert_eq!(names(ExtensionPoint::Reserve), "VolumeBinding DynamicResources");
    assert_eq!(names(ExtensionPoint::PreBind), "VolumeBinding DynamicResources");
    assert_eq!(names(ExtensionPoint::Bind), "DefaultBinder");
    assert_eq!(names(ExtensionPoint::Permit), "");
}

#[test]
fn every_gate_builds_a_valid_default_configuration() {
    for list in ["AllAlpha=true", "AllBeta=false", "GenericWorkload=true,GangScheduling=true"] {
        let gates = FeatureGates::parse(list).unwrap_or_else(|error| panic!("{list}: {error}"));
        let configuration = SchedulerConfiguration::default_for(&gates);
        assert_eq!(wire::config::validate(&configuration, &gates), [], "{list}");
        Profile::build_all(&configuration, &gates, &mut Interner::default())
            .unwrap_or_else(|error| panic!("{list}: {error}"));
    }
}
