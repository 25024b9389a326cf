//! `steersman explain`

use clap::Args;

use crate::Outcome;

/// Flags of `explain`.
#[derive(Args)]
pub(crate) struct Options {}

pub(crate) fn run(_options: &Options) -> Outcome {
    anyhow::bail!("being written")
}
