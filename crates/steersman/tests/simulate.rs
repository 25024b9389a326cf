//! `steersman simulate`, run as its users run it.

#![allow(missing_docs, reason = "tests have no interface")]

#[path = "simulate/errors.rs"]
mod errors;
#[path = "simulate/outcomes.rs"]
mod outcomes;
#[path = "simulate/replacements.rs"]
mod replacements;
#[path = "simulate/totals.rs"]
mod totals;
#[path = "simulate/what_if.rs"]
mod what_if;
#[path = "simulate/world.rs"]
mod world;
