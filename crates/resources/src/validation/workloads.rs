//! Kinds that make pods, one module each, and what they have in common.

pub mod controller_revisions;
mod counters;
pub mod cron_jobs;
mod cron_schedule;
pub mod daemon_sets;
pub mod deployments;
pub mod jobs;
mod pod_template;
pub mod pod_templates;
pub mod replica_sets;
pub mod replication_controllers;
mod rollout;
pub mod scales;
pub mod stateful_sets;
mod time_zone;
