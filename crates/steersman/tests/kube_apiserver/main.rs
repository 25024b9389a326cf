//! `steersman kube-apiserver` as its clients see it.

#![allow(missing_docs, reason = "tests have no interface")]
#![allow(clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "a test that is skipped says so")]

mod conformance;
mod etcd;
mod kubectl;
mod server;
