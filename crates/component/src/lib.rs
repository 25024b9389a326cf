//! What every component of the control plane shares: how it serves, proves who it is, tells how it is, and stops.
//!
//! | module | what it is |
//! |---|---|
//! | [`serving`] | HTTPS: connections, TLS, HTTP/1.1 and HTTP/2; requests go to a [`serving::Handler`] |
//! | [`body`] | bodies of requests and answers, streamed without copying |
//! | [`certificates`] | a certificate authority of one's own, serving and client certificates, files with certificates |
//! | [`kubeconfig`] | how a client finds and trusts a server |
//! | [`health`] | `/healthz`, `/livez`, `/readyz` |
//! | [`metrics`] | counters, gauges and histograms in Prometheus' text format |
//! | [`shutdown`] | the stages of a graceful end, signals |
//! | [`flags`] | values of command line flags that upstream's components have in common |
//!
//! A handler does not know whether a request came through a socket: whoever is in the same process calls
//! [`serving::Handler::handle`] itself, with [`serving::Peer::in_process`].
//!
//! Not here: who a client is (only which certificates it showed and whether they are good), what may be done, any kind of
//! object.
//!
//! Start reading at [`serving`].

pub mod body;
pub mod certificates;
pub mod flags;
pub mod health;
pub mod kubeconfig;
pub mod metrics;
pub mod serving;
pub mod shutdown;
