//! What would help.

use std::io::{self, Write};

use super::counted;
use crate::explain::paint::Paint;
use crate::explain::report::Report;

/// How many reasons are listed if nothing helps.
const REASONS_MAX: usize = 10;

/// Writes the remedies, or that there is none.
pub(super) fn write(report: &Report, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let Some(remedies) = &report.remedies else { return Ok(()) };
    if remedies.is_empty() {
        return write_none(report, out);
    }
    let heading = match &report.why_not {
        Some(why_not) => format!("What would make it fit on {}, each tried on its own:", why_not.node),
        None => "What would help, each tried on its own:".to_owned(),
    };
    writeln!(out, "\n{}", paint.bold(&heading))?;
    for remedy in remedies {
        writeln!(out, "  • {} → {}", remedy.description, paint.green(&remedy.result.text))?;
    }
    Ok(())
}

fn write_none(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let goal = match &report.why_not {
        Some(why_not) => format!(" for {}", why_not.node),
        None => String::new(),
    };
    writeln!(out, "\nNo single change of the kinds that were tried is enough{goal}.")?;
    if report.why_not.is_some() || report.reasons.is_empty() {
        return Ok(());
    }
    writeln!(out, "What stands in the way:")?;
    for reason in report.reasons.iter().take(REASONS_MAX) {
        writeln!(out, "  {}: {}: {}", counted(reason.n_nodes, "node"), reason.plugin, reason.text)?;
    }
    match report.reasons.len().saturating_sub(REASONS_MAX) {
        0 => Ok(()),
        n => writeln!(out, "  … and {}", counted(n, "more reason")),
    }
}
