//! The API server, which can be away.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use apiserver::authentication::Authentication;
use apiserver::authorization::modes::Mode;
use apiserver::bootstrap::Cidr;
use apiserver::feature_gates::FeatureGates;
use apiserver::in_process::InProcess;
use apiserver::start::{Settings, start};
use apiserver::user::User;
use bytes::Bytes;
use client::{Answer, BoxError};
use component::shutdown::{Shutdown, Stage};
use http::{Request, Response};
use http_body_util::BodyExt as _;
use store::{Memory, Store};

type Server = Arc<apiserver::server::Server>;

/// Where a server is, or is not. Clones are the same.
#[derive(Clone)]
pub struct Site {
    store: Arc<Memory>,
    running: Arc<Mutex<Option<(Server, Shutdown)>>>,
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
    }
}

impl Site {
    /// A server on an empty store.
    pub async fn open() -> Site {
        let site = Site { store: Arc::new(Memory::new()), running: Arc::default() };
        site.start().await;
        site
    }

    /// Starts a server on what is stored.
    pub async fn start(&self) {
        let shutdown = Shutdown::new();
        let store = Arc::clone(&self.store) as Arc<dyn Store>;
        let server = start(store, settings(), shutdown.clone()).await.unwrap();
        *self.running.lock().unwrap() = Some((server, shutdown));
    }

    /// Ends the server: watches end, and nobody answers.
    pub fn stop(&self) {
        if let Some((_, shutdown)) = self.running.lock().unwrap().take() {
            shutdown.advance(Stage::Ending);
        }
    }

    /// Asks as a user; `admin` may do anything.
    ///
    /// # Errors
    /// If no server is there.
    pub async fn ask(&self, user: &str, request: Request<Bytes>) -> Result<Response<Answer>, BoxError> {
        let server = self.running.lock().unwrap().as_ref().map(|(server, _)| Arc::clone(server));
        let server = server.ok_or("connection refused")?;
        let mut groups = vec![User::AUTHENTICATED.to_owned()];
        if user == "admin" {
            groups.push(User::MASTERS.to_owned());
        }
        let user = User { name: user.to_owned(), groups, ..User::default() };
        let answer = InProcess::new(server, user).ask(request).await;
        Ok(answer.map(|body| body.map_err(BoxError::from).boxed_unsync()))
    }
}
