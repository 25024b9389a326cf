//! The server in this process, over a store in memory: requests in, answers out, without a socket.

#![allow(clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

mod apply;
mod client;
mod lists;
mod loops;
mod objects;
mod paths;
mod repair;
mod services;
mod watches;
