//! A recording in several files, so that none grows for ever.
//!
//! The files of a folder, in the order of their names, are one recording: the first begins with its header, the others go on
//! where the one before has ended.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// How large a file may grow.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// How the files end.
const EXTENSION: &str = "jsonl";

/// How the folder of a run begins; its number follows.
const RUN: &str = "run-";

/// The folder for the next run of a program that records into `folder`.
pub(super) fn next_run(folder: &Path) -> Result<PathBuf> {
    std::fs::create_dir_all(folder).with_context(|| format!("making the folder {}", folder.display()))?;
    let last = runs(folder)?.last().and_then(|run| number(run)).unwrap_or(0);
    Ok(folder.join(format!("{RUN}{:06}", last + 1)))
}

fn number(run: &Path) -> Option<u32> {
    run.file_name()?.to_str()?.strip_prefix(RUN)?.parse().ok()
}

/// The folders of runs, in order.
fn runs(folder: &Path) -> Result<Vec<PathBuf>> {
    let read = || format!("reading the folder {}", folder.display());
    let mut runs = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(read)? {
        let path = entry.with_context(read)?.path();
        if path.is_dir() && number(&path).is_some() {
            runs.push(path);
        }
    }
    runs.sort_by_key(|run| number(run));
    Ok(runs)
}

/// Files that are written one after the other.
pub(super) struct Segments {
    folder: PathBuf,
    file: BufWriter<File>,
    n_files: usize,
    n_bytes: u64,
    /// How many bytes all of them together may still grow.
    n_left: u64,
}

impl Segments {
    /// Begins with the first file of a folder, which is made if it is not there. All files together will not be larger
    /// than `n_bytes_max`.
    pub(super) fn create(folder: &Path, n_bytes_max: u64) -> Result<Segments> {
        std::fs::create_dir_all(folder).with_context(|| format!("making the folder {}", folder.display()))?;
        if !files(folder)?.is_empty() {
            bail!("{} has a recording already: choose another folder", folder.display());
        }
        let file =
            open(folder, 1).with_context(|| format!("creating a recording in {}", folder.display()))?;
        Ok(Segments { folder: folder.to_owned(), file, n_files: 1, n_bytes: 0, n_left: n_bytes_max })
    }
}

fn open(folder: &Path, number: usize) -> io::Result<BufWriter<File>> {
    let path = folder.join(format!("{number:06}.{EXTENSION}"));
    Ok(BufWriter::with_capacity(64 << 10, File::options().write(true).create_new(true).open(path)?))
}

impl Write for Segments {
    /// Takes a whole line.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let n_bytes = line.len() as u64;
        self.n_left = self.n_left.checked_sub(n_bytes).ok_or_else(|| {
            io::Error::other("the recording is as large as it may get; what follows is not recorded")
        })?;
        if self.n_bytes > 0 && self.n_bytes + n_bytes > FILE_BYTES_MAX {
            self.file.flush()?;
            self.n_files += 1;
            self.file = open(&self.folder, self.n_files)?;
            self.n_bytes = 0;
        }
        self.n_bytes += n_bytes;
        self.file.write_all(line)?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// The files of a folder, in order.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let read = || format!("reading the folder {}", folder.display());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(read)? {
        let path = entry.with_context(read)?.path();
        if path.extension().is_some_and(|extension| extension == EXTENSION) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Reads the files of a folder as one text.
pub(super) fn read(folder: &Path) -> Result<Box<dyn BufRead>> {
    let files = files(folder)?;
    if let (true, [.., last]) = (files.is_empty(), runs(folder)?.as_slice()) {
        return match runs(folder)?.len() {
            1 => read(last),
            n => bail!(
                "{} has {n} runs, each a recording of its own: name one, such as {}",
                folder.display(),
                last.display()
            ),
        };
    }
    if files.is_empty() {
        bail!("{} has no recording in it: files are named 000001.{EXTENSION} and so on", folder.display());
    }
    let mut text: Box<dyn Read> = Box::new(io::empty());
    for (number, path) in (1..).zip(&files) {
        if path.file_stem().is_none_or(|stem| *stem != *format!("{number:06}")) {
            bail!(
                "{}: file {number:06}.{EXTENSION} is missing, so what follows cannot be replayed",
                folder.display()
            );
        }
        let file = File::open(path).with_context(|| format!("opening the recording {}", path.display()))?;
        text = Box::new(text.chain(file));
    }
    Ok(Box::new(BufReader::new(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_are_too_many_for_a_file_go_into_the_next_and_come_back_as_one_text() {
        let folder = tempfile::tempdir().unwrap();
        let mut segments = Segments::create(folder.path(), u64::MAX).unwrap();
        let line = vec![b'x'; 30 << 20];
        for _ in 0..3 {
            segments.write_all(&line).unwrap();
        }
        segments.write_all(b"end\n").unwrap();
        segments.flush().unwrap();
        let names: Vec<_> =
            files(folder.path()).unwrap().iter().map(|file| file.metadata().unwrap().len()).collect();
        assert_eq!(names, [60 << 20, (30 << 20) + 4]);
        let mut text = String::new();
        read(folder.path()).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!((text.len(), text.ends_with("xend\n")), ((90 << 20) + 4, true));
        assert!(
            Segments::create(folder.path(), 10).is_err_and(|error| error.to_string().contains("already"))
        );
        std::fs::remove_file(folder.path().join("000001.jsonl")).unwrap();
        assert!(
            read(folder.path()).is_err_and(|error| error.to_string().contains("000001.jsonl is missing"))
        );
    }

    #[test]
    fn every_run_has_a_folder_of_its_own_and_the_only_one_need_not_be_named() {
        let folder = tempfile::tempdir().unwrap();
        let record = |text: &[u8]| {
            let run = next_run(folder.path()).unwrap();
            let mut segments = Segments::create(&run, 100).unwrap();
            segments.write_all(text).unwrap();
            segments.flush().unwrap();
            run
        };
        let first = record(b"first\n");
        let mut text = String::new();
        read(folder.path()).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "first\n");
        let second = record(b"second\n");
        assert!(first.ends_with("run-000001") && second.ends_with("run-000002"));
        assert!(read(folder.path()).is_err_and(|error| error.to_string().contains("run-000002")));
        text.clear();
        read(&first).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "first\n");
    }

    #[test]
    fn it_does_not_grow_beyond_its_limit() {
        let folder = tempfile::tempdir().unwrap();
        let mut segments = Segments::create(folder.path(), 10).unwrap();
        segments.write_all(b"12345678\n").unwrap();
        assert!(segments.write_all(b"12\n").is_err());
    }
}
