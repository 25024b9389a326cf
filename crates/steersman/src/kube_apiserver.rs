//! `steersman kube-apiserver`: the component.

mod flags;
mod serve;
mod storage;

use std::process::ExitCode;

use anyhow::{Context, Result};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

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

/// Every connection is an open file, and the usual limit of 1,024 is for programs that use `select`. As Go's runtime does.
fn raise_file_limit() {
    let limit = getrlimit(Resource::Nofile);
    // Where it cannot be raised, fewer connections are served.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}

async fn run_async(options: &Options) -> Result<()> {
    let store = storage::open(options).await?;
    let served = serve::serve(options, store.clone()).await;
    // Whatever happened, what was written is brought to an end.
    let closed = store.close().await.context("closing the store");
    served.and(closed)
}
