//! The result of a simulation for people.

use std::io::{self, Write};

use super::report::{Amount, LeftOverPod, Report, Summary};
use crate::table::Table;

/// How many names stand before a sentence that many pods share.
const NAMES_SHOWN: usize = 3;

/// How many cells a bar has.
const BAR_CELLS: usize = 10;

/// How the text looks.
#[derive(Clone, Copy)]
pub(super) struct Look {
    /// Whether every column and every name is shown.
    pub(super) is_wide: bool,
    /// Whether there are bars.
    pub(super) has_bars: bool,
}

/// Writes everything.
pub(super) fn write(out: &mut dyn Write, report: &Report, look: Look) -> io::Result<()> {
    write_summary(out, &report.summary, &report.what_if)?;
    write_placements(out, report, look)?;
    write_preempted(out, report)?;
    write_left_over(out, &report.left_over, look)?;
    write_utilisation(out, report, look)
}

fn write_summary(out: &mut dyn Write, summary: &Summary, what_if: &[String]) -> io::Result<()> {
    let Summary { nodes, bound, pending, placed, preempted, left_over, .. } = summary;
    let (nodes, bound, pending) = (counted(*nodes, "node"), counted(*bound, "pod"), counted(*pending, "pod"));
    writeln!(out, "{nodes}, {bound} bound, {pending} pending")?;
    writeln!(out, "{placed} placed, {preempted} preempted, {left_over} left over")?;
    if summary.replacements > 0 {
        let replacements = counted(summary.replacements, "replacement pod");
        let of_pending = match summary.replaced {
            0 => String::new(),
            n => format!(", {n} of them in place of pending pods"),
        };
        writeln!(out, "{replacements} created for preempted pods{of_pending}")?;
    }
    match (summary.finished, summary.terminating) {
        (0, 0) => {}
        (n, 0) => writeln!(out, "{} not scheduled", counted(n, "finished pod"))?,
        (0, n) => writeln!(out, "{} not scheduled", counted(n, "terminating pod"))?,
        (n, m) => writeln!(out, "{n} finished and {m} terminating pods not scheduled")?,
    }
    if !summary.passed_over.is_empty() {
        let kinds: Vec<_> = summary.passed_over.iter().map(|(kind, n)| format!("{n} {kind}")).collect();
        writeln!(out, "passed over: {}", kinds.join(", "))?;
    }
    if let Some(hint) = &summary.hint {
        writeln!(out, "hint: {hint}")?;
    }
    what_if.iter().try_for_each(|expression| writeln!(out, "what if: {expression}"))
}

/// `1 pod`, `2 pods`.
fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

fn write_placements(out: &mut dyn Write, report: &Report, look: Look) -> io::Result<()> {
    if report.placements.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nPLACED")?;
    if look.is_wide {
        let mut table = Table::new([
            "NAMESPACE",
            "NAME",
            "NODE",
            "PRIORITY",
            "SCORE",
            "FEASIBLE",
            "TIES",
            "ATTEMPTS",
            "PREEMPTED",
        ])
        .right([3, 4, 6, 7]);
        for placed in &report.placements {
            table.row([
                placed.namespace.clone(),
                placed.name.clone(),
                placed.node.clone(),
                placed.priority.to_string(),
                placed.score.map_or("-".to_owned(), |score| score.to_string()),
                format!("{} of {}", placed.feasible_nodes, placed.nodes),
                placed.ties.to_string(),
                placed.attempts.to_string(),
                placed.preempted.join(", "),
            ]);
        }
        return table.write(out, "");
    }
    let has_priorities = report.placements.iter().any(|placed| placed.priority != 0);
    let titles = ["NAMESPACE", "NAME", "NODE", "PRIORITY"];
    let n_columns = if has_priorities { 4 } else { 3 };
    let mut table = Table::new(&titles[..n_columns]).right([3]);
    for placed in &report.placements {
        let priority = placed.priority.to_string();
        table.row(&[&*placed.namespace, &*placed.name, &*placed.node, &*priority][..n_columns]);
    }
    table.write(out, "")
}

fn write_preempted(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    if report.preempted.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nPREEMPTED")?;
    let mut table = Table::new(["NAMESPACE", "NAME", "PRIORITY", "FROM", "BY", "REPLACED BY"]).right([2]);
    for pod in &report.preempted {
        let replaced_by = pod.replaced_by.as_deref().unwrap_or("-");
        let priority = pod.priority.to_string();
        table.row([&*pod.namespace, &*pod.name, &*priority, &*pod.node, &*pod.by, replaced_by]);
    }
    table.write(out, "")
}

/// Pods that share a sentence stand together, in the order of the first of each group.
fn write_left_over(out: &mut dyn Write, pods: &[LeftOverPod], look: Look) -> io::Result<()> {
    if pods.is_empty() {
        return Ok(());
    }
    let mut groups: Vec<(&str, Vec<&LeftOverPod>)> = Vec::new();
    let mut by_message: base::Map<&str, usize> = base::Map::default();
    for pod in pods {
        let i = *by_message.entry(&pod.message).or_insert_with(|| {
            groups.push((&pod.message, Vec::new()));
            groups.len() - 1
        });
        groups[i].1.push(pod);
    }
    writeln!(out, "\nLEFT OVER")?;
    for (message, pods) in groups {
        let name = |pod: &&LeftOverPod| format!("{}/{}", pod.namespace, pod.name);
        if look.is_wide || pods.len() <= NAMES_SHOWN {
            let names: Vec<_> = pods.iter().map(name).collect();
            writeln!(out, "{}", names.join(", "))?;
        } else {
            writeln!(out, "{} … (and {} more)", name(&pods[0]), pods.len() - 1)?;
        }
        writeln!(out, "  {message}")?;
    }
    Ok(())
}

fn write_utilisation(out: &mut dyn Write, report: &Report, look: Look) -> io::Result<()> {
    if report.utilisation.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nREQUESTED")?;
    let mut table = Table::new(["POOL", "NODES", "RESOURCE", "ALLOCATABLE", "BEFORE", "AFTER"]).right([1, 3]);
    for pool in &report.utilisation {
        for (i, resource) in pool.resources.iter().enumerate() {
            let (name, nodes) =
                if i == 0 { (&*pool.pool, pool.nodes.to_string()) } else { ("", String::new()) };
            table.row([
                name,
                &nodes,
                &resource.resource,
                &resource.allocatable_text,
                &share(&resource.before, look),
                &share(&resource.after, look),
            ]);
        }
    }
    table.write(out, "")
}

/// `62.5% 10`, with a bar before it if there are bars.
fn share(amount: &Amount, look: Look) -> String {
    let percent = amount.percent.map_or("-".to_owned(), |percent| format!("{percent:.1}%"));
    let bar = if look.has_bars { bar(amount.percent.unwrap_or(0.0)) + " " } else { String::new() };
    format!("{bar}{percent:>6} {}", amount.text)
}

/// A bar that is full at 100 percent, in eighths of a cell.
fn bar(percent: f64) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let n_eighths = (percent.clamp(0.0, 100.0) / 100.0 * (BAR_CELLS * 8) as f64).round() as usize;
    let part = EIGHTHS[n_eighths % 8];
    let n_empty = BAR_CELLS - n_eighths / 8 - usize::from(!part.is_empty());
    format!("{}{part}{}", "█".repeat(n_eighths / 8), "·".repeat(n_empty))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_fill_up_in_eighths() {
        assert_eq!(bar(0.0), "··········");
        assert_eq!(bar(65.0), "██████▌···");
        assert_eq!(bar(100.0), "██████████");
        assert_eq!(bar(250.0), "██████████");
    }
}
