//! The filters of one pod, prepared and in order.

use std::sync::Arc;

use base::Symbol;
use smallvec::SmallVec;
use wire::config::ExtensionPoint;

use super::{Code, Cycle, Filter, FilterPlan, PreFilter, Profile, Reason, Status};
use crate::model::Pod;
use crate::snapshot::NodeInfo;

/// What one plugin's PreFilter said.
pub struct PreFilterReport {
    /// The plugin.
    pub plugin: &'static str,
    /// Its verdict.
    pub verdict: PreFilter,
    /// The nodes it narrows the search to.
    pub nodes: Option<Vec<Symbol>>,
}

/// The filters of one pod, in the profile's order, without those that PreFilter skipped.
pub struct Filters<'a> {
    cycle: Cycle<'a>,
    pod: &'a Pod,
    entries: Vec<Entry<'a>>,
}

struct Entry<'a> {
    plugin: &'static str,
    /// Whether the plugin takes part in PreFilter and so hears of added and removed pods.
    is_extended: bool,
    filter: Prepared<'a>,
}

enum Prepared<'a> {
    Check(Box<dyn Filter + 'a>),
    /// Filter needs its PreFilter, which the profile has disabled.
    Broken(&'static str),
}

/// The outcome of PreFilter over all plugins.
pub struct PreFiltered<'a> {
    /// The filters to run on nodes; complete only if PreFilter did not stop early.
    pub filters: Filters<'a>,
    /// What each plugin said that was reached, in order.
    pub reports: Vec<PreFilterReport>,
    /// The combined verdict.
    pub result: Result<(), Status>,
    /// The nodes that all narrowing plugins agree on.
    pub nodes: Option<Vec<Symbol>>,
    /// The plugins that narrowed the search.
    pub narrowing_plugins: Vec<&'static str>,
}

impl<'a> PreFiltered<'a> {
    /// Runs PreFilter of every plugin of the profile and prepares the filters.
    pub fn run(cycle: Cycle<'a>, profile: &'a Profile, pod: &'a Pod) -> PreFiltered<'a> {
        PreFiltered::run_plugins(cycle, profile, pod, true)
    }

    /// The same, but goes on after a rejection: every plugin is asked.
    pub fn run_all(cycle: Cycle<'a>, profile: &'a Profile, pod: &'a Pod) -> PreFiltered<'a> {
        PreFiltered::run_plugins(cycle, profile, pod, false)
    }

    /// Filters that check nothing, for PostFilter plugins that do not ask them.
    pub(crate) fn nothing(cycle: Cycle<'a>, pod: &'a Pod) -> Filters<'a> {
        Filters { cycle, pod, entries: Vec::new() }
    }

    fn run_plugins(cycle: Cycle<'a>, profile: &'a Profile, pod: &'a Pod, stops: bool) -> PreFiltered<'a> {
        let mut combined = Combined::default();
        let mut prepared: Vec<(&'static str, FilterPlan<'a>)> = Vec::new();
        let mut reports = Vec::new();
        for plugin in profile.at(ExtensionPoint::PreFilter) {
            let name = plugin.registration.name;
            let mut plan = cycle.call(
                pod,
                name,
                ExtensionPoint::PreFilter,
                || plugin.plugin.filter(cycle, pod),
                |plan| plan.verdict.code(),
            );
            combined.take(name, &plan);
            let stop =
                matches!(&plan.verdict, PreFilter::Reject(status) if status.code != Code::Unschedulable);
            reports.push(PreFilterReport {
                plugin: name,
                verdict: plan.verdict.clone(),
                nodes: plan.nodes.take(),
            });
            prepared.push((name, plan));
            if stops && (stop || combined.is_contradictory()) {
                break;
            }
        }
        let entries = entries(cycle, profile, pod, prepared);
        let (result, nodes, narrowing_plugins) = combined.finish();
        PreFiltered { filters: Filters { cycle, pod, entries }, reports, result, nodes, narrowing_plugins }
    }
}

/// Puts the prepared filters into the order of the Filter extension point. Plugins that only take part in
/// one of PreFilter and Filter are treated as upstream does.
fn entries<'a>(
    cycle: Cycle<'a>,
    profile: &'a Profile,
    pod: &'a Pod,
    mut prepared: Vec<(&'static str, FilterPlan<'a>)>,
) -> Vec<Entry<'a>> {
    let mut entries = Vec::new();
    for plugin in profile.at(ExtensionPoint::Filter) {
        let registration = plugin.registration;
        let own = prepared.iter().position(|(name, _)| *name == registration.name);
        let (is_extended, plan) = match own {
            Some(position) => (true, prepared.swap_remove(position).1),
            None if profile.runs(ExtensionPoint::PreFilter, registration.name) => continue,
            None => {
                if let Some(text) = registration.filter_without_pre_filter {
                    entries.push(Entry {
                        plugin: registration.name,
                        is_extended: false,
                        filter: Prepared::Broken(text),
                    });
                    continue;
                }
                (false, plugin.plugin.filter(cycle, pod))
            }
        };
        if is_extended && plan.verdict == PreFilter::Skip {
            continue;
        }
        if let Some(filter) = plan.filter {
            entries.push(Entry { plugin: registration.name, is_extended, filter: Prepared::Check(filter) });
        }
    }
    entries
}

impl<'a> Filters<'a> {
    /// The first refusal of the node by a filter in order.
    pub fn check(&self, node: &NodeInfo) -> Result<(), Status> {
        if self.cycle.around.stopwatch.is_none() {
            return self.entries.iter().try_for_each(|entry| entry.check(node));
        }
        self.entries.iter().try_for_each(|entry| {
            let check = || entry.check(node);
            self.cycle.call(self.pod, entry.plugin, ExtensionPoint::Filter, check, Code::of)
        })
    }

    /// What every filter says about the node, without those that accept it.
    pub fn check_each(&self, node: &NodeInfo) -> Vec<Status> {
        self.entries.iter().filter_map(|entry| entry.check(node).err()).collect()
    }

    /// Whether the pod fits on the node, both with and without the pods nominated to it that take
    /// precedence: those of equal or higher priority may or may not arrive, so the pod must fit either way.
    pub fn check_with_nominated(&mut self, node: &NodeInfo) -> Result<(), Status> {
        let ahead: SmallVec<[&Arc<Pod>; 4]> = self
            .cycle
            .nominator
            .pods_on(node.node.name)
            .iter()
            .filter(|nominated| nominated.priority >= self.pod.priority && nominated.uid != self.pod.uid)
            .collect();
        if !ahead.is_empty() {
            let mut crowded = node.clone();
            for nominated in &ahead {
                crowded.add_pod(Arc::clone(nominated));
                self.add_pod(nominated, &crowded);
            }
            let verdict = self.check(&crowded);
            for nominated in &ahead {
                crowded.remove_pod(&nominated.uid);
                self.remove_pod(nominated, &crowded);
            }
            verdict?;
        }
        self.check(node)
    }

    /// Tells the filters that `node` now has `pod` as well.
    pub fn add_pod(&mut self, pod: &Pod, node: &NodeInfo) {
        for entry in self.entries.iter_mut().filter(|entry| entry.is_extended) {
            if let Prepared::Check(filter) = &mut entry.filter {
                filter.add_pod(pod, node);
            }
        }
    }

    /// Tells the filters that `node` no longer has `pod`.
    pub fn remove_pod(&mut self, pod: &Pod, node: &NodeInfo) {
        for entry in self.entries.iter_mut().filter(|entry| entry.is_extended) {
            if let Prepared::Check(filter) = &mut entry.filter {
                filter.remove_pod(pod, node);
            }
        }
    }
}

impl Entry<'_> {
    fn check(&self, node: &NodeInfo) -> Result<(), Status> {
        match &self.filter {
            Prepared::Check(filter) => filter.filter(node),
            Prepared::Broken(text) => Err(Status::error(self.plugin, *text)),
        }
    }
}

/// How verdicts of several plugins become one.
#[derive(Default)]
struct Combined {
    rejected: Option<Status>,
    is_final: bool,
    nodes: Option<Vec<Symbol>>,
    narrowing: Vec<&'static str>,
}

impl Combined {
    fn take(&mut self, plugin: &'static str, plan: &FilterPlan<'_>) {
        if self.is_final {
            return;
        }
        match &plan.verdict {
            PreFilter::Skip => {}
            PreFilter::Proceed => {
                if let Some(nodes) = &plan.nodes {
                    self.narrowing.push(plugin);
                    self.nodes = Some(match self.nodes.take() {
                        None => nodes.clone(),
                        Some(known) => known.into_iter().filter(|name| nodes.contains(name)).collect(),
                    });
                    if self.is_contradictory() {
                        self.is_final = true;
                        self.rejected = Some(Status::unresolvable("", Reason::text(self.contradiction())));
                    }
                }
            }
            PreFilter::Reject(status) => {
                self.is_final = status.code != Code::Unschedulable;
                self.rejected = Some(status.clone());
            }
        }
    }

    fn is_contradictory(&self) -> bool {
        self.nodes.as_ref().is_some_and(Vec::is_empty)
    }

    fn contradiction(&self) -> String {
        match self.narrowing.as_slice() {
            [plugin] => format!("node(s) didn't satisfy plugin {plugin}"),
            plugins => {
                let mut names = plugins.to_vec();
                names.sort_unstable();
                format!("node(s) didn't satisfy plugin(s) [{}] simultaneously", names.join(" "))
            }
        }
    }

    fn finish(self) -> (Result<(), Status>, Option<Vec<Symbol>>, Vec<&'static str>) {
        (self.rejected.map_or(Ok(()), Err), self.nodes, self.narrowing)
    }
}
