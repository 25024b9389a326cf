//! What operators look at when something is odd: `/statusz`, `/flagz` (KEP-4827, KEP-4828) and `/debug`.
//!
//! Profiles of Go's runtime are not here, for there is none; nor can the verbosity of logs be changed while the server runs.

use std::fmt::Write as _;

use apimachinery::Status;
use http::HeaderMap;
use jiff::SignedDuration;

use crate::call::Call;
use crate::negotiation;
use crate::reply::Reply;
use crate::server::Server;
use crate::version::GIT_VERSION;

const TEXT: &str = "text/plain";

const WARNING: &str = "Warning: This endpoint is not meant to be machine parseable, has no formatting compatibility \
                       guarantees and is for debugging purposes only.";

/// The profiles that upstream links here are of Go's runtime.
const PROFILES: &str = "<html>\n<head>\n<title>/debug/pprof/</title>\n</head>\n<body>\n/debug/pprof/\n<ul>\n\
    <li><a href=\"cmdline\">cmdline</a>: the command line of this program, with NUL between its arguments</li>\n\
    </ul>\n<p>There are no profiles of Go's runtime: this program is not written in Go. \
    To see where it spends its time, use the profiler of the system, such as perf.</p>\n</body>\n</html>\n";

/// The answer to a path; `None` if it is none of ours.
pub(crate) fn answer(server: &Server, call: &Call, path: &str) -> Option<Reply> {
    Some(match path {
        "/debug/pprof" => {
            Reply::new(302, "text/html; charset=utf-8", "<a href=\"/debug/pprof/\">Found</a>.\n\n")
                .with("Location", "/debug/pprof/")
        }
        "/debug/pprof/" => Reply::new(200, "text/html; charset=utf-8", PROFILES),
        "/debug/pprof/cmdline" => {
            let arguments: Vec<String> =
                std::env::args_os().map(|argument| argument.to_string_lossy().into_owned()).collect();
            Reply::text(200, arguments.join("\0"))
        }
        // Upstream lets this be set, by PUT only.
        "/debug/flags/v" => Reply::new(406, TEXT, "unsupported http method\n"),
        "/debug/api_priority_and_fairness/dump_priority_levels" => {
            Reply::text(200, server.inflight.dump_levels())
        }
        "/debug/api_priority_and_fairness/dump_queues" => Reply::text(200, server.inflight.dump_queues()),
        "/debug/api_priority_and_fairness/dump_requests" => {
            let is_detailed = call.query().get("includeRequestDetails").is_some_and(|text| !text.is_empty());
            Reply::text(200, server.inflight.dump_requests(is_detailed))
        }
        "/statusz" => page(&call.headers, || status(server)),
        "/flagz" => page(&call.headers, || flags(server)),
        _ => return None,
    })
}

/// A page for people, which comes as text only.
fn page(headers: &HeaderMap, text: impl FnOnce() -> String) -> Reply {
    match negotiation::choose(headers, &[TEXT]) {
        Some(_) => Reply::text(200, text()),
        None => Reply::plain_error(&Status::not_acceptable_media_type(&[TEXT])),
    }
}

fn status(server: &Server) -> String {
    let paths = server.paths();
    let mut folders: Vec<&str> = paths.iter().filter_map(|path| path.split('/').nth(1)).collect();
    folders.sort_unstable();
    folders.dedup();
    let folders: Vec<String> =
        folders.into_iter().filter(|name| !name.is_empty()).map(|name| format!("/{name}")).collect();
    format!(
        "\nkube-apiserver statusz\n{WARNING}\n\nStarted: {}\nUp: {}\nBinary version: {GIT_VERSION}\n\
         Emulation version: {}\nUseful Endpoints: {}\n",
        server.started.strftime("%a %b %e %H:%M:%S UTC %Y"),
        up(crate::clock::now().duration_since(server.started)),
        GIT_VERSION.trim_start_matches('v').rsplit_once('.').map_or("", |(minor, _)| minor),
        folders.join(" "),
    )
}

fn up(since: SignedDuration) -> String {
    let seconds = since.as_secs().max(0);
    format!("{} hr {:02} min {:02} sec", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

fn flags(server: &Server) -> String {
    let mut text = format!("\nkube-apiserver flags\n{WARNING}\n\n");
    for (name, value) in &server.flags {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{name}={value}");
    }
    text
}

/// Rows in columns of equal width, with commas between cells, as upstream prints what it dumps.
pub(crate) fn columns(rows: &[Vec<String>]) -> String {
    let n_columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        // The comma, and a blank at least.
        cells.map(|cell| cell.chars().count() + 2).max().unwrap_or_default().max(CELL_WIDTH_MIN)
    };
    let widths: Vec<usize> = (0..n_columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        for (cell, width) in row.iter().zip(&widths).take(row.len().saturating_sub(1)) {
            let _ = write!(text, "{:<width$}", format!("{cell},"));
        }
        text.extend(row.last().map(String::as_str));
        text.push('\n');
    }
    text
}

const CELL_WIDTH_MIN: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_they_have_to_be() {
        let row = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect();
        let rows = [row(&["PriorityLevelName", "Index", "Last"]), row(&["a", "0", "b"])];
        let expected = "PriorityLevelName, Index,  Last\na,                 0,      b\n";
        assert_eq!(columns(&rows), expected);
    }

    #[test]
    fn a_time_since_the_start_is_in_hours() {
        assert_eq!(up(SignedDuration::from_secs(3600 * 30 + 125)), "30 hr 02 min 05 sec");
    }
}
