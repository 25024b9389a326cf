//! golden

fn main() {}
