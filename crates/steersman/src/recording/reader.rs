//! Reading a recording line by line.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use anyhow::{Context, Error, Result, anyhow, bail};
use base::Now;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::header::{Header, MAGIC};
use super::input::{self, RecordedInput};
use super::outcome::{Outcome, Totals};

/// How long a line may be. Objects in a cluster are no larger than 1.5 MiB, and a configuration is one object;
/// whatever is longer than this is no recording, and is not read into memory to find out.
pub(super) const LINE_BYTES_MAX: u64 = 64 << 20;

/// How files compressed with gzip begin.
const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];

/// A recording that is being read.
pub(crate) struct Reader {
    name: String,
    text: Box<dyn BufRead>,
    /// The number of the line read last, from 1.
    line_no: usize,
    line: Vec<u8>,
}

/// A line after the first.
pub(crate) enum Line {
    /// Something that went in.
    Input(Now, Box<RecordedInput>),
    /// What came out.
    Outcome(Outcome),
    /// There are no more.
    End(Ending),
}

/// How a recording ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// With the line that says so, and how much there was.
    Complete(Totals),
    /// Without: whoever wrote it was stopped.
    Missing,
    /// In the middle of this line.
    CutOff {
        /// Which line, from 1.
        line_no: usize,
    },
}

/// The last line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EndLine {
    pub(super) end: Totals,
}

/// Which sort of line it is.
#[derive(Deserialize)]
struct Sort {
    #[serde(default)]
    input: Option<IgnoredAny>,
    #[serde(default)]
    outcome: Option<IgnoredAny>,
    #[serde(default)]
    end: Option<IgnoredAny>,
    #[serde(default)]
    recording: Option<IgnoredAny>,
}

impl Reader {
    /// Opens a file; `-` is standard input.
    pub(crate) fn open(path: &Path) -> Result<Reader> {
        if path.as_os_str() == "-" {
            return Ok(Reader::new("standard input", Box::new(BufReader::new(io::stdin()))));
        }
        let name = path.display().to_string();
        if path.is_dir() {
            return Ok(Reader::new(&name, super::segments::read(path)?));
        }
        let file = File::open(path).with_context(|| format!("opening the recording {name}"))?;
        Ok(Reader::new(&name, Box::new(BufReader::new(file))))
    }

    /// Reads a text that is called `name` in errors.
    pub(super) fn new(name: &str, text: Box<dyn BufRead>) -> Reader {
        Reader { name: name.to_owned(), text, line_no: 0, line: Vec::new() }
    }

    /// What the recording is called.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The number of the line read last, from 1.
    pub(crate) fn line_no(&self) -> usize {
        self.line_no
    }

    /// Reads the first line.
    pub(crate) fn header(&mut self) -> Result<Header> {
        if !self.advance()? {
            bail!("{}: this is not a recording: it is empty", self.name);
        }
        if self.line.starts_with(GZIP_MAGIC) {
            bail!("{}: this is compressed: pipe it through `gunzip -c` and replay `-`", self.name);
        }
        // A line is written in one go with its end, so one without it was being written.
        if !self.line.ends_with(b"\n") && (self.line.starts_with(MAGIC) || MAGIC.starts_with(&self.line)) {
            bail!("{}: this is cut off in its first line: whoever wrote it was stopped at once", self.name);
        }
        Header::from_line(&self.line).map_err(|error| self.at_line(&error))
    }

    /// Reads the next line.
    pub(crate) fn next_line(&mut self) -> Result<Line> {
        if !self.advance()? {
            return Ok(Line::End(Ending::Missing));
        }
        let line = match parse(&self.line) {
            Ok(line) => line,
            // A line is written in one go with its end, so one without it was being written.
            Err(_) if self.line.last() != Some(&b'\n') => Line::End(Ending::CutOff { line_no: self.line_no }),
            Err(error) => return Err(self.at_line(&error)),
        };
        if matches!(line, Line::End(Ending::Complete(_))) && self.advance()? {
            return Err(
                self.at_line(&anyhow!("the line before said that it is the last: remove what follows it"))
            );
        }
        Ok(line)
    }

    /// Reads a line; false if there is none.
    fn advance(&mut self) -> Result<bool> {
        self.line.clear();
        let mut limited = self.text.by_ref().take(LINE_BYTES_MAX);
        let n_read = limited
            .read_until(b'\n', &mut self.line)
            .with_context(|| format!("reading the recording {}", self.name))?;
        if n_read == 0 {
            return Ok(false);
        }
        self.line_no += 1;
        if n_read as u64 == LINE_BYTES_MAX && self.line.last() != Some(&b'\n') {
            return Err(
                self.at_line(&anyhow!("no line of a recording is longer than {LINE_BYTES_MAX} bytes"))
            );
        }
        Ok(true)
    }

    /// An error about the line read last.
    pub(crate) fn at_line(&self, problem: &Error) -> Error {
        anyhow!("{}, line {}: {problem:#}", self.name, self.line_no)
    }
}

fn parse(line: &[u8]) -> Result<Line> {
    if line.trim_ascii().is_empty() {
        bail!("this line is empty, and no line of a recording is");
    }
    let sort: Sort = serde_json::from_slice(line).map_err(|error| json_problem(&error))?;
    match sort {
        Sort { input: Some(_), .. } => {
            let (now, input) = input::read(line)?;
            Ok(Line::Input(now, Box::new(input)))
        }
        Sort { outcome: Some(_), .. } => {
            serde_json::from_slice(line).map(Line::Outcome).map_err(|error| json_problem(&error))
        }
        Sort { end: Some(_), .. } => {
            let EndLine { end } = serde_json::from_slice(line).map_err(|error| json_problem(&error))?;
            Ok(Line::End(Ending::Complete(end)))
        }
        Sort { recording: Some(_), .. } => {
            bail!("a second recording begins here: replay one file after the other")
        }
        _ => bail!(
            "a line has one of the fields \"input\", \"outcome\" and \"end\", and this has none of them"
        ),
    }
}

/// What is wrong with the JSON of a line. The parser counts lines too, but it has only seen this one.
pub(super) fn json_problem(error: &serde_json::Error) -> Error {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    match text.strip_suffix(&place) {
        Some(problem) if error.column() > 0 => anyhow!("column {}: {problem}", error.column()),
        _ => anyhow!("{text}"),
    }
}
