//! Random histories: what users, kubelets and controllers do to a small, crowded cluster.

use std::collections::VecDeque;

use serde_json::json;
use wire::config::{FeatureGates, SchedulerConfiguration};
use wire::{Kind, Object, Pod};

use super::configurations::{N_CONFIGURATIONS, configuration, needs_many_nodes};
use super::dice::Dice;
use super::truth::{Truth, key_of};
use super::vocabulary::{NAMESPACES, label_selector, namespace_labels, node_name, pod_labels};
use super::workloads::{Template, requests};
use super::{nodes, pod_changes, storage};
use crate::engine::Scheduler;

/// A change of the truth that is not the scheduler's doing.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// An object is created or replaced.
    Put(Object),
    /// An object is deleted.
    Remove(Object),
}

/// A random history. The same seed and size give the same one, as long as the truth develops alike.
#[derive(Clone, Debug)]
pub(crate) struct History {
    seed: u64,
    configuration: usize,
    dice: Dice,
    probe_dice: Dice,
    schedulers: Vec<String>,
    templates: Vec<Template>,
    n_nodes: usize,
    n_left: usize,
    n_pods: usize,
    beginning: VecDeque<Change>,
    is_heard: bool,
    has_storage: bool,
    /// What belongs to the last change.
    more: VecDeque<Change>,
}

/// What may happen, and how often in comparison.
const WEIGHTS: [(Kind, Happening, usize); 20] = {
    use Happening::*;
    [
        (Kind::Pod, Create, 34),
        (Kind::Pod, CreateBound, 8),
        (Kind::Pod, Delete, 8),
        (Kind::Pod, Terminate, 4),
        (Kind::Pod, Finish, 3),
        (Kind::Pod, Start, 4),
        (Kind::Pod, Relabel, 4),
        (Kind::Pod, Resize, 4),
        (Kind::Pod, Nominate, 4),
        (Kind::Pod, Ungate, 2),
        (Kind::Pod, Touch, 2),
        (Kind::Node, Create, 4),
        (Kind::Node, Relabel, 12),
        (Kind::Node, Delete, 2),
        (Kind::Namespace, Relabel, 3),
        (Kind::Namespace, Delete, 1),
        (Kind::Service, Relabel, 3),
        (Kind::ReplicaSet, Relabel, 3),
        (Kind::PodDisruptionBudget, Relabel, 4),
        (Kind::PersistentVolume, Relabel, STORAGE_WEIGHT),
    ]
};

/// How often something happens to storage, where there is any.
const STORAGE_WEIGHT: usize = 70;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Happening {
    Create,
    CreateBound,
    Delete,
    Terminate,
    Finish,
    Start,
    Relabel,
    Resize,
    Nominate,
    Ungate,
    Touch,
}

impl History {
    /// A history of about `size` changes after a beginning in which the cluster comes into being.
    pub(crate) fn new(seed: u64, size: usize) -> History {
        let mut dice = Dice::new(seed, "history");
        let mut n = if dice.chance(40) { 0 } else { dice.below(N_CONFIGURATIONS) };
        if needs_many_nodes(n) && dice.chance(75) {
            n = 0;
        }
        let configuration = configuration(n);
        let schedulers: Vec<String> =
            configuration.profiles.iter().map(|profile| profile.scheduler_name.clone()).collect();
        let n_nodes = if needs_many_nodes(n) { dice.between(105, 125) } else { dice.between(1, 14) };
        let has_storage = dice.chance(50);
        let templates = (0..12).map(|_| Template::draw(&mut dice, &schedulers, has_storage)).collect();
        let mut history = History {
            seed,
            configuration: n,
            dice,
            probe_dice: Dice::new(seed, "probes"),
            schedulers,
            templates,
            n_nodes,
            // What happens to storage comes on top.
            n_left: if has_storage { size * 3 / 2 } else { size },
            n_pods: 0,
            beginning: VecDeque::new(),
            is_heard: false,
            has_storage,
            more: VecDeque::new(),
        };
        history.draw_beginning();
        history
    }

    /// The same, but once the cluster has come into being, namespaces, services, controllers and budgets stay as they
    /// are: their changes may let a pod fit, but kube-scheduler's plugins do not ask to hear of them.
    pub(crate) fn of_what_is_heard(self) -> History {
        History { is_heard: true, ..self }
    }

    /// Whether the cluster is still coming into being.
    pub(crate) fn is_beginning(&self) -> bool {
        !self.beginning.is_empty()
    }

    /// The seed it was made with.
    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    /// The configuration it is meant for.
    pub(crate) fn configuration(&self) -> SchedulerConfiguration {
        configuration(self.configuration)
    }

    /// A scheduler with that configuration that knows nothing yet.
    pub(crate) fn scheduler(&self) -> Scheduler {
        Scheduler::new(&self.configuration(), FeatureGates::default(), self.seed)
            .expect("a valid configuration")
    }

    /// What happens next; `None` at the end.
    pub(crate) fn next(&mut self, truth: &Truth) -> Option<Change> {
        if let Some(change) = self.beginning.pop_front() {
            return Some(change);
        }
        if let Some(change) = self.more.pop_front() {
            return Some(change);
        }
        self.n_left = self.n_left.checked_sub(1)?;
        let mut weights = WEIGHTS.map(|(_, _, weight)| weight);
        if !self.has_storage {
            weights[WEIGHTS.len() - 1] = 0;
        }
        let (kind, happening, _) = WEIGHTS[self.dice.weighted(&weights)];
        let change = match kind {
            Kind::Namespace | Kind::Service | Kind::ReplicaSet | Kind::PodDisruptionBudget
                if self.is_heard =>
            {
                None
            }
            Kind::Pod => self.pod_change(happening, truth),
            Kind::Node => self.node_change(happening, truth),
            Kind::PersistentVolume => {
                self.more = storage::change(&mut self.dice, truth, self.n_nodes).into();
                self.more.pop_front()
            }
            Kind::Namespace => {
                let namespace = self.namespace();
                let is_there = truth.get(&key_of(&namespace)).is_some();
                Some(if happening == Happening::Delete && is_there {
                    Change::Remove(namespace)
                } else {
                    Change::Put(namespace)
                })
            }
            _ => {
                let object = self.grouping(kind);
                let is_there = truth.get(&key_of(&object)).is_some();
                Some(if is_there && self.dice.chance(30) {
                    Change::Remove(object)
                } else {
                    Change::Put(object)
                })
            }
        };
        Some(change.unwrap_or_else(|| Change::Put(self.new_pod(truth).into())))
    }

    /// Pods to ask about: some that wait, one like others, and one like no other.
    pub(crate) fn probes(&mut self, truth: &Truth) -> Vec<Pod> {
        let waiting: Vec<&Pod> = truth.pods().filter(|pod| pod.spec.node_name.is_empty()).collect();
        let dice = &mut self.probe_dice;
        let mut probes: Vec<Pod> = Vec::new();
        for _ in 0..waiting.len().min(2) {
            probes.push(dice.pick(&waiting).clone());
        }
        let template = &self.templates[dice.below(self.templates.len())];
        probes.push(template.pod("probe", "probe"));
        let unique = Template::draw(dice, &self.schedulers, self.has_storage);
        probes.push(unique.pod("unique-probe", "unique-probe"));
        probes
    }

    fn draw_beginning(&mut self) {
        for n in 0..self.n_nodes {
            let node = nodes::draw(&mut self.dice, n);
            self.beginning.push_back(Change::Put(node.into()));
        }
        for name in NAMESPACES {
            if self.dice.chance(85) {
                let namespace =
                    json!({"metadata": {"name": name, "labels": namespace_labels(&mut self.dice)}});
                let namespace: wire::Namespace = serde_json::from_value(namespace).expect("a namespace");
                self.beginning.push_back(Change::Put(namespace.into()));
            }
        }
        if self.has_storage {
            let changes = storage::beginning(&mut self.dice, self.n_nodes);
            self.beginning.extend(changes);
        }
        for kind in [Kind::Service, Kind::ReplicaSet, Kind::ReplicaSet, Kind::PodDisruptionBudget] {
            if self.dice.chance(70) {
                let object = self.grouping(kind);
                self.beginning.push_back(Change::Put(object));
            }
        }
    }

    fn pod_change(&mut self, happening: Happening, truth: &Truth) -> Option<Change> {
        if happening == Happening::Create {
            return None;
        }
        if happening == Happening::CreateBound {
            let mut pod = self.new_pod(truth);
            // Now and then to a node that does not exist, or not yet.
            pod.spec.node_name = node_name(self.dice.below(self.n_nodes + 2));
            return Some(Change::Put(pod.into()));
        }
        let all: Vec<&Pod> = truth.pods().collect();
        let dice = &mut self.dice;
        let is_bound = |pod: &Pod| !pod.spec.node_name.is_empty();
        let is_over = |pod: &Pod| matches!(pod.status.phase.as_str(), "Succeeded" | "Failed");
        let mut some = |admits: &dyn Fn(&Pod) -> bool| {
            let some: Vec<&Pod> = all.iter().copied().filter(|pod| admits(pod)).collect();
            (!some.is_empty()).then(|| dice.pick(&some).clone())
        };
        let mut pod = match happening {
            Happening::Delete => return some(&|_| true).map(|pod| Change::Remove(pod.into())),
            Happening::Terminate => some(&|pod| pod.metadata.deletion_timestamp.is_none())?,
            Happening::Finish | Happening::Start => some(&|pod| is_bound(pod) && !is_over(pod))?,
            Happening::Nominate => some(&|pod| !is_bound(pod))?,
            Happening::Ungate => some(&|pod| !pod.spec.scheduling_gates.is_empty())?,
            _ => some(&|_| true)?,
        };
        match happening {
            Happening::Terminate => pod_changes::terminate(&mut pod),
            Happening::Finish => pod.status.phase = dice.pick(&["Succeeded", "Failed"]).to_owned(),
            Happening::Start => pod_changes::start(dice, &mut pod),
            Happening::Nominate => {
                let node = node_name(dice.below(self.n_nodes + 1));
                pod.status.nominated_node_name = if dice.chance(25) { String::new() } else { node };
            }
            Happening::Ungate => pod.spec.scheduling_gates.clear(),
            Happening::Relabel => {
                pod.metadata.labels = serde_json::from_value(pod_labels(dice)).expect("labels");
            }
            Happening::Resize => pod_changes::resize(dice, &mut pod, requests),
            _ => {}
        }
        Some(Change::Put(pod.into()))
    }

    fn node_change(&mut self, happening: Happening, truth: &Truth) -> Option<Change> {
        let known: Vec<_> = truth.nodes().collect();
        match happening {
            Happening::Create => {
                let n = self.dice.below(self.n_nodes + 2);
                let node = nodes::draw(&mut self.dice, n);
                Some(Change::Put(node.into()))
            }
            Happening::Delete if known.len() > 1 => {
                Some(Change::Remove(self.dice.pick(&known).clone().into()))
            }
            _ if known.is_empty() => None,
            _ => {
                let mut node = self.dice.pick(&known).clone();
                nodes::change(&mut self.dice, &mut node);
                Some(Change::Put(node.into()))
            }
        }
    }

    /// A pod that does not exist yet, mostly of one of the workloads. Names are used again.
    fn new_pod(&mut self, truth: &Truth) -> Pod {
        self.n_pods += 1;
        let uid = format!("u{}", self.n_pods);
        let unique;
        let template = if self.dice.chance(12) {
            unique = Template::draw(&mut self.dice, &self.schedulers, self.has_storage);
            &unique
        } else {
            &self.templates[self.dice.below(self.templates.len())]
        };
        let reused = template.pod(&format!("p{}", self.dice.below(self.n_pods)), &uid);
        let is_free = truth
            .get(&(Kind::Pod, reused.metadata.namespace.clone(), reused.metadata.name.clone()))
            .is_none();
        if is_free { reused } else { template.pod(&format!("q{}", self.n_pods), &uid) }
    }

    fn namespace(&mut self) -> Object {
        let name = self.dice.pick(&NAMESPACES);
        let namespace = json!({"metadata": {"name": name, "labels": namespace_labels(&mut self.dice)}});
        let namespace: wire::Namespace = serde_json::from_value(namespace).expect("a namespace");
        namespace.into()
    }

    /// A service, a controller or a budget.
    fn grouping(&mut self, kind: Kind) -> Object {
        let dice = &mut self.dice;
        let namespace = dice.pick(&NAMESPACES[..2]);
        let name = dice.pick(&["one", "two"]);
        let metadata = |name: &str| json!({"name": name, "namespace": namespace, "uid": name});
        let read = "drawn in the right form";
        match kind {
            Kind::Service => {
                let selector = if dice.chance(10) { json!(null) } else { pod_labels(dice) };
                let service = json!({"metadata": metadata(name), "spec": {"selector": selector}});
                Object::Service(serde_json::from_value(service).expect(read))
            }
            Kind::ReplicaSet => {
                let selector = label_selector(dice);
                let set = json!({"metadata": metadata("set"), "spec": {"selector": selector}});
                match dice.below(3) {
                    0 => Object::ReplicaSet(serde_json::from_value(set).expect(read)),
                    1 => Object::StatefulSet(serde_json::from_value(set).expect(read)),
                    _ => {
                        let controller =
                            json!({"metadata": metadata("set"), "spec": {"selector": pod_labels(dice)}});
                        Object::ReplicationController(serde_json::from_value(controller).expect(read))
                    }
                }
            }
            _ => {
                let budget = json!({
                    "metadata": metadata(name),
                    "spec": {"selector": label_selector(dice)},
                    "status": {"disruptionsAllowed": dice.between(0, 2)},
                });
                Object::PodDisruptionBudget(serde_json::from_value(budget).expect(read))
            }
        }
    }
}
