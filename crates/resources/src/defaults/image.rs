//! Whether an image is pulled always: the tag of a reference to an image, as the distribution project reads it.

/// The policy for a reference without one: what may change under its name is pulled always.
pub(super) fn pull_policy(reference: &str) -> &'static str {
    if tag(reference) == Some("latest") { "Always" } else { "IfNotPresent" }
}

/// The tag; `latest` where there is neither tag nor digest. `None` with a digest only, or if it is no reference.
fn tag(reference: &str) -> Option<&str> {
    if reference.len() == 64 && reference.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    let (rest, digest) = match reference.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (reference, None),
    };
    // A colon before the last slash is that of a port.
    let name_start = rest.rfind('/').map_or(0, |slash| slash + 1);
    let (name, tag) = match rest[name_start..].find(':') {
        Some(colon) => (&rest[..name_start + colon], Some(&rest[name_start + colon + 1..])),
        None => (rest, None),
    };
    let is_reference = is_name(name) && tag.is_none_or(is_tag) && digest.is_none_or(is_digest);
    match (is_reference, tag, digest) {
        (false, ..) | (true, None, Some(_)) => None,
        (true, Some(tag), _) => Some(tag),
        (true, None, None) => Some("latest"),
    }
}

fn is_name(name: &str) -> bool {
    // With the registry that is meant where none is given.
    const DEFAULT_DOMAIN_LEN: usize = "docker.io/library/".len();
    const NAME_LEN_MAX: usize = 255;
    let (domain, path) = match name.split_once('/') {
        Some((domain, path))
            if domain.contains(['.', ':'])
                || domain == "localhost"
                || domain.bytes().any(|byte| byte.is_ascii_uppercase()) =>
        {
            (Some(domain), path)
        }
        _ => (None, name),
    };
    let len_max = if domain.is_some() { NAME_LEN_MAX } else { NAME_LEN_MAX - DEFAULT_DOMAIN_LEN };
    name.len() <= len_max && domain.is_none_or(is_domain) && path.split('/').all(is_path_part)
}

fn is_domain(domain: &str) -> bool {
    if let Some(rest) = domain.strip_prefix('[') {
        let Some((address, port)) = rest.split_once(']') else { return false };
        let is_address = !address.is_empty() && address.bytes().all(|b| b.is_ascii_hexdigit() || b == b':');
        return is_address && (port.is_empty() || port.strip_prefix(':').is_some_and(is_digits));
    }
    let (host, port) = match domain.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (domain, None),
    };
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    host.split('.').all(is_label) && port.is_none_or(is_digits)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Lower-case letters and digits, with one `.`, one or two `_`, or any number of `-` between.
fn is_path_part(part: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_separator = |text: &str| matches!(text, "" | "." | "_" | "__") || text.bytes().all(|b| b == b'-');
    let framed = part.bytes().next().is_some_and(is_word) && part.bytes().next_back().is_some_and(is_word);
    framed && part.split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit()).all(is_separator)
}

fn is_tag(tag: &str) -> bool {
    const TAG_LEN_MAX: usize = 128;
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    tag.len() <= TAG_LEN_MAX
        && tag.bytes().next().is_some_and(is_word)
        && tag.bytes().all(|byte| is_word(byte) || matches!(byte, b'.' | b'-'))
}

fn is_digest(digest: &str) -> bool {
    let Some((algorithm, hex)) = digest.split_once(':') else { return false };
    let len = match algorithm {
        "sha256" => 64,
        "sha384" => 96,
        "sha512" => 128,
        _ => return false,
    };
    hex.len() == len && hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::pull_policy;

    #[test]
    fn what_may_change_is_pulled_always() {
        let digest = format!("@sha256:{}", "a".repeat(64));
        for (image, expected) in [
            ("nginx", "Always"),
            ("nginx:latest", "Always"),
            ("example.com:5000/a/b", "Always"),
            ("localhost/a__b-c.d", "Always"),
            ("[::1]:5000/a", "Always"),
            ("nginx:1.27", "IfNotPresent"),
            ("example.com:5000/a:1", "IfNotPresent"),
            (&format!("nginx{digest}"), "IfNotPresent"),
            (&format!("nginx:latest{digest}"), "Always"),
            ("NGINX", "IfNotPresent"),
            ("a___b", "IfNotPresent"),
            ("a:", "IfNotPresent"),
            (" a", "IfNotPresent"),
            ("", "IfNotPresent"),
            (&"a".repeat(64), "IfNotPresent"),
            ("nginx@sha256:1", "IfNotPresent"),
        ] {
            assert_eq!(pull_policy(image), expected, "{image}");
        }
    }
}
