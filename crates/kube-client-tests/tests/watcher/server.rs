//! The server in this process, behind a socket.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use apiserver::authentication::Authentication;
use apiserver::authorization::modes::Mode;
use apiserver::bootstrap::Cidr;
use apiserver::feature_gates::FeatureGates;
use apiserver::start::{Settings, start};
use apiserver::user::User;
use component::body::RequestBody;
use component::certificates::{Authority, Subject};
use component::kubeconfig::Kubeconfig as KubeconfigFile;
use component::serving::{self, Handler as _, Peer, Tls, TlsOptions};
use component::shutdown::Shutdown;
use kube::Client;
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use rustls::RootCertStore;
use serde_json::Value;
use store::{Memory, Store};

/// A server and the way to it.
pub(crate) struct Server {
    server: Arc<apiserver::server::Server>,
    store: Arc<Memory>,
    authority: Authority,
    address: SocketAddr,
    folder: tempfile::TempDir,
}

fn settings() -> Settings {
    Settings {
        advertise_address: [127, 0, 0, 1].into(),
        secure_port: 6443,
        service_ranges: Cidr::parse_service_ranges("10.96.0.0/24").unwrap(),
        node_ports: (30000, 30015),
        modes: vec![Mode::Node, Mode::Rbac],
        authentication: Authentication::default(),
        service_accounts: None,
        enabled_plugins: Vec::new(),
        disabled_plugins: vec!["ServiceAccount".to_owned()],
        not_ready_toleration_seconds: 300,
        unreachable_toleration_seconds: 300,
        event_ttl: Duration::from_secs(3600),
        request_timeout: Duration::from_secs(60),
        min_request_timeout: Duration::from_secs(1800),
        feature_gates: FeatureGates::default(),
        n_read_only_max: 0,
        n_mutating_max: 0,
        flags: Vec::new(),
    }
}

fn now() -> jiff::Timestamp {
    #[allow(clippy::disallowed_methods, reason = "the client's library looks at the clock as well")]
    jiff::Timestamp::now()
}

impl Server {
    pub(crate) async fn start() -> Server {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::open(folder.path(), now()).unwrap();
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let identity = authority.serving("apiserver", &names, now()).unwrap();
        let mut roots = RootCertStore::empty();
        authority.add_to(&mut roots).unwrap();
        let tls = Tls::new(&identity, roots, &TlsOptions::default()).unwrap();
        let listener = serving::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.address();
        let store = Arc::new(Memory::new());
        let shutdown = Shutdown::new();
        let server = start(Arc::clone(&store) as Arc<dyn Store>, settings(), shutdown.clone()).await.unwrap();
        tokio::spawn(serving::serve(
            listener,
            tls,
            serving::Settings::default(),
            Arc::clone(&server),
            shutdown,
        ));
        Server { server, store, authority, address, folder }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn store(&self) -> &dyn Store {
        self.store.as_ref()
    }

    /// A client of kube-rs that reaches the server at another address.
    pub(crate) async fn client(&self, address: SocketAddr) -> Client {
        let subject = Subject::new("admin", &[User::MASTERS]);
        let admin = self.authority.client("admin", &subject, now()).unwrap();
        let file = KubeconfigFile {
            cluster: "test",
            server: &format!("https://{address}"),
            authority_pem: self.authority.certificate_pem(),
            user: "admin",
            client: &admin,
        };
        let path = self.folder.path().join("kubeconfig");
        file.write(&path).unwrap();
        let kubeconfig = Kubeconfig::read_from(&path).unwrap();
        let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
        Client::try_from(config).unwrap()
    }

    /// Sends a request without a socket, and reads the answer.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let user = User { name: "admin".into(), groups: vec![User::MASTERS.into()], ..User::default() };
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/json")
            .extension(user)
            .body(RequestBody::Full(body.into()))
            .unwrap();
        let response = Arc::clone(&self.server).handle(request, Peer::in_process()).await;
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }
}
