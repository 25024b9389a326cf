//! Any bytes load as a configuration or as an error; what loads can be printed and loads again alike.
#![no_main]

use wire::config::{FeatureGates, load, to_yaml, validate};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let gates = FeatureGates::default();
    let Ok(configuration) = load(bytes, "input", &gates) else { return };
    let is_valid = validate(&configuration, &gates).is_empty();
    let printed = to_yaml(&configuration);
    if is_valid {
        load(printed.as_bytes(), "printed", &gates).expect("what is printed can be loaded");
        let mut symbols = base::Interner::default();
        let _ = scheduling::framework::Profile::build_all(&configuration, &gates, &mut symbols);
    }
});
