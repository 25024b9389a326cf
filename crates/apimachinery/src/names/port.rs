//! Ports.

use super::too_many_characters;

const PORT_NAME_LEN_MAX: usize = 15;

/// The name of a port (RFC 6335): lower-case letters, digits and single hyphens inside.
pub fn port_name(text: &str) -> Vec<String> {
    let mut messages = Vec::new();
    if text.len() > PORT_NAME_LEN_MAX {
        messages.push(too_many_characters(PORT_NAME_LEN_MAX));
    }
    let is_inside = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let mut demand = |holds: bool, message: &str| {
        if !holds {
            messages.push(message.to_owned());
        }
    };
    demand(
        !text.is_empty() && text.bytes().all(is_inside),
        "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)",
    );
    demand(text.bytes().any(|byte| byte.is_ascii_lowercase()), "must contain at least one letter (a-z)");
    demand(!text.contains("--"), "must not contain consecutive hyphens");
    demand(!text.starts_with('-') && !text.ends_with('-'), "must not begin or end with a hyphen");
    messages
}

/// The number of a port.
pub fn port_number(port: i64) -> Vec<String> {
    if (1..=65535).contains(&port) {
        return Vec::new();
    }
    vec!["must be between 1 and 65535, inclusive".to_owned()]
}
