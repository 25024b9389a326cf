//! Selectors in their text form, as queries have them.
//!
//! Two languages: [`labels`] (`tier in (a,b),!legacy,size>2`) and [`fields`] (`metadata.name=a,status.phase!=B`).
//! The selectors inside objects are `wire`'s; [`labels::LabelSelector`] can be made of one.

pub mod fields;
pub mod labels;
