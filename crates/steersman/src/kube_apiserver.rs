//! `steersman kube-apiserver`: the component.

mod flags;
mod serve;
mod service_accounts;
mod storage;

use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::Outcome;
pub(crate) use flags::Options;

pub(crate) fn run(options: &Options) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("starting the threads that serve requests")?;
    runtime.block_on(run_async(options))?;
    Ok(ExitCode::SUCCESS)
}

async fn run_async(options: &Options) -> Result<()> {
    let store = storage::open(options).await?;
    let served = serve::serve(options, store.clone()).await;
    // Whatever happened, what was written is brought to an end.
    let closed = store.close().await.context("closing the store");
    served.and(closed)
}
