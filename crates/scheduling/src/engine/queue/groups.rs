//! Unschedulable pods, grouped by what an event has to be asked about.
//!
//! Pods of one shape that were refused by the same plugins are helped by the same events, because that is how
//! [`crate::framework::Plugin::hint`] answers. So an event is put to a group once, and only to groups in which a plugin
//! that hears of the event is to blame. What there is to do for an event does not grow with the number of pods that it
//! does not concern.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use base::{Map, Now};

use super::QueuedPod;
use crate::model::pod::Shape;

/// Names a group. Later groups have larger names, so that the order of groups is the order in which they came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct GroupId(u64);

/// What the pods of a group have in common.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    shape: Arc<Shape>,
    pub(super) priority: i32,
    refused_by: Vec<&'static str>,
    waits_for: Vec<&'static str>,
    pub(super) gated_by: Option<&'static str>,
}

/// Equal shapes are one object, so it is enough to compare and hash where it is. Nothing is ever ordered by that.
impl PartialEq for Pattern {
    fn eq(&self, other: &Pattern) -> bool {
        Arc::ptr_eq(&self.shape, &other.shape)
            && self.priority == other.priority
            && self.gated_by == other.gated_by
            && self.refused_by == other.refused_by
            && self.waits_for == other.waits_for
    }
}

impl Eq for Pattern {}

impl Hash for Pattern {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.shape).hash(state);
        (self.priority, self.gated_by, &self.refused_by, &self.waits_for).hash(state);
    }
}

impl Pattern {
    fn of(queued: &QueuedPod) -> Pattern {
        Pattern {
            shape: Arc::clone(&queued.pod.shape),
            priority: queued.pod.priority,
            refused_by: queued.refused_by.clone(),
            waits_for: queued.waits_for.clone(),
            gated_by: queued.gated_by,
        }
    }
}

/// A group. It has at least one pod.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) pattern: Arc<Pattern>,
    /// UIDs by how long they have been waiting.
    members: BTreeMap<(Now, u64), Arc<str>>,
}

impl Group {
    /// The UIDs of its pods, longest waiting first.
    pub(super) fn members(&self) -> impl Iterator<Item = &Arc<str>> {
        self.members.values()
    }
}

/// All groups.
#[derive(Clone, Debug, Default)]
pub(super) struct Groups {
    groups: BTreeMap<GroupId, Group>,
    by_pattern: Map<Arc<Pattern>, GroupId>,
    by_plugin: BTreeMap<&'static str, BTreeSet<GroupId>>,
    next: u64,
    n_pods: usize,
    n_gated: usize,
}

impl Groups {
    /// How many pods there are, gated ones included.
    pub(super) fn n_pods(&self) -> usize {
        self.n_pods
    }

    /// How many of them are gated.
    pub(super) fn n_gated(&self) -> usize {
        self.n_gated
    }

    /// All groups in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Group> {
        self.groups.values()
    }

    /// A group, as long as it has a pod.
    pub(super) fn get(&self, id: GroupId) -> Option<&Group> {
        self.groups.get(&id)
    }

    pub(super) fn insert(&mut self, queued: &QueuedPod) -> GroupId {
        let pattern = Pattern::of(queued);
        let id = match self.by_pattern.get(&pattern) {
            Some(id) => *id,
            None => self.found(Arc::new(pattern)),
        };
        let uid = Arc::clone(&queued.pod.uid);
        if let Some(group) = self.groups.get_mut(&id) {
            group.members.insert((queued.since, queued.arrival), uid);
        }
        self.n_pods += 1;
        self.n_gated += usize::from(queued.gated_by.is_some());
        id
    }

    fn found(&mut self, pattern: Arc<Pattern>) -> GroupId {
        let id = GroupId(self.next);
        self.next += 1;
        for plugin in &pattern.refused_by {
            self.by_plugin.entry(plugin).or_default().insert(id);
        }
        self.by_pattern.insert(Arc::clone(&pattern), id);
        self.groups.insert(id, Group { pattern, members: BTreeMap::new() });
        id
    }

    pub(super) fn remove(&mut self, queued: &QueuedPod, id: GroupId) {
        let Some(group) = self.groups.get_mut(&id) else { return };
        group.members.remove(&(queued.since, queued.arrival));
        self.n_pods -= 1;
        self.n_gated -= usize::from(queued.gated_by.is_some());
        if group.members.is_empty() {
            let pattern = Arc::clone(&group.pattern);
            self.groups.remove(&id);
            self.by_pattern.remove(&pattern);
            for plugin in &pattern.refused_by {
                if let Some(groups) = self.by_plugin.get_mut(plugin) {
                    groups.remove(&id);
                    if groups.is_empty() {
                        self.by_plugin.remove(plugin);
                    }
                }
            }
        }
    }

    /// The groups in which a plugin is to blame that hears of an event, in order.
    pub(super) fn concerned(&self, hears: impl Fn(&'static str) -> bool) -> BTreeSet<GroupId> {
        let hearing = self.by_plugin.iter().filter(|(plugin, _)| hears(plugin));
        hearing.flat_map(|(_, groups)| groups).copied().collect()
    }

    /// The UIDs of pods that are not gated and have been waiting since before `limit`, group by group.
    pub(super) fn waiting_since_before(&self, limit: Now) -> Vec<Arc<str>> {
        let open = self.groups.values().filter(|group| group.pattern.gated_by.is_none());
        open.flat_map(|group| group.members.range(..(limit, 0)).map(|(_, uid)| Arc::clone(uid))).collect()
    }
}
