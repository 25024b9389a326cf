//! Bodies that are sent compressed.

use std::io::Write as _;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

/// How many bytes are compressed at once: about a millisecond of work, so that others get their turn.
const INPUT_BYTES: usize = 64 << 10;

/// How large compressed pieces are at least, but for the last.
const OUTPUT_BYTES_MIN: usize = 16 << 10;

/// Compresses pieces as gzip (RFC 1952), as little as it goes, as upstream does.
pub(super) struct Gzip<I> {
    pieces: I,
    /// What is left of a large piece.
    rest: Bytes,
    /// `None` after the end.
    encoder: Option<GzEncoder<Vec<u8>>>,
}

impl<I> Gzip<I> {
    pub(super) fn new(pieces: I) -> Gzip<I> {
        let encoder = GzEncoder::new(Vec::new(), Compression::fast());
        Gzip { pieces, rest: Bytes::new(), encoder: Some(encoder) }
    }
}

impl<I: Iterator<Item = Bytes>> Iterator for Gzip<I> {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        let encoder = self.encoder.as_mut()?;
        while encoder.get_ref().len() < OUTPUT_BYTES_MIN {
            if self.rest.is_empty() {
                let Some(piece) = self.pieces.next() else {
                    let ended = self.encoder.take()?.finish();
                    return Some(ended.expect("a buffer in memory takes everything").into());
                };
                self.rest = piece;
            }
            let input = self.rest.split_to(self.rest.len().min(INPUT_BYTES));
            encoder.write_all(&input).expect("a buffer in memory takes everything");
        }
        Some(std::mem::take(encoder.get_mut()).into())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::super::Body;
    use super::*;

    fn pieces() -> Vec<Bytes> {
        (0_u32..300).map(|n| n.to_string().repeat(n as usize).into()).collect()
    }

    async fn unpack(body: Body) -> Vec<u8> {
        let mut all = Vec::new();
        flate2::read::GzDecoder::new(&body.collect().await.unwrap()[..]).read_to_end(&mut all).unwrap();
        all
    }

    #[tokio::test]
    async fn compressed_bodies_are_the_same_bytes() {
        let all = pieces().concat();
        for body in [Body::full(all.clone()), Body::parts(pieces()), Body::iterator(pieces().into_iter())] {
            let (body, is_compressed) = body.compressed(all.len() - 1);
            assert!(is_compressed);
            assert_eq!(unpack(body).await, all);
        }
    }

    #[tokio::test]
    async fn small_bodies_stay_as_they_are() {
        let all = pieces().concat();
        for body in [Body::full(all.clone()), Body::parts(pieces()), Body::iterator(pieces().into_iter())] {
            let (body, is_compressed) = body.compressed(all.len());
            assert!(!is_compressed);
            assert_eq!(body.collect().await.unwrap(), all);
        }
        let (_, body) = Body::channel(1);
        assert!(!body.compressed(0).1, "streams without an end are not compressed");
    }
}
