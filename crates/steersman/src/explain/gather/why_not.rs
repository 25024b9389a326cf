//! One node in full.

use scheduling::explanation::Explanation;
use scheduling::framework::PreFilter;
use wire::config::ExtensionPoint;

use crate::explain::report::{ComparedScore, Comparison, FilterVerdict, Report, Says, WhyNot};
use crate::explain::situation::Situation;

/// What every filter says about a node, and how it compares with the chosen one.
pub(super) fn explain(
    situation: &Situation,
    explanation: &Explanation,
    report: &Report,
    name: &str,
) -> WhyNot {
    let filters = if explanation.nodes.is_empty() { Vec::new() } else { filters(situation, report, name) };
    WhyNot { node: name.to_owned(), filters, comparison: comparison(report, name) }
}

fn filters(situation: &Situation, report: &Report, name: &str) -> Vec<FilterVerdict> {
    let (cycle, pod) = (situation.scheduler.cycle(), &situation.compiled);
    let Some(profile) = situation.scheduler.profile_of(pod) else { return Vec::new() };
    let refusals = report.node(name).map_or(&[][..], |node| &node.refusals);
    let verdicts = profile.at(ExtensionPoint::Filter).map(|plugin| {
        let name = plugin.registration.name;
        let refusal = refusals.iter().find(|refusal| refusal.plugin == name).cloned();
        let verdict = match &refusal {
            Some(_) => Says::Refuses,
            None if plugin.plugin.filter(cycle, pod).verdict == PreFilter::Skip => Says::NothingToCheck,
            None => Says::Accepts,
        };
        FilterVerdict { plugin: name, verdict, refusal }
    });
    verdicts.collect()
}

fn comparison(report: &Report, name: &str) -> Option<Comparison> {
    let chosen = report.node(&report.choice.as_ref()?.host)?;
    let node = report.node(name)?;
    if node.node == chosen.node {
        return None;
    }
    let (total, chosen_total) = node.total.zip(chosen.total)?;
    let pairs = node.scores.iter().zip(&chosen.scores);
    let plugins =
        pairs.map(|(node, chosen)| ComparedScore { plugin: node.plugin, node: *node, chosen: *chosen });
    Some(Comparison {
        chosen: chosen.node.clone(),
        total,
        chosen_total,
        lost_by: chosen_total - total,
        plugins: plugins.collect(),
    })
}
