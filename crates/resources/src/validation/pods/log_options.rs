//! `/log`: which part of a container's output is wanted.

use apimachinery::{ErrorList, Path};

use super::super::formats::nonnegative;
use super::super::report::Report as _;

/// What the query of a request for output says (`PodLogOptions`).
#[derive(Clone, Copy, Debug, Default)]
pub struct LogOptions<'q> {
    /// How many lines from the end.
    pub tail_lines: Option<i64>,
    /// How many bytes at most.
    pub limit_bytes: Option<i64>,
    /// Only the last seconds.
    pub since_seconds: Option<i64>,
    /// Whether there is a time to begin at.
    pub has_since_time: bool,
    /// Standard output or error, which only servers with `PodLogsQuerySplitStreams` can tell apart.
    pub stream: Option<&'q str>,
}

/// What is wrong with the options; upstream's error is about the kind `PodLogOptions`.
pub fn validate_log_options(options: LogOptions<'_>) -> ErrorList {
    let mut errors = ErrorList::new();
    let path = Path::none();
    nonnegative(&mut errors, &path, "tailLines", options.tail_lines);
    if let Some(bytes) = options.limit_bytes.filter(|bytes| *bytes < 1) {
        errors.invalid(&path.child("limitBytes"), bytes, "must be greater than 0");
    }
    match options.since_seconds {
        Some(_) if options.has_since_time => {
            errors.forbidden(&Path::new(""), "at most one of `sinceTime` or `sinceSeconds` may be specified");
        }
        Some(seconds) if seconds < 1 => {
            errors.invalid(&path.child("sinceSeconds"), seconds, "must be greater than 0");
        }
        _ => {}
    }
    if options.stream.is_some_and(|stream| stream != "All") {
        errors.forbidden(&path.child("stream"), "may not be specified");
    }
    errors
}
