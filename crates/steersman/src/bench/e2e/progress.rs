//! What is going on, for people who wait in front of a terminal.

use std::io::{self, IsTerminal};

use indicatif::{ProgressBar, ProgressStyle};

/// A line about the workload that is being run; nothing where nobody sees it.
pub(super) struct Progress {
    bar: Option<ProgressBar>,
}

impl Progress {
    /// For so many workloads.
    pub(super) fn new(n: usize) -> Progress {
        let style = ProgressStyle::with_template("{pos} of {len}: {prefix} {msg}");
        let bar = io::stderr().is_terminal().then(|| ProgressBar::new(n as u64));
        Progress { bar: bar.map(|bar| style.map_or(bar.clone(), |style| bar.with_style(style))) }
    }

    /// The next workload begins.
    pub(super) fn begin(&self, name: &str) {
        if let Some(bar) = &self.bar {
            bar.inc(1);
            bar.set_prefix(name.to_owned());
            bar.set_message("");
            bar.tick();
        }
    }

    /// What it does at the moment; only asked for where somebody sees it.
    pub(super) fn say(&self, what: impl FnOnce() -> String) {
        if let Some(bar) = &self.bar {
            bar.set_message(what());
        }
    }

    /// There are no more.
    pub(super) fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
