//! The cluster in the files and the pod in question, and what would be decided if one thing were different.

use anyhow::Result;
use base::{Map, Now};
use scheduling::engine::{Input, Scheduler};
use scheduling::explanation::Explanation;
use scheduling::framework::Preemption;
use scheduling::framework::filters::PreFiltered;
use scheduling::model;
use scheduling::plugins::gang_scheduling;
use scheduling::reference::Decision;
use scheduling::snapshot::Row;
use wire::config::{ExtensionPoint, FeatureGates, SchedulerConfiguration};
use wire::{Node, Object, Pod, Timestamp};

use super::after_pending::Standpoint;
use crate::cluster_files::{ClusterFiles, is_finished};

/// 2026-01-01T00:00:00Z: the time if no object mentions one.
const DEFAULT_NOW: Now = Now::from_nanos(1_767_225_600_000_000_000);

/// A cluster and one pod that is not on any node of it.
pub(super) struct Situation {
    pub(super) scheduler: Scheduler,
    /// The pod as it would be decided about: without a node.
    pub(super) pod: Pod,
    /// The same, compiled.
    pub(super) compiled: model::Pod,
    /// Where the pod really is.
    pub(super) running_on: Option<String>,
    /// `Succeeded` or `Failed`, if the pod has run to its end.
    pub(super) finished: Option<String>,
    pub(super) standpoint: Standpoint,
    objects: Vec<Object>,
    /// Positions of the nodes in `objects`, by name.
    nodes: Map<String, usize>,
    now: Now,
}

/// One thing that could be different.
#[derive(Debug)]
pub(super) enum Change {
    /// The pod in question has another form.
    EditPod(Box<Pod>),
    /// A node has another form.
    EditNode(Box<Node>),
    /// There is one more node.
    AddNode(Box<Node>),
    /// A pod that is on a node is gone.
    DeletePod(Box<Pod>),
    /// The pod in question has another form that may preempt others.
    Preempt(Box<Pod>),
}

/// Where the pod goes after a change that helped.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Landing {
    /// The node it is placed on, if it is placed.
    pub(super) host: Option<String>,
    /// The node it was to fit on, if one was named and it is not the host.
    pub(super) fits_on: Option<String>,
    /// How many pods have to leave the host first.
    pub(super) n_victims: usize,
}

impl Situation {
    /// Takes in all objects except the pod in question.
    pub(super) fn new(
        configuration: &SchedulerConfiguration,
        gates: FeatureGates,
        seed: u64,
        files: ClusterFiles,
        standpoint: Standpoint,
        mut pod: Pod,
    ) -> Result<Situation> {
        let mut scheduler = Scheduler::new(configuration, gates, seed)?;
        let objects: Vec<Object> = files.objects.into_iter().map(|sourced| sourced.object).collect();
        let now = latest_time(&objects).unwrap_or(DEFAULT_NOW);
        scheduler.set_now(now);
        let mut nodes = Map::default();
        for (i, object) in objects.iter().enumerate() {
            if let Object::Node(node) = object {
                nodes.insert(node.metadata.name.clone(), i);
            }
            if !is_same(object, &pod) {
                scheduler.step(Input::Upsert(object), now);
            }
        }
        let node = std::mem::take(&mut pod.spec.node_name);
        if !node.is_empty() {
            // What was promised before the pod got its node says nothing about today.
            pod.status.nominated_node_name.clear();
        }
        Ok(Situation {
            compiled: scheduler.compile_pod(&pod),
            running_on: (!node.is_empty()).then_some(node),
            finished: is_finished(&pod).then(|| pod.status.phase.clone()),
            scheduler,
            standpoint,
            pod,
            objects,
            nodes,
            now,
        })
    }

    /// `namespace/name` of the pod in question.
    pub(super) fn pod_name(&self) -> String {
        self.compiled.key.to_string()
    }

    /// The Node object called `name`.
    pub(super) fn node(&self, name: &str) -> Option<&Node> {
        match &self.objects[*self.nodes.get(name)?] {
            Object::Node(node) => Some(node),
            _ => None,
        }
    }

    /// All Node objects, in the order of the files.
    pub(super) fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.objects.iter().filter_map(|object| match object {
            Object::Node(node) => Some(node.as_ref()),
            _ => None,
        })
    }

    /// All Pod objects but the one in question.
    pub(super) fn other_pods(&self) -> impl Iterator<Item = &Pod> {
        let others = self.objects.iter().filter(|object| !is_same(object, &self.pod));
        others.filter_map(|object| match object {
            Object::Pod(pod) => Some(pod.as_ref()),
            _ => None,
        })
    }

    /// The Pod object with this key.
    pub(super) fn pod_object(&self, key: &model::PodKey) -> Option<&Pod> {
        self.objects.iter().find_map(|object| match object {
            Object::Pod(pod)
                if pod.metadata.name == *key.name && pod.metadata.namespace == *key.namespace =>
            {
                Some(pod.as_ref())
            }
            _ => None,
        })
    }

    /// The name of the node at `row`.
    pub(super) fn node_name(&self, row: Row) -> &str {
        self.scheduler.symbols().resolve(self.scheduler.snapshot().node(row).node.name)
    }

    /// What is decided about the pod, in full; `None` if no profile decides about it.
    pub(super) fn explain(&self) -> Option<Explanation> {
        self.scheduler.explain(&self.compiled)
    }

    /// What is decided about the pod without its scheduling gates.
    pub(super) fn decide_without_gates(&mut self) -> Option<Decision> {
        let mut pod = self.pod.clone();
        pod.spec.scheduling_gates.clear();
        let pod = self.scheduler.compile_pod(&pod);
        self.scheduler.evaluate(&pod)
    }

    /// Makes a change, decides about the pod again, and takes the change back. `None` if the change does not
    /// help: the pod is still not placed or, if a node is named, still does not fit there.
    pub(super) fn try_change(&mut self, change: &Change, node: Option<&str>) -> Option<Landing> {
        match change {
            Change::EditPod(pod) => {
                let pod = self.scheduler.compile_pod(pod);
                landing(&self.scheduler, &pod, node)
            }
            Change::Preempt(pod) => {
                let pod = self.scheduler.compile_pod(pod);
                let preemption = preempt(&self.scheduler, &pod)?;
                let chosen = preemption.chosen();
                let host = self.node_name(chosen.row).to_owned();
                let is_wanted = node.is_none_or(|node| node == host);
                let n_victims = chosen.victims.len();
                is_wanted.then_some(Landing { host: Some(host), fits_on: None, n_victims })
            }
            Change::EditNode(changed) => {
                let original = Object::from(self.node(&changed.metadata.name)?.clone());
                self.step(Input::Upsert(&Object::from(changed.as_ref().clone())));
                let landing = landing(&self.scheduler, &self.compiled, node);
                self.step(Input::Upsert(&original));
                landing
            }
            Change::AddNode(added) => {
                let added = Object::from(added.as_ref().clone());
                self.step(Input::Upsert(&added));
                let landing = landing(&self.scheduler, &self.compiled, node);
                self.step(Input::Delete(&added));
                landing
            }
            Change::DeletePod(deleted) => {
                let deleted = Object::from(deleted.as_ref().clone());
                self.step(Input::Delete(&deleted));
                let landing = landing(&self.scheduler, &self.compiled, node);
                self.step(Input::Upsert(&deleted));
                landing
            }
        }
    }

    fn step(&mut self, input: Input<'_>) {
        self.scheduler.step(input, self.now);
    }
}

fn landing(scheduler: &Scheduler, pod: &model::Pod, node: Option<&str>) -> Option<Landing> {
    if !is_admitted(scheduler, pod) {
        return None;
    }
    let host = host(scheduler, pod);
    match node {
        Some(node) if host.as_deref() != Some(node) => fits_on(scheduler, pod, node).then(|| Landing {
            host,
            fits_on: Some(node.to_owned()),
            n_victims: 0,
        }),
        _ => host.map(|host| Landing { host: Some(host), fits_on: None, n_victims: 0 }),
    }
}

/// Whether the pod gets as far as a scheduling cycle.
fn is_admitted(scheduler: &Scheduler, pod: &model::Pod) -> bool {
    let Some(profile) = scheduler.profile_of(pod) else { return false };
    let mut gates = profile.at(ExtensionPoint::PreEnqueue);
    gates.all(|plugin| plugin.plugin.pre_enqueue(scheduler.cycle(), pod).is_ok())
        && gang_scheduling::refuse_group_member(pod).is_ok()
}

/// Where the pod is placed at once. Preemption is left out: it places nothing at once, and looking for
/// victims on every node costs more than the rest of the decision.
fn host(scheduler: &Scheduler, pod: &model::Pod) -> Option<String> {
    let pod = model::Pod { never_preempts: true, ..pod.clone() };
    match scheduler.evaluate(&pod)? {
        Decision::Placed(selection) => {
            let name = scheduler.snapshot().node(selection.host).node.name;
            Some(scheduler.symbols().resolve(name).to_owned())
        }
        Decision::Unschedulable(_) | Decision::NoNodes | Decision::Failed(_) => None,
    }
}

/// Where preemption makes room for the pod, if it does.
pub(super) fn preempt(scheduler: &Scheduler, pod: &model::Pod) -> Option<Preemption> {
    match scheduler.evaluate(pod)? {
        Decision::Unschedulable(refusal) if is_admitted(scheduler, pod) => refusal.preemption,
        _ => None,
    }
}

fn fits_on(scheduler: &Scheduler, pod: &model::Pod, node: &str) -> bool {
    let (Some(profile), Some(name)) = (scheduler.profile_of(pod), scheduler.symbols().get(node)) else {
        return false;
    };
    let Some(row) = scheduler.snapshot().row(name) else { return false };
    let mut pre = PreFiltered::run(scheduler.cycle(), profile, pod);
    pre.result.is_ok()
        && pre.nodes.as_ref().is_none_or(|names| names.contains(&name))
        && pre.filters.check_with_nominated(scheduler.snapshot().node(row)).is_ok()
}

pub(super) fn is_same(object: &Object, pod: &Pod) -> bool {
    match object {
        Object::Pod(other) => {
            other.metadata.name == pod.metadata.name && other.metadata.namespace == pod.metadata.namespace
        }
        _ => false,
    }
}

/// The latest time that an object mentions: decisions that depend on time then depend on the files alone.
pub(super) fn latest_time(objects: &[Object]) -> Option<Now> {
    let times = objects.iter().flat_map(|object| {
        let metadata = object.meta();
        let mut times = vec![metadata.creation_timestamp, metadata.deletion_timestamp];
        match object {
            Object::Pod(pod) => {
                times.push(pod.status.start_time);
                times.extend(pod.status.conditions.iter().map(|condition| condition.last_transition_time));
            }
            Object::Node(node) => {
                times.extend(node.spec.taints.iter().map(|taint| taint.time_added));
                times.extend(node.status.conditions.iter().map(|condition| condition.last_transition_time));
            }
            _ => {}
        }
        times.into_iter().flatten()
    });
    // Zero values (0001-01-01) mean that there is no time.
    times.map(Timestamp::as_nanos).filter(|nanos| *nanos > 0).max().map(Now::from_nanos)
}
