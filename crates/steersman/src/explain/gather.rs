//! From the core's explanation to the report.

mod nodes;
mod preemption;
mod reasons;
mod why_not;

use anyhow::{Context, Result};
use scheduling::explanation::Explanation;
use scheduling::framework::{self, Code};
use scheduling::reference::{Decision, Selection};

use self::reasons::Reasons;
use super::remedies;
use super::report::{
    Choice, How, Outcome, PreFilter, PreFilterPlugin, Report, RunningOn, Verdict, WithoutGates,
};
use super::situation::Situation;

/// Everything there is to say about the pod.
pub(super) fn report(situation: &mut Situation, why_not: Option<&str>, seed: u64) -> Result<Report> {
    let mut report = Report {
        pod: situation.pod_name(),
        profile: None,
        outcome: Outcome::NoProfile,
        scheduler: None,
        basis: situation.standpoint.basis,
        n_others_pending: situation.standpoint.n_others_pending,
        message: None,
        running_on: None,
        pre_enqueue: Vec::new(),
        without_gates: None,
        pre_filter: None,
        nodes: Vec::new(),
        choice: None,
        preemption: None,
        why_not: None,
        remedies: None,
        reasons: Vec::new(),
    };
    if let Some(outcome) = at_its_end(situation) {
        report.outcome = outcome;
        report.message = (outcome == Outcome::Deleting && situation.running_on.is_none())
            .then(|| format!("skip schedule deleting pod: {}", report.pod));
        report.running_on = running_on(situation, &report);
        return Ok(report);
    }
    let Some(explanation) = situation.explain() else {
        report.message = Some(no_profile(situation));
        let found = remedies::find_profile(situation);
        report.remedies = Some(found.iter().map(remedies::Remedy::report).collect());
        return Ok(report);
    };
    let profile =
        situation.scheduler.profile_of(&situation.compiled).context("a pod without profile was explained")?;
    report.profile = Some(profile.scheduler_name.to_string());
    fill(&mut report, situation, &explanation, seed);
    report.running_on = running_on(situation, &report);
    report.why_not = why_not.map(|node| why_not::explain(situation, &explanation, &report, node));
    if report.outcome == Outcome::Gated {
        report.without_gates =
            situation.decide_without_gates().map(|decision| without_gates(situation, &decision));
    }
    let is_in_question = match why_not {
        Some(name) => {
            report.node(name).is_none_or(|node| matches!(node.verdict, Verdict::Refused | Verdict::LeftOut))
        }
        None => report.outcome != Outcome::Placed,
    };
    if is_in_question {
        let found = remedies::find(situation, &explanation, why_not);
        report.remedies = Some(found.iter().map(remedies::Remedy::report).collect());
        report.reasons = reasons::count(&report.nodes);
    }
    Ok(report)
}

/// Whether nothing is decided about the pod any more.
fn at_its_end(situation: &Situation) -> Option<Outcome> {
    match &situation.finished {
        Some(_) => Some(Outcome::Finished),
        None => situation.compiled.is_terminating.then_some(Outcome::Deleting),
    }
}

fn no_profile(situation: &Situation) -> String {
    let names = situation.scheduler.profiles().iter().map(|profile| profile.scheduler_name.to_string());
    let names: Vec<String> = names.collect();
    let wanted = &situation.pod.spec.scheduler_name;
    format!("no profile has its schedulerName {wanted:?}; there is {}", names.join(", "))
}

fn fill(report: &mut Report, situation: &Situation, explanation: &Explanation, seed: u64) {
    let reasons = Reasons::new(situation);
    let pre_enqueue = explanation.pre_enqueue.iter();
    report.pre_enqueue = pre_enqueue.map(|status| reasons.refusal(status, None)).collect();
    let Some(decision) = &explanation.decision else {
        let symbols = situation.scheduler.symbols();
        let sentences: Vec<String> =
            explanation.pre_enqueue.iter().map(|status| status.message(symbols)).collect();
        report.outcome = Outcome::Gated;
        report.message = Some(sentences.join(", "));
        return;
    };
    report.pre_filter = pre_filter(&reasons, explanation);
    report.nodes = nodes::all(&reasons, explanation, decision);
    report.outcome = match decision {
        Decision::Placed(_) => Outcome::Placed,
        Decision::Unschedulable(_) | Decision::NoNodes => Outcome::Unschedulable,
        Decision::Failed(_) => Outcome::Failed,
    };
    match decision {
        Decision::Placed(selection) => report.choice = Some(choice(situation, selection, seed)),
        Decision::Unschedulable(refusal) => report.preemption = preemption::preemption(situation, refusal),
        Decision::NoNodes | Decision::Failed(_) => {}
    }
    let message = situation.scheduler.message(decision);
    report.message = (!message.is_empty()).then_some(message);
}

fn pre_filter(reasons: &Reasons<'_>, explanation: &Explanation) -> Option<PreFilter> {
    let pre_filter = explanation.pre_filter.as_ref()?;
    let situation = reasons.situation;
    let (symbols, snapshot) = (situation.scheduler.symbols(), situation.scheduler.snapshot());
    let n_known =
        |names: &Vec<base::Symbol>| names.iter().filter(|name| snapshot.row(**name).is_some()).count();
    let plugins = pre_filter.plugins.iter().map(|report| {
        let rejected = match &report.verdict {
            framework::PreFilter::Reject(status) => Some(reasons.refusal(status, None)),
            framework::PreFilter::Skip | framework::PreFilter::Proceed => None,
        };
        let code = match &report.verdict {
            framework::PreFilter::Skip => Code::Skip,
            framework::PreFilter::Proceed => Code::Success,
            framework::PreFilter::Reject(status) => status.code,
        };
        let names = report.nodes.as_ref();
        PreFilterPlugin {
            plugin: report.plugin,
            code: code.name(),
            rejected,
            nodes: names.map(|names| names.iter().map(|name| symbols.resolve(*name).to_owned()).collect()),
            n_left_out: names.map(|names| snapshot.len() - n_known(names)),
        }
    });
    Some(PreFilter {
        plugins: plugins.collect(),
        rejected: pre_filter.result.as_ref().err().map(|status| reasons.refusal(status, None)),
        n_nodes_left: pre_filter.nodes.as_ref().map(n_known),
    })
}

fn choice(situation: &Situation, selection: &Selection, seed: u64) -> Choice {
    let mut ties: Vec<String> =
        selection.best.iter().map(|row| situation.node_name(*row).to_owned()).collect();
    ties.sort();
    let how = match (selection.is_nominated, selection.feasible.len(), ties.len()) {
        (true, _, _) => How::Nominated,
        (false, 1, _) => How::OnlyOne,
        (false, _, 1) => How::HighestTotal,
        (false, _, _) => How::Drawn,
    };
    Choice {
        host: situation.node_name(selection.host).to_owned(),
        how,
        n_feasible: selection.feasible.len(),
        ties,
        total: selection.scores.as_ref().and_then(|scores| scores.total.iter().copied().max()),
        seed,
    }
}

fn running_on(situation: &Situation, report: &Report) -> Option<RunningOn> {
    let name = situation.running_on.clone()?;
    let node = report.node(&name);
    let best = report.choice.as_ref().and_then(|choice| choice.total);
    let is_decided = !matches!(report.outcome, Outcome::Finished | Outcome::Deleting);
    let is_among_best =
        is_decided.then(|| report.choice.as_ref().is_some_and(|choice| choice.ties.contains(&name)));
    let points_behind = node.and_then(|node| node.total).zip(best).map(|(total, best)| best - total);
    Some(RunningOn { finished: situation.finished.clone(), is_among_best, points_behind, node: name })
}

fn without_gates(situation: &Situation, decision: &Decision) -> WithoutGates {
    match decision {
        Decision::Placed(selection) => {
            WithoutGates { host: Some(situation.node_name(selection.host).to_owned()), message: None }
        }
        refused => WithoutGates { host: None, message: Some(situation.scheduler.message(refused)) },
    }
}
