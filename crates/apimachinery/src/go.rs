//! How Go prints values.
//!
//! Messages of the API quote values in three ways that come from the language upstream is written in: `%q` for
//! strings, `%v` for trees, and its encoder's JSON. Clients see these texts, so they are reproduced here.

mod document;
mod numbers;
mod quote;

pub use document::{compact_json, type_name, value_text};
pub use numbers::{NumberError, parse_bool, parse_i64, parse_u64};
pub use quote::{is_print, quote, rune_text};
