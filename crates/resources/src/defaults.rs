//! What fields are if nobody says.
//!
//! One function per kind and version that has defaults. They run on every decoded object: what a client sent, what a
//! patch made, what admission changed. Doing it twice changes nothing more. "Empty" is what upstream's structures
//! cannot tell from nothing: for a pointer only absence, otherwise also `""` and `0`.

pub(crate) mod admissionregistration;
pub(crate) mod apiextensions;
pub(crate) mod apps;
pub(crate) mod authentication;
pub(crate) mod autoscaling;
pub(crate) mod batch;
mod container;
pub(crate) mod core;
pub(crate) mod flowcontrol;
mod image;
pub(crate) mod networking;
pub(crate) mod pod;
mod quantity;
pub(crate) mod rbac;
pub(crate) mod resource;
pub(crate) mod service;
pub(crate) mod storage;
mod volume;
