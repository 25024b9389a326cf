//! The revisioned key-value store under the API server.
//!
//! | module | what it is |
//! |---|---|
//! | [`contract`] | the [`Store`] trait and what goes in and out |
//! | [`watch`] | streams of changes: [`Watch`], [`Batch`], [`Event`] |
//! | [`error`] | how a store refuses |
//! | [`memory`] | the reference model: short, obvious, forgets everything when dropped |
//! | [`embedded`] | one process, one folder: an index in memory over a durable log |
//! | [`etcd`] | several machines: etcd over gRPC |
//! | `conformance` | one test per promise, run against every backend (feature `testing`) |
//!
//! What always holds, whatever the backend:
//!
//! - There is one [`Revision`] for the whole store. Each commit that changes something makes the next one, and
//!   no revision is ever given twice, also not after a crash.
//! - A commit that was answered with `Ok` is durable and visible to every later read.
//! - A watch delivers every change after the revision that it was given, once, in the order of revisions, or it
//!   ends with an error that says why it cannot.
//! - A reader never holds up writers, and what is kept for it is bounded.
//!
//! Not here: any word of Kubernetes. Keys and values are bytes; who owns which key is decided above.
//!
//! Start reading at [`contract::Store`], then [`memory`].

#[cfg(any(test, feature = "testing"))]
pub mod conformance;
pub mod contract;
pub mod embedded;
pub mod error;
pub mod etcd;
pub mod memory;
pub mod watch;

pub use contract::{Committed, Entry, Expect, Found, Listing, Range, Revision, Store, StoreFuture, Write};
pub use embedded::Embedded;
pub use error::{Error, OpenError};
pub use etcd::Etcd;
pub use memory::Memory;
pub use watch::{Batch, Event, EventKind, Watch};
