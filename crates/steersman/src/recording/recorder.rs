//! Writing a recording.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use base::Now;
use scheduling::engine::{Input, Step};

use super::header::{Header, MAGIC};
use super::outcome::{Outcome, Totals};
use super::{input, reader};

/// A recording under way.
pub(super) struct Recorder {
    path: PathBuf,
    /// Takes whole lines.
    file: Box<dyn Write + Send>,
    totals: Totals,
    /// The line under construction.
    line: Vec<u8>,
    /// The first error; nothing is written after it.
    failed: Option<io::Error>,
}

impl Recorder {
    /// Begins a recording. A recording that is there already is replaced; any other file is left alone.
    pub(super) fn create(path: &Path, header: &Header) -> Result<Recorder> {
        let shown = path.display();
        if path.as_os_str() == "-" {
            bail!("a recording cannot go to standard output, where the result goes: name a file");
        }
        if path.extension().is_some_and(|extension| extension == "gz") {
            bail!(
                "recordings are written as plain text: name the file {shown} without .gz, and compress it later"
            );
        }
        if holds_something_else(path) {
            bail!("{shown} is there and is no recording, so it is not overwritten: choose another name");
        }
        let file = File::create(path).with_context(|| format!("creating the recording {shown}"))?;
        Recorder::begin(path, Box::new(BufWriter::new(file)), header)
    }

    /// Begins a recording that is written to `file`, line by line; `path` is what it is called.
    pub(super) fn begin(path: &Path, file: Box<dyn Write + Send>, header: &Header) -> Result<Recorder> {
        let line = header.to_line()?.into_bytes();
        let (path, totals) = (path.to_owned(), Totals::default());
        let mut recorder = Recorder { path, file, totals, line, failed: None };
        recorder.write_line();
        Ok(recorder)
    }

    /// Hands what was written to the system, so that it is there even if this process is killed.
    pub(super) fn flush(&mut self) {
        if self.failed.is_none() {
            self.failed = self.file.flush().err();
        }
    }

    /// The first error there was. Nothing was written after it.
    pub(super) fn failure(&self) -> Option<&io::Error> {
        self.failed.as_ref()
    }

    /// Writes down what goes in.
    pub(super) fn input(&mut self, input: &Input<'_>, now: Now) {
        self.totals.count_input();
        let written = input::write(input, now, &mut self.line);
        self.write(written);
    }

    /// Writes down what came out of it.
    pub(super) fn outcome(&mut self, step: &Step) {
        let Some(outcome) = Outcome::of(step) else { return };
        self.totals.count_outcome(&outcome);
        let written = serde_json::to_writer(&mut self.line, &outcome);
        self.write(written);
    }

    /// Writes the last line. The error is the first there was.
    pub(super) fn finish(mut self) -> Result<()> {
        let written = serde_json::to_writer(&mut self.line, &reader::EndLine { end: self.totals });
        self.write(written);
        let result = match self.failed {
            Some(error) => Err(error),
            None => self.file.flush(),
        };
        result.with_context(|| format!("writing the recording {}", self.path.display()))
    }

    fn write(&mut self, serialized: serde_json::Result<()>) {
        match serialized {
            Ok(()) => self.write_line(),
            Err(error) => self.failed = self.failed.take().or(Some(error.into())),
        }
    }

    fn write_line(&mut self) {
        self.line.push(b'\n');
        if self.failed.is_none() {
            self.failed = if self.line.len() as u64 > reader::LINE_BYTES_MAX {
                Some(io::Error::other("an object is larger than a line of a recording may be"))
            } else {
                self.file.write_all(&self.line).err()
            };
        }
        self.line.clear();
    }
}

/// Whether a file is there that somebody may miss. Pipes and devices lose nothing by being written to.
fn holds_something_else(path: &Path) -> bool {
    let is_file = std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.len() > 0);
    let mut start = Vec::new();
    is_file
        && File::open(path)
            .and_then(|file| file.take(MAGIC.len() as u64).read_to_end(&mut start))
            .is_ok_and(|_| start != MAGIC)
}
