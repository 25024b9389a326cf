//! Whatever objects a file holds, the scheduler decides about every pod or says why it cannot.
#![no_main]

use base::Now;
use scheduling::engine::{Input, Scheduler};
use wire::config::{FeatureGates, SchedulerConfiguration};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(decoded) = wire::decode::read_bytes("input", bytes) else { return };
    let gates = FeatureGates::default();
    let configuration = SchedulerConfiguration::default_for(&gates);
    let mut scheduler = Scheduler::new(&configuration, gates, 1).expect("the default is valid");
    let now = Now::from_nanos(1);
    for sourced in &decoded.objects {
        scheduler.step(Input::Upsert(&sourced.object), now);
    }
    for sourced in &decoded.objects {
        if let wire::Object::Pod(pod) = &sourced.object {
            let pod = scheduler.compile_pod(pod);
            let _ = scheduler.explain(&pod);
        }
    }
    for _ in 0..64 {
        if scheduler.step(Input::Schedule, now).tried.is_none() {
            break;
        }
    }
    for sourced in &decoded.objects {
        scheduler.step(Input::Delete(&sourced.object), now);
    }
});
