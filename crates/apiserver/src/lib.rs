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
//! Start reading at [`server`], then [`handlers`] and [`registry`].

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
mod field_manager;
pub mod handlers;
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
pub mod services;
pub mod start;
pub mod user;
pub mod version;
pub mod watch_cache;
