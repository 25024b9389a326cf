//! `steersman simulate --record` and `steersman replay`, run as their users run them.

#![allow(missing_docs, reason = "tests have no interface")]

#[path = "replay/damaged.rs"]
mod damaged;
#[path = "replay/folder.rs"]
mod folder;
#[path = "replay/recording.rs"]
mod recording;
#[path = "replay/verdicts.rs"]
mod verdicts;
