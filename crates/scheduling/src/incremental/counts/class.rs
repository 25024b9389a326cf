//! Kinds of pods that everyone counts alike.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use base::Map;

use super::{Counter, CounterId, weight};
use crate::framework::domains::TermKind;
use crate::model::{AffinityTerm, Pod, Shape};
use crate::snapshot::Row;

/// The index of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ClassId(u32);

/// A term of pods that are there, with its role and weight.
pub(super) type Term = (TermKind, i64, AffinityTerm);

/// The classes of all placed pods.
#[derive(Default)]
pub(super) struct Classes {
    classes: Vec<Option<Class>>,
    free: Vec<ClassId>,
    by_key: Map<Key, ClassId>,
    /// By the address of a shape that a class keeps alive, and whether the pod is being deleted.
    by_shape: Map<(usize, bool), ClassId>,
    /// Per row: the class of each pod, in no particular order.
    rows: Vec<Vec<ClassId>>,
    /// The terms of all classes in order of appearance, and how many classes have each.
    terms: Vec<(Term, usize)>,
    terms_version: u64,
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

impl Classes {
    /// The class of a pod.
    pub(super) fn of(&mut self, pod: &Pod, counters: &[Counter]) -> ClassId {
        let address = (Arc::as_ptr(&pod.shape) as usize, pod.is_terminating);
        if let Some(known) = self.by_shape.get(&address) {
            return *known;
        }
        let key = Key { shape: Arc::clone(&pod.shape), is_terminating: pod.is_terminating };
        let id = match self.by_key.get(&key) {
            Some(known) => *known,
            None => self.add(key, counters),
        };
        self.by_shape.insert(address, id);
        self.get_mut(id).shapes.push(Arc::clone(&pod.shape));
        id
    }

    fn add(&mut self, key: Key, counters: &[Counter]) -> ClassId {
        let id = self.free.pop().unwrap_or_else(|| {
            self.classes.push(None);
            ClassId((self.classes.len() - 1) as u32)
        });
        let weigh = |(i, counter): (usize, &Counter)| {
            let weight = weight(&counter.count.pods, &key.shape, key.is_terminating);
            (weight != 0).then_some((CounterId(i as u32), weight))
        };
        let counters = counters.iter().enumerate().filter_map(weigh).collect();
        for term in terms_of(&key.shape) {
            match self.terms.iter_mut().find(|(known, _)| *known == term) {
                Some((_, n)) => *n += 1,
                None => {
                    self.terms.push((term, 1));
                    self.terms_version += 1;
                }
            }
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
        for term in terms_of(&class.key.shape) {
            if let Some(position) = self.terms.iter().position(|(known, _)| *known == term) {
                self.terms[position].1 -= 1;
                if self.terms[position].1 == 0 {
                    self.terms.remove(position);
                    self.terms_version += 1;
                }
            }
        }
        self.by_key.remove(&class.key);
        self.free.push(id);
    }

    /// Puts a pod of a class on a row.
    pub(super) fn put(&mut self, row: Row, id: ClassId) {
        if self.rows.len() <= row.index() {
            self.rows.resize(row.index() + 1, Vec::new());
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

    /// Lets go of shapes that nobody else has any more.
    fn forget_shapes(&mut self, id: ClassId) {
        let Some(class) = self.classes[id.0 as usize].as_mut() else { return };
        let is_terminating = class.key.is_terminating;
        let by_shape = &mut self.by_shape;
        class.shapes.retain(|shape| {
            let is_used = Arc::strong_count(shape) > 1;
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

    /// Tells the classes of a new counter; returns whether it counts any of them.
    pub(super) fn admit(&mut self, id: CounterId, counter: &Counter) -> bool {
        let mut counts_any = false;
        for class in self.classes.iter_mut().flatten() {
            let weight = weight(&counter.count.pods, &class.key.shape, class.key.is_terminating);
            if weight != 0 {
                class.counters.push((id, weight));
                counts_any = true;
            }
        }
        counts_any
    }

    /// What a counter counts on a row.
    pub(super) fn sum_on(&self, row: Row, id: CounterId) -> i64 {
        let Some(pods) = self.rows.get(row.index()) else { return 0 };
        let counted = |class: &ClassId| {
            // The newest is asked for most.
            let counters = self.counters_of(*class).iter();
            counters.rev().find(|(known, _)| *known == id).map_or(0, |(_, weight)| *weight)
        };
        pods.iter().map(counted).sum()
    }

    /// The counter that came last is gone.
    pub(super) fn forget_newest(&mut self, id: CounterId) {
        for class in self.classes.iter_mut().flatten() {
            class.counters.pop_if(|(known, _)| *known == id);
        }
    }

    /// There are no counters any more.
    pub(super) fn forget_counters(&mut self) {
        self.classes.iter_mut().flatten().for_each(|class| class.counters.clear());
    }

    /// The terms of pods that are there, each once.
    pub(super) fn terms(&self) -> impl Iterator<Item = &Term> {
        self.terms.iter().map(|(term, _)| term)
    }

    /// A number that is another one after terms came or went.
    pub(super) fn terms_version(&self) -> u64 {
        self.terms_version
    }

    fn get_mut(&mut self, id: ClassId) -> &mut Class {
        self.classes[id.0 as usize].as_mut().expect("ids of classes that are there")
    }
}

/// The inter-pod affinity terms of a shape, each once.
fn terms_of(shape: &Shape) -> Vec<Term> {
    let affinity = &shape.pod_affinity;
    let mut terms: Vec<Term> = Vec::new();
    let mut push = |term: Term| {
        if !terms.contains(&term) {
            terms.push(term);
        }
    };
    affinity.affinity.iter().for_each(|term| push((TermKind::Affinity, 0, term.clone())));
    affinity.anti_affinity.iter().for_each(|term| push((TermKind::AntiAffinity, 0, term.clone())));
    for own in &affinity.preferred_affinity {
        push((TermKind::PreferredAffinity, own.weight, own.term.clone()));
    }
    for own in &affinity.preferred_anti_affinity {
        push((TermKind::PreferredAntiAffinity, own.weight, own.term.clone()));
    }
    terms
}
