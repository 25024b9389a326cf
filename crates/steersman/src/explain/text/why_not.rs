//! One node in full.

use std::io::{self, Write};

use super::tables::{show, write_table};
use super::{counted, reason};
use crate::explain::paint::Paint;
use crate::explain::report::{Comparison, Report, Says, Verdict, WhyNot};
use crate::table::Table;

/// Writes what is said about the node that was asked about.
pub(super) fn write(report: &Report, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let Some(why_not) = &report.why_not else { return Ok(()) };
    writeln!(out, "\n{}", paint.bold(&verdict(report, why_not)))?;
    if !why_not.filters.is_empty() {
        write_filters(why_not, paint, out)?;
    }
    match &why_not.comparison {
        None => Ok(()),
        Some(comparison) => write_comparison(&why_not.node, comparison, paint, out),
    }
}

fn verdict(report: &Report, why_not: &WhyNot) -> String {
    let name = &why_not.node;
    let Some(node) = report.node(name) else {
        return format!("{name}: no node was looked at");
    };
    let refusing: Vec<&str> = node.refusals.iter().map(|refusal| refusal.plugin).collect();
    match (node.verdict, &why_not.comparison) {
        (Verdict::Fits, _) if node.is_chosen => format!("{name}: is the node that is chosen"),
        (Verdict::Fits, Some(Comparison { lost_by: 0, chosen, .. })) => {
            format!("{name}: fits and has as many points as {chosen}, on which the draw fell")
        }
        (Verdict::Fits, Some(comparison)) => {
            let points = counted(usize::try_from(comparison.lost_by).unwrap_or(0), "point");
            format!("{name}: fits, but lost to {} by {points}", comparison.chosen)
        }
        (Verdict::Fits, None) => format!("{name}: fits"),
        (Verdict::NotLookedAt, _) => format!("{name}: fits, but a node was chosen without looking here"),
        (Verdict::Refused, _) if node.is_promised => format!(
            "{name}: refused by {}, counting the pods nominated to this node; without them it would fit",
            refusing.join(", ")
        ),
        (Verdict::Refused, _) => format!("{name}: refused by {}", refusing.join(", ")),
        (Verdict::LeftOut, _) => {
            format!("{name}: left out, because PreFilter narrowed the search to other nodes")
        }
    }
}

fn write_filters(why_not: &WhyNot, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let mut table = Table::new(["FILTER", "VERDICT", "WHY"]);
    for filter in &why_not.filters {
        let verdict = match filter.verdict {
            Says::Accepts => "accepts",
            Says::Refuses => "refuses",
            Says::NothingToCheck => "nothing to check",
        };
        let reasons = filter.refusal.iter().flat_map(|refusal| &refusal.reasons).map(reason);
        let mut reasons: Vec<String> = reasons.collect();
        if reasons.is_empty() {
            reasons.push(String::new());
        }
        for (i, why) in reasons.into_iter().enumerate() {
            let (plugin, verdict) = if i == 0 { (filter.plugin, verdict) } else { ("", "") };
            table.row([plugin.to_owned(), verdict.to_owned(), why]);
        }
    }
    write_table(&table, paint, out, |_, line| line.replacen("refuses", &paint.red("refuses"), 1))
}

fn write_comparison(
    name: &str,
    comparison: &Comparison,
    paint: Paint,
    out: &mut dyn Write,
) -> io::Result<()> {
    let chosen = format!("{} (chosen)", comparison.chosen);
    let mut table = Table::new(["SCORE", name, &chosen, "DIFFERENCE"]).right(1..=3);
    for plugin in &comparison.plugins {
        let difference = plugin.node.weighted - plugin.chosen.weighted;
        table.row([plugin.plugin.to_owned(), show(&plugin.node), show(&plugin.chosen), signed(difference)]);
    }
    table.row([
        "TOTAL".to_owned(),
        comparison.total.to_string(),
        comparison.chosen_total.to_string(),
        signed(-comparison.lost_by),
    ]);
    writeln!(out, "\nScores (raw→normalized×weight=weighted):")?;
    write_table(&table, paint, out, |_, line| line.to_owned())
}

fn signed(n: i64) -> String {
    if n == 0 { "0".to_owned() } else { format!("{n:+}") }
}
