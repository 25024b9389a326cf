//! What the system knows of this process, as client libraries of Prometheus report it.

use std::fs;

use super::{Text, Type};

/// Ticks per second of the times in `/proc`: fixed in Linux' interface to programs.
const TICKS_PER_SECOND: f64 = 100.0;

/// Bytes of a page, on the processors that we are built for.
const PAGE_BYTES: f64 = 4096.0;

/// Writes `process_*`; what `/proc` does not tell is left out.
pub fn collect_process(text: &mut Text) {
    let mut write = |name: &str, kind: Type, help: &str, value: Option<f64>| {
        if let Some(value) = value {
            text.family(name, kind, help).value(name, &[], value);
        }
    };
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let stat = Stat::parse(&stat);
    let boot_seconds = fs::read_to_string("/proc/stat").ok().and_then(|text| line_number(&text, "btime"));
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let open_files = fs::read_dir("/proc/self/fd").ok().map(|files| files.count() as f64);
    let (counter, gauge) = (Type::Counter, Type::Gauge);
    write(
        "process_cpu_seconds_total",
        counter,
        "Total user and system CPU time spent in seconds.",
        stat.cpu_seconds,
    );
    write("process_open_fds", gauge, "Number of open file descriptors.", open_files);
    write(
        "process_max_fds",
        gauge,
        "Maximum number of open file descriptors.",
        line_number(&limits, "Max open files"),
    );
    write("process_virtual_memory_bytes", gauge, "Virtual memory size in bytes.", stat.virtual_bytes);
    write("process_resident_memory_bytes", gauge, "Resident memory size in bytes.", stat.resident_bytes);
    let start = boot_seconds.zip(stat.start_seconds).map(|(boot, start)| boot + start);
    let help = "Start time of the process since unix epoch in seconds.";
    write("process_start_time_seconds", gauge, help, start);
}

/// When this process started, in seconds since 1970; `None` if the system does not tell.
pub fn process_start_seconds() -> Option<f64> {
    let stat = Stat::parse(&fs::read_to_string("/proc/self/stat").unwrap_or_default());
    let boot = fs::read_to_string("/proc/stat").ok().and_then(|text| line_number(&text, "btime"));
    boot.zip(stat.start_seconds).map(|(boot, start)| boot + start)
}

#[derive(Debug, Default, PartialEq)]
struct Stat {
    cpu_seconds: Option<f64>,
    start_seconds: Option<f64>,
    virtual_bytes: Option<f64>,
    resident_bytes: Option<f64>,
}

impl Stat {
    /// Reads `/proc/self/stat`. The name in it may contain anything, and ends with the last bracket.
    fn parse(text: &str) -> Stat {
        let Some((_, rest)) = text.rsplit_once(')') else { return Stat::default() };
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        // Fields are counted from 1, and the first after the name is the third.
        let field = |number: usize| fields.get(number - 3).and_then(|field| field.parse::<f64>().ok());
        Stat {
            cpu_seconds: field(14).zip(field(15)).map(|(user, system)| (user + system) / TICKS_PER_SECOND),
            start_seconds: field(22).map(|ticks| ticks / TICKS_PER_SECOND),
            virtual_bytes: field(23),
            resident_bytes: field(24).map(|pages| pages * PAGE_BYTES),
        }
    }
}

/// The first number after a name that begins a line.
fn line_number(text: &str, name: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_system_says() {
        let stat = "7 (a) (b) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20 0 9 0 1234 8192 2 0";
        let expected = Stat {
            cpu_seconds: Some(2.0),
            start_seconds: Some(12.34),
            virtual_bytes: Some(8192.0),
            resident_bytes: Some(8192.0),
        };
        assert_eq!(Stat::parse(stat), expected);
        assert_eq!(Stat::parse("nonsense"), Stat::default());
        assert_eq!(line_number("a 1\nMax open files   1024   4096 files\n", "Max open files"), Some(1024.0));
    }
}
