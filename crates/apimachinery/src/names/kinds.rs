//! Rules for the names of objects.

use super::{dns1035_label, dns1123_label, dns1123_subdomain};

/// Which format the name of an object has.
#[derive(Clone, Copy, Debug)]
pub enum NameRule {
    /// One part of a host name.
    Dns1123Label,
    /// A host name.
    Dns1123Subdomain,
    /// One part of a host name, beginning with a letter.
    Dns1035Label,
    /// Whatever can be one segment of a URL's path.
    PathSegment,
    /// A rule of the kind itself: given the name and whether it is a `generateName`, says what is wrong.
    Own(fn(&str, bool) -> Vec<String>),
}

impl NameRule {
    /// What is wrong with a name.
    pub fn check(self, name: &str) -> Vec<String> {
        match self {
            Self::Dns1123Label => dns1123_label(name),
            Self::Dns1123Subdomain => dns1123_subdomain(name),
            Self::Dns1035Label => dns1035_label(name),
            Self::PathSegment => path_segment_name(name),
            Self::Own(check) => check(name, false),
        }
    }

    /// What is wrong with a `generateName`. It may end with a hyphen, because letters follow.
    pub fn check_prefix(self, prefix: &str) -> Vec<String> {
        match self {
            Self::PathSegment => path_segment_prefix(prefix),
            Self::Own(check) => check(prefix, true),
            rule => rule.check(&with_trailing_dash_masked(prefix)),
        }
    }
}

/// Upstream puts a letter in place of the last two characters.
fn with_trailing_dash_masked(prefix: &str) -> String {
    let Some(rest) = prefix.strip_suffix('-').filter(|rest| !rest.is_empty()) else {
        return prefix.to_owned();
    };
    let mut masked = rest.to_owned();
    masked.pop();
    masked.push('a');
    masked
}

/// The name of a namespace, also where it is a field of other objects.
pub fn namespace_name(name: &str) -> Vec<String> {
    dns1123_label(name)
}

/// Something that can be one segment of a URL's path.
pub fn path_segment_name(name: &str) -> Vec<String> {
    match name {
        "." => vec!["may not be '.'".to_owned()],
        ".." => vec!["may not be '..'".to_owned()],
        name => path_segment_prefix(name),
    }
}

/// The beginning of something that can be one segment of a URL's path.
pub fn path_segment_prefix(prefix: &str) -> Vec<String> {
    let illegal = ['/', '%'].into_iter().filter(|c| prefix.contains(*c));
    illegal.map(|c| format!("may not contain '{c}'")).collect()
}

/// Whether a finalizer is one of those that need no prefix.
pub fn standard_finalizer(name: &str) -> bool {
    matches!(name, "kubernetes" | "orphan" | "foregroundDeletion")
}
