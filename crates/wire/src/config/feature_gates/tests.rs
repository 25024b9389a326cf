use super::*;

fn check(list: &str, expected: Result<&[(Gate, bool)], &str>) {
    match (FeatureGates::parse(list), expected) {
        (Ok(gates), Ok(states)) => {
            for (gate, on) in states {
                assert_eq!(gates.enabled(*gate), *on, "{list}: {}", gate.name());
            }
        }
        (Err(errors), Err(message)) => assert_eq!(errors.to_string(), message, "{list}"),
        (got, expected) => panic!("{list}: {got:?}, expected {expected:?}"),
    }
}

#[test]
fn nothing_asked_gives_the_defaults() {
    assert_eq!(FeatureGates::parse(""), Ok(FeatureGates::default()));
    for spec in Gate::SPECS {
        assert_eq!(FeatureGates::default().enabled(spec.gate), spec.default);
        assert_eq!(Gate::from_name(spec.name), Some(spec.gate));
    }
}

#[test]
fn the_defaults_meet_their_own_dependencies() {
    assert_eq!(FeatureGates::default().missing_dependencies(), []);
}

#[test]
fn alpha_gates_are_off_by_default_and_locked_ones_are_stable() {
    for spec in Gate::SPECS {
        assert!(spec.stage != Stage::Alpha || !spec.default, "{}", spec.name);
        assert!(!spec.locked || spec.stage == Stage::Ga, "{}", spec.name);
    }
}

#[test]
fn sets_the_gates_it_is_asked_to() {
    check(
        "GenericWorkload=true, GangScheduling = t,,OpportunisticBatching=0",
        Ok(&[
            (Gate::GenericWorkload, true),
            (Gate::GangScheduling, true),
            (Gate::OpportunisticBatching, false),
        ]),
    );
    check("kube:SchedulerAsyncAPICalls=true", Ok(&[(Gate::SchedulerAsyncAPICalls, true)]));
    check(
        "StorageCapacityScoring=true,StorageCapacityScoring=false",
        Ok(&[(Gate::StorageCapacityScoring, false)]),
    );
    check("SidecarContainers=true", Ok(&[(Gate::SidecarContainers, true)]));
}

#[test]
fn all_alpha_and_all_beta_yield_to_a_gate_of_its_own() {
    check(
        "StorageCapacityScoring=false,AllAlpha=true",
        Ok(&[
            (Gate::StorageCapacityScoring, false),
            (Gate::GangScheduling, true),
            (Gate::SchedulerAsyncAPICalls, false),
        ]),
    );
    check(
        "AllBeta=false,SchedulerPopFromBackoffQ=true",
        Ok(&[
            (Gate::SchedulerPopFromBackoffQ, true),
            (Gate::PodLevelResources, false),
            (Gate::DRAPrioritizedList, true),
        ]),
    );
}

#[test]
fn refuses_what_it_does_not_know() {
    check("GangSchedulin=true", Err("unrecognized feature gate: GangSchedulin"));
    check("GangScheduling", Err("missing bool value for GangScheduling"));
    check(
        "GangScheduling=yes",
        Err("invalid value of GangScheduling=yes, err: strconv.ParseBool: parsing \"yes\": invalid syntax"),
    );
}

#[test]
fn refuses_to_move_a_locked_gate() {
    check(
        "SidecarContainers=false",
        Err("cannot set feature gate SidecarContainers to false, feature is locked to true"),
    );
}

#[test]
fn refuses_a_gate_without_what_it_needs() {
    check(
        "GangScheduling=true",
        Err("GangScheduling is enabled, but depends on features that are disabled: [GenericWorkload]"),
    );
    check(
        "PodLevelResources=false,NodeDeclaredFeatures=false",
        Err("InPlacePodLevelResourcesVerticalScaling is enabled, but depends on features \
             that are disabled: [NodeDeclaredFeatures PodLevelResources]"),
    );
    check(
        "DRADeviceTaints=false,DRADeviceTaintRules=true,WorkloadAwarePreemption=true",
        Err("[DRADeviceTaintRules is enabled, but depends on features that are disabled: \
             [DRADeviceTaints], WorkloadAwarePreemption is enabled, but depends on features \
             that are disabled: [GangScheduling]]"),
    );
}
