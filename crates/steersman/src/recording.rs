//! What went into the scheduler and what came out of it, written to a file that can be run again.
//!
//! The core is a function of its inputs, so the inputs with their times are the whole history. What came out is
//! recorded to notice when it is no longer the same: of every step a digest of all commands, of every attempt
//! also the decision. `docs/recording.md` is the format; [`header`], [`input`] and [`outcome`] are its lines.
//!
//! ```text
//! driver -- Input --> RecordedScheduler -- Input --> Scheduler
//!                        |  Recorder: a line          |
//!                        |  Recorder: a line <------- Step
//! ```
//!
//! An input is written before the scheduler sees it: if the scheduler fails over it, it is the last line.

mod commands;
mod header;
mod input;
mod live;
mod outcome;
mod reader;
mod recorder;
mod segments;

use std::ops::Deref;
use std::path::Path;

use anyhow::Result;
use base::Now;
use scheduling::engine::{Input, Scheduler, Step};
use wire::config::{FeatureGates, SchedulerConfiguration};

pub(crate) use commands::sentence;
pub(crate) use header::Header;
pub(crate) use input::RecordedInput;
pub(crate) use live::record;
pub(crate) use outcome::{Outcome, Totals};
pub(crate) use reader::{Ending, Line, Reader};
use recorder::Recorder;

/// A scheduler whose inputs are written down, if anyone wants them.
///
/// It can be asked like the scheduler itself, but only stepped through here, so that no input is missed.
pub(crate) struct RecordedScheduler {
    scheduler: Scheduler,
    recorder: Option<Recorder>,
}

impl RecordedScheduler {
    /// A scheduler that knows no object yet, recorded into a file if there is a path. `start` is the time that
    /// the history begins.
    pub(crate) fn new(
        configuration: &SchedulerConfiguration,
        gates: FeatureGates,
        seed: u64,
        start: Now,
        path: Option<&Path>,
    ) -> Result<RecordedScheduler> {
        let scheduler = Scheduler::new(configuration, gates, seed)?;
        let recorder = match path {
            Some(path) => Some(Recorder::create(path, &Header::new(configuration, gates, seed, start)?)?),
            None => None,
        };
        Ok(RecordedScheduler { scheduler, recorder })
    }

    /// [`Scheduler::step`], written down.
    pub(crate) fn step(&mut self, input: Input<'_>, now: Now) -> Step {
        let Some(recorder) = &mut self.recorder else { return self.scheduler.step(input, now) };
        recorder.input(&input, now);
        let step = self.scheduler.step(input, now);
        recorder.outcome(&step);
        step
    }

    /// Compiles a pod as the scheduler sees it, which is no input: no decision depends on it.
    pub(crate) fn compile_pod(&mut self, pod: &wire::Pod) -> scheduling::model::Pod {
        self.scheduler.compile_pod(pod)
    }

    /// Completes the recording, if there is one. An error says what could not be written; it may have happened
    /// long before.
    pub(crate) fn finish_recording(&mut self) -> Result<()> {
        self.recorder.take().map_or(Ok(()), Recorder::finish)
    }
}

impl Deref for RecordedScheduler {
    type Target = Scheduler;

    fn deref(&self) -> &Scheduler {
        &self.scheduler
    }
}
