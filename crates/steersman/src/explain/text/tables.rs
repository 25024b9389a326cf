//! Nodes and their scores.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::{counted, reason};
use crate::explain::paint::Paint;
use crate::explain::report::{Node, Report, Score, Verdict};
use crate::table::Table;

/// Rows that are kept for refused nodes when feasible ones would fill the table.
const REFUSED_ROWS: usize = 6;
/// How many kinds of refusal the lines after the table tell apart.
const GROUPS_MAX: usize = 8;

/// Writes a table; `paint_row` paints the text of the row with this index, the header not counted.
pub(super) fn write_table(
    table: &Table,
    paint: Paint,
    out: &mut dyn Write,
    paint_row: impl Fn(usize, &str) -> String,
) -> io::Result<()> {
    let mut plain = Vec::new();
    table.write(&mut plain, "")?;
    for (i, line) in String::from_utf8_lossy(&plain).lines().enumerate() {
        match i.checked_sub(1) {
            None => writeln!(out, "{}", paint.bold(line))?,
            Some(row) => writeln!(out, "{}", paint_row(row, line))?,
        }
    }
    Ok(())
}

/// Which nodes are shown: all that fit the limit, some refused ones among them.
fn shown(report: &Report, n_rows_max: usize) -> (Vec<&Node>, Vec<&Node>) {
    let is_feasible = |node: &&Node| matches!(node.verdict, Verdict::Fits | Verdict::NotLookedAt);
    let (feasible, refused): (Vec<&Node>, Vec<&Node>) = report.nodes.iter().partition(is_feasible);
    let n_feasible = feasible.len().min(n_rows_max.saturating_sub(refused.len().min(REFUSED_ROWS)));
    let n_refused = refused.len().min(n_rows_max - n_feasible);
    let rows = feasible[..n_feasible].iter().chain(&refused[..n_refused]).copied().collect();
    let rest = feasible[n_feasible..].iter().chain(&refused[n_refused..]).copied().collect();
    (rows, rest)
}

/// Every node with its verdict, one line per reason.
pub(super) fn write_nodes(
    report: &Report,
    paint: Paint,
    n_rows_max: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    if report.nodes.is_empty() {
        return Ok(());
    }
    let (rows, rest) = shown(report, n_rows_max);
    let mut table = Table::new(["NODE", "VERDICT", "WHY"]);
    let mut of_row: Vec<&Node> = Vec::new();
    for node in rows {
        for line in lines(node) {
            table.row(line);
            of_row.push(node);
        }
    }
    writeln!(out)?;
    write_table(&table, paint, out, |row, line| match of_row.get(row) {
        Some(node) if node.is_chosen => paint.green(line),
        Some(node) if node.verdict == Verdict::Refused => line.replacen("refused", &paint.red("refused"), 1),
        _ => line.to_owned(),
    })?;
    write_rest(&rest, out)
}

fn lines(node: &Node) -> Vec<[String; 3]> {
    let name = node.node.clone();
    let total = node.total.map_or_else(String::new, |total| format!("total {total}"));
    match node.verdict {
        Verdict::Fits => {
            let mark = match (node.is_chosen, node.is_best) {
                (true, _) => "chosen",
                (false, true) => "tied with the chosen one",
                (false, false) => "",
            };
            let parts = [mark.to_owned(), total].into_iter().filter(|part| !part.is_empty());
            return vec![[name, "fits".to_owned(), parts.collect::<Vec<_>>().join(", ")]];
        }
        Verdict::NotLookedAt => {
            return vec![[name, "fits".to_owned(), "but a node was chosen without looking here".to_owned()]];
        }
        Verdict::Refused | Verdict::LeftOut => {}
    }
    let mut lines = Vec::new();
    if node.verdict == Verdict::LeftOut {
        let why = "PreFilter narrowed the search to other nodes".to_owned();
        lines.push([String::new(), "left out".to_owned(), why]);
    }
    for refusal in &node.refusals {
        for (i, given) in refusal.reasons.iter().enumerate() {
            let mut why = reason(given);
            if node.is_promised {
                why.push_str(" (counting the pods nominated to this node)");
            }
            let verdict = if i == 0 { format!("refused by {}", refusal.plugin) } else { String::new() };
            lines.push([String::new(), verdict, why]);
        }
    }
    if let Some(first) = lines.first_mut() {
        first[0] = name;
    }
    lines
}

/// Nodes that are not in the table, grouped by what is said about them.
fn write_rest(rest: &[&Node], out: &mut dyn Write) -> io::Result<()> {
    let mut groups: BTreeMap<String, usize> = BTreeMap::new();
    for node in rest {
        let what = match node.verdict {
            Verdict::Fits | Verdict::NotLookedAt => "on which it fits".to_owned(),
            Verdict::Refused | Verdict::LeftOut => {
                let each = node.refusals.iter().map(|refusal| {
                    let texts: Vec<&str> =
                        refusal.reasons.iter().map(|reason| reason.text.as_str()).collect();
                    format!("{} ({})", refusal.plugin, texts.join(", "))
                });
                format!("refused alike by {}", each.collect::<Vec<_>>().join(" and "))
            }
        };
        *groups.entry(what).or_default() += 1;
    }
    let mut groups: Vec<(String, usize)> = groups.into_iter().collect();
    groups.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    for (what, n) in groups.iter().take(GROUPS_MAX) {
        writeln!(out, "… and {} {what}", counted(*n, "more node"))?;
    }
    match groups.iter().skip(GROUPS_MAX).map(|(_, n)| n).sum::<usize>() {
        0 => Ok(()),
        n => {
            writeln!(out, "… and {} refused in other ways (--all-nodes shows them)", counted(n, "more node"))
        }
    }
}

/// The scores of the feasible nodes, under the plugins that tell them apart.
pub(super) fn write_scores(
    report: &Report,
    paint: Paint,
    n_rows_max: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let scored: Vec<&Node> = report.nodes.iter().filter(|node| !node.scores.is_empty()).collect();
    let [first, _, ..] = scored.as_slice() else { return Ok(()) };
    let (mut telling, mut alike) = (Vec::new(), Vec::new());
    for (i, score) in first.scores.iter().enumerate() {
        if scored.iter().all(|node| node.scores[i] == *score) {
            alike.push(format!("{} {}", score.plugin, score.weighted));
        } else {
            telling.push((i, score.plugin));
        }
    }
    let names = telling.iter().map(|(_, plugin)| *plugin);
    let header = std::iter::once("NODE").chain(names).chain(["TOTAL", ""]);
    let mut table = Table::new(header).right(1..=telling.len() + 1);
    for node in scored.iter().take(n_rows_max) {
        let cells = telling.iter().map(|(i, _)| show(&node.scores[*i]));
        let total = node.total.map_or_else(String::new, |total| total.to_string());
        let mark = match (node.is_chosen, node.is_best) {
            (true, _) => "chosen",
            (false, true) => "tied",
            (false, false) => "",
        };
        table.row(std::iter::once(node.node.clone()).chain(cells).chain([total, mark.to_owned()]));
    }
    writeln!(out, "\nScores (raw→normalized×weight=weighted):")?;
    write_table(&table, paint, out, |row, line| match scored.get(row) {
        Some(node) if node.is_chosen => paint.green(line),
        _ => line.to_owned(),
    })?;
    if alike.is_empty() { Ok(()) } else { writeln!(out, "Alike on all of them: {}", alike.join(", ")) }
}

/// `40→100×2=200`.
pub(super) fn show(score: &Score) -> String {
    let Score { raw, normalized, weight, weighted, .. } = score;
    format!("{raw}→{normalized}×{weight}={weighted}")
}
