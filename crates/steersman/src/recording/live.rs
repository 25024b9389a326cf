//! The recording of a scheduler that is running.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};
use base::Now;
use kube_scheduler::driver::Observer;
use scheduling::engine::{Input, Scheduler, Step};
use wire::config::{FeatureGates, SchedulerConfiguration};

use super::header::Header;
use super::recorder::Recorder;
use super::segments::{self, Segments};

/// How large a recording may get.
const BYTES_MAX: u64 = 8 << 30;

/// How old may be what was not handed to the system.
const FLUSH_EVERY: Duration = Duration::from_secs(1);

/// Writes down what goes into a running scheduler and what comes out.
struct LiveRecording {
    /// `None` after it has failed.
    recorder: Option<Recorder>,
    flushed_at: Now,
}

/// Records into a folder, in files of bounded size, what a scheduler that is made of these is given and decides. Each run
/// of the program has a folder of its own in it.
///
/// # Errors
/// If the folder cannot be written; if extenders decide, whose answers no replay can repeat.
pub(crate) fn record(
    folder: &Path,
    configuration: &SchedulerConfiguration,
    gates: FeatureGates,
    seed: u64,
    start: Now,
) -> Result<Box<dyn Observer>> {
    if let Some(extender) = configuration.extenders.iter().find(|one| one.deciding_verbs().next().is_some()) {
        bail!("--record: the extender at {} decides too, and a replay cannot ask it", extender.url_prefix);
    }
    let header = Header::new(configuration, gates, seed, start)?;
    let run = segments::next_run(folder)?;
    let recorder = Recorder::begin(&run, Box::new(Segments::create(&run, BYTES_MAX)?), &header)?;
    Ok(Box::new(LiveRecording { recorder: Some(recorder), flushed_at: start }))
}

impl Observer for LiveRecording {
    fn before(&mut self, input: &Input<'_>, now: Now) {
        if let Some(recorder) = &mut self.recorder {
            recorder.input(input, now);
        }
    }

    fn after(&mut self, step: &Step, _: &Scheduler, now: Now, _: Duration) {
        let Some(recorder) = &mut self.recorder else { return };
        recorder.outcome(step);
        if now >= self.flushed_at.after(FLUSH_EVERY) {
            recorder.flush();
            self.flushed_at = now;
        }
        if let Some(error) = recorder.failure() {
            tracing::error!(%error, "The recording has ended");
            self.recorder = None;
        }
    }
}

impl Drop for LiveRecording {
    fn drop(&mut self) {
        if let Some(Err(error)) = self.recorder.take().map(Recorder::finish) {
            tracing::error!(error = %format!("{error:#}"), "The recording is not complete");
        }
    }
}
