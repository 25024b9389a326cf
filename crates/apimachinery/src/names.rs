//! Formats of names and other short texts.
//!
//! Every check returns the sentences that say what is wrong, none where nothing is: a text may break several
//! rules, and upstream reports each as an error of its own. Lengths are in bytes, whatever the sentence says.

mod dns;
mod kinds;
mod port;
mod qualified;
#[cfg(test)]
mod tests;

pub use dns::{dns1035_label, dns1123_label, dns1123_subdomain, wildcard_dns1123_subdomain};
pub use kinds::{NameRule, namespace_name, path_segment_name, path_segment_prefix, standard_finalizer};
pub use port::{port_name, port_number};
pub use qualified::{
    config_map_key, domain_prefixed_key, domain_prefixed_path, env_var_name, http_header_name, label_value,
    percent, qualified_name,
};

/// Whether a text begins and ends with an `outer` byte and has nothing but those and `inner` ones between.
fn is_framed(text: &str, outer: impl Fn(u8) -> bool, inner: impl Fn(u8) -> bool) -> bool {
    let (Some(first), Some(last)) = (text.bytes().next(), text.bytes().next_back()) else { return false };
    outer(first) && outer(last) && text.bytes().all(|byte| outer(byte) || inner(byte))
}

/// What is said of a text that is too long for a name that upstream counts in characters.
fn too_many_characters(max: usize) -> String {
    format!("must be no more than {max} characters")
}

/// What is said of a text that is too long for a name that upstream counts in bytes.
fn too_many_bytes(max: usize) -> String {
    format!("must be no more than {max} bytes")
}

/// A rule, examples, and the regular expression that upstream checks.
fn rule(rule: &str, pattern: &str, examples: &[&str]) -> String {
    if examples.is_empty() {
        return format!("{rule} (regex used for validation is '{pattern}')");
    }
    let mut text = format!("{rule} (e.g. ");
    for (i, example) in examples.iter().enumerate() {
        if i > 0 {
            text.push_str(" or ");
        }
        // The blank after the comma doubles before "or": upstream's texts have it so.
        text.push_str(&format!("'{example}', "));
    }
    text + &format!("regex used for validation is '{pattern}')")
}
