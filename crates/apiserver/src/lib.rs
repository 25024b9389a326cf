//! kube-apiserver: the Kubernetes API over a store.
//!
//! ```text
//! connection -> request -> authentication -> authorization -> handler: decode -> admission -> registry -> store
//!  (serving)   (attributes)    (User)          (Authorized)                                      |
//!                                                                  watch cache <--- events ------+
//!                                                                       |
//!                                              get, list, watch <-------+----> Objects (for RBAC, admission, allocators)
//! ```
//!
//! Everything that differs between kinds is in [`resources::kind::Kind`]; there is one path through this crate for all
//! of them. The registry takes an [`authorization::Authorized`], which only [`authorization::authorize`] makes: a
//! forgotten check does not compile.
//!
//! Start reading at [`attributes`].

pub mod admission;
pub mod attributes;
pub mod authentication;
pub mod authorization;
pub mod bootstrap;
pub mod objects;
pub mod user;
