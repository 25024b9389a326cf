//! How far a simulation has come, for people who wait in front of a terminal.

#![allow(clippy::disallowed_methods, reason = "people wait in real time; no decision depends on it")]

use std::cell::OnceCell;
use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use indicatif::ProgressStyle;

use crate::simulation::Progress;

/// Runs that are shorter show nothing.
const PATIENCE: Duration = Duration::from_millis(500);

/// A bar on standard error that appears when a run takes long.
pub(super) struct ProgressBar {
    started: Instant,
    is_watched: bool,
    bar: OnceCell<indicatif::ProgressBar>,
}

impl ProgressBar {
    /// A bar that is not shown yet, and never is if standard error is no terminal.
    pub(super) fn new() -> ProgressBar {
        let is_watched = io::stderr().is_terminal();
        ProgressBar { started: Instant::now(), is_watched, bar: OnceCell::new() }
    }

    /// Takes note of progress.
    pub(super) fn show(&self, progress: &Progress) {
        if !self.is_watched || (self.bar.get().is_none() && self.started.elapsed() < PATIENCE) {
            return;
        }
        let bar = self.bar.get_or_init(|| {
            let style = ProgressStyle::with_template("{bar:40} {pos} of {len} pods, {eta} left");
            let bar = indicatif::ProgressBar::new(progress.n_pending as u64);
            style.map_or(bar.clone(), |style| bar.with_style(style))
        });
        // There may be more than in the beginning: replacements of preempted pods.
        bar.set_length(progress.n_pending as u64);
        bar.set_position(progress.n_settled as u64);
    }

    /// Takes the bar off the screen.
    pub(super) fn clear(&self) {
        if let Some(bar) = self.bar.get() {
            bar.finish_and_clear();
        }
    }
}
