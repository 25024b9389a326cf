use super::*;
use crate::config::{API_VERSION, KIND, load};

fn gates(list: &str) -> FeatureGates {
    FeatureGates::parse(list).unwrap()
}

fn profile(text: &str) -> Profile {
    let text = format!("apiVersion: {API_VERSION}\nkind: {KIND}\nprofiles: [{text}]\n");
    let config = load(text.as_bytes(), "my.yaml", &FeatureGates::default());
    config.unwrap_or_else(|error| panic!("{error}")).profiles.remove(0)
}

/// A set written as `name` or `name=weight`, separated by spaces.
fn set(enabled: &str, disabled: &str) -> PluginSet {
    let plugins = |list: &str| {
        let plugin = |item: &str| {
            let (name, weight) = item.split_once('=').unwrap_or((item, "0"));
            Plugin { name: name.to_owned(), weight: weight.parse().unwrap() }
        };
        list.split_whitespace().map(plugin).collect()
    };
    PluginSet { enabled: plugins(enabled), disabled: plugins(disabled) }
}

#[test]
fn without_a_file_there_is_one_profile_with_the_default_plugins() {
    let config = SchedulerConfiguration::default_for(&FeatureGates::default());
    let [profile] = config.profiles.as_slice() else { panic!("one profile") };
    let expected = set(
        "SchedulingGates PrioritySort NodeUnschedulable NodeName TaintToleration=3 NodeAffinity=2 \
         NodePorts NodeResourcesFit=1 VolumeRestrictions NodeVolumeLimits VolumeBinding VolumeZone \
         PodTopologySpread=2 InterPodAffinity=2 DynamicResources=2 DefaultPreemption \
         NodeResourcesBalancedAllocation=1 ImageLocality=1 DefaultBinder NodeDeclaredFeatures",
        "",
    );
    for (point, set) in profile.plugins.iter() {
        let is_multi = point == ExtensionPoint::MultiPoint;
        assert_eq!(*set, if is_multi { expected.clone() } else { PluginSet::default() });
    }
}

#[test]
fn gates_decide_on_gated_plugins() {
    let names = |list| {
        let plugins = default_plugins(&gates(list));
        let enabled = &plugins.set(ExtensionPoint::MultiPoint).enabled;
        enabled.iter().map(|plugin| plugin.name.clone()).collect::<Vec<_>>()
    };
    let default_count = names("").len();
    let features = "NodeDeclaredFeatures=false,InPlacePodLevelResourcesVerticalScaling=false";
    assert!(!names(features).contains(&"NodeDeclaredFeatures".to_owned()));
    assert_eq!(names("GenericWorkload=true,GangScheduling=true")[default_count..], ["GangScheduling"]);
    assert_eq!(
        names("GenericWorkload=true,TopologyAwareWorkloadScheduling=true")[default_count..],
        ["TopologyPlacementGenerator", "PodGroupPodsCount"]
    );
}

#[test]
fn merges_sets() {
    let defaults = || set("A B=2 C", "");
    let table = [
        ("keeps the defaults", set("", ""), set("A B=2 C", "")),
        ("appends a new plugin", set("X=5", ""), set("A B=2 C X=5", "")),
        ("drops a disabled plugin", set("", "B"), set("A C", "B")),
        ("drops all", set("", "*"), set("", "*")),
        ("keeps the position of a reweighted plugin", set("X B=7", ""), set("A B=7 C X", "")),
        ("moves a plugin disabled and enabled", set("B=7", "B"), set("A C B=7", "B")),
        ("keeps only what is enabled", set("C B", "*"), set("C B", "*")),
        ("keeps a repeated plugin for later", set("X X", ""), set("A B=2 C X X", "")),
        ("replaces by the last repetition", set("B=3 B=4", ""), set("A B=4 C B=3", "")),
        ("drops the weight of a disabled plugin", set("", "B=9"), set("A C", "B")),
    ];
    for (claim, custom, merged) in table {
        assert_eq!(merge_set(defaults(), custom), merged, "{claim}");
    }
}

#[test]
fn defaults_may_disable_too() {
    let merged = merge_set(set("A B", "B Z"), set("B", "Y"));
    assert_eq!(merged, set("A B", "Y B Z"));
}

#[test]
fn a_star_at_one_point_leaves_the_others_alone() {
    let profile = profile("{plugins: {score: {disabled: [{name: '*'}]}}}");
    assert_eq!(*profile.plugins.set(ExtensionPoint::Score), set("", "*"));
    assert_eq!(profile.plugins.set(ExtensionPoint::MultiPoint).enabled.len(), 20);
}

#[test]
fn appends_missing_arguments_sorted_by_name() {
    let names = |profile: &Profile| {
        profile.plugin_config.iter().map(|config| config.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&Profile::default_for(&FeatureGates::default())), PluginArgs::TYPED);
    let some = profile(
        "{pluginConfig: [{name: Foreign}, {name: VolumeBinding}], \
          plugins: {multiPoint: {disabled: [{name: NodeAffinity}, {name: DynamicResources}]}}}",
    );
    assert_eq!(
        names(&some),
        [
            "Foreign",
            "VolumeBinding",
            "DefaultPreemption",
            "InterPodAffinity",
            "NodeResourcesBalancedAllocation",
            "NodeResourcesFit",
            "PodTopologySpread",
        ]
    );
    let bare = "disabled: [{name: '*'}]";
    let point = "filter: {enabled: [{name: NodeAffinity}]}";
    assert_eq!(names(&profile(&format!("{{plugins: {{multiPoint: {{{bare}}}}}}}"))), [""; 0]);
    let one = profile(&format!("{{plugins: {{multiPoint: {{{bare}}}, {point}}}}}"));
    assert_eq!(names(&one), ["NodeAffinity"]);
}
