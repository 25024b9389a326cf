//! For those who look into a running scheduler.

use component::serving::Response;
use http::StatusCode;

use super::plain;
use crate::driver::Handle;

/// Profiles are those of Go's runtime, which is not here.
pub(super) fn pprof(path: &str) -> Response {
    let name = path.strip_prefix("/debug/pprof").unwrap_or_default().trim_matches('/');
    match name {
        "cmdline" => {
            let arguments: Vec<String> =
                std::env::args_os().map(|argument| argument.to_string_lossy().into_owned()).collect();
            plain(StatusCode::OK, &arguments.join("\0"))
        }
        "" => plain(
            StatusCode::OK,
            "/debug/pprof/\n\nThis scheduler is not written in Go, so it has none of the profiles of Go's runtime. To see \
             where time goes, use perf on the process: it has symbols and line tables.\n\nThere is: cmdline\n",
        ),
        name => plain(
            StatusCode::NOT_IMPLEMENTED,
            &format!(
                "{name} is a profile of Go's runtime, and this scheduler is not written in Go. Use perf on the process \
                 instead.\n"
            ),
        ),
    }
}

/// Writes into the log what the scheduler knows and what waits (SIGUSR2).
pub async fn dump(handle: &Handle) {
    let dumped = handle.ask(|scheduler, _| {
        let name = |symbol| scheduler.symbols().resolve(symbol).to_owned();
        let nodes: Vec<String> = scheduler
            .snapshot()
            .nodes()
            .map(|node| {
                let pods: Vec<String> = node.pods().iter().map(|pod| pod.key.to_string()).collect();
                format!("node {}: {} pods: {}", name(node.node.name), pods.len(), pods.join(" "))
            })
            .collect();
        let queue = scheduler.queue();
        let waiting: Vec<String> = queue
            .pods()
            .map(|queued| {
                format!(
                    "pod {}: {} attempts, refused by [{}]",
                    queued.pod.key,
                    queued.attempts,
                    queued.refused_by.join(" ")
                )
            })
            .collect();
        (nodes, waiting, scheduler.n_assumed())
    });
    let Some((nodes, waiting, n_assumed)) = dumped.await else { return };
    // There is one state and no second one beside it, so nothing can be missing from one of two.
    tracing::info!(missed = 0, redundant = 0, "cache comparer finished");
    tracing::info!(n_nodes = nodes.len(), n_assumed, "Dump of cached NodeInfo");
    for node in nodes {
        tracing::info!("{node}");
    }
    tracing::info!(n_pods = waiting.len(), "Dump of scheduling queue");
    for pod in waiting {
        tracing::info!("{pod}");
    }
}
