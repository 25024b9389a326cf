//! `steersman simulate`, run as its users run it.

#![allow(missing_docs, reason = "tests have no interface")]

#[path = "simulate/errors.rs"]
mod errors;
#[path = "simulate/outcomes.rs"]
mod outcomes;
#[path = "simulate/what_if.rs"]
mod what_if;
#[path = "simulate/world.rs"]
mod world;
