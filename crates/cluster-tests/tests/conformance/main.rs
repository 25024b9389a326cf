//! What users of kube-scheduler rely on, checked from outside: objects go into the API, and it is looked where pods are.
//!
//! The behaviours are those of upstream's `[sig-scheduling]` end-to-end suites that need no kubelet; the checks are our own.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]
#![allow(clippy::panic, reason = "a test fails by panicking")]

mod cluster;
mod placement;
mod predicates;
mod preemption;
mod priorities;
