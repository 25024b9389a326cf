//! Sets of paths.

use std::collections::{BTreeMap, BTreeSet};

use super::path::PathElement;
use super::types::{FieldType, Member, Relationship, Shape};

/// A set of paths, as a tree. That a path is in it says nothing about the paths that begin with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Set {
    pub(super) members: BTreeSet<PathElement>,
    /// No set in here is empty.
    pub(super) children: BTreeMap<PathElement, Set>,
}

impl Set {
    /// The set of paths of members, such as `["metadata", "name"]`.
    pub fn of_fields(paths: &[&[&str]]) -> Set {
        let mut set = Set::default();
        for path in paths {
            let path: Vec<PathElement> = path.iter().map(|name| PathElement::field(name)).collect();
            set.insert(&path);
        }
        set
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty() && self.children.is_empty()
    }

    /// Puts a path into it. The empty path is in no set.
    pub fn insert(&mut self, path: &[PathElement]) {
        match path {
            [] => {}
            [last] => {
                self.members.insert(last.clone());
            }
            [first, rest @ ..] => self.children.entry(first.clone()).or_default().insert(rest),
        }
    }

    /// Whether a path is in it.
    pub fn has(&self, path: &[PathElement]) -> bool {
        match path {
            [] => false,
            [last] => self.members.contains(last),
            [first, rest @ ..] => self.children.get(first).is_some_and(|child| child.has(rest)),
        }
    }

    /// What is below a step.
    pub fn below(&self, step: &PathElement) -> Option<&Set> {
        self.children.get(step)
    }

    /// Whether a member of the object itself is in it.
    pub(super) fn has_field(&self, name: &str) -> bool {
        self.members.iter().any(|member| matches!(member, PathElement::Field(own) if own == name))
    }

    /// What is below a member of the object.
    pub(super) fn below_field(&self, name: &str) -> Option<&Set> {
        let is_it = |step: &PathElement| matches!(step, PathElement::Field(own) if own == name);
        self.children.iter().find(|(step, _)| is_it(step)).map(|(_, below)| below)
    }

    /// All paths, in upstream's order: on each level first what is in the set itself, then what is below.
    pub fn paths(&self) -> Vec<Vec<PathElement>> {
        let mut all = Vec::new();
        self.collect(&mut Vec::new(), &mut all);
        all
    }

    fn collect(&self, prefix: &mut Vec<PathElement>, all: &mut Vec<Vec<PathElement>>) {
        for member in &self.members {
            let mut path = prefix.clone();
            path.push(member.clone());
            all.push(path);
        }
        for (step, child) in &self.children {
            prefix.push(step.clone());
            child.collect(prefix, all);
            prefix.pop();
        }
    }

    /// What is in either.
    pub fn union(mut self, other: Set) -> Set {
        self.members.extend(other.members);
        for (step, child) in other.children {
            let own = self.children.remove(&step).unwrap_or_default();
            self.children.insert(step, own.union(child));
        }
        self
    }

    /// What is in both.
    pub fn intersection(&self, other: &Set) -> Set {
        let members = self.members.intersection(&other.members).cloned().collect();
        let both = self.children.iter().filter_map(|(step, child)| {
            let both = child.intersection(other.children.get(step)?);
            (!both.is_empty()).then(|| (step.clone(), both))
        });
        Set { members, children: both.collect() }
    }

    /// What is in this one only.
    pub fn difference(&self, other: &Set) -> Set {
        let members = self.members.difference(&other.members).cloned().collect();
        let rest = self.children.iter().filter_map(|(step, child)| {
            let rest = match other.children.get(step) {
                Some(other) => child.difference(other),
                None => child.clone(),
            };
            (!rest.is_empty()).then(|| (step.clone(), rest))
        });
        Set { members, children: rest.collect() }
    }

    /// What is in this one only and does not begin with a path of the other.
    pub fn outside(&self, other: &Set) -> Set {
        let members = self.members.difference(&other.members).cloned().collect();
        let open = self.children.iter().filter(|(step, _)| !other.members.contains(step));
        let rest = open.filter_map(|(step, child)| {
            let rest = match other.children.get(step) {
                Some(other) => child.outside(other),
                None => child.clone(),
            };
            (!rest.is_empty()).then(|| (step.clone(), rest))
        });
        Set { members, children: rest.collect() }
    }

    /// With the fields on the way to each path that types declare: of `a.b.c` also `a`, but not `b` if that is a name
    /// from data.
    pub(super) fn with_declared<T: FieldType>(&self, ty: Option<T>) -> Set {
        let mut members = self.members.clone();
        let mut children = BTreeMap::new();
        for (step, child) in &self.children {
            let below = match (step, ty) {
                (PathElement::Field(name), Some(ty)) => match ty.member(name) {
                    Member::Declared(of) => {
                        members.insert(step.clone());
                        Some(of)
                    }
                    Member::Free(of) => Some(of),
                    Member::Unknown => None,
                },
                (PathElement::Key(_), Some(ty)) => match ty.shape() {
                    Shape::List(Relationship::Keyed(_)) => ty.element(),
                    _ => None,
                },
                _ => None,
            };
            children.insert(step.clone(), child.with_declared(below));
        }
        Set { members, children }
    }
}
