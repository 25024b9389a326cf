//! The live scheduler: kube-scheduler around the decision core, against any Kubernetes API server.
//!
//! ```text
//!   sources, one per resource          core, one task             executor
//!   list/watch -- Told --------------> Scheduler::step -- Command --> bind, patch, evict --> API server
//!                                        ^      |                         |
//!                                        |      '-- events --> recorder --'--> API server
//!                                        '------- Completion -------------'
//! ```
//!
//! The core is the state machine of [`scheduling::engine`]: it sees one input after the other and says what is to be
//! done. [`driver`] feeds it; [`executor`] does what it says, many things at once but one after the other for each pod,
//! and answers every command. What is not known to have been done is tried again until it is known, so the core never
//! gives away room that a pod may have after all. Whether this process may act at all is a [`Permission`], which leader
//! election gives and takes.
//!
//! Time is tokio's: tests of the whole pause it.

pub mod clock;
pub mod driver;
pub mod events;
pub mod executor;
pub mod extenders;
pub mod metrics;
pub mod permission;
pub mod serving;
pub mod shadow;
pub mod sources;
pub mod start;
pub mod why;

#[cfg(test)]
mod double;

pub use clock::Clock;
pub use permission::Permission;
pub use start::{Connections, Running, Settings, ShadowSettings, StartError, start};
