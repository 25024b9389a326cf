//! What must hold after every step of any history.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::driver::{Drive, drive, seeds};
use super::history::History;
use crate::engine::Scheduler;
use crate::model::{self, Resources};
use crate::reference::Decision;
use crate::snapshot::NodeInfo;

/// The sums over a node, without listed zeros.
fn sums(info: &NodeInfo) -> (Resources, Vec<(base::Symbol, i64)>, i64, i64, bool, bool) {
    let scalars = info.requested().scalars.iter().filter(|(_, amount)| *amount != 0).collect();
    let requested = Resources { scalars: Default::default(), ..info.requested().clone() };
    (
        requested,
        scalars,
        info.non_zero_milli_cpu(),
        info.non_zero_memory(),
        info.has_pods_with_affinity(),
        info.has_pods_with_required_anti_affinity(),
    )
}

/// Every pod that has a node, by UID: what the truth says, and the pods that are being bound in the form in which the
/// scheduler placed them.
fn placed_pods(scheduler: &mut Scheduler, drive: &Drive) -> BTreeMap<String, (String, Arc<model::Pod>)> {
    let waiting: Vec<(Arc<str>, String)> =
        scheduler.awaiting_volumes().map(|(uid, node)| (uid, node.to_owned())).collect();
    let mut nodes: BTreeMap<&str, &str> = drive.in_flight().collect();
    nodes.extend(waiting.iter().map(|(uid, node)| (&**uid, node.as_str())));
    let mut placed = BTreeMap::new();
    for pod in drive.truth().pods() {
        let uid = pod.metadata.uid.as_str();
        let is_over = matches!(pod.status.phase.as_str(), "Succeeded" | "Failed");
        if !pod.spec.node_name.is_empty() && !is_over {
            let compiled = Arc::new(scheduler.compile_pod(pod));
            placed.insert(uid.to_owned(), (pod.spec.node_name.clone(), compiled));
        } else if let Some(node) = nodes.get(uid)
            && pod.spec.node_name.is_empty()
            // One that is being deleted is not going to be bound.
            && pod.metadata.deletion_timestamp.is_none()
        {
            let assumed = scheduler.snapshot().pod(uid).expect("a pod that is being bound is assumed");
            placed.insert(uid.to_owned(), ((*node).to_owned(), Arc::clone(assumed)));
        }
    }
    placed
}

fn check_sums(scheduler: &mut Scheduler, drive: &Drive, ports_have_clashed: &mut bool) {
    let mut recounted: BTreeMap<String, NodeInfo> = BTreeMap::new();
    for info in scheduler.snapshot().nodes() {
        let name = scheduler.symbols().resolve(info.node.name).to_owned();
        recounted.insert(name, NodeInfo::new(info.row, Arc::clone(&info.node)));
    }
    let names: BTreeSet<String> = drive.truth().nodes().map(|node| node.metadata.name.clone()).collect();
    assert_eq!(recounted.keys().cloned().collect::<BTreeSet<_>>(), names);
    let placed = placed_pods(scheduler, drive);
    for (node, pod) in placed.values() {
        if let Some(info) = recounted.get_mut(node) {
            info.add_pod(Arc::clone(pod));
        }
    }
    let known: BTreeSet<&str> = scheduler.snapshot().pods().map(|pod| &*pod.uid).collect();
    assert_eq!(known, placed.keys().map(String::as_str).collect());
    for (name, recounted) in &recounted {
        let kept = scheduler.snapshot().node(recounted.row);
        assert_eq!(sums(kept), sums(recounted), "sums of {name}");
        let uids = |info: &NodeInfo| -> BTreeSet<Arc<str>> {
            info.pods().iter().map(|pod| Arc::clone(&pod.uid)).collect()
        };
        assert_eq!(uids(kept), uids(recounted), "pods of {name}");
        // If two pods use one port, which happens only without the scheduler, the first to leave frees it.
        let (kept, recounted, all) = (kept.used_ports(), recounted.used_ports(), recounted.pods());
        *ports_have_clashed |=
            all.iter().map(|pod| pod.shape.host_ports.len()).sum::<usize>() > recounted.len();
        assert!(kept.iter().all(|port| recounted.contains(port)), "ports of {name}");
        assert!(*ports_have_clashed || kept.len() == recounted.len(), "ports of {name}");
    }
}

#[test]
fn the_sums_of_a_node_are_those_of_its_pods_after_any_history() {
    for seed in seeds(300) {
        let history = History::new(seed, 60);
        let mut scheduler = history.scheduler();
        let mut drive = Drive::new(history);
        let mut ports_have_clashed = false;
        while drive.step(&mut scheduler) {
            check_sums(&mut scheduler, &drive, &mut ports_have_clashed);
        }
    }
}

#[test]
fn any_pod_can_be_decided_about_at_any_time() {
    let mut outcomes: BTreeMap<&str, u32> = BTreeMap::new();
    for seed in seeds(120) {
        let history = History::new(seed, 60);
        let mut scheduler = history.scheduler();
        drive(history, &mut scheduler, &mut |scheduler, probes| {
            for probe in probes {
                let pod = scheduler.compile_pod(probe);
                let Some(decision) = scheduler.evaluate(&pod) else { continue };
                let outcome = match decision {
                    Decision::Placed(selection) if selection.is_nominated => "placed as promised",
                    Decision::Placed(selection) if selection.best.len() > 1 => "placed on one of several",
                    Decision::Placed(_) => "placed",
                    Decision::Unschedulable(refusal) if refusal.preemption.is_some() => "made room",
                    Decision::Unschedulable(_) => "refused",
                    Decision::NoNodes => "no nodes",
                    Decision::Failed(_) => "failed",
                };
                *outcomes.entry(outcome).or_default() += 1;
            }
        });
    }
    if std::env::var_os("STEERSMAN_SEED").is_none() {
        assert_eq!(outcomes.len(), 7, "every kind of outcome occurs: {outcomes:?}");
    }
}
