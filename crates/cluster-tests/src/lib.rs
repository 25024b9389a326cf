//! Tests of several components together, in one process and under a clock that the tests turn.
//!
//! `tests/simulation` is the live scheduler against the API server with faults in between; `tests/conformance` is what users
//! of kube-scheduler rely on. Here is what both need: a server that can be away, and ways to it on which things go wrong.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

pub mod faults;
pub mod site;

pub use faults::{Faults, Life, Way, Weather};
pub use site::Site;
