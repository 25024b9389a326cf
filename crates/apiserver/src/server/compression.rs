//! Answers that are sent compressed.

use http::{HeaderMap, header};

use crate::reply::Reply;

/// How large an answer is at least to be worth it: upstream's limit.
const COMPRESSED_BYTES_MIN: usize = 128 << 10;

/// Whether the client takes gzip.
pub(super) fn is_wanted(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let is_gzip = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        let is_refused = parts.any(|part| {
            let weight = part.strip_prefix("q=").and_then(|weight| weight.parse::<f32>().ok());
            weight == Some(0.0)
        });
        is_gzip && !is_refused
    })
}

/// The answer, compressed if it is large. Watches are not.
pub(super) fn compress(reply: Reply) -> Reply {
    if reply.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-encoding")) {
        return reply;
    }
    let (body, is_compressed) = reply.body.compressed(COMPRESSED_BYTES_MIN);
    let reply = Reply { body, ..reply };
    if is_compressed { reply.with("Content-Encoding", "gzip").with("Vary", "Accept-Encoding") } else { reply }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_say_whether_they_take_gzip() {
        for (values, is_gzip) in [
            (vec![], false),
            (vec!["gzip"], true),
            (vec!["deflate, GZIP;q=0.5"], true),
            (vec!["deflate", "gzip"], true),
            (vec!["gzip;q=0"], false),
            (vec!["identity"], false),
            (vec!["xgzip"], false),
        ] {
            let mut headers = HeaderMap::new();
            for value in &values {
                headers.append(header::ACCEPT_ENCODING, value.parse().unwrap());
            }
            assert_eq!(is_wanted(&headers), is_gzip, "{values:?}");
        }
    }

    #[test]
    fn only_large_answers_are_compressed() {
        let of = |n_bytes: usize| compress(Reply::text(200, vec![b'x'; n_bytes]));
        assert!(of(COMPRESSED_BYTES_MIN).headers.is_empty());
        let large = of(COMPRESSED_BYTES_MIN + 1);
        assert!(large.headers.contains(&("Content-Encoding", "gzip".to_owned())));
    }
}
