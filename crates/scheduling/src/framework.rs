//! The scheduling framework: what a plugin is, and what runs plugins.
//!
//! The extension points, their order and their statuses are kube-scheduler's (KEP-624). One thing is shaped
//! differently: a plugin's PreFilter does not write into a shared state that its Filter reads back. It returns
//! a [`Filter`], an object prepared for this pod and this snapshot, and PreScore returns a [`Score`] likewise.
//! What upstream calls the cycle state is the private fields of these objects.
//!
//! ```text
//! Registration (one row per plugin) --build--> Plugin (per profile)
//!     Plugin::filter(cycle, pod) -> FilterPlan { Skip | Reject | Proceed, nodes, Filter }
//!         Filter::filter(node) -> Ok | Status        asked once per node
//!     Plugin::score(cycle, pod, feasible) -> ScorePlan { skip, Score }
//!         Score::score(node) -> i64, Score::normalization()
//! ```
//!
//! A plugin author never sees caching: the [`Scope`] in the registration says on what the verdicts depend, and
//! whoever evaluates decides what to keep.

pub mod cycle;
pub mod diagnosis;
pub mod domains;
pub mod event;
pub mod extender;
pub mod filters;
pub mod normalization;
pub mod plugin;
pub mod post_filter;
pub mod profile;
pub mod reason;
pub mod registry;
pub mod status;
pub mod stopwatch;

pub use cycle::{Around, Cycle};
pub use diagnosis::Diagnosis;
pub use event::{Actions, Changed, ClusterEvent, Hint, Resource};
pub use extender::Extender;
pub use filters::Filters;
pub use normalization::Normalization;
pub use plugin::{Filter, FilterPlan, Plugin, PreFilter, Score, ScorePlan, SortKey};
pub use post_filter::{Nomination, PostFilterCycle, PostFilterResult, Preemption, PreemptionCandidate};
pub use profile::Profile;
pub use reason::{Operand, Reason, Value};
pub use registry::{Build, Registration, Scope};
pub use status::{Code, Status};
pub use stopwatch::Stopwatch;

/// The highest score of a node under one plugin, after normalization.
pub const MAX_NODE_SCORE: i64 = 100;
