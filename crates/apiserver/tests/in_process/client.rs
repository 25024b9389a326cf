//! A client in the same process.

use std::sync::Arc;

use apiserver::authentication::Authentication;
use apiserver::authorization::modes::Mode;
use apiserver::bootstrap::Cidr;
use apiserver::feature_gates::FeatureGates;
use apiserver::registry::Registry;
use apiserver::server::Server;
use apiserver::start::{Settings, start};
use apiserver::user::User;
use component::body::{Body, RequestBody};
use component::serving::{Handler, Peer, Response};
use component::shutdown::Shutdown;
use serde_json::Value;
use store::{Memory, Store};

/// A server and who asks it.
#[derive(Clone)]
pub(crate) struct Client(Arc<Server>);

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: u16,
    pub(crate) body: Value,
    pub(crate) warnings: Vec<String>,
}

fn settings() -> Settings {
    Settings {
        advertise_address: [192, 0, 2, 10].into(),
        secure_port: 6443,
        service_ranges: Cidr::parse_service_ranges("10.96.0.0/24").unwrap(),
        node_ports: (30000, 30015),
        modes: vec![Mode::Node, Mode::Rbac],
        authentication: Authentication::default(),
        enabled_plugins: Vec::new(),
        disabled_plugins: vec!["ServiceAccount".to_owned()],
        not_ready_toleration_seconds: 300,
        unreachable_toleration_seconds: 300,
        service_accounts: None,
        event_ttl: std::time::Duration::from_secs(3600),
        request_timeout: std::time::Duration::from_secs(60),
        min_request_timeout: std::time::Duration::from_secs(1800),
        feature_gates: FeatureGates::default(),
        n_read_only_max: 0,
        n_mutating_max: 0,
        flags: Vec::new(),
    }
}

impl Client {
    /// Of a new server.
    pub(crate) async fn start() -> Client {
        Client::start_on(Arc::new(Memory::new())).await
    }

    /// Of a new server on a store.
    pub(crate) async fn start_on(store: Arc<dyn Store>) -> Client {
        Client(start(store, settings(), Shutdown::new()).await.unwrap())
    }

    /// Of a new server on a store, at an address.
    pub(crate) async fn start_at(address: [u8; 4], store: Arc<dyn Store>, shutdown: Shutdown) -> Client {
        let settings = Settings { advertise_address: address.into(), ..settings() };
        Client(start(store, settings, shutdown).await.unwrap())
    }

    /// Sends a request as an administrator.
    pub(crate) async fn send(&self, method: &str, url: &str, content_type: &str, body: &str) -> Response {
        let user = User { name: "admin".into(), groups: vec![User::MASTERS.into()], ..User::default() };
        let request = http::Request::builder()
            .method(method)
            .uri(url)
            .header("content-type", content_type)
            .extension(user)
            .body(RequestBody::Full(body.to_owned().into()))
            .unwrap();
        Arc::clone(&self.0).handle(request, Peer::in_process()).await
    }

    /// Sends a request with any headers as an administrator; the answer's head and bytes.
    pub(crate) async fn raw(
        &self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> (http::response::Parts, Vec<u8>) {
        let user = User { name: "admin".into(), groups: vec![User::MASTERS.into()], ..User::default() };
        let mut request = http::Request::builder().method(method).uri(url).extension(user);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(RequestBody::Full(body.to_owned().into())).unwrap();
        let (parts, body) = Arc::clone(&self.0).handle(request, Peer::in_process()).await.into_parts();
        let bytes = body.collect().await.unwrap().to_vec();
        (parts, bytes)
    }

    /// The objects behind the server.
    pub(crate) fn registry(&self) -> &Registry {
        &self.0.registry
    }

    async fn ask(&self, method: &str, url: &str, content_type: &str, body: &str) -> Answer {
        let response = self.send(method, url, content_type, body).await;
        let (parts, body) = response.into_parts();
        let warnings = parts.headers.get_all("warning").iter();
        let warnings = warnings.map(|warning| warning.to_str().unwrap().to_owned()).collect();
        let bytes = body.collect().await.unwrap();
        let body = serde_json::from_slice(&bytes).unwrap_or_default();
        Answer { code: parts.status.as_u16(), body, warnings }
    }

    pub(crate) async fn get(&self, url: &str) -> Answer {
        self.ask("GET", url, "", "").await
    }

    pub(crate) async fn post(&self, url: &str, body: &Value) -> Answer {
        self.ask("POST", url, "application/json", &body.to_string()).await
    }

    pub(crate) async fn put(&self, url: &str, body: &Value) -> Answer {
        self.ask("PUT", url, "application/json", &body.to_string()).await
    }

    pub(crate) async fn merge(&self, url: &str, patch: &Value) -> Answer {
        self.ask("PATCH", url, "application/merge-patch+json", &patch.to_string()).await
    }

    /// Applies an object as a manager.
    pub(crate) async fn apply(&self, url: &str, manager: &str, object: &Value) -> Answer {
        let url = format!("{url}?fieldManager={manager}");
        self.ask("PATCH", &url, "application/apply-patch+yaml", &object.to_string()).await
    }

    pub(crate) async fn delete(&self, url: &str) -> Answer {
        self.ask("DELETE", url, "", "").await
    }

    /// Opens a watch.
    pub(crate) async fn watch(&self, url: &str) -> Events {
        let response = self.send("GET", url, "", "").await;
        assert_eq!(response.status(), 200);
        Events { body: response.into_body(), rest: Vec::new() }
    }
}

/// Events of a watch.
pub(crate) struct Events {
    body: Body,
    rest: Vec<u8>,
}

impl Events {
    /// The next event as `TYPE name`, or its whole document.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.rest.drain(..=end).collect();
                return Some(serde_json::from_slice(&line).unwrap());
            }
            let piece = self.body.next().await?.unwrap();
            self.rest.extend_from_slice(&piece);
        }
    }

    pub(crate) async fn next_brief(&mut self) -> String {
        let event = self.next().await.expect("the watch goes on");
        let name = event["object"]["metadata"]["name"].as_str().unwrap_or_default();
        format!("{} {name}", event["type"].as_str().unwrap())
    }
}
