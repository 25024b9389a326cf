//! Accepts connections until it is told to stop.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::connection::Connection;
use super::{Handler, Peer, Settings, Tls};
use crate::shutdown::{Shutdown, Stage};

/// Connections that wait in the system until they are accepted.
const BACKLOG: i32 = 1024;

/// After an error of accepting (usually: no file descriptors left), how long until the next try.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// An address on which connections come in.
#[derive(Debug)]
pub struct Listener {
    listener: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// The address, with the port that was chosen if 0 was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// Opens an address for connections. `[::]` takes IPv4 as well.
///
/// # Errors
/// If the address is taken or not ours; the text names it.
pub fn bind(address: SocketAddr) -> io::Result<Listener> {
    bind_beside(address, false)
}

/// The same; others may listen on the same port if all of them say so (`--permit-port-sharing`).
///
/// # Errors
/// If the address is taken or not ours; the text names it.
pub fn bind_beside(address: SocketAddr, shares_port: bool) -> io::Result<Listener> {
    let open = || -> io::Result<Listener> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        if address.is_ipv6() {
            socket.set_only_v6(false)?;
        }
        // So that a server that is started again does not wait for old connections to be forgotten.
        socket.set_reuse_address(true)?;
        if shares_port {
            socket.set_reuse_port(true)?;
        }
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        let listener = TcpListener::from_std(socket.into())?;
        let address = listener.local_addr()?;
        Ok(Listener { listener, address })
    };
    open().map_err(|error| io::Error::new(error.kind(), format!("cannot listen on {address}: {error}")))
}

/// Serves until [`Stage::Stopping`] is reached and requests have ended or have had [`Settings::stop_wait`].
pub async fn serve<H: Handler>(
    listener: Listener,
    tls: Tls,
    settings: Settings,
    handler: Arc<H>,
    shutdown: Shutdown,
) {
    let Listener { listener, .. } = listener;
    let mut connections = JoinSet::new();
    let stopping = shutdown.reached(Stage::Stopping);
    tokio::pin!(stopping);
    loop {
        tokio::select! {
            () = &mut stopping => break,
            _ = connections.join_next(), if !connections.is_empty() => {}
            accepted = listener.accept(), if connections.len() < settings.n_connections_max => match accepted {
                Ok((stream, address)) => {
                    let connection = serve_one(
                        stream, address, tls.clone(), settings, handler.clone(), shutdown.clone(),
                    );
                    connections.spawn(connection);
                }
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
        }
    }
    // From here on, who connects is refused.
    drop(listener);
    let ended = async { while connections.join_next().await.is_some() {} };
    tokio::select! {
        _ = tokio::time::timeout(settings.stop_wait, ended) => {}
        () = shutdown.reached(Stage::Ending) => {}
    }
    connections.shutdown().await;
}

async fn serve_one<H: Handler>(
    stream: TcpStream,
    address: SocketAddr,
    tls: Tls,
    settings: Settings,
    handler: Arc<H>,
    shutdown: Shutdown,
) {
    // A connection that cannot be tuned is served all the same.
    let _ = tune(&stream, &settings);
    let handshake = TlsAcceptor::from(tls.config.clone()).accept(stream);
    let handshake = tokio::time::timeout(settings.handshake_wait, handshake);
    let stream = tokio::select! {
        handshake = handshake => match handshake {
            Ok(Ok(stream)) => stream,
            // A client that does not speak TLS, does not trust us, or is too slow: there is nobody to tell.
            Ok(Err(_)) | Err(_) => return,
        },
        () = shutdown.reached(Stage::Stopping) => return,
    };
    let (_, session) = stream.get_ref();
    let is_http2 = session.alpn_protocol() == Some(b"h2");
    let certificates: Vec<_> =
        session.peer_certificates().unwrap_or_default().iter().map(|own| own.clone().into_owned()).collect();
    let refusal = tls.refusal(&certificates);
    let peer = Arc::new(Peer::remote(address, is_http2, certificates, refusal));
    Connection { peer, settings, handler, shutdown }.run(stream).await;
}

/// Small answers at once, and a connection whose other end is gone is noticed.
fn tune(stream: &TcpStream, settings: &Settings) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    let probe = TcpKeepalive::new().with_time(settings.keep_alive).with_interval(settings.keep_alive / 3);
    socket.set_tcp_keepalive(&probe)?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(settings.keep_alive + settings.keep_alive_wait))?;
    Ok(())
}
