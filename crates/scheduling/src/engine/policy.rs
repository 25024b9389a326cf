//! What the queue is told about pods, from the plugins of their profiles.

use std::cmp::Reverse;

use wire::config::ExtensionPoint;

use super::queue::{Policy, QueuedPod};
use crate::framework::profile::ProfilePlugin;
use crate::framework::{Actions, Changed, ClusterEvent, Cycle, Hint, Profile, Resource, SortKey};

/// The plugins' knowledge, and what has just happened.
pub(super) struct PluginPolicy<'s> {
    pub(super) profiles: &'s [Profile],
    pub(super) cycle: Cycle<'s>,
    pub(super) happening: Option<Happening<'s>>,
}

/// A change of an object as the events it amounts to.
#[derive(Clone, Copy)]
pub(super) struct Happening<'s> {
    pub(super) events: &'s [ClusterEvent],
    pub(super) changed: Changed<'s>,
    /// Only pods up to this priority are concerned: a promise to a more important pod did not hold them back.
    pub(super) max_priority: Option<i32>,
}

impl PluginPolicy<'_> {
    fn profile_of(&self, queued: &QueuedPod) -> Option<&Profile> {
        let name = queued.pod.shape.scheduler_name;
        self.profiles.iter().find(|profile| profile.scheduler_symbol == name)
    }
}

impl Policy for PluginPolicy<'_> {
    fn sort_key(&self, queued: &QueuedPod) -> SortKey {
        let sort = self.profiles.first().and_then(Profile::queue_sort);
        sort.map_or(SortKey { priority: Reverse(queued.pod.priority), since: queued.since }, |plugin| {
            plugin.sort_key(&queued.pod, queued.since)
        })
    }

    fn gate(&self, queued: &QueuedPod) -> Option<&'static str> {
        let mut gates = self.profile_of(queued)?.at(ExtensionPoint::PreEnqueue);
        let closed = gates.find(|gate| gate.plugin.pre_enqueue(self.cycle, &queued.pod).is_err());
        closed.map(|gate| gate.registration.name)
    }

    fn is_worth_trying(&self, queued: &QueuedPod) -> bool {
        // Without a happening it is time that moves pods, which is worth an attempt for any of them.
        let Some(happening) = self.happening else { return true };
        if happening.max_priority.is_some_and(|max| queued.pod.priority > max) {
            return false;
        }
        let Some(profile) = self.profile_of(queued) else { return false };
        let plugin = |name: &str| profile.plugin(name);
        let is_own = happening.changed.is_pod(&queued.pod);
        if let Some(gate) = queued.gated_by
            && !is_own
            && !plugin(gate)
                .is_some_and(|gate| happening.events.iter().any(|event| is_registered(gate, event)))
        {
            return false;
        }
        if queued.refused_by.is_empty() {
            return true;
        }
        let mut blamed = queued.refused_by.iter().filter_map(|name| plugin(name));
        blamed.any(|blamed| {
            happening.events.iter().any(|event| self.may_help(blamed, queued, event, happening))
        })
    }
}

impl PluginPolicy<'_> {
    fn may_help(
        &self,
        blamed: &ProfilePlugin,
        queued: &QueuedPod,
        event: &ClusterEvent,
        happening: Happening<'_>,
    ) -> bool {
        if blamed.registration.events.iter().any(|registered| registered.covers(event)) {
            let hint = blamed.plugin.hint(self.cycle, &queued.pod, *event, happening.changed);
            return hint == Hint::Queue;
        }
        is_registered(blamed, event)
    }
}

/// Whether a plugin hears of an event. Upstream lets plugins that ask for new nodes hear of changed taints too,
/// because a node may be new with a taint that kept other plugins' filters from being reached.
fn is_registered(plugin: &ProfilePlugin, event: &ClusterEvent) -> bool {
    let events = plugin.registration.events;
    let hears_of = |event: &ClusterEvent| events.iter().any(|registered| registered.covers(event));
    hears_of(event)
        || *event == ClusterEvent::new(Resource::Node, Actions::UPDATE_NODE_TAINT)
            && hears_of(&ClusterEvent::new(Resource::Node, Actions::ADD))
}
