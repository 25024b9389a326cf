//! What the table says, on types that everybody knows.

mod decode;
mod recordings;
mod table;
