//! `steersman bench apiserver`: how fast an API server is, seen through HTTPS.
//!
//! A server of its own is started in a folder of its own, unless a kubeconfig says which one to talk to. The client
//! runs on the same processor, so its work is in the figures.
//!
//! ```text
//! start -> creates -> gets -> list -> watchers -> stop -> start again
//! ```

mod client;
mod door;
mod in_process;
mod kubeconfig;
mod load;
mod pod;
mod server;
mod watchers;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use serde_json::json;

use super::report::figures;
use crate::Outcome;
use door::Door;
use in_process::OwnServerInside;
use load::{Load, Loaded};
use server::OwnServer;

/// Flags of `bench apiserver`.
#[derive(Args)]
#[command(after_help = "\
Pods of about 2 KB are created, read, listed and watched. What is created stays in the namespaces bench-0 and bench-1,
so a server named with --kubeconfig should be one to throw away.

Exit codes: 0 all requests were answered as they should be; 2 the server could not be reached or answered otherwise")]
pub(super) struct ApiServerOptions {
    /// The server to talk to; without it, one is started for the occasion and removed afterwards
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// Ask the server inside this process instead of through HTTPS; the durable embedded store is the same
    #[arg(long, conflicts_with = "kubeconfig")]
    in_process: bool,
    /// How many connections ask at the same time
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u64).range(1..=1024))]
    connections: u64,
    /// How many pods are created, half of them before they are listed
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(2..=10_000_000))]
    pods: u64,
    /// How many times a pod is read
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    gets: u64,
    /// How many times a pod is read, changed and written back
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    updates: u64,
    /// How many times the status of a pod is patched
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    patches: u64,
    /// How many watch one object that changes
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    watchers: u64,
    /// How often it changes
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    changes: u64,
    /// Show the result as JSON
    #[arg(long)]
    json: bool,
}

/// All that was measured.
#[derive(Default)]
struct Measured {
    ready: Option<Duration>,
    rss_idle: Option<u64>,
    creates: Option<Loaded>,
    gets: Option<Loaded>,
    updates: Option<Loaded>,
    patches: Option<Loaded>,
    list: Option<Listed>,
    delivery: Option<load::Latencies>,
    n_watchers: u64,
    rss_full: Option<u64>,
    ready_again: Option<Duration>,
    rss_again: Option<u64>,
    n_stored: u64,
}

/// What one list of everything cost.
struct Listed {
    n_items: u64,
    n_bytes: u64,
    took: Duration,
    /// The most memory of the server before and while it answered.
    rss: Option<(u64, u64)>,
}

pub(super) fn run(options: &ApiServerOptions) -> Outcome {
    let mut runtime = if options.in_process {
        tokio::runtime::Builder::new_multi_thread()
    } else {
        tokio::runtime::Builder::new_current_thread()
    };
    let runtime = runtime.enable_all().build().context("starting the client")?;
    let measured = runtime.block_on(measure(options))?;
    super::write(|out| if options.json { measured.write_json(out) } else { measured.write_text(out) })?;
    Ok(std::process::ExitCode::SUCCESS)
}

async fn measure(options: &ApiServerOptions) -> Result<Measured> {
    let mut measured = Measured::default();
    let (mut own, mut inside) = (None, None);
    let target = match &options.kubeconfig {
        Some(file) => Door::Https(kubeconfig::read(file)?),
        None if options.in_process => {
            let server = OwnServerInside::start().await?;
            measured.ready = Some(server.ready_after());
            let door = server.door();
            inside = Some(server);
            door
        }
        None => {
            let server = OwnServer::start().await?;
            measured.ready = Some(server.ready_after());
            tokio::time::sleep(Duration::from_secs(1)).await;
            measured.rss_idle = server.rss();
            let target = Door::Https(server.target()?);
            own = Some(server);
            target
        }
    };
    let load = Load { target: &target, connections: options.connections };
    let half = options.pods / 2;
    for namespace in ["bench-0", "bench-1"] {
        load.namespace(namespace).await?;
    }
    let first = load.create("bench-0", half).await?;
    measured.list = Some(list(&target, own.as_ref(), half).await?);
    let second = load.create("bench-1", options.pods - half).await?;
    measured.creates = Some(first.and(second));
    measured.gets = Some(load.get("bench-0", half, options.gets).await?);
    measured.updates = Some(load.rewrite("bench-0", half, options.updates).await.context("updating")?);
    measured.patches = Some(load.patch("bench-0", half, options.patches).await.context("patching")?);
    measured.delivery =
        Some(watchers::deliver(&target, options.watchers, options.changes).await.context("watching")?);
    measured.n_watchers = options.watchers;
    measured.n_stored = options.pods;
    if let Some(server) = own {
        measured.rss_full = server.rss();
        let again = server.restart().await?;
        measured.ready_again = Some(again.ready_after());
        measured.rss_again = again.rss();
        again.stop().await?;
    }
    if let Some(server) = inside {
        measured.ready_again = Some(server.restart().await?);
    }
    Ok(measured)
}

async fn list(target: &Door, own: Option<&OwnServer>, n_items: u64) -> Result<Listed> {
    let before = own.and_then(OwnServer::forget_peak);
    let mut connection = target.connect().await?;
    let watch = client::Stopwatch::start();
    let n_bytes = connection.drain("/api/v1/namespaces/bench-0/pods").await.context("listing pods")?;
    let took = watch.elapsed();
    let peak = own.and_then(OwnServer::peak_rss);
    Ok(Listed { n_items, n_bytes, took, rss: before.zip(peak) })
}

impl Measured {
    fn write_text(&self, out: &mut dyn std::io::Write) -> std::io::Result<()> {
        let mut line = |what: &str, figure: String| writeln!(out, "{what:<36} {figure}");
        let seconds = |duration: Duration| figures::nanos(duration.as_nanos() as u64);
        if let Some(ready) = self.ready {
            line("ready after", seconds(ready))?;
        }
        if let Some(rss) = self.rss_idle {
            line("memory, idle", figures::bytes(rss))?;
        }
        let rates = [
            ("creates/s", &self.creates),
            ("gets/s", &self.gets),
            ("updates/s, each a get and a put", &self.updates),
            ("patches of a status/s", &self.patches),
        ];
        for (what, loaded) in rates {
            let Some(loaded) = loaded else { continue };
            let [p50, p99] = [50, 99].map(|percent| figures::nanos(loaded.latencies.percentile(percent)));
            line(what, format!("{}   p50 {p50}   p99 {p99}", figures::rate(loaded.per_second())))?;
        }
        if let Some(list) = &self.list {
            let what = format!("list of {} pods", figures::count(list.n_items));
            let rss = list.rss.map_or_else(String::new, |(before, peak)| {
                format!("   memory {} to {}", figures::bytes(before), figures::bytes(peak))
            });
            line(&what, format!("{}, {}{rss}", seconds(list.took), figures::bytes(list.n_bytes)))?;
        }
        if let Some(delivery) = &self.delivery {
            let [p50, p99] = [50, 99].map(|percent| figures::nanos(delivery.percentile(percent)));
            let what = format!("a change to {} watchers", figures::count(self.n_watchers));
            line(&what, format!("p50 {p50}   p99 {p99}, until the last one has it"))?;
        }
        if let Some(rss) = self.rss_full {
            line(&format!("memory, {} pods", figures::count(self.n_stored)), figures::bytes(rss))?;
        }
        if let Some(ready) = self.ready_again {
            line("ready again after", seconds(ready))?;
        }
        if let Some(rss) = self.rss_again {
            line("memory after the restart", figures::bytes(rss))?;
        }
        Ok(())
    }

    fn write_json(&self, out: &mut dyn std::io::Write) -> std::io::Result<()> {
        let seconds = |duration: Option<Duration>| duration.map(|duration| duration.as_secs_f64());
        let loaded = |loaded: &Option<Loaded>| {
            loaded.as_ref().map(|loaded| {
                json!({
                    "perSecond": loaded.per_second(),
                    "p50Seconds": loaded.latencies.percentile(50) as f64 / 1e9,
                    "p99Seconds": loaded.latencies.percentile(99) as f64 / 1e9,
                })
            })
        };
        let list = self.list.as_ref().map(|list| {
            json!({
                "items": list.n_items,
                "bytes": list.n_bytes,
                "seconds": list.took.as_secs_f64(),
                "rssBytesBefore": list.rss.map(|(before, _)| before),
                "rssBytesPeak": list.rss.map(|(_, peak)| peak),
            })
        });
        let delivery = self.delivery.as_ref().map(|delivery| {
            json!({
                "watchers": self.n_watchers,
                "p50Seconds": delivery.percentile(50) as f64 / 1e9,
                "p99Seconds": delivery.percentile(99) as f64 / 1e9,
            })
        });
        let document = json!({
            "readySeconds": seconds(self.ready),
            "rssBytesIdle": self.rss_idle,
            "creates": loaded(&self.creates),
            "gets": loaded(&self.gets),
            "updates": loaded(&self.updates),
            "patches": loaded(&self.patches),
            "list": list,
            "delivery": delivery,
            "rssBytesFull": self.rss_full,
            "readyAgainSeconds": seconds(self.ready_again),
            "rssBytesAfterRestart": self.rss_again,
        });
        writeln!(out, "{document:#}")
    }
}
