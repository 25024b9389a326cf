//! kube-apiserver: the Kubernetes API over a store.
//!
//! ```text
//! connection -> request -> authentication -> authorization -> handler: decode -> admission -> registry -> store
//!  (component)  (server)       (User)          (Authorized)   (handlers)                         |
//!                                                                  watch cache <--- events ------+
//!                                                                       |
//!                                              get, list, watch <-------+----> Objects (for RBAC, admission, allocators)
//! ```
//!
//! Everything that differs between kinds is in [`resources::kind::Kind`]; there is one path through this crate for all
//! of them. The registry takes an [`authorization::Authorized`], which only [`authorization::authorize`] makes: a
//! forgotten check does not compile.
//!
//! Clients in the same process come in by [`in_process`], at the same door as those from outside: everything after the
//! connection is the same.
//!
//! Start reading at [`server`], then [`handlers`] and [`registry`].

pub mod addition;
pub mod admission;
pub mod attributes;
pub mod authentication;
pub mod authorization;
pub mod bootstrap;
pub mod call;
mod chance;
mod clock;
pub mod discovery;
pub mod document;
mod etag;
pub mod feature_gates;
mod field_manager;
pub mod handlers;
pub mod in_process;
mod loops;
mod measured;
pub mod negotiation;
pub mod objects;
pub mod openapi;
pub mod path;
pub mod query;
pub mod registry;
pub mod reply;
pub mod reviews;
pub mod served;
pub mod server;
pub mod service_account;
pub mod services;
pub mod start;
pub mod user;
pub mod version;
pub mod watch_cache;
