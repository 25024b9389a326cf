//! Queries and paths, unescaped.

/// The parameters of a query, in their order. What is not well-formed is skipped, as upstream's parser does.
pub fn parse(query: &str) -> Vec<(String, String)> {
    let parts = query.split('&').filter(|part| !part.is_empty() && !part.contains(';'));
    parts
        .filter_map(|part| {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            Some((unescape(key, true)?, unescape(value, true)?))
        })
        .collect()
}

/// A path without its escapes; none where an escape is not well-formed or the bytes are no text.
pub fn path(path: &str) -> Option<String> {
    unescape(path, false)
}

fn unescape(text: &str, plus_is_space: bool) -> Option<String> {
    if !text.bytes().any(|byte| byte == b'%' || byte == b'+') {
        return Some(text.to_owned());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let high = hex(rest.next()?)?;
                let low = hex(rest.next()?)?;
                high * 16 + low
            }
            b'+' if plus_is_space => b' ',
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_unescaped_and_repeated() {
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(
            parse("a=1&b&labelSelector=app%3Dx%2Cy+z&a=2&bad=%zz&"),
            [pair("a", "1"), pair("b", ""), pair("labelSelector", "app=x,y z"), pair("a", "2")]
        );
        assert_eq!(path("/api/v1/x%2Fy+z"), Some("/api/v1/x/y+z".to_owned()));
        assert_eq!(path("/%ff"), None);
        assert_eq!(path("/%"), None);
    }
}
