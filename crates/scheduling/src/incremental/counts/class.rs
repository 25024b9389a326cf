//! Kinds of pods that everyone counts alike.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use base::{Map, Set, Symbol};
use smallvec::SmallVec;

use super::index::BySelector;
use super::terms::{Term, Terms, terms_of};
use super::{CounterId, weight};
use crate::framework::domains::{Count, Counted};
use crate::model::{Selector, Shape};
use crate::snapshot::{Occupant, Row};

/// The index of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct ClassId(u32);

/// The classes of all placed pods, and which counters count them.
///
/// Who counts whom is looked up in both directions: a new class finds its counters by its labels and terms, a new
/// counter its classes by the label or the term that it wants.
#[derive(Default)]
pub(super) struct Classes {
    classes: Vec<Option<Class>>,
    free: Vec<ClassId>,
    by_key: Map<Key, ClassId>,
    by_label: Map<(Symbol, Symbol), Set<ClassId>>,
    /// By the address of a shape that a class keeps alive, and whether the pod is being deleted.
    by_shape: Map<(usize, bool), ClassId>,
    /// Per row: the class of each pod, in no particular order. Four fit without a list of their own.
    rows: Vec<SmallVec<[ClassId; 4]>>,
    terms: Terms,
    selecting: BySelector<CounterId>,
    having: Map<Term, Vec<CounterId>>,
    /// Per class: how often a new counter counts it. Zeros between uses.
    weights: Vec<i64>,
}

struct Class {
    key: Key,
    counters: Vec<(CounterId, i64)>,
    n_pods: usize,
    /// Its shapes, kept so that their addresses stay theirs.
    shapes: Vec<Arc<Shape>>,
}

/// What counters look at.
#[derive(Clone)]
struct Key {
    shape: Arc<Shape>,
    is_terminating: bool,
}

impl PartialEq for Key {
    fn eq(&self, other: &Key) -> bool {
        self.is_terminating == other.is_terminating
            && self.shape.namespace == other.shape.namespace
            && self.shape.labels == other.shape.labels
            && self.shape.pod_affinity == other.shape.pod_affinity
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.is_terminating, self.shape.namespace).hash(state);
        self.shape.labels.hash(state);
        self.shape.pod_affinity.hash(state);
    }
}

/// How a counter finds what it counts.
enum Wants<'c> {
    /// Pods that this selects, or any.
    Labels(Option<&'c Selector>),
    /// Pods that have this term.
    Term(Term),
}

fn wants(count: &Count) -> Wants<'_> {
    match &count.pods {
        Counted::Selected { terms, .. } => Wants::Labels(terms.first().map(|term| &term.selector)),
        Counted::Having { kind, weight, term } => Wants::Term((*kind, *weight, term.clone())),
    }
}

impl Classes {
    /// The class of a pod. `count_of` says what a counter counts.
    pub(super) fn of<'c>(&mut self, pod: &Occupant, count_of: impl Fn(CounterId) -> &'c Count) -> ClassId {
        let address = (Arc::as_ptr(&pod.kin) as usize, pod.is_terminating);
        if let Some(known) = self.by_shape.get(&address) {
            return *known;
        }
        let key = Key { shape: Arc::clone(&pod.kin), is_terminating: pod.is_terminating };
        let id = match self.by_key.get(&key) {
            Some(known) => *known,
            None => self.add(key, count_of),
        };
        self.by_shape.insert(address, id);
        self.get_mut(id).shapes.push(Arc::clone(&pod.kin));
        id
    }

    fn add<'c>(&mut self, key: Key, count_of: impl Fn(CounterId) -> &'c Count) -> ClassId {
        let id = self.free.pop().unwrap_or_else(|| {
            self.classes.push(None);
            ClassId((self.classes.len() - 1) as u32)
        });
        let selecting = self.selecting.candidates(&key.shape.labels);
        let own_terms = if self.having.is_empty() { Vec::new() } else { terms_of(&key.shape) };
        let having = own_terms.iter().filter_map(|term| self.having.get(term)).flatten().copied();
        let weigh = |id: CounterId| {
            let weight = weight(&count_of(id).pods, &key.shape, key.is_terminating);
            (weight != 0).then_some((id, weight))
        };
        let mut counters: Vec<(CounterId, i64)> = selecting.chain(having).filter_map(weigh).collect();
        // The newest is last, where it is forgotten first.
        counters.sort_unstable_by_key(|(id, _)| *id);
        self.terms.add(id, &key.shape);
        for label in key.shape.labels.iter() {
            self.by_label.entry(label).or_default().insert(id);
        }
        self.by_key.insert(key.clone(), id);
        self.classes[id.0 as usize] = Some(Class { key, counters, n_pods: 0, shapes: Vec::new() });
        id
    }

    fn remove(&mut self, id: ClassId) {
        let Some(class) = self.classes[id.0 as usize].take() else { return };
        for shape in &class.shapes {
            self.by_shape.remove(&(Arc::as_ptr(shape) as usize, class.key.is_terminating));
        }
        self.terms.remove(id, &class.key.shape);
        for label in class.key.shape.labels.iter() {
            if let Some(with_label) = self.by_label.get_mut(&label) {
                with_label.remove(&id);
                if with_label.is_empty() {
                    self.by_label.remove(&label);
                }
            }
        }
        self.by_key.remove(&class.key);
        self.free.push(id);
    }

    /// Reads what will be needed of a row: see [`crate::snapshot::Snapshot::prefetch`].
    pub(super) fn prefetch(&self, row: Row) {
        std::hint::black_box(self.rows.get(row.index()).map(SmallVec::len));
    }

    /// Puts a pod of a class on a row.
    pub(super) fn put(&mut self, row: Row, id: ClassId) {
        if self.rows.len() <= row.index() {
            self.rows.resize(row.index() + 1, SmallVec::new());
        }
        self.rows[row.index()].push(id);
        self.get_mut(id).n_pods += 1;
    }

    /// Takes a pod of a class from a row. A class without pods is forgotten.
    pub(super) fn take(&mut self, row: Row, id: ClassId) {
        let Some(pods) = self.rows.get_mut(row.index()) else { return };
        let Some(position) = pods.iter().position(|known| *known == id) else { return };
        pods.swap_remove(position);
        let class = self.get_mut(id);
        class.n_pods -= 1;
        if class.n_pods == 0 {
            self.remove(id);
        } else if class.shapes.len() > 64 && class.shapes.len() > 4 * class.n_pods {
            self.forget_shapes(id);
        }
    }

    /// Lets go of shapes that nobody else has any more, apart from the table of shapes, which waits for the same.
    fn forget_shapes(&mut self, id: ClassId) {
        let Some(class) = self.classes[id.0 as usize].as_mut() else { return };
        let is_terminating = class.key.is_terminating;
        let by_shape = &mut self.by_shape;
        class.shapes.retain(|shape| {
            let is_used = Arc::strong_count(shape) > 2;
            if !is_used {
                by_shape.remove(&(Arc::as_ptr(shape) as usize, is_terminating));
            }
            is_used
        });
    }

    /// The counters that count a class, with how often.
    pub(super) fn counters_of(&self, id: ClassId) -> &[(CounterId, i64)] {
        self.classes[id.0 as usize].as_ref().map_or(&[], |class| class.counters.as_slice())
    }

    /// Tells the classes of a new counter, and `add` what it counts on which row.
    pub(super) fn admit(&mut self, id: CounterId, count: &Count, mut add: impl FnMut(Row, i64)) {
        let candidates = self.candidates(count);
        match wants(count) {
            Wants::Labels(selector) => self.selecting.insert(selector, id),
            Wants::Term(term) => self.having.entry(term).or_default().push(id),
        }
        self.weights.resize(self.classes.len(), 0);
        let mut counts_any = false;
        for candidate in &candidates {
            let Some(class) = &mut self.classes[candidate.0 as usize] else { continue };
            let weight = weight(&count.pods, &class.key.shape, class.key.is_terminating);
            // A value that a selector lists twice makes a candidate twice.
            if weight != 0 && class.counters.last().is_none_or(|(newest, _)| *newest != id) {
                class.counters.push((id, weight));
                self.weights[candidate.0 as usize] = weight;
                counts_any = true;
            }
        }
        if !counts_any {
            return;
        }
        for (i, pods) in self.rows.iter().enumerate().filter(|(_, pods)| !pods.is_empty()) {
            let by: i64 = pods.iter().map(|class| self.weights[class.0 as usize]).sum();
            if by != 0 {
                add(Row::at(i), by);
            }
        }
        candidates.iter().for_each(|candidate| self.weights[candidate.0 as usize] = 0);
    }

    /// What a counter counts on a row.
    pub(super) fn sum_on(&self, row: Row, id: CounterId) -> i64 {
        let Some(pods) = self.rows.get(row.index()) else { return 0 };
        let counted = |class: &ClassId| {
            let mut counters = self.counters_of(*class).iter();
            counters.find(|(known, _)| *known == id).map_or(0, |(_, weight)| *weight)
        };
        pods.iter().map(counted).sum()
    }

    /// The counter that came last is gone.
    pub(super) fn forget_newest(&mut self, id: CounterId, count: &Count) {
        for candidate in self.candidates(count) {
            if let Some(class) = &mut self.classes[candidate.0 as usize] {
                class.counters.pop_if(|(known, _)| *known == id);
            }
        }
        match wants(count) {
            Wants::Labels(selector) => self.selecting.remove(selector, id),
            Wants::Term(term) => {
                if let Some(counters) = self.having.get_mut(&term) {
                    counters.retain(|known| *known != id);
                    if counters.is_empty() {
                        self.having.remove(&term);
                    }
                }
            }
        }
    }

    /// Classes that something may count.
    fn candidates(&self, count: &Count) -> Vec<ClassId> {
        match wants(count) {
            Wants::Term(term) => self.terms.classes_with(&term).collect(),
            Wants::Labels(selector) => {
                let with = |(key, values): (Symbol, &[Symbol])| -> Vec<&Set<ClassId>> {
                    values.iter().filter_map(|value| self.by_label.get(&(key, *value))).collect()
                };
                let demands = selector.into_iter().flat_map(Selector::demands).map(with);
                let fewest = demands.min_by_key(|found| found.iter().map(|set| set.len()).sum::<usize>());
                match fewest {
                    Some(found) => found.into_iter().flatten().copied().collect(),
                    None => (0..self.classes.len() as u32).map(ClassId).collect(),
                }
            }
        }
    }

    /// There are no counters any more.
    pub(super) fn forget_counters(&mut self) {
        self.classes.iter_mut().flatten().for_each(|class| class.counters.clear());
        self.selecting.clear();
        self.having.clear();
    }

    /// The terms of pods that are there.
    pub(super) fn terms(&self) -> &Terms {
        &self.terms
    }

    fn get_mut(&mut self, id: ClassId) -> &mut Class {
        self.classes[id.0 as usize].as_mut().expect("ids of classes that are there")
    }
}
