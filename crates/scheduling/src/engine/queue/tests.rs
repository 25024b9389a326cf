//! The queue by itself, with plugins made of rules that a test writes down.
//!
//! | module | what holds there |
//! |---|---|
//! | [`order`] | who is next, and how long one waits |
//! | [`gates`] | pods that are held back |
//! | [`events`] | what moves a pod, and what does not |
//! | [`flights`] | pods that are being decided about |
//! | [`invariants`] | what holds after any history |

mod events;
mod flights;
mod gates;
mod invariants;
mod order;

use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::BTreeSet;

use base::Interner;
use serde_json::{Value, json};
use wire::Object;

use super::*;
use crate::model::{Compiler, Shapes};
use crate::testing::{asking_cpu, pod};

const NODE_ADDED: ClusterEvent = ClusterEvent::new(Resource::Node, Actions::ADD);
const NODE_LABELED: ClusterEvent = ClusterEvent::new(Resource::Node, Actions::UPDATE_NODE_LABEL);
const POD_LEFT: ClusterEvent = ClusterEvent::new(Resource::AssignedPod, Actions::DELETE);

/// Plugins: which events they hear of, and what they say then.
struct Rules {
    hears: Vec<(&'static str, ClusterEvent)>,
    /// Those that say yes.
    helps: RefCell<BTreeSet<&'static str>>,
    /// The plugins that hold pods back, by pod name.
    gates: RefCell<Vec<(&'static str, String)>>,
    /// The order in which gates were asked.
    asked: RefCell<Vec<&'static str>>,
    n_hints: Cell<u64>,
}

/// Plugins that take part in PreEnqueue, in order.
const GATES: [&str; 2] = ["GateA", "GateB"];

impl Default for Rules {
    fn default() -> Rules {
        Rules {
            hears: vec![
                ("Fit", NODE_ADDED),
                ("Fit", POD_LEFT),
                ("Labels", NODE_LABELED),
                ("Devices", NODE_ADDED),
                ("GateA", POD_LEFT),
                ("Fit", ClusterEvent::new(Resource::Pod, Actions::UPDATE_POD_SCALE_DOWN)),
                ("Features", ClusterEvent::new(Resource::Pod, Actions::UPDATE)),
            ],
            helps: RefCell::new(BTreeSet::from(["Fit", "Labels", "Devices", "Features"])),
            gates: RefCell::default(),
            asked: RefCell::default(),
            n_hints: Cell::new(0),
        }
    }
}

impl Rules {
    fn close(&self, gate: &'static str, pod: &str) {
        self.gates.borrow_mut().push((gate, pod.to_owned()));
    }

    fn open(&self, gate: &'static str, pod: &str) {
        self.gates.borrow_mut().retain(|(closed, name)| *closed != gate || name != pod);
    }
}

impl Policy for Rules {
    fn sort_key(&self, queued: &QueuedPod) -> SortKey {
        SortKey { priority: Reverse(queued.pod.priority), since: queued.since }
    }

    fn gate(&self, queued: &QueuedPod) -> Option<&'static str> {
        let mut order = GATES.to_vec();
        order.sort_by_key(|gate| queued.gated_by != Some(*gate));
        order.into_iter().find(|gate| {
            self.asked.borrow_mut().push(gate);
            let closed = self.gates.borrow();
            closed.iter().any(|(plugin, pod)| plugin == gate && **pod == *queued.pod.key.name)
        })
    }

    fn is_of_interest(&self, event: &ClusterEvent) -> bool {
        self.hears.iter().any(|(_, registered)| registered.covers(event))
    }

    fn hears(&self, plugin: &str, event: &ClusterEvent) -> bool {
        self.hears.iter().any(|(name, registered)| *name == plugin && registered.covers(event))
    }

    fn hint(&self, plugin: &str, _pod: &Pod, _event: ClusterEvent, _changed: Changed<'_>) -> Hint {
        self.n_hints.set(self.n_hints.get() + 1);
        Hint::queue_if(self.helps.borrow().contains(plugin))
    }
}

/// A queue under a virtual clock that begins at 1,000 s.
struct Bench {
    queue: Queue,
    rules: Rules,
    symbols: Interner,
    shapes: Shapes,
    gates: FeatureGates,
    now: Now,
}

impl Bench {
    fn new() -> Bench {
        Bench::with_gates("")
    }

    fn with_gates(list: &str) -> Bench {
        let gates = FeatureGates::parse(list).unwrap_or_else(|error| panic!("{list}: {error}"));
        Bench {
            queue: Queue::new(&SchedulerConfiguration::default_for(&gates), &gates),
            rules: Rules::default(),
            symbols: Interner::default(),
            shapes: Shapes::default(),
            gates,
            now: seconds(1_000.0),
        }
    }

    fn pod_with(&mut self, name: &str, cpu: &str, change: impl FnOnce(&mut Value)) -> Arc<Pod> {
        let mut spec = asking_cpu(cpu);
        change(&mut spec);
        let Object::Pod(object) = pod(name, &json!({}), &spec) else { unreachable!("a pod") };
        let mut compiler = Compiler { symbols: &mut self.symbols, gates: &self.gates };
        Arc::new(Pod::compile(&object, &mut self.shapes, &mut compiler))
    }

    fn pod(&mut self, name: &str, priority: i32) -> Arc<Pod> {
        self.pod_with(name, "1", |spec| spec["priority"] = json!(priority))
    }

    fn add(&mut self, name: &str, priority: i32) -> bool {
        let pod = self.pod(name, priority);
        self.queue.add(QueuedPod::new(pod, self.now), self.now, &self.rules)
    }

    /// Tries the next pod, which the plugins refuse. Returns its name.
    fn refuse(&mut self, by: &[&'static str]) -> String {
        self.refuse_waiting(by, &[])
    }

    fn refuse_waiting(&mut self, by: &[&'static str], waits_for: &[&'static str]) -> String {
        let popped = self.queue.pop().expect("a pod to try");
        self.put_back(popped, by, waits_for)
    }

    fn put_back(&mut self, mut queued: QueuedPod, by: &[&'static str], waits_for: &[&'static str]) -> String {
        queued.refused_by = by.to_vec();
        queued.waits_for = waits_for.to_vec();
        let name = queued.pod.key.name.to_string();
        self.queue.re_add(queued, self.now, &self.rules);
        name
    }

    /// Takes out and places all pods that can be tried now, in order.
    fn drain(&mut self) -> Vec<String> {
        let mut names = Vec::new();
        while let Some(queued) = self.queue.pop() {
            self.queue.done(&queued.pod.uid);
            names.push(queued.pod.key.name.to_string());
        }
        names
    }

    fn happen(&mut self, event: ClusterEvent) {
        self.happen_to(event, Changed::NOTHING, None);
    }

    fn happen_to(&mut self, event: ClusterEvent, changed: Changed<'_>, max_priority: Option<i32>) {
        self.queue.happen(&Happening { event, changed, max_priority, spared: None }, self.now, &self.rules);
    }

    fn update(&mut self, pod: Arc<Pod>) -> bool {
        self.queue.update(pod, None, self.now, &self.rules)
    }

    fn activate(&mut self, name: &str) {
        self.queue.activate(name, self.now, &self.rules);
    }

    fn tick_after(&mut self, wait: f64) {
        self.now = Now::from_nanos(self.now.as_nanos() + seconds(wait).as_nanos());
        self.queue.flush(self.now, &self.rules);
    }

    /// Where a pod is: `active`, `backoff`, `error`, `gated`, `unschedulable` or `nowhere`.
    fn place(&self, name: &str) -> &'static str {
        match self.queue.places.place_of(name) {
            None => "nowhere",
            Some(Place::Active(_)) => "active",
            Some(Place::Backoff(..)) => "backoff",
            Some(Place::ErrorBackoff(_)) => "error",
            Some(Place::Unschedulable(_)) => {
                let gated = self.queue.get(name).is_some_and(|queued| queued.gated_by.is_some());
                if gated { "gated" } else { "unschedulable" }
            }
        }
    }

    /// How many pods came where and why, as in metrics.
    fn incoming(&self) -> Vec<String> {
        let counts = self.queue.counts().incoming();
        counts.map(|(queue, cause, n)| format!("{queue} {cause} {n}")).collect()
    }

    fn blamed(&self) -> Vec<(&'static str, u64)> {
        let blamed = self.queue.counts().blamed();
        blamed.filter(|(_, _, n)| *n > 0).map(|(plugin, _, n)| (plugin, n)).collect()
    }
}

fn seconds(n: f64) -> Now {
    Now::from_nanos((n * 1e9) as i64)
}
