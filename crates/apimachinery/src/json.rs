//! Reading JSON, with upstream's words about what is wrong.
//!
//! Clients see the decoder's messages (`invalid character 'b' looking for beginning of object key string`), so
//! a text that does not parse is walked a second time by `syntax` to find the message. Members that occur
//! twice are legal, the last one counts; requests may ask to be told about them, or to be refused.

mod decode;
mod syntax;

pub use decode::{Decoded, JsonError, decode};
