//! All families of metrics that are the scheduler's own.

use std::sync::{Arc, LazyLock};

use component::metrics::{Counter, Family, Gauge, Histogram, Registry};
use wire::config::{FeatureGates, Gate};

/// Buckets of which each is `factor` times as wide as the one before.
fn exponential(start: f64, factor: f64, n: usize) -> Vec<f64> {
    std::iter::successors(Some(start), |bound| Some(bound * factor)).take(n).collect()
}

macro_rules! buckets {
    ($($name:ident = ($start:literal, $factor:literal, $n:literal);)*) => {
        $(static $name: LazyLock<Vec<f64>> = LazyLock::new(|| exponential($start, $factor, $n));)*
    };
}

buckets! {
    ATTEMPT = (0.001, 2.0, 15);
    SLI = (0.01, 2.0, 20);
    ATTEMPTS = (1.0, 2.0, 5);
    POINT = (0.0001, 2.0, 12);
    HINT = (0.00001, 2.0, 12);
    PLUGIN = (0.00001, 1.5, 20);
    VICTIMS = (1.0, 2.0, 7);
    DEVICES = (0.1, 2.0, 14);
}

macro_rules! families {
    ($(
        $(@$gate:ident)? $field:ident: $kind:ident, $name:literal, [$($label:literal),*],
        $shape:expr, $help:literal;
    )*) => {
        /// The scheduler's own families. Those of features that are off are not registered: what is counted in them is
        /// not seen.
        #[allow(missing_docs, reason = "each says what it is in its help text")]
        pub struct Families {
            $(pub $field: Arc<Family<$kind, { const LABELS: &[&str] = &[$($label),*]; LABELS.len() }>>,)*
        }

        impl Families {
            /// Registers them. Those without labels are there from the start.
            pub fn new(registry: &Registry, gates: &FeatureGates) -> Families {
                let unseen = Registry::new();
                Families {
                    $($field: {
                        #[allow(unused_mut, unused_assignments, reason = "not all have gates")]
                        let mut is_on = true;
                        $(is_on = gates.enabled(Gate::$gate);)?
                        let registry = if is_on { registry } else { &unseen };
                        let family = registry.family(concat!("scheduler_", $name), $help, [$($label),*], $shape);
                        start(&family);
                        family
                    },)*
                }
            }
        }

        /// Name, labels and stability of every family, for tests.
        #[cfg(test)]
        pub(super) const NAMES: &[(&str, &[&str])] = &[$((concat!("scheduler_", $name), &[$($label),*]),)*];
    };
}

/// Series without labels are there before anything is counted.
fn start<M: component::metrics::Metric, const N: usize>(family: &Family<M, N>) {
    if N == 0 {
        family.with([""; N]);
    }
}

families! {
    attempts: Counter, "schedule_attempts_total", ["result", "profile"], (),
        "[STABLE] How many attempts to place pods were made, by what came of them.";
    attempt_seconds: Histogram, "scheduling_attempt_duration_seconds", ["result", "profile"], ATTEMPT.as_slice(),
        "[STABLE] How long attempts took, from the beginning of the decision to the end of the binding.";
    algorithm_seconds: Histogram, "scheduling_algorithm_duration_seconds", [], ATTEMPT.as_slice(),
        "[ALPHA] How long it took to find a node, without preemption and binding.";
    sli_seconds: Histogram, "pod_scheduling_sli_duration_seconds", ["attempts"], SLI.as_slice(),
        "[BETA] How long pods took from the first time they waited for an attempt until they were bound.";
    pod_attempts: Histogram, "pod_scheduling_attempts", [], ATTEMPTS.as_slice(),
        "[STABLE] How many attempts pods took until they were bound.";
    after_flush: Counter, "pod_scheduled_after_flush_total", [], (),
        "[ALPHA] How many pods were bound after they had been tried only because they had waited for long.";
    goroutines: Gauge, "goroutines", ["operation"], (),
        "[BETA] How many pieces of work are under way at the same time, by their kind.";
    event_seconds: Histogram, "event_handling_duration_seconds", ["event"], POINT.as_slice(),
        "[ALPHA] How long it took to take in what happened in the cluster.";
    batch_attempts: Counter, "batch_attempts_total", ["profile", "result"], (),
        "[ALPHA] How many attempts could have used what the one before had found, and did or did not.";
    batch_flushed: Counter, "batch_cache_flushed_total", ["profile", "reason"], (),
        "[ALPHA] How often what an attempt had found was of no use to the next.";
    node_hint_seconds: Histogram, "get_node_hint_duration_seconds", ["hinted", "profile"], HINT.as_slice(),
        "[ALPHA] How long it took to look for a node that the attempt before had found.";
    store_results_seconds: Histogram, "store_schedule_results_duration_seconds", ["profile"], HINT.as_slice(),
        "[ALPHA] How long it took to keep what an attempt had found.";

    pending_pods: Gauge, "pending_pods", ["queue"], (),
        "[STABLE] How many pods wait: for their turn (active), for the end of a backoff, for something to happen \
         (unschedulable), or for their gates to be opened (gated).";
    incoming: Counter, "queue_incoming_pods_total", ["queue", "event"], (),
        "[STABLE] How many pods came into a part of the queue, and why.";
    unschedulable: Gauge, "unschedulable_pods", ["plugin", "profile"], (),
        "[BETA] How many pods a plugin keeps from being placed. A pod counts once for each plugin that does.";
    inflight_events: Gauge, "inflight_events", ["event"], (),
        "[ALPHA] How many events are remembered for pods that are being decided about.";
    hint_seconds: Histogram, "queueing_hint_execution_duration_seconds", ["plugin", "event", "hint"], PLUGIN.as_slice(),
        "[ALPHA] How long plugins took to say whether an event may help a pod.";

    point_seconds: Histogram, "framework_extension_point_duration_seconds", ["extension_point", "status", "profile"],
        POINT.as_slice(), "[STABLE] How long all plugins of an extension point took together.";
    plugin_seconds: Histogram, "plugin_execution_duration_seconds", ["plugin", "extension_point", "status"],
        PLUGIN.as_slice(), "[ALPHA] How long single calls of plugins took, of one attempt in ten.";
    evaluations: Counter, "plugin_evaluation_total", ["plugin", "extension_point", "profile"], (),
        "[BETA] How often plugins were called.";
    permit_wait_seconds: Histogram, "permit_wait_duration_seconds", ["result"], ATTEMPT.as_slice(),
        "[BETA] How long pods waited for a permit.";

    cache_size: Gauge, "cache_size", ["type"], (),
        "[ALPHA] How many nodes, pods and assumed pods the scheduler knows.";
    preemption_attempts: Counter, "preemption_attempts_total", [], (),
        "[STABLE] How often it was tried to make room for a pod by removing others.";
    preemption_victims: Histogram, "preemption_victims", [], VICTIMS.as_slice(),
        "[STABLE] How many pods were chosen to make room.";

    @SchedulerAsyncPreemption preemption_seconds: Histogram, "preemption_goroutines_duration_seconds", ["result"],
        SLI.as_slice(), "[ALPHA] How long it took to begin to make room.";
    @SchedulerAsyncPreemption preemptions: Counter, "preemption_goroutines_execution_total", ["result"], (),
        "[ALPHA] How often it was begun to make room.";
    @SchedulerAsyncAPICalls async_calls: Counter, "async_api_call_execution_total", ["call_type", "result"], (),
        "[ALPHA] How many requests to the API server were carried out in the background.";
    @SchedulerAsyncAPICalls async_call_seconds: Histogram, "async_api_call_execution_duration_seconds",
        ["call_type", "result"], ATTEMPT.as_slice(),
        "[ALPHA] How long requests to the API server in the background took.";
    @SchedulerAsyncAPICalls pending_async_calls: Gauge, "pending_async_api_calls", ["call_type"], (),
        "[ALPHA] How many requests to the API server wait in the background.";
    @DRAExtendedResource claim_creates: Counter, "resourceclaim_creates_total", ["status"], (),
        "[ALPHA] How many claims were made for extended resources that devices back.";
    @DRADeviceBindingConditions device_allocations: Counter, "dra_bindingconditions_allocations_total",
        ["profile", "driver", "status"], (),
        "[ALPHA] How many allocations waited for conditions of devices, by what came of them.";
    @DRADeviceBindingConditions device_wait_seconds: Histogram, "dra_bindingconditions_wait_duration_seconds",
        ["profile", "driver", "status"], DEVICES.as_slice(),
        "[ALPHA] How long allocations waited for conditions of devices.";
    @GenericWorkload group_attempts: Counter, "podgroup_schedule_attempts_total", ["result", "profile"], (),
        "[ALPHA] How many attempts to place groups of pods were made, by what came of them.";
    @GenericWorkload group_attempt_seconds: Histogram, "podgroup_scheduling_attempt_duration_seconds",
        ["result", "profile"], ATTEMPT.as_slice(), "[ALPHA] How long attempts to place groups of pods took.";
    @GenericWorkload group_algorithm_seconds: Histogram, "podgroup_scheduling_algorithm_duration_seconds", [],
        ATTEMPT.as_slice(), "[ALPHA] How long it took to find nodes for groups of pods.";

    volume_requests: Counter, "volume_binder_cache_requests_total", ["operation"], (),
        "[ALPHA] How often the cache of volume bindings was asked. Never counted, as in kube-scheduler.";
    volume_errors: Counter, "volume_scheduling_stage_error_total", ["operation"], (),
        "[ALPHA] How often a stage of the placing of volumes failed.";
}
