//! The other end of a connection.

use std::any::Any;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use rustls::pki_types::CertificateDer;
use tokio::sync::Notify;

/// Who is at the other end of a connection, as far as the connection tells.
#[derive(Default)]
pub struct Peer {
    address: Option<SocketAddr>,
    certificates: Vec<CertificateDer<'static>>,
    refusal: Option<String>,
    is_http2: bool,
    memo: OnceLock<Arc<dyn Any + Send + Sync>>,
    end: Notify,
}

impl Peer {
    /// A client in the same process.
    pub fn in_process() -> Arc<Peer> {
        Arc::default()
    }

    /// A client at the other end of a connection. `refusal` says what is wrong with its certificates.
    pub fn remote(
        address: SocketAddr,
        is_http2: bool,
        certificates: Vec<CertificateDer<'static>>,
        refusal: Option<String>,
    ) -> Peer {
        Peer { address: Some(address), is_http2, certificates, refusal, ..Peer::default() }
    }

    /// Where it is; `None` in the same process.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Whether it is in the same process: what it says of itself in extensions of the request is true.
    pub fn is_in_process(&self) -> bool {
        self.address.is_none()
    }

    /// Whether the connection speaks HTTP/2.
    pub fn is_http2(&self) -> bool {
        self.is_http2
    }

    /// The certificates that it showed, its own first. It has the key of the first one; whether anybody whom we trust
    /// has signed it is what [`Peer::refusal`] says.
    pub fn certificates(&self) -> &[CertificateDer<'static>] {
        &self.certificates
    }

    /// What is wrong with its certificates: expired, not signed by whom we trust, not for clients. Checked when the
    /// connection was made.
    pub fn refusal(&self) -> Option<&str> {
        self.refusal.as_deref()
    }

    /// Something that is found out once per connection and kept with it, such as whose certificate it is. There is
    /// one of it: `None` if one of another type is there already.
    pub fn memo<T: Any + Send + Sync>(&self, find_out: impl FnOnce(&Peer) -> T) -> Option<Arc<T>> {
        let memo = self.memo.get_or_init(|| Arc::new(find_out(self)));
        memo.clone().downcast().ok()
    }

    /// Closes the connection after the requests that it has now. Upstream does so with HTTP/2 clients that are nobody.
    pub fn end_connection(&self) {
        self.end.notify_one();
    }

    pub(super) async fn is_to_end(&self) {
        self.end.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_out_is_kept() {
        let peer = Peer::in_process();
        assert_eq!(peer.memo(|_| 1_u32).as_deref(), Some(&1));
        assert_eq!(peer.memo(|_| 2_u32).as_deref(), Some(&1));
        assert_eq!(peer.memo(|_| "another"), None);
    }
}
