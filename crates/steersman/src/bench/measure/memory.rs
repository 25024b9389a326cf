//! How much memory the process has, as Linux counts it.

use std::fs;

const STATUS: &str = "/proc/self/status";
const CLEAR_REFS: &str = "/proc/self/clear_refs";

/// The most memory that the process has had in RAM since it began, or since [`forget_peak`]; `None` where the
/// system does not say.
pub(in crate::bench) fn peak_rss_bytes() -> Option<u64> {
    rss_in(&fs::read_to_string(STATUS).ok()?, "VmHWM:")
}

/// The memory that the process has in RAM; `None` where the system does not say.
pub(in crate::bench) fn rss_bytes() -> Option<u64> {
    rss_in(&fs::read_to_string(STATUS).ok()?, "VmRSS:")
}

/// Has the peak begin anew. Where the system does not allow it, the peak stays that of the whole process.
pub(in crate::bench) fn forget_peak() {
    // 5 is the kernel's code for it; there is nothing to do about a refusal.
    let _ = fs::write(CLEAR_REFS, "5");
}

/// An amount of memory in bytes, from the text of a process's status.
pub(in crate::bench) fn rss_in(status: &str, field: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_read_from_the_status() {
        let status = "Name:\tsteersman\nVmPeak:\t  900 kB\nVmHWM:\t    1234 kB\nVmRSS:\t    1000 kB\n";
        assert_eq!(rss_in(status, "VmHWM:"), Some(1234 * 1024));
        assert_eq!(rss_in("Name:\tsteersman\n", "VmHWM:"), None);
    }
}
