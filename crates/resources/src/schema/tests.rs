//! What the table says, on types that everybody knows.

mod decode;
mod openapi;
mod properties;
mod recordings;
mod table;
