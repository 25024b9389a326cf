//! steersman

fn main() {}
