//! How feasible nodes compare.

use wire::config::ExtensionPoint;

use crate::framework::{Code, Cycle, MAX_NODE_SCORE, Profile, Score, Status};
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
            scores.total.fill(1);
            return Ok(scores);
        }
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
            let plan = plugin.plugin.score(cycle, pod, nodes);
            if plan.skip && pre_score_runs {
                scores.skipped.push(name);
                continue;
            }
            let score = plan.score.map_err(|status| {
                failed("running PreScore plugin", name, &format!(": {}", status.message(cycle.symbols)))
            })?;
            let column = PluginScores::compute(name, weight, score.as_deref(), nodes);
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
        Ok(scores)
    }

    /// The nodes with the highest total.
    pub fn best(&self, nodes: &[Row]) -> Vec<Row> {
        let max = self.total.iter().max();
        let best = nodes.iter().zip(&self.total).filter(|(_, total)| Some(*total) == max);
        best.map(|(row, _)| *row).collect()
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
