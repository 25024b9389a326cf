//! Hash maps with a fixed seed.
//!
//! The standard library seeds every map differently in every process. Decisions must be reproducible from
//! their input, and an iteration order that differs between runs finds its way into them sooner or later.

#![allow(clippy::disallowed_types, reason = "this is where the seed is fixed")]

use std::collections::{HashMap, HashSet};

use foldhash::fast::FixedState;

/// A hash map that iterates in the same order in every process given the same history.
pub type Map<K, V> = HashMap<K, V, FixedState>;

/// A hash set that iterates in the same order in every process given the same history.
pub type Set<T> = HashSet<T, FixedState>;
