//! Kubernetes objects as a scheduler reads them from the wire.
//!
//! A struct here has the fields that some scheduling decision depends on, under Kubernetes' names, and nothing
//! else: fields it does not know are skipped. Absent and `null` mean the same everywhere. Nothing is defaulted
//! and nothing is judged: what an unknown operator or effect means is for the model to say, so enumerations
//! stay strings.
//!
//! Start reading at [`Pod`]. [`Object`] is any of the kinds; [`decode`] makes objects of files; [`Quantity`]
//! and [`selector`] are the two little languages inside objects; [`config`] is the scheduler's own
//! configuration file.
//!
//! Not here: a client, watches, defaults of the API server, interned names. Those belong to the layers above.

mod affinity;
mod apps;
pub mod config;
mod container;
pub mod decode;
mod meta;
mod namespace;
mod node;
mod nullable;
mod object;
mod object_macro;
mod pod;
mod policy;
pub mod quantity;
mod resource;
mod scheduling;
pub mod selector;
mod service;
mod storage;
mod timestamp;
mod volume;

pub use affinity::*;
pub use apps::*;
pub use container::*;
pub use meta::*;
pub use namespace::*;
pub use node::*;
pub use object::{Kind, Object, Scope};
pub use pod::*;
pub use policy::*;
pub use quantity::{Quantity, QuantityError};
pub use resource::*;
pub use scheduling::*;
pub use selector::{
    LabelSelector, LabelSelectorRequirement, NodeSelector, NodeSelectorRequirement, NodeSelectorTerm,
};
pub use service::*;
pub use storage::*;
pub use timestamp::{Timestamp, TimestampError};
pub use volume::*;
