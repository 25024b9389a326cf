//! `steersman replay`: runs a recording again and compares what comes out.
//!
//! The scheduler is made from the recording's first line and fed with its inputs at their times. The first
//! outcome that is not the recorded one ends the replay: from there on the histories are two.

mod text;

use std::io::{self, ErrorKind, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow};
use base::Now;
use clap::Args;
use scheduling::engine::{Command, Scheduler};

use crate::recording::{Ending, Header, Line, Outcome as StepOutcome, Reader, RecordedInput, Totals};

/// Flags of `replay`.
#[derive(Args)]
#[command(after_help = "\
Exit codes: 0 everything came out as recorded, 1 something did not, 2 the file is not a recording or is damaged")]
pub(crate) struct Options {
    /// A recording, as `simulate --record FILE` writes it, or the folder of one of a running scheduler; `-` is standard input
    #[arg(value_name = "FILE")]
    recording: PathBuf,
    /// Stop after this line of the recording
    #[arg(long, value_name = "LINE")]
    until: Option<usize>,
}

/// How a replay went.
struct Replayed {
    /// What was replayed before the end or the difference.
    totals: Totals,
    /// The time of the last input.
    last: Now,
    verdict: Verdict,
}

enum Verdict {
    /// Everything came out as recorded, up to the end.
    Identical(Ending),
    /// The same, up to the line that was asked for.
    IdenticalUntil { line_no: usize },
    /// Something did not.
    Differs(Box<Difference>),
}

/// An input with an outcome that is not the recorded one.
struct Difference {
    stepped: Stepped,
    recorded: Option<StepOutcome>,
}

/// An input that has been fed, and what came out.
struct Stepped {
    /// Its line in the recording.
    line_no: usize,
    at: Now,
    input: Box<RecordedInput>,
    commands: Vec<Command>,
    outcome: Option<StepOutcome>,
}

pub(crate) fn run(options: &Options) -> crate::Outcome {
    let mut reader = Reader::open(&options.recording)?;
    let header = reader.header()?;
    let scheduler = Scheduler::new(&header.configuration, header.gates, header.seed);
    let mut scheduler = scheduler.map_err(|error| reader.at_line(&anyhow!("configuration: {error}")))?;
    let replayed = replay(&mut reader, &header, &mut scheduler, options.until)?;

    let mut report = Vec::new();
    text::write(&mut report, reader.name(), &header, &replayed).context("putting the result together")?;
    let mut out = io::stdout().lock();
    match out.write_all(&report).and_then(|()| out.flush()) {
        // Whoever reads has read enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
        result => result.context("writing to standard output")?,
    }
    Ok(match replayed.verdict {
        Verdict::Identical(_) | Verdict::IdenticalUntil { .. } => ExitCode::SUCCESS,
        Verdict::Differs(_) => ExitCode::FAILURE,
    })
}

/// Feeds the scheduler until the recording ends, a line is reached, or something differs.
fn replay(
    reader: &mut Reader,
    header: &Header,
    scheduler: &mut Scheduler,
    until: Option<usize>,
) -> Result<Replayed> {
    let mut replayed = Replayed {
        totals: Totals::default(),
        last: header.start,
        verdict: Verdict::Identical(Ending::Missing),
    };
    // The input whose outcome has not been compared yet.
    let mut open: Option<Stepped> = None;
    loop {
        if let Some(line_no) = until.filter(|until| reader.line_no() >= *until) {
            replayed.verdict = Verdict::IdenticalUntil { line_no };
            return Ok(replayed);
        }
        let line = reader.next_line()?;
        let is_whole = !matches!(line, Line::End(Ending::Missing | Ending::CutOff { .. }));
        let recorded = match &line {
            Line::Outcome(recorded) => Some(recorded),
            Line::Input(..) | Line::End(_) => None,
        };
        match open.take() {
            None if recorded.is_some() => {
                return Err(
                    reader.at_line(&anyhow!("an outcome follows its input, and before this there is none"))
                );
            }
            // Where a recording breaks off, the outcome of the last input may have been lost.
            Some(stepped) if is_whole && stepped.outcome.as_ref() != recorded => {
                replayed.verdict =
                    Verdict::Differs(Box::new(Difference { stepped, recorded: recorded.cloned() }));
                return Ok(replayed);
            }
            _ => {}
        }
        match line {
            Line::Outcome(recorded) => replayed.totals.count_outcome(&recorded),
            Line::Input(at, input) => {
                let step = scheduler.step(input.as_input(), at);
                let outcome = StepOutcome::of(&step);
                open =
                    Some(Stepped { line_no: reader.line_no(), at, input, commands: step.commands, outcome });
                replayed.totals.count_input();
                replayed.last = at;
            }
            Line::End(ending) => {
                check_totals(reader, ending, &replayed.totals)?;
                replayed.verdict = Verdict::Identical(ending);
                return Ok(replayed);
            }
        }
    }
}

/// Lines that were taken out of the middle may leave no other trace than a wrong sum.
fn check_totals(reader: &Reader, ending: Ending, counted: &Totals) -> Result<()> {
    match ending {
        Ending::Complete(said) if said != *counted => Err(reader.at_line(&anyhow!(
            "the recording should have {}, but it has {}: lines are missing or were added",
            text::totals(&said),
            text::totals(counted)
        ))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
