//! kube-apiserver as a process under faults, bad input and clients that misbehave.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]
#![allow(clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "the fuzzer tells how much it has asked")]

mod client;
mod clients;
mod compression;
mod disk;
mod fuzz;
mod metrics;
mod process;
mod start;
