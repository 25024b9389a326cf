//! `steersman kube-apiserver`: the component.

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
use clap::{CommandFactory as _, Parser};
use component::shutdown::Shutdown;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use store::Store;

use crate::Outcome;
pub(crate) use flags::Options;

pub(crate) fn run(options: &Options) -> Outcome {
    raise_file_limit();
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

/// The names and values of all flags of this process that have one, defaults included.
fn flag_values() -> Vec<(String, String)> {
    let command = Flags::command();
    // The program's name stands before the component's.
    let given = crate::arguments(std::env::args_os()).into_iter().skip(1);
    let Ok(matches) = command.clone().try_get_matches_from(given) else { return Vec::new() };
    let value = |argument: &clap::Arg| {
        let values = matches.get_raw(argument.get_id().as_str())?;
        let values: Vec<_> = values.map(|value| value.to_string_lossy().into_owned()).collect();
        Some((argument.get_long()?.to_owned(), values.join(",")))
    };
    let mut values: Vec<(String, String)> = command.get_arguments().filter_map(value).collect();
    values.sort();
    values
}

/// A server with the defaults of all flags and its embedded store, without a socket.
pub(crate) async fn start_in_process(data_dir: &Path) -> Result<(Arc<Server>, Arc<dyn Store>)> {
    let arguments = ["kube-apiserver".as_ref(), "--data-dir".as_ref(), data_dir.as_os_str()];
    let Flags { options } = Flags::try_parse_from(arguments).context("the flags of kube-apiserver")?;
    let store = storage::open(&options).await?;
    let settings = serve::settings(&options, serve::advertised(&options), options.secure_port)?;
    let started = apiserver::start::start(store.clone(), settings, Shutdown::new()).await;
    Ok((started.context("starting the server")?, store))
}

/// Every connection is an open file, and the usual limit of 1,024 is for programs that use `select`. As Go's runtime does.
fn raise_file_limit() {
    let limit = getrlimit(Resource::Nofile);
    // Where it cannot be raised, fewer connections are served.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}

/// Tells the operator. That the log cannot be written, as on a full disk, is no reason to end.
fn tell(text: fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr(), "{text}");
}

async fn run_async(options: &Options) -> Result<()> {
    let store = storage::open(options).await?;
    let served = serve::serve(options, flag_values(), store.clone()).await;
    // Whatever happened, what was written is brought to an end.
    let closed = store.close().await.context("closing the store");
    served.and(closed)
}
