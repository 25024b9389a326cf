//! The report for people.

mod remedies;
mod tables;
mod why_not;

use std::io::{self, Write};

use super::paint::Paint;
use super::report::{Choice, How, Outcome, PreFilter, Preemption, Reason, Report, RunningOn, Verdict};

/// How many nodes are shown unless all are asked for: one screen.
pub(super) const ROWS_MAX: usize = 20;
/// How many candidates of preemption are shown, and how many victims of each.
const CANDIDATES_MAX: usize = 5;
const VICTIMS_MAX: usize = 5;

/// Writes the report.
pub(super) fn write(report: &Report, paint: Paint, n_rows_max: usize, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", paint.bold(&headline(report)))?;
    if let Some(without) = &report.without_gates {
        match (&without.host, &without.message) {
            (Some(host), _) => writeln!(out, "Without its gates it would be placed on {host}.")?,
            (None, message) => {
                writeln!(
                    out,
                    "Without its gates it would not be placed either: {}",
                    message.as_deref().unwrap_or("")
                )?;
            }
        }
    }
    if let Some(pre_filter) = &report.pre_filter {
        write_pre_filter(pre_filter, report.nodes.len(), out)?;
    }
    if report.why_not.is_some() {
        why_not::write(report, paint, out)?;
    } else {
        tables::write_nodes(report, paint, n_rows_max, out)?;
        tables::write_scores(report, paint, n_rows_max, out)?;
    }
    if let Some(choice) = &report.choice {
        writeln!(out, "\n{}", describe_choice(choice))?;
    }
    if let Some(preemption) = &report.preemption {
        write_preemption(preemption, out)?;
    }
    remedies::write(report, paint, out)
}

fn headline(report: &Report) -> String {
    let pod = &report.pod;
    let message = report.message.as_deref().unwrap_or("");
    if let Some(running_on) = &report.running_on {
        return headline_of_running(report, running_on);
    }
    match (&report.outcome, &report.choice) {
        (Outcome::Placed, Some(choice)) => format!("{pod}: would be placed on {}", choice.host),
        (Outcome::Gated, _) => format!("{pod}: is not tried: {message}"),
        (Outcome::NoProfile, _) => format!("{pod}: is not looked at: {message}"),
        (Outcome::Deleting, _) => format!("{pod}: is passed over, because it is being deleted: {message}"),
        _ => format!("{pod}: is not placed: {message}"),
    }
}

fn headline_of_running(report: &Report, running_on: &RunningOn) -> String {
    let RunningOn { node, finished, is_among_best, points_behind } = running_on;
    let is_there = match finished {
        Some(phase) => format!("has run on {node} and is over ({phase})"),
        None => format!("is on {node}"),
    };
    let (pod, message) = (&report.pod, report.message.as_deref().unwrap_or(""));
    let Some(choice) = &report.choice else {
        return format!("{pod}: {is_there}; decided anew without itself there, it is not placed: {message}");
    };
    let refused =
        report.node(node).filter(|node| !matches!(node.verdict, Verdict::Fits | Verdict::NotLookedAt));
    let standing = match (refused, is_among_best, points_behind) {
        (_, true, _) if choice.ties.len() > 1 => format!("{node} is one of the {} best", choice.ties.len()),
        (_, true, _) => format!("{node} is the best"),
        (Some(_), ..) => format!("{node} is not among the best: it would be refused"),
        (None, false, Some(points)) => format!("{node} is not among the best: it is {points} points behind"),
        (None, false, None) => format!("{node} is not among the best"),
    };
    format!(
        "{pod}: {is_there}; decided anew without itself there, it would be placed on {}; {standing}",
        choice.host
    )
}

/// Says something only if a plugin did: a rejection, or a search narrowed to some nodes.
fn write_pre_filter(pre_filter: &PreFilter, n_nodes: usize, out: &mut dyn Write) -> io::Result<()> {
    let mut lines = Vec::new();
    for plugin in &pre_filter.plugins {
        if let Some(refusal) = &plugin.rejected {
            let reasons: Vec<String> = refusal.reasons.iter().map(reason).collect();
            lines.push(format!(
                "{} rejects the pod before any node is looked at: {}",
                plugin.plugin,
                reasons.join(", ")
            ));
        }
        if let (Some(names), Some(left_out)) = (&plugin.nodes, plugin.n_left_out) {
            let names = shortened(names, VICTIMS_MAX);
            lines.push(format!(
                "{} leaves out {} and only lets in {names}",
                plugin.plugin,
                counted(left_out, "node")
            ));
        }
    }
    if let (Some(refusal), 0) = (&pre_filter.rejected, n_nodes)
        && refusal.plugin.is_empty()
    {
        let reasons: Vec<String> = refusal.reasons.iter().map(reason).collect();
        lines.push(format!("no node is left: {}", reasons.join(", ")));
    }
    if !lines.is_empty() {
        writeln!(out)?;
    }
    lines.iter().try_for_each(|line| writeln!(out, "PreFilter: {line}"))
}

/// `Insufficient cpu: requested 2, free 1500m of 4`.
fn reason(reason: &Reason) -> String {
    let mut text = reason.text.clone();
    for (i, operand) in reason.operands.iter().enumerate() {
        match (i, operand.name) {
            (0, name) => text.push_str(&format!(": {name} {}", operand.text)),
            // Allocatable comes after what it is the whole of.
            (_, "allocatable") => text.push_str(&format!(" of {}", operand.text)),
            (_, name) => text.push_str(&format!(", {name} {}", operand.text)),
        }
    }
    if let Some(detail) = &reason.detail {
        text.push_str(&format!(": {detail}"));
    }
    text
}

fn describe_choice(choice: &Choice) -> String {
    let host = &choice.host;
    let total = choice.total.map_or_else(String::new, |total| total.to_string());
    match choice.how {
        How::Nominated => {
            format!("{host} was chosen because the pod had been nominated to it and still fits there.")
        }
        How::OnlyOne => format!("{host} was chosen because the pod fits on no other node."),
        How::HighestTotal => {
            format!(
                "{host} was chosen because its total of {total} is the highest of {} nodes.",
                choice.n_feasible
            )
        }
        How::Drawn => format!(
            "{host} was drawn with seed {} from the {} nodes that share the highest total of {total}: {}.",
            choice.seed,
            choice.ties.len(),
            shortened(&choice.ties, ROWS_MAX)
        ),
    }
}

fn write_preemption(preemption: &Preemption, out: &mut dyn Write) -> io::Result<()> {
    let Some(chosen) = &preemption.chosen else {
        let message = preemption.message.as_deref().unwrap_or("");
        return writeln!(out, "\nPreemption does not help: {message}");
    };
    writeln!(
        out,
        "\nPreemption makes room on {chosen}, and the pod is nominated to it. Where it would help:"
    )?;
    for candidate in preemption.candidates.iter().take(CANDIDATES_MAX) {
        let victims =
            candidate.victims.iter().map(|victim| format!("{} (priority {})", victim.pod, victim.priority));
        let victims: Vec<String> = victims.collect();
        let mark = match (candidate.is_chosen, candidate.is_best) {
            (true, _) => "; chosen",
            (false, true) => "; equally good",
            (false, false) => "",
        };
        writeln!(
            out,
            "  {}: evicts {}; {}{mark}",
            candidate.node,
            shortened(&victims, VICTIMS_MAX),
            counted(candidate.pdb_violations, "disruption budget violation")
        )?;
    }
    match preemption.candidates.len().saturating_sub(CANDIDATES_MAX) {
        0 => Ok(()),
        n => writeln!(out, "  … and {}", counted(n, "more node")),
    }
}

/// `1 node`, `2 nodes`.
fn counted(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

/// `a, b, c and 4 more`.
fn shortened(names: &[String], n_max: usize) -> String {
    match names.len().saturating_sub(n_max) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names[..n_max].join(", ")),
    }
}
