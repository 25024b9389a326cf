//! Counts of pods per domain, kept up to date.
//!
//! For counting, a pod is its *class*: namespace, labels, inter-pod affinity, and whether it is being deleted.
//! Pods of one class are counted alike by everyone, so a class knows which counters count it, and adding a pod
//! costs those counters and nothing else.
//!
//! ```text
//! change log --catch_up--> classes on rows --+--> counters: a number per domain
//!                          topologies -------+        |
//!                          (domain of each row)       +--> journal of (counter, domain)
//! ```
//!
//! A counter comes into being when somebody asks for it and then stays; when there are too many, all are dropped
//! and those still needed are made again.

mod class;
mod counter;
mod index;
mod numbers;
mod terms;
mod topology;

use std::collections::BTreeMap;
use std::sync::Arc;

use base::Map;

use class::Classes;
pub(super) use counter::Counter;
pub(super) use topology::{NO_DOMAIN, Topology};

use crate::framework::domains::{Count, Counted, ExistingTerms, TermKind, TopologyKey};
use crate::model::{AffinityTerm, Labels, Shape, WeightedTerm};
use crate::snapshot::{Change, Log, Occupant, Row, Snapshot};

/// More counters than this are not kept.
const COUNTERS_MAX: usize = 1 << 16;
/// Nor more numbers than this in all counters together.
const NUMBERS_MAX: usize = 32 << 20;

/// The index of a counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct CounterId(u32);

/// The index of a topology.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct TopologyId(u32);

/// All counters, and what they count.
#[derive(Default)]
pub(super) struct Counts {
    topologies: Vec<Topology>,
    by_key: Map<TopologyKey, TopologyId>,
    classes: Classes,
    counters: Vec<Counter>,
    /// How many numbers all counters had at a position in the snapshot's log.
    size: (usize, u64),
    by_count: Map<Arc<Count>, CounterId>,
    journal: Log<(CounterId, u32)>,
    /// How many pods of each priority are on nodes.
    priorities: BTreeMap<i32, usize>,
    /// The latest start of a pod that has been on a node, in nanoseconds since the epoch.
    latest_start: Option<i64>,
    /// The position in the snapshot's log up to which this is true.
    position: u64,
    /// Changes when counters are dropped: their ids then mean nothing any more.
    generation: u64,
}

impl Counts {
    /// Takes in what has changed.
    pub(super) fn catch_up(&mut self, snapshot: &Snapshot) {
        if self.position == snapshot.log().position() {
            return;
        }
        let Ok(changes) = snapshot.log().since(self.position) else {
            self.start_over(snapshot);
            return;
        };
        for (row, change) in changes {
            match change {
                // The row's node as it is now, which may be newer than the change; a later change of the row then
                // finds nothing to do.
                Change::Added | Change::Node => self.place_row(*row, snapshot),
                Change::Removed => self.clear_row(*row),
                Change::PodAdded(pod) => {
                    self.note(pod);
                    let class = self.class_of(pod);
                    self.classes.put(*row, class);
                    self.tally(*row, class, 1);
                }
                Change::PodRemoved(pod) => {
                    if let Some(n) = self.priorities.get_mut(&pod.priority) {
                        *n -= 1;
                        if *n == 0 {
                            self.priorities.remove(&pod.priority);
                        }
                    }
                    let class = self.class_of(pod);
                    self.tally(*row, class, -1);
                    self.classes.take(*row, class);
                }
                Change::PodReplaced | Change::Volumes => {}
            }
        }
        self.position = snapshot.log().position();
    }

    fn start_over(&mut self, snapshot: &Snapshot) {
        let generation = self.generation + 1;
        *self = Counts { generation, position: snapshot.log().position(), ..Counts::default() };
        for node in snapshot.nodes() {
            for pod in node.pods() {
                let pod = Occupant::from(&**pod);
                self.note(&pod);
                let class = self.class_of(&pod);
                self.classes.put(node.row, class);
            }
        }
    }

    fn class_of(&mut self, pod: &Occupant) -> class::ClassId {
        self.classes.of(pod, |id| &*self.counters[id.0 as usize].count)
    }

    fn note(&mut self, pod: &Occupant) {
        *self.priorities.entry(pod.priority).or_default() += 1;
        self.latest_start = self.latest_start.max(pod.start_time);
    }

    /// Reads what will be needed of a row: see [`Snapshot::prefetch`].
    pub(super) fn prefetch(&self, row: Row) {
        self.classes.prefetch(row);
    }

    /// Whether some pod on a node has a lower priority.
    pub(super) fn has_lower_priority(&self, priority: i32) -> bool {
        self.priorities.first_key_value().is_some_and(|(lowest, _)| *lowest < priority)
    }

    /// The latest start of a pod that has been on a node, in nanoseconds since the epoch.
    pub(super) fn latest_start(&self) -> Option<i64> {
        self.latest_start
    }

    /// Makes room if there are too many counters, or if most domains are not there any more. Ids handed out before mean nothing afterwards.
    pub(super) fn limit(&mut self) {
        // Counters grow with what happens, so it is enough to look when as much has happened as there are counters.
        if self.position - self.size.1 > self.counters.len() as u64 {
            self.size = (self.counters.iter().map(Counter::size).sum(), self.position);
        }
        let is_outlived = self.topologies.iter().any(Topology::is_outlived);
        if self.counters.len() > COUNTERS_MAX || self.size.0 > NUMBERS_MAX || is_outlived {
            self.forget_counters();
        }
    }

    /// Drops all counters. Ids handed out before mean nothing afterwards.
    pub(super) fn forget_counters(&mut self) {
        self.generation += 1;
        self.counters.clear();
        self.size = (0, self.position);
        self.by_count.clear();
        self.topologies.clear();
        self.by_key.clear();
        self.classes.forget_counters();
    }

    /// A number that is another one after ids have lost their meaning.
    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    /// A number that is another one after terms of existing pods came or went.
    pub(super) fn terms_version(&self) -> u64 {
        self.classes.terms().version()
    }

    /// Which domains of which counters changed.
    pub(super) fn journal(&self) -> &Log<(CounterId, u32)> {
        &self.journal
    }

    /// The counter for `count`, which is made if it is not there.
    pub(super) fn counter_for(&mut self, count: &Count, snapshot: &Snapshot) -> CounterId {
        if let Some(known) = self.by_count.get(count) {
            return *known;
        }
        let topology = self.topology_for(count.key, snapshot);
        let id = CounterId(u32::try_from(self.counters.len()).expect("counters are limited"));
        let count = Arc::new(count.clone());
        let table = &self.topologies[topology.0 as usize];
        let counter = Counter::new(Arc::clone(&count), topology, table, snapshot, |add| {
            self.classes.admit(id, &count, add);
        });
        self.size.0 += counter.size();
        self.counters.push(counter);
        self.by_count.insert(count, id);
        id
    }

    /// How many counters there are.
    pub(super) fn n_counters(&self) -> usize {
        self.counters.len()
    }

    /// Drops counters that have come since there were `n`, as far as nobody else will ask for them: those that count
    /// on the nodes that one shape's node affinity or tolerations admit.
    pub(super) fn drop_own(&mut self, n: usize) {
        while self.counters.len() > n
            && let Some(counter) = self.counters.pop_if(|counter| counter.count.nodes.are_of_one_shape())
        {
            let id = CounterId(self.counters.len() as u32);
            self.by_count.remove(&counter.count);
            self.size.0 = self.size.0.saturating_sub(counter.size());
            self.classes.forget_newest(id, &counter.count);
        }
    }

    /// The topology of `key`, which is made if it is not there.
    pub(super) fn topology_for(&mut self, key: TopologyKey, snapshot: &Snapshot) -> TopologyId {
        if let Some(known) = self.by_key.get(&key) {
            return *known;
        }
        let id =
            TopologyId(u32::try_from(self.topologies.len()).expect("topologies are limited by counters"));
        let mut topology = Topology::new(key);
        for node in snapshot.nodes() {
            topology.place(node.row, Some(&node.node));
        }
        self.topologies.push(topology);
        self.by_key.insert(key, id);
        id
    }

    /// A counter.
    pub(super) fn counter(&self, id: CounterId) -> &Counter {
        &self.counters[id.0 as usize]
    }

    /// A topology.
    pub(super) fn topology(&self, id: TopologyId) -> &Topology {
        &self.topologies[id.0 as usize]
    }

    fn tally(&mut self, row: Row, class: class::ClassId, sign: i64) {
        for (id, weight) in self.classes.counters_of(class) {
            let counter = &mut self.counters[id.0 as usize];
            let topology = &self.topologies[counter.topology.0 as usize];
            let domain = topology.domain(row);
            if counter.add(row, domain, sign * weight, topology.n_domains()) {
                self.journal.push((*id, domain));
            }
        }
    }

    /// Puts a row into the domains of its node as it is now.
    fn place_row(&mut self, row: Row, snapshot: &Snapshot) {
        let node = snapshot.get(row).map(|info| &*info.node);
        let moved: Vec<(u32, u32)> =
            self.topologies.iter_mut().map(|topology| topology.place(row, node)).collect();
        for (i, counter) in self.counters.iter_mut().enumerate() {
            let (from, to) = moved[counter.topology.0 as usize];
            let was_included = counter.includes(row);
            let is_included = node.is_some_and(|node| counter.would_include(node));
            if from == to && was_included == is_included {
                continue;
            }
            let id = CounterId(i as u32);
            let by = self.classes.sum_on(row, id);
            let n_domains = self.topologies[counter.topology.0 as usize].n_domains();
            if by != 0 && counter.add(row, from, -by, n_domains) {
                self.journal.push((id, from));
            }
            counter.exclude(row, from);
            if let Some(node) = node {
                counter.include(row, to, node);
            }
            if by != 0 && counter.add(row, to, by, n_domains) {
                self.journal.push((id, to));
            }
            // A domain may have come or gone with the row, whatever is in it.
            if from != NO_DOMAIN {
                self.journal.push((id, from));
            }
            if to != NO_DOMAIN {
                self.journal.push((id, to));
            }
        }
    }

    fn clear_row(&mut self, row: Row) {
        for (i, counter) in self.counters.iter_mut().enumerate() {
            let domain = self.topologies[counter.topology.0 as usize].domain(row);
            counter.exclude(row, domain);
            if domain != NO_DOMAIN {
                self.journal.push((CounterId(i as u32), domain));
            }
        }
        for topology in &mut self.topologies {
            topology.place(row, None);
        }
    }
}

impl ExistingTerms for Counts {
    fn for_each(&self, labels: &Labels, take: &mut dyn FnMut(TermKind, i64, &AffinityTerm)) {
        let terms = self.classes.terms().candidates(labels);
        terms.for_each(|(kind, weight, term)| take(*kind, *weight, term));
    }
}

/// How often a pod of this shape is counted.
fn weight(counted: &Counted, shape: &Shape, is_terminating: bool) -> i64 {
    match counted {
        Counted::Selected { terms, with_terminating } => {
            let counts = (*with_terminating || !is_terminating)
                && terms.iter().all(|term| term.matches(shape.namespace, &shape.labels));
            i64::from(counts)
        }
        Counted::Having { kind, weight, term } => {
            let affinity = &shape.pod_affinity;
            let required = |terms: &[AffinityTerm]| terms.iter().filter(|own| *own == term).count();
            let preferred = |terms: &[WeightedTerm]| {
                terms.iter().filter(|own| own.weight == *weight && own.term == *term).count()
            };
            let n = match kind {
                TermKind::Affinity => required(&affinity.affinity),
                TermKind::AntiAffinity => required(&affinity.anti_affinity),
                TermKind::PreferredAffinity => preferred(&affinity.preferred_affinity),
                TermKind::PreferredAntiAffinity => preferred(&affinity.preferred_anti_affinity),
            };
            n as i64
        }
    }
}
