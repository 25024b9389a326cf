//! The decision core: which pod is next, where it goes, and why.
//!
//! A pure state machine. [`engine::Scheduler::step`] takes an input (an object changed, a binding succeeded or
//! failed, it is time for the next pod) and returns commands (bind, patch a status, evict, record an event).
//! It reads no clock, opens no socket, spawns nothing; randomness comes from named, seeded streams. Driving it
//! is for the crates above: live, from files, or in a test.
//!
//! The way of a pod, one direction only:
//!
//! ```text
//! wire object -> model -> snapshot -> decision ---> command
//!   (wire)      (model)  (snapshot)  (incremental)  (engine)
//! ```
//!
//! | module | what it is |
//! |---|---|
//! | [`model`] | pods, nodes, selectors, amounts, compiled for comparison |
//! | [`snapshot`] | the nodes as rows with what runs on them, and a log of changes |
//! | [`cluster`] | namespaces, services, controllers, budgets, device classes |
//! | [`storage`] | volumes, claims, classes and drivers, and who uses what |
//! | [`evictions`] | pods that are being evicted, and for whom |
//! | [`framework`] | what a plugin is, and what runs plugins |
//! | [`plugins`] | one file per in-tree plugin, one table |
//! | [`mod@reference`] | one decision, straight from the rules, without caches |
//! | [`incremental`] | the same decision from tables that are kept up to date |
//! | [`outcome`] | what came of an attempt |
//! | [`agreement`] | whether both evaluators find the same |
//! | [`engine`] | the state machine around decisions: queue, assumed pods, nominations |
//! | [`explanation`] | every plugin's verdict and score for every node, for people |
//!
//! Start reading at [`reference::decide`], then any file in `plugins/`.

pub mod agreement;
pub mod cluster;
pub mod engine;
pub mod evictions;
pub mod explanation;
pub mod framework;
pub mod incremental;
pub mod model;
pub mod outcome;
pub mod plugins;
pub mod reference;
pub mod snapshot;
pub mod storage;
#[cfg(test)]
mod testing;
