//! The inter-pod affinity terms of pods that are there.

use std::sync::Arc;

use base::{Map, Set};

use super::class::ClassId;
use super::index::BySelector;
use crate::framework::domains::TermKind;
use crate::model::{AffinityTerm, Labels, Shape};

/// A term with its role and weight.
pub(super) type Term = (TermKind, i64, AffinityTerm);

/// All terms, each once, with the classes of pods that have it.
#[derive(Default)]
pub(super) struct Terms {
    terms: Vec<Option<Known>>,
    free: Vec<usize>,
    by_term: Map<Arc<Term>, usize>,
    by_labels: BySelector<usize>,
    version: u64,
}

struct Known {
    term: Arc<Term>,
    classes: Set<ClassId>,
}

impl Terms {
    /// Notes that the pods of a class have these.
    pub(super) fn add(&mut self, class: ClassId, shape: &Shape) {
        for term in terms_of(shape) {
            let position = match self.by_term.get(&term) {
                Some(known) => *known,
                None => self.make(term),
            };
            if let Some(known) = &mut self.terms[position] {
                known.classes.insert(class);
            }
        }
    }

    fn make(&mut self, term: Term) -> usize {
        let position = self.free.pop().unwrap_or_else(|| {
            self.terms.push(None);
            self.terms.len() - 1
        });
        let term = Arc::new(term);
        self.by_labels.insert(Some(&term.2.selector), position);
        self.by_term.insert(Arc::clone(&term), position);
        self.terms[position] = Some(Known { term, classes: Set::default() });
        self.version += 1;
        position
    }

    /// Notes that there are no pods of a class any more. A term that nobody has is forgotten.
    pub(super) fn remove(&mut self, class: ClassId, shape: &Shape) {
        for term in terms_of(shape) {
            let Some(position) = self.by_term.get(&term).copied() else { continue };
            let Some(known) = &mut self.terms[position] else { continue };
            known.classes.remove(&class);
            if known.classes.is_empty() {
                self.by_labels.remove(Some(&term.2.selector), position);
                self.by_term.remove(&term);
                self.terms[position] = None;
                self.free.push(position);
                self.version += 1;
            }
        }
    }

    /// The classes of pods that have a term.
    pub(super) fn classes_with(&self, term: &Term) -> impl Iterator<Item = ClassId> + '_ {
        let known = self.by_term.get(term).and_then(|position| self.terms[*position].as_ref());
        known.into_iter().flat_map(|known| known.classes.iter().copied())
    }

    /// Terms that may mean pods with these labels.
    pub(super) fn candidates<'a>(&'a self, labels: &'a Labels) -> impl Iterator<Item = &'a Term> + 'a {
        let at = |position: usize| self.terms[position].as_ref().map(|known| &*known.term);
        self.by_labels.candidates(labels).filter_map(at)
    }

    /// A number that is another one after terms came or went.
    pub(super) fn version(&self) -> u64 {
        self.version
    }
}

/// The inter-pod affinity terms of a shape, each once.
pub(super) fn terms_of(shape: &Shape) -> Vec<Term> {
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
