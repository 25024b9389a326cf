//! The lines of a body that has no end.

use bytes::{Buf, Bytes, BytesMut};
use http_body_util::BodyExt;

use crate::error::with_causes;
use crate::transport::Answer;

/// How long a line may be. An object is at most a few megabytes.
const LINE_BYTES_MAX: usize = 64 << 20;

/// A body, line by line.
pub(super) struct Lines {
    body: Answer,
    /// What has come and is not a whole line yet.
    rest: BytesMut,
    /// How far into it there is no end of line.
    searched: usize,
}

impl Lines {
    pub(super) fn new(body: Answer) -> Lines {
        Lines { body, rest: BytesMut::new(), searched: 0 }
    }

    /// The next line, without its end; `None` when the body has ended. A line that was cut off is not one. Can be dropped
    /// while it waits without losing anything.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, String> {
        loop {
            if let Some(end) = self.rest[self.searched..].iter().position(|byte| *byte == b'\n') {
                let line = self.rest.split_to(self.searched + end).freeze();
                self.rest.advance(1);
                self.searched = 0;
                return Ok(Some(line));
            }
            self.searched = self.rest.len();
            if self.searched > LINE_BYTES_MAX {
                return Err(format!("a line of more than {LINE_BYTES_MAX} bytes"));
            }
            match self.body.frame().await {
                None => return Ok(None),
                Some(Err(error)) => return Err(with_causes(error.as_ref())),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        self.rest.extend_from_slice(&data);
                    }
                }
            }
        }
    }
}
