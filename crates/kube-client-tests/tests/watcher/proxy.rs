//! What stands between client and server, and cuts connections.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use base::Stream;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// How many bytes a connection carries at most before it is cut.
const BYTES_MAX: usize = 200_000;

#[derive(Default)]
struct Shared {
    is_calm: AtomicBool,
    n_cut: AtomicUsize,
}

/// Carries bytes for a while and then cuts, in the middle of whatever it is.
pub(crate) struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    blocked: watch::Sender<bool>,
}

impl Proxy {
    pub(crate) async fn start(server: SocketAddr, seed: u64) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared::default());
        let (blocked, is_blocked) = watch::channel(false);
        let own = Arc::clone(&shared);
        tokio::spawn(async move {
            let mut random = Stream::new(seed, "proxy");
            loop {
                let (client, _) = listener.accept().await.unwrap();
                // A handshake takes about 4,000 bytes; sometimes not even that gets through.
                let n_bytes = random.below(BYTES_MAX) + 2_000;
                tokio::spawn(carry(client, server, n_bytes, Arc::clone(&own), is_blocked.clone()));
            }
        });
        Proxy { address, shared, blocked }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Lets nothing through, or everything again. What is open is cut.
    pub(crate) fn block(&self, is_blocked: bool) {
        self.blocked.send_replace(is_blocked);
    }

    /// Cuts no more.
    pub(crate) fn calm(&self) {
        self.shared.is_calm.store(true, Ordering::Relaxed);
    }

    pub(crate) fn n_cut(&self) -> usize {
        self.shared.n_cut.load(Ordering::Relaxed)
    }
}

async fn until_blocked(is_blocked: &mut watch::Receiver<bool>) {
    // The sender lives as long as the test.
    let _ = is_blocked.wait_for(|is_blocked| *is_blocked).await;
}

async fn carry(
    mut client: TcpStream,
    server: SocketAddr,
    n_bytes_max: usize,
    shared: Arc<Shared>,
    mut is_blocked: watch::Receiver<bool>,
) {
    if *is_blocked.borrow() {
        return;
    }
    let mut server = TcpStream::connect(server).await.unwrap();
    let (mut to_server, mut to_client) = (vec![0; 4_096], vec![0; 4_096]);
    let mut n_bytes = 0;
    loop {
        let carried = tokio::select! {
            () = until_blocked(&mut is_blocked) => break,
            read = client.read(&mut to_server) => match read {
                Ok(n) if n > 0 => server.write_all(&to_server[..n]).await.map(|()| n),
                _ => return,
            },
            read = server.read(&mut to_client) => match read {
                Ok(n) if n > 0 => client.write_all(&to_client[..n]).await.map(|()| n),
                _ => return,
            },
        };
        let Ok(n) = carried else { return };
        n_bytes += n;
        if n_bytes > n_bytes_max && !shared.is_calm.load(Ordering::Relaxed) {
            break;
        }
    }
    shared.n_cut.fetch_add(1, Ordering::Relaxed);
}
