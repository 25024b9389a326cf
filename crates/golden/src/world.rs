//! What all answers share: the time, the way in for objects, and the names of nodes.

use anyhow::{Result, anyhow};
use base::Now;
use scheduling::engine::Scheduler;
use scheduling::snapshot::Row;
use serde_json::Value;

/// When the recordings were made, as far as decisions can tell: after every start time in them.
pub(crate) const NOW: Now = Now::from_nanos(1_790_000_000_000_000_000);

/// Decodes one object through the same door that files come through.
pub(crate) fn decode(object: &Value) -> Result<wire::Object> {
    let decoded = wire::decode::read_bytes("case", object.to_string().as_bytes())?;
    let sourced = decoded.objects.into_iter().next();
    sourced
        .map(|sourced| sourced.object)
        .ok_or_else(|| anyhow!("a kind that is not read: {}", object["kind"]))
}

/// The name of the node at `row`.
pub(crate) fn name(scheduler: &Scheduler, row: Row) -> String {
    scheduler.symbols().resolve(scheduler.snapshot().node(row).node.name).to_owned()
}

/// The names of nodes, sorted.
pub(crate) fn names(scheduler: &Scheduler, rows: &[Row]) -> Vec<String> {
    let mut names: Vec<_> = rows.iter().map(|row| name(scheduler, *row)).collect();
    names.sort();
    names
}
