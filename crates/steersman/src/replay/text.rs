//! What a replay says.

use std::io::{self, Write};

use wire::Timestamp;

use super::{Difference, Replayed, Verdict};
use crate::recording::{Ending, Header, Totals, sentence};

/// Writes how a replay went.
pub(super) fn write(out: &mut dyn Write, name: &str, header: &Header, replayed: &Replayed) -> io::Result<()> {
    match &replayed.verdict {
        Verdict::Identical(Ending::Complete(_)) => writeln!(out, "{name}: identical")?,
        Verdict::Identical(Ending::Missing) => writeln!(
            out,
            "{name}: identical as far as it goes: the last line is not there, so the recorder was stopped before \
             its end"
        )?,
        Verdict::Identical(Ending::CutOff { line_no }) => writeln!(
            out,
            "{name}: identical as far as it goes: line {line_no} is cut off, so the recorder was stopped while it \
             wrote that"
        )?,
        Verdict::IdenticalUntil { line_no } => writeln!(out, "{name}: identical up to line {line_no}")?,
        Verdict::Differs(difference) => write_difference(out, name, difference)?,
    }
    writeln!(out)?;
    if let Verdict::Differs(_) = replayed.verdict {
        writeln!(out, "Replayed before that, this input included:")?;
    }
    let Totals { inputs, attempts, bound, refused } = replayed.totals;
    let (start, last) = (header.start.as_nanos(), replayed.last.as_nanos());
    writeln!(out, "  inputs     {inputs}")?;
    writeln!(out, "  attempts   {attempts}")?;
    writeln!(out, "  bound      {bound}")?;
    writeln!(out, "  refused    {refused}")?;
    writeln!(out, "  from       {}", Timestamp::from_nanos(start))?;
    writeln!(out, "  to         {}", Timestamp::from_nanos(last))?;
    writeln!(out, "  seed       {}", header.seed)?;
    let this = env!("CARGO_PKG_VERSION");
    if header.version == this {
        writeln!(out, "  recorded   by Steersman {this}, this version")
    } else {
        writeln!(
            out,
            "  recorded   by Steersman {}; this is {this}, which may decide differently",
            header.version
        )
    }
}

fn write_difference(out: &mut dyn Write, name: &str, difference: &Difference) -> io::Result<()> {
    let Difference { stepped, recorded } = difference;
    let pod = recorded.as_ref().and_then(|outcome| outcome.pod());
    let pod = pod.or(stepped.outcome.as_ref().and_then(|outcome| outcome.pod()));
    let about = pod.map_or_else(String::new, |pod| format!(" about {pod}"));
    writeln!(out, "{name}, line {}: what comes out{about} is not what was recorded", stepped.line_no)?;
    writeln!(out)?;
    writeln!(out, "  input      {}", stepped.input.describe())?;
    writeln!(out, "  time       {}", Timestamp::from_nanos(stepped.at.as_nanos()))?;
    match recorded {
        Some(outcome) => writeln!(out, "  recorded   {outcome}")?,
        None => writeln!(out, "  recorded   nothing")?,
    }
    match &stepped.outcome {
        Some(outcome) => writeln!(out, "  now        {outcome}")?,
        None => writeln!(out, "  now        nothing")?,
    }
    if !stepped.commands.is_empty() {
        writeln!(out)?;
        writeln!(out, "The commands now; of those recorded, their digest is known:")?;
        for command in &stepped.commands {
            writeln!(out, "  - {}", sentence(command))?;
        }
    }
    Ok(())
}

/// Totals in one line.
pub(super) fn totals(totals: &Totals) -> String {
    let Totals { inputs, attempts, bound, refused } = totals;
    format!("{inputs} inputs and {attempts} attempts ({bound} bound, {refused} refused)")
}
