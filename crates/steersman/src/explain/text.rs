//! The report for people.

mod preemption;
mod remedies;
mod scheduler;
mod tables;
mod why_not;

use std::io::{self, Write};

use super::paint::Paint;
use super::report::{Basis, Choice, How, Outcome, PreFilter, Reason, Report, RunningOn, Verdict};

/// How many nodes are shown unless all are asked for: one screen.
pub(super) const ROWS_MAX: usize = 20;
/// How many names a line lists.
const NAMES_MAX: usize = 5;

/// Writes the report.
pub(super) fn write(report: &Report, paint: Paint, n_rows_max: usize, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", paint.bold(&headline(report)))?;
    if let Some(words) = &report.scheduler {
        scheduler::write(words, report.message.as_deref(), out)?;
    }
    if let Some(line) = standpoint(report) {
        writeln!(out, "({line})")?;
    }
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
        preemption::write(preemption, out)?;
    }
    remedies::write(report, paint, out)
}

/// Which cluster the answer is about, where there is more than one to choose from.
fn standpoint(report: &Report) -> Option<String> {
    if report.n_others_pending == 0 || matches!(report.outcome, Outcome::Finished | Outcome::Deleting) {
        return None;
    }
    let others = counted(report.n_others_pending, "other pod");
    Some(match report.basis {
        Basis::AsGiven => {
            let (are, them) = if report.n_others_pending == 1 { ("is", "it") } else { ("are", "them") };
            format!("as the cluster is now; {others} {are} pending. --after-pending places {them} first")
        }
        Basis::AfterPending => {
            let have = if report.n_others_pending == 1 { "has" } else { "have" };
            format!("as the cluster is once {others} that had no node {have} been decided about")
        }
    })
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
        (Outcome::Finished, _) => format!("{pod}: has finished and takes no room"),
        (Outcome::Deleting, _) => format!("{pod}: is passed over, because it is being deleted: {message}"),
        _ => format!("{pod}: is not placed: {message}"),
    }
}

fn headline_of_running(report: &Report, running_on: &RunningOn) -> String {
    let RunningOn { node, finished, is_among_best, points_behind } = running_on;
    let (pod, message) = (&report.pod, report.message.as_deref().unwrap_or(""));
    if let Some(phase) = finished {
        return format!("{pod}: has finished on {node} ({phase}) and takes no room");
    }
    let is_there = format!("is on {node}");
    if report.outcome == Outcome::Deleting {
        return format!("{pod}: {is_there} and is being deleted: it takes room until it is gone");
    }
    let is_among_best = &is_among_best.unwrap_or(false);
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
            let names = shortened(names, NAMES_MAX);
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
    let mut previous = "";
    for operand in &reason.operands {
        let name = operand.name;
        text.push_str(&match name {
            _ if previous.is_empty() => format!(": {} {}", phrase(name), operand.text),
            // Allocatable comes after what it is the whole of.
            "allocatable" => format!(" of {}", operand.text),
            _ if name == previous => format!(", {}", operand.text),
            _ => format!(", {} {}", phrase(name), operand.text),
        });
        previous = name;
    }
    if let Some(detail) = &reason.detail {
        text.push_str(&format!(": {detail}"));
    }
    text
}

/// Names of operands as people read them, where they are not one word.
fn phrase(name: &str) -> &str {
    match name {
        "heldBy" => "held by",
        "missingLabel" => "the node has no label",
        "matchingPods" => "matching pods there",
        "keptAwayBy" => "kept away by",
        name => name,
    }
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
