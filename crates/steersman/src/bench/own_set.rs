//! The workloads that the program brings along, in scheduler_perf's schema.

macro_rules! files {
    ($($path:literal),* $(,)?) => {
        const FILES: &[(&str, &str)] = &[
            $(($path, include_str!(concat!("../../workloads/", $path))),)*
        ];
    };
}

files! {
    "performance-config.yaml",
    "templates/namespace-team.yaml",
    "templates/node-small.yaml",
    "templates/node-varied.yaml",
    "templates/node-without-room.yaml",
    "templates/pod-anti-affinity.yaml",
    "templates/pod-blocked.yaml",
    "templates/pod-distinct.yaml",
    "templates/pod-important.yaml",
    "templates/pod-node-affinity.yaml",
    "templates/pod-plain.yaml",
    "templates/pod-preemptible.yaml",
    "templates/pod-soft-spread.yaml",
    "templates/pod-zone-affinity.yaml",
    "templates/pod-zone-spread.yaml",
    "templates/service.yaml",
}

/// The configuration files.
pub(super) fn configs() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(path, _)| *path).filter(|path| path.ends_with("performance-config.yaml"))
}

/// The text of a file.
pub(super) fn text(path: &str) -> Option<&'static str> {
    FILES.iter().find(|(known, _)| *known == path).map(|(_, text)| *text)
}
