//! `steersman kube-apiserver`: the component.

mod authorities;
mod flags;
mod serve;
mod service_accounts;
mod storage;

use std::fmt;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use apiserver::server::Server;
use clap::Parser;
use component::shutdown::Shutdown;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use store::Store;

use crate::Outcome;
pub(crate) use flags::Options;
pub(crate) use serve::{Prepared, prepare};
pub(crate) use storage::open as open_store;

pub(crate) fn run(options: &Options) -> Outcome {
    raise_file_limit();
    take_small_pages();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("starting the threads that serve requests")?;
    runtime.block_on(run_async(options))?;
    Ok(ExitCode::SUCCESS)
}

/// The flags without the rest of the command line.
#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    options: Options,
}

/// A server with the defaults of all flags and its embedded store, without a socket.
pub(crate) async fn start_in_process(data_dir: &Path) -> Result<(Arc<Server>, Arc<dyn Store>)> {
    start_in_process_without(data_dir, &[]).await
}

/// The same without some admission plugins.
pub(crate) async fn start_in_process_without(
    data_dir: &Path,
    plugins: &[&str],
) -> Result<(Arc<Server>, Arc<dyn Store>)> {
    take_small_pages();
    let arguments = ["kube-apiserver".as_ref(), "--data-dir".as_ref(), data_dir.as_os_str()];
    let Flags { mut options } = Flags::try_parse_from(arguments).context("the flags of kube-apiserver")?;
    options.disable_admission_plugins.extend(plugins.iter().map(|name| (*name).to_owned()));
    let store = storage::open(&options).await?;
    let settings = serve::settings(&options, serve::advertised(&options), options.secure_port)?;
    let started = apiserver::start::start(store.clone(), settings, Shutdown::new()).await;
    Ok((started.context("starting the server")?, store))
}

/// Every connection is an open file, and the usual limit of 1,024 is for programs that use `select`. As Go's runtime does.
pub(crate) fn raise_file_limit() {
    let limit = getrlimit(Resource::Nofile);
    // Where it cannot be raised, fewer connections are served.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}

/// Tells the operator. That the log cannot be written, as on a full disk, is no reason to end.
fn tell(text: fmt::Arguments<'_>) {
    // In one piece, so that who reads along never sees a part of it.
    let _ = io::stderr().write_all(format!("{text}\n").as_bytes());
}

/// The allocator asks for memory in pages of 2 MiB. A server takes and gives back a little here and there all the time, and
/// each time the kernel would clear one of these for a few KiB (`docs/decisions.md`).
pub(crate) fn take_small_pages() {
    // Where that cannot be said, it is slower.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
}

async fn run_async(options: &Options) -> Result<()> {
    let store = storage::open(options).await?;
    let served = serve(options, Arc::clone(&store)).await;
    // Whatever happened, what was written is brought to an end.
    let closed = store.close().await.context("closing the store");
    served.and(closed)
}

async fn serve(options: &Options, store: Arc<dyn Store>) -> Result<()> {
    let prepared = prepare(options, store).await?;
    serve::announce(&prepared);
    prepared.serve().await;
    Ok(())
}
