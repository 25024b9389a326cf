//! What has to be asked about a shape, worked out once.

use smallvec::SmallVec;
use wire::config::ExtensionPoint;

use super::counts::{CounterId, Counts, NO_DOMAIN, TopologyId};
use super::table::Key;
use super::verdicts::{Rank, Verdict, Verdicts};
use crate::framework::domains::{Axis, Combination, DomainScore, Rule, Test, TopologyKey};
use crate::framework::registry::Scope;
use crate::framework::{Cycle, Normalization, PreFilter, Profile};
use crate::model::Pod;

/// Domains of a topology are *wide* if there are few of them for many rows: then rows are grouped by domain, and
/// what changes in a domain changes nothing in its rows. Otherwise what depends on them is kept per row.
const ALWAYS_WIDE: usize = 32;
/// How many rows a domain has to have on average, if there are more.
const ROWS_PER_WIDE_DOMAIN: usize = 16;

/// The plugins and rules that have something to say about a shape.
pub(super) struct Plan {
    /// Filters that look at one node only.
    pub(super) filters: Vec<PlannedFilter>,
    /// Rules over counts, in order of rank.
    pub(super) rules: Vec<PlannedRule>,
    /// Scores that look at one node only.
    pub(super) scores: Vec<PlannedScore>,
    /// Scores over counts.
    pub(super) domain_scores: Vec<PlannedDomainScore>,
    /// Topologies by whose domains rows are grouped.
    pub(super) wide: Vec<TopologyId>,
    /// Counters on which rows depend one by one, sorted.
    pub(super) watched: Vec<CounterId>,
    /// Whether some score depends on all node objects.
    pub(super) depends_on_nodes: bool,
    /// What rules and domain scores were made of, to see whether they are still the same.
    pub(super) sources: Sources,
}

/// What plugins say about counts.
#[derive(PartialEq)]
pub(super) struct Sources {
    rules: Vec<(usize, Vec<Rule>)>,
    scores: Vec<(usize, DomainScore)>,
}

/// A rule whose counts are counters.
pub(super) struct PlannedRule {
    pub(super) rank: Rank,
    pub(super) topology: TopologyId,
    pub(super) counters: SmallVec<[CounterId; 2]>,
    pub(super) test: Test,
    pub(super) refusal: Verdict,
    pub(super) missing: Option<Verdict>,
    /// The position of its topology among the wide ones.
    pub(super) wide: Option<usize>,
}

/// A filter that looks at one node only.
pub(super) struct PlannedFilter {
    /// The position among the profile's.
    pub(super) order: usize,
    /// Whether it does not matter to it what runs there.
    pub(super) is_of_node: bool,
}

/// A score that looks at one node only.
pub(super) struct PlannedScore {
    /// The position among the profile's.
    pub(super) position: usize,
    pub(super) weight: i64,
    pub(super) normalization: Normalization,
    /// Whether it does not matter to it what runs there.
    pub(super) is_of_node: bool,
}

/// A score over counts.
pub(super) struct PlannedDomainScore {
    /// The position among the profile's.
    pub(super) position: usize,
    pub(super) weight: i64,
    pub(super) normalization: Normalization,
    pub(super) axes: Vec<PlannedAxis>,
    pub(super) combination: Combination,
}

/// An axis whose counts are counters.
pub(super) struct PlannedAxis {
    pub(super) topology: TopologyId,
    pub(super) counters: SmallVec<[(i64, CounterId); 2]>,
    /// The position of its topology among the wide ones.
    pub(super) wide: Option<usize>,
}

/// Whether every plugin of a profile takes part both in preparing and in asking, or in neither. Others say at
/// every node that they were not prepared.
pub(super) fn is_plain(profile: &Profile) -> bool {
    let pairs = [
        (ExtensionPoint::PreFilter, ExtensionPoint::Filter),
        (ExtensionPoint::PreScore, ExtensionPoint::Score),
    ];
    pairs.iter().all(|(prepare, ask)| {
        let both = profile.at(*prepare).chain(profile.at(*ask)).filter(|plugin| {
            plugin.registration.implements(*prepare) && plugin.registration.implements(*ask)
        });
        both.into_iter().all(|plugin| {
            let name = plugin.registration.name;
            profile.runs(*prepare, name) == profile.runs(*ask, name)
        })
    })
}

/// What plugins say about counts for a pod; `None` if some of it cannot be said so.
pub(super) fn sources(cycle: Cycle<'_>, profile: &Profile, pod: &Pod, counts: &Counts) -> Option<Sources> {
    let mut sources = Sources { rules: Vec::new(), scores: Vec::new() };
    for (order, plugin) in profile.at(ExtensionPoint::Filter).enumerate() {
        if plugin.registration.filter_scope == Some(Scope::Cluster) {
            match plugin.plugin.filter_rules(cycle, pod, counts) {
                Some(rules) => sources.rules.push((order, rules)),
                None if plugin.plugin.filter(cycle, pod).verdict == PreFilter::Skip => {}
                None => return None,
            }
        }
    }
    for (position, (plugin, _)) in profile.scores().enumerate() {
        if plugin.registration.score_scope == Some(Scope::Cluster) {
            match plugin.plugin.score_rules(cycle, pod, counts) {
                Some(score) if score.axes.is_empty() => {}
                Some(score) => sources.scores.push((position, score)),
                None => {
                    let plan = plugin.plugin.score(cycle, pod, &[]);
                    let says_nothing = plan.skip || matches!(plan.score, Ok(None));
                    if !says_nothing {
                        return None;
                    }
                }
            }
        }
    }
    Some(sources)
}

impl Plan {
    /// Works out what to ask about a pod's shape; `None` if it has to be decided the long way: some plugin rejects
    /// or narrows in PreFilter, or what it says is not known as rules.
    pub(super) fn new(
        cycle: Cycle<'_>,
        profile: &Profile,
        pod: &Pod,
        counts: &mut Counts,
        verdicts: &mut Verdicts,
    ) -> Option<Plan> {
        let mut plan = Plan {
            filters: Vec::new(),
            rules: Vec::new(),
            scores: Vec::new(),
            domain_scores: Vec::new(),
            wide: Vec::new(),
            watched: Vec::new(),
            depends_on_nodes: false,
            sources: sources(cycle, profile, pod, counts)?,
        };
        plan.add_local(cycle, profile, pod)?;
        plan.add_rules(cycle, counts, verdicts)?;
        plan.add_domain_scores(cycle, profile, counts);
        plan.watched.sort_unstable();
        plan.watched.dedup();
        Some(plan)
    }

    fn add_local(&mut self, cycle: Cycle<'_>, profile: &Profile, pod: &Pod) -> Option<()> {
        let is_local = |scope: Option<Scope>| scope.is_some_and(|scope| scope != Scope::Cluster);
        for plugin in profile.at(ExtensionPoint::PreFilter) {
            let registration = plugin.registration;
            if is_local(registration.filter_scope) {
                let plan = plugin.plugin.filter(cycle, pod);
                if matches!(plan.verdict, PreFilter::Reject(_)) || plan.nodes.is_some() {
                    return None;
                }
            }
        }
        for (order, plugin) in profile.at(ExtensionPoint::Filter).enumerate() {
            let registration = plugin.registration;
            if !is_local(registration.filter_scope) {
                continue;
            }
            let plan = plugin.plugin.filter(cycle, pod);
            let skips =
                plan.verdict == PreFilter::Skip && profile.runs(ExtensionPoint::PreFilter, registration.name);
            if !skips && plan.filter.is_some() {
                let is_of_node = registration.filter_scope != Some(Scope::Occupancy);
                self.filters.push(PlannedFilter { order, is_of_node });
            }
            self.depends_on_nodes |= registration.filter_scope == Some(Scope::Nodes);
        }
        for (position, (plugin, weight)) in profile.scores().enumerate() {
            let registration = plugin.registration;
            if !is_local(registration.score_scope) {
                continue;
            }
            let plan = plugin.plugin.score(cycle, pod, &[]);
            if plan.skip && profile.runs(ExtensionPoint::PreScore, registration.name) {
                continue;
            }
            let Ok(score) = plan.score else { return None };
            if let Some(score) = score {
                self.scores.push(PlannedScore {
                    position,
                    weight,
                    normalization: score.normalization(),
                    is_of_node: registration.score_scope != Some(Scope::Occupancy),
                });
                self.depends_on_nodes |= registration.score_scope == Some(Scope::Nodes);
            }
        }
        Some(())
    }

    fn add_rules(&mut self, cycle: Cycle<'_>, counts: &mut Counts, verdicts: &mut Verdicts) -> Option<()> {
        for (order, rules) in std::mem::take(&mut self.sources.rules) {
            for (i, rule) in rules.iter().enumerate() {
                let rank = Rank(order, i);
                let topology = counts.topology_for(rule.key, cycle.snapshot);
                let counters: SmallVec<[CounterId; 2]> =
                    rule.counts.iter().map(|count| counts.counter_for(count, cycle.snapshot)).collect();
                let wide = self.wide_position(topology, rule.key, counts, cycle);
                if wide.is_none() {
                    self.watched.extend(&counters);
                }
                self.rules.push(PlannedRule {
                    rank,
                    topology,
                    counters,
                    test: rule.test.clone(),
                    refusal: verdicts.number(rank, &rule.refusal)?,
                    missing: match &rule.missing {
                        Some(missing) => Some(verdicts.number(rank, missing)?),
                        None => None,
                    },
                    wide,
                });
            }
            self.sources.rules.push((order, rules));
        }
        Some(())
    }

    fn add_domain_scores(&mut self, cycle: Cycle<'_>, profile: &Profile, counts: &mut Counts) {
        let weights: Vec<i64> = profile.scores().map(|(_, weight)| weight).collect();
        for (position, score) in std::mem::take(&mut self.sources.scores) {
            let axis = |axis: &Axis, plan: &mut Plan, counts: &mut Counts| {
                let topology = counts.topology_for(axis.key, cycle.snapshot);
                let counters: SmallVec<[(i64, CounterId); 2]> = axis
                    .counts
                    .iter()
                    .map(|(weight, count)| (*weight, counts.counter_for(count, cycle.snapshot)))
                    .collect();
                // How many domains of a label have feasible nodes is read from the groups, so there they are wide.
                let is_counted = matches!(score.combination, Combination::Spread { .. });
                let wide = match axis.key {
                    TopologyKey::Label(_) if is_counted => Some(plan.wide_slot(topology)),
                    key => plan.wide_position(topology, key, counts, cycle),
                };
                if wide.is_none() {
                    plan.watched.extend(counters.iter().map(|(_, counter)| *counter));
                }
                PlannedAxis { topology, counters, wide }
            };
            let axes = score.axes.iter().map(|given| axis(given, self, counts)).collect();
            self.domain_scores.push(PlannedDomainScore {
                position,
                weight: weights[position],
                normalization: match score.combination {
                    Combination::Sum => Normalization::Range,
                    Combination::Spread { .. } => Normalization::Spread,
                },
                axes,
                combination: score.combination.clone(),
            });
            self.sources.scores.push((position, score));
        }
    }

    fn wide_position(
        &mut self,
        topology: TopologyId,
        key: TopologyKey,
        counts: &Counts,
        cycle: Cycle<'_>,
    ) -> Option<usize> {
        let n_domains = counts.topology(topology).n_domains();
        (key != TopologyKey::Node && is_wide(n_domains, cycle.snapshot.len()))
            .then(|| self.wide_slot(topology))
    }

    fn wide_slot(&mut self, topology: TopologyId) -> usize {
        self.wide.iter().position(|known| *known == topology).unwrap_or_else(|| {
            self.wide.push(topology);
            self.wide.len() - 1
        })
    }

    /// Whether domains have become so many or so few that rules and axes would be planned differently.
    pub(super) fn is_outgrown(&self, counts: &Counts, n_nodes: usize) -> bool {
        let is_off = |topology: TopologyId, was_wide: bool| {
            let n_domains = counts.topology(topology).n_domains();
            // Twice as many as allowed, so that plans do not change to and fro.
            was_wide && !is_wide(n_domains / 2, n_nodes) || !was_wide && is_wide(n_domains * 2, n_nodes)
        };
        let rules = self.rules.iter().map(|rule| (rule.topology, rule.wide.is_some()));
        rules.into_iter().any(|(topology, wide)| is_off(topology, wide))
    }
}

impl Plan {
    /// Whether the pods that a pod wants to be near are nowhere yet, so that it may start anywhere.
    pub(super) fn is_free_to_start(&self, counts: &Counts) -> bool {
        let mut wanted = self.rules.iter().filter(|rule| matches!(rule.test, Test::SomeThere { .. }));
        wanted.all(|rule| {
            matches!(rule.test, Test::SomeThere { is_own: true })
                && rule.counters.iter().all(|id| counts.counter(*id).total() == 0)
        })
    }

    /// Per rule: what its test compares with.
    pub(super) fn marks(&self, counts: &Counts) -> SmallVec<[i64; 4]> {
        let is_free = self.is_free_to_start(counts);
        self.rules.iter().map(|rule| rule.mark(is_free, counts)).collect()
    }

    /// Whether part of a base depends on nothing but the node.
    pub(super) fn has_node_bases(&self) -> bool {
        self.scores.iter().any(|score| score.is_of_node && score.normalization == Normalization::AsIs)
    }

    /// How many entries at the front of a key are raw scores of one node.
    pub(super) fn n_compared(&self) -> usize {
        self.scores.iter().filter(|score| score.normalization != Normalization::AsIs).count()
    }

    /// The first wide rule that refuses a group.
    pub(super) fn wide_refusal(&self, key: &Key, marks: &[i64], counts: &Counts) -> Option<(Rank, Verdict)> {
        let first_wide = self.n_compared();
        self.rules.iter().zip(marks).find_map(|(rule, mark)| {
            let domain = domain_in(key, first_wide + rule.wide?);
            Some((rule.rank, rule.refusal_of(domain, *mark, counts)?))
        })
    }
}

/// The domain that an entry of a key stands for.
pub(super) fn domain_in(key: &Key, position: usize) -> u32 {
    u32::try_from(key[position]).unwrap_or(NO_DOMAIN)
}

impl PlannedRule {
    /// What the test compares with besides the number of the domain.
    pub(super) fn mark(&self, is_free_to_start: bool, counts: &Counts) -> i64 {
        match self.test {
            Test::NoneThere => 0,
            Test::SomeThere { .. } => i64::from(is_free_to_start),
            Test::Skew { min_domains, .. } => {
                let counter = self.counters.first().map(|id| counts.counter(*id));
                match counter {
                    Some(counter) if counter.n_domains() >= min_domains => {
                        counter.min().unwrap_or(i64::from(i32::MAX))
                    }
                    _ => 0,
                }
            }
        }
    }

    /// The only domains that the rule can refuse, if they are known to be few.
    pub(super) fn concerned(&self, counts: &Counts) -> Option<Vec<u32>> {
        if self.test != Test::NoneThere || self.missing.is_some() {
            return None;
        }
        let mut concerned = Vec::new();
        for id in &self.counters {
            concerned.extend(counts.counter(*id).few_domains()?);
        }
        Some(concerned)
    }

    /// What the rule says about a domain; `None` if it lets it pass.
    pub(super) fn refusal_of(&self, domain: u32, mark: i64, counts: &Counts) -> Option<Verdict> {
        if domain == NO_DOMAIN {
            return self.missing;
        }
        let number: i64 = self.counters.iter().map(|id| counts.counter(*id).number(domain)).sum();
        let refuses = match self.test {
            Test::NoneThere => number > 0,
            Test::SomeThere { .. } => number <= 0 && mark == 0,
            Test::Skew { max_skew, own, .. } => number + own - mark > max_skew,
        };
        refuses.then_some(self.refusal)
    }
}

impl PlannedAxis {
    /// The number of a domain.
    pub(super) fn number(&self, domain: u32, counts: &Counts) -> i64 {
        self.counters.iter().map(|(weight, id)| weight * counts.counter(*id).number(domain)).sum()
    }
}

fn is_wide(n_domains: usize, n_nodes: usize) -> bool {
    n_domains <= ALWAYS_WIDE || n_domains * ROWS_PER_WIDE_DOMAIN <= n_nodes
}
