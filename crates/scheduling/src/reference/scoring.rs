//! How feasible nodes compare.

use wire::config::ExtensionPoint;

use crate::framework::{Code, Cycle, MAX_NODE_SCORE, Profile, Score, ScorePlan, Status};
use crate::model::Pod;
use crate::snapshot::{NodeInfo, Row};

/// The scores of all feasible nodes, in columns parallel to the list of nodes.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores {
    /// One entry per plugin that took part, in order.
    pub plugins: Vec<PluginScores>,
    /// Plugins whose PreScore asked to be left out.
    pub skipped: Vec<&'static str>,
    /// Σ weight × normalized score per node.
    pub total: Vec<i64>,
}

/// The scores of one plugin.
#[derive(Clone, Debug, PartialEq)]
pub struct PluginScores {
    /// The plugin.
    pub plugin: &'static str,
    /// Its weight.
    pub weight: i64,
    /// As the plugin computed them.
    pub raw: Vec<i64>,
    /// Brought into 0..=100.
    pub normalized: Vec<i64>,
}

impl Scores {
    /// Runs PreScore, Score and NormalizeScore of every plugin.
    pub fn compute<'a>(
        cycle: Cycle<'a>,
        profile: &'a Profile,
        pod: &'a Pod,
        nodes: &[&'a NodeInfo],
    ) -> Result<Scores, Status> {
        let mut scores = Scores { plugins: Vec::new(), skipped: Vec::new(), total: vec![0; nodes.len()] };
        if profile.scores().len() == 0 {
            // With extenders only what they say counts.
            scores.total.fill(if cycle.around.extenders.is_empty() { 1 } else { 0 });
            return Ok(scores);
        }
        let (mut pre_score_nanos, mut score_nanos) = (0, 0);
        for (plugin, weight) in profile.scores() {
            let registration = plugin.registration;
            let name = registration.name;
            let pre_score_runs = profile.runs(ExtensionPoint::PreScore, name);
            if registration.implements(ExtensionPoint::PreScore)
                && !pre_score_runs
                && let Some(text) = registration.score_without_pre_score
            {
                return Err(failed("running Score plugins: plugin", name, &format!(" failed with: {text}")));
            }
            let begun = cycle.reading();
            let prepare = || plugin.plugin.score(cycle, pod, nodes);
            let code = |plan: &ScorePlan<'_>| if plan.skip { Code::Skip } else { Code::of(&plan.score) };
            let plan = cycle.call(pod, name, ExtensionPoint::PreScore, prepare, code);
            let prepared = cycle.reading();
            pre_score_nanos += prepared.saturating_sub(begun);
            if plan.skip && pre_score_runs {
                scores.skipped.push(name);
                continue;
            }
            let score = plan.score.map_err(|status| {
                failed("running PreScore plugin", name, &format!(": {}", status.message(cycle.symbols)))
            })?;
            let compute = || PluginScores::compute(name, weight, score.as_deref(), nodes);
            let column = cycle.call(pod, name, ExtensionPoint::Score, compute, |_| Code::Success);
            if let Some(stopwatch) = cycle.around.stopwatch {
                let (n, of) = (nodes.len() as u64 - 1, cycle.symbols.resolve(pod.shape.scheduler_name));
                stopwatch.called(of, name, ExtensionPoint::Score, n);
            }
            score_nanos += cycle.reading().saturating_sub(prepared);
            if let Some(bad) = column.normalized.iter().find(|score| !(0..=MAX_NODE_SCORE).contains(*score)) {
                let text = format!(
                    " returns an invalid score {bad}, it should in the range of [0, 100] after normalizing"
                );
                return Err(failed("applying score defaultWeights on Score plugins: plugin", name, &text));
            }
            for (total, normalized) in scores.total.iter_mut().zip(&column.normalized) {
                *total += weight * normalized;
            }
            scores.plugins.push(column);
        }
        cycle.took(pod, ExtensionPoint::PreScore, Code::Success, pre_score_nanos);
        cycle.took(pod, ExtensionPoint::Score, Code::Success, score_nanos);
        Ok(scores)
    }

    /// The nodes with the highest total.
    pub fn best(&self, nodes: &[Row]) -> Vec<Row> {
        self.best_and_scored(nodes, &vec![false; nodes.len()])
    }

    /// The nodes with the highest total. If an extender has scored some of these (`is_scored`, by node), only they.
    pub(super) fn best_and_scored(&self, nodes: &[Row], is_scored: &[bool]) -> Vec<Row> {
        let max = self.total.iter().max();
        let best = nodes.iter().zip(&self.total).zip(is_scored);
        let best = best.filter(|((_, total), _)| Some(*total) == max);
        let any_scored = best.clone().any(|(_, is_scored)| *is_scored);
        best.filter(|(_, is_scored)| **is_scored == any_scored).map(|((row, _), _)| *row).collect()
    }
}

impl PluginScores {
    fn compute(
        plugin: &'static str,
        weight: i64,
        score: Option<&dyn Score>,
        nodes: &[&NodeInfo],
    ) -> PluginScores {
        let Some(score) = score else {
            let zeros = vec![0; nodes.len()];
            return PluginScores { plugin, weight, raw: zeros.clone(), normalized: zeros };
        };
        let raw: Vec<i64> = nodes.iter().map(|node| score.score(node)).collect();
        let compared =
            || nodes.iter().zip(&raw).filter(|(node, _)| score.takes_part(node)).map(|(_, raw)| *raw);
        let (min, max) = (compared().min().unwrap_or(0), compared().max().unwrap_or(0));
        let normalization = score.normalization();
        let normalize = |(node, raw): (&&NodeInfo, &i64)| {
            if score.takes_part(node) { normalization.apply(*raw, min, max) } else { 0 }
        };
        let normalized = nodes.iter().zip(&raw).map(normalize).collect();
        PluginScores { plugin, weight, raw, normalized }
    }
}

fn failed(what: &str, plugin: &'static str, rest: &str) -> Status {
    Status {
        plugin,
        ..Status::new(Code::Error, plugin, crate::framework::Reason::text(format!("{what} {plugin:?}{rest}")))
    }
}
