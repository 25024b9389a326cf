//! Proxies that say who asks, in headers (`--requestheader-…`).

use component::certificates::{ClientAuthority, Subject};
use component::serving::Peer;
use http::HeaderMap;

use super::AuthenticationError;
use crate::User;

/// Which proxies are believed, and in which headers they say who asks.
#[derive(Clone, Debug)]
pub struct RequestHeader {
    /// Who vouches for them.
    pub ca: ClientAuthority,
    /// What they may be called; empty for anything.
    pub allowed_names: Vec<String>,
    /// Headers with the user's name; the first that is there counts.
    pub username_headers: Vec<String>,
    /// Headers with the user's uid; the first that is there counts.
    pub uid_headers: Vec<String>,
    /// Headers with groups; all count.
    pub group_headers: Vec<String>,
    /// Beginnings of headers whose names end in the key of something else.
    pub extra_prefixes: Vec<String>,
}

impl RequestHeader {
    /// Whom a proxy speaks for; `None` if it does not say. What it says is taken out of the headers.
    pub(super) fn authenticate(
        &self,
        headers: &mut HeaderMap,
        peer: &Peer,
    ) -> Result<Option<User>, AuthenticationError> {
        let Some(own) = peer.certificates().first() else { return Ok(None) };
        self.ca.verify(peer.certificates()).map_err(AuthenticationError::Certificate)?;
        let name = Subject::of(own).map(|subject| subject.common_name).unwrap_or_default();
        if !self.allowed_names.is_empty() && !self.allowed_names.contains(&name) {
            return Err(AuthenticationError::Proxy(name));
        }
        let user = self.user(headers);
        for name in self.username_headers.iter().chain(&self.uid_headers).chain(&self.group_headers) {
            headers.remove(name.as_str());
        }
        let extra: Vec<_> =
            headers.keys().filter(|key| self.extra_key(key.as_str()).is_some()).cloned().collect();
        for key in extra {
            headers.remove(key);
        }
        Ok(user)
    }

    fn user(&self, headers: &HeaderMap) -> Option<User> {
        let first = |names: &[String]| {
            let values = names.iter().filter_map(|name| headers.get(name.as_str())?.to_str().ok());
            values.map(str::to_owned).find(|value| !value.is_empty())
        };
        let groups = self.group_headers.iter().flat_map(|name| headers.get_all(name.as_str()));
        let mut extra: Vec<(String, Vec<String>)> = Vec::new();
        for (name, value) in headers {
            let (Some(key), Ok(value)) = (self.extra_key(name.as_str()), value.to_str()) else { continue };
            match extra.iter_mut().find(|(known, _)| *known == key) {
                Some((_, values)) => values.push(value.to_owned()),
                None => extra.push((key, vec![value.to_owned()])),
            }
        }
        Some(User {
            name: first(&self.username_headers)?,
            uid: first(&self.uid_headers).unwrap_or_default(),
            groups: groups.filter_map(|value| value.to_str().ok().map(str::to_owned)).collect(),
            extra,
        })
    }

    /// What a header is about, if its name begins as agreed on.
    fn extra_key(&self, header: &str) -> Option<String> {
        let mut keys = self.extra_prefixes.iter().filter_map(|prefix| {
            let begin = header.get(..prefix.len())?;
            begin.eq_ignore_ascii_case(prefix).then(|| &header[prefix.len()..])
        });
        keys.next().map(|key| unescaped(&key.to_ascii_lowercase()))
    }
}

/// A key as it was before `%` and two digits were put in the place of what headers cannot carry; as it is if that cannot
/// be undone.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let digits = tail.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ if *first == b'%' => return text.to_owned(),
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_unescaped() {
        for (text, expected) in
            [("scopes", "scopes"), ("example.com%2fa", "example.com/a"), ("50%", "50%"), ("%zz", "%zz")]
        {
            assert_eq!(unescaped(text), expected);
        }
    }
}
