//! A client of the Kubernetes API for components that follow a cluster.
//!
//! ```text
//! kubeconfig, service account, in-process service --> Connection
//! Connection + Resource --> list(): everything there is now
//!                      `--> Source: everything there is now, and then every change, for ever
//! ```
//!
//! [`Connection`] sends requests; a [`Transport`] gets them there: a server in the same process, or, with sockets, TLS,
//! credentials and their plugins, the `kube` crate. What comes back is read straight into the lean types of [`wire`], never into whole objects.
//! A [`Source`] follows one resource through everything that can happen to a connection and says what is there, and
//! what is there no more, so that whoever listens never has to look again. [`leader_election`] makes one of several processes
//! the one that acts.

mod connection;
mod error;
pub mod leader_election;
mod limit;
mod list;
mod meter;
mod resource;
mod source;
mod transport;

pub use connection::{Access, Connection};
pub use error::{Error, Refusal};
pub use list::{List, list};
pub use meter::{Meter, Sent};
pub use resource::Resource;
pub use source::{Onlooker, Settings, Source, Told};
pub use transport::{Answer, Answering, BoxError, Transport};
