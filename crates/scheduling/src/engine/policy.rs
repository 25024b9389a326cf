//! What the queue is told about pods, from the plugins of their profiles.

use std::cmp::Reverse;

use wire::config::ExtensionPoint;

use super::queue::{Policy, QueuedPod};
use crate::framework::profile::{ProfilePlugin, registration};
use crate::framework::{
    Actions, Changed, ClusterEvent, Code, Cycle, Hint, Profile, Registration, Resource, SortKey, extender,
};
use crate::model::Pod;

/// The plugins' knowledge about the cluster as it is now.
pub(super) struct PluginPolicy<'s> {
    pub(super) profiles: &'s [Profile],
    pub(super) cycle: Cycle<'s>,
}

impl PluginPolicy<'_> {
    fn profile_of(&self, pod: &Pod) -> Option<&Profile> {
        self.profiles.iter().find(|profile| profile.scheduler_symbol == pod.shape.scheduler_name)
    }

    fn is_closed(&self, gate: &ProfilePlugin, pod: &Pod) -> bool {
        let ask = || gate.plugin.pre_enqueue(self.cycle, pod);
        let name = gate.registration.name;
        self.cycle.call(pod, name, ExtensionPoint::PreEnqueue, ask, Code::of).is_err()
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
        let begun = self.cycle.reading();
        let gate = self.first_closed(queued);
        // As upstream has it: whatever the plugins say.
        self.cycle.ran(&queued.pod, ExtensionPoint::PreEnqueue, Code::Success, begun);
        gate
    }

    fn is_of_interest(&self, event: &ClusterEvent) -> bool {
        let mut plugins = self.profiles.iter().flat_map(Profile::plugins);
        !self.cycle.around.extenders.is_empty() || plugins.any(|plugin| hears_of(plugin.registration, event))
    }

    fn hears(&self, plugin: &str, event: &ClusterEvent) -> bool {
        plugin == extender::NAME
            || registration(plugin).is_some_and(|registration| hears_of(registration, event))
    }

    fn hint(&self, plugin: &str, pod: &Pod, event: ClusterEvent, changed: Changed<'_>) -> Hint {
        let Some(stopwatch) = self.cycle.around.stopwatch else {
            return self.opinion(plugin, pod, event, changed);
        };
        let begun = stopwatch.reading();
        let hint = self.opinion(plugin, pod, event, changed);
        stopwatch.hint(plugin, event, hint, stopwatch.reading().saturating_sub(begun));
        hint
    }
}

impl PluginPolicy<'_> {
    /// The first gate that keeps a pod from being tried; the one that did so before is asked first.
    fn first_closed(&self, queued: &QueuedPod) -> Option<&'static str> {
        let gates = self.profile_of(&queued.pod)?.at(ExtensionPoint::PreEnqueue);
        let before = gates.clone().filter(|gate| Some(gate.registration.name) == queued.gated_by);
        let others = gates.filter(|gate| Some(gate.registration.name) != queued.gated_by);
        let mut in_order = before.chain(others);
        in_order.find(|gate| self.is_closed(gate, &queued.pod)).map(|gate| gate.registration.name)
    }

    fn opinion(&self, plugin: &str, pod: &Pod, event: ClusterEvent, changed: Changed<'_>) -> Hint {
        let Some(plugin) = self.profile_of(pod).and_then(|profile| profile.plugin(plugin)) else {
            return Hint::Queue;
        };
        if is_registered(plugin.registration, &event) {
            plugin.plugin.hint(self.cycle, pod, event, changed)
        } else {
            // Heard of only because of the rule in `hears_of`: nobody has an opinion about it.
            Hint::Queue
        }
    }
}

fn is_registered(plugin: &Registration, event: &ClusterEvent) -> bool {
    plugin.events.iter().any(|registered| registered.covers(event))
}

/// Whether a plugin hears of an event. Upstream lets plugins that ask for new nodes hear of changed taints too,
/// because a node may be new with a taint that kept other plugins' filters from being reached.
fn hears_of(plugin: &Registration, event: &ClusterEvent) -> bool {
    const NODE_ADDED: ClusterEvent = ClusterEvent::new(Resource::Node, Actions::ADD);
    const TAINT_CHANGED: ClusterEvent = ClusterEvent::new(Resource::Node, Actions::UPDATE_NODE_TAINT);
    is_registered(plugin, event) || *event == TAINT_CHANGED && is_registered(plugin, &NODE_ADDED)
}
