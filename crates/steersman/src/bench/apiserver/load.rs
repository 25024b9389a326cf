//! Many connections that ask one request after the other.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http::{Method, StatusCode};
use tokio::task::LocalSet;

use super::client::{Connection, Stopwatch, Target};
use super::pod;
use crate::bench::measure::Histogram;

/// How long requests took, in nanoseconds.
pub(super) type Latencies = Histogram;

/// Requests through several connections.
pub(super) struct Load<'t> {
    pub(super) target: &'t Target,
    pub(super) connections: u64,
}

/// How that went.
pub(super) struct Loaded {
    n: u64,
    took: Duration,
    pub(super) latencies: Latencies,
}

impl Loaded {
    /// Requests per second.
    pub(super) fn per_second(&self) -> f64 {
        self.n as f64 / self.took.as_secs_f64()
    }

    /// This and then that.
    pub(super) fn and(mut self, other: Loaded) -> Loaded {
        self.n += other.n;
        self.took += other.took;
        self.latencies.merge(&other.latencies);
        self
    }
}

impl Load<'_> {
    /// Makes a namespace with the service account that pods need, which a controller makes in a whole cluster.
    pub(super) async fn namespace(&self, name: &str) -> Result<()> {
        let mut connection = self.target.connect().await?;
        let body = format!(r#"{{"apiVersion":"v1","kind":"Namespace","metadata":{{"name":"{name}"}}}}"#);
        let made = connection.ask(Method::POST, "/api/v1/namespaces", body.into(), StatusCode::CREATED).await;
        made.with_context(|| format!("making the namespace {name}"))?;
        let body = r#"{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"default"}}"#;
        let uri = format!("/api/v1/namespaces/{name}/serviceaccounts");
        match connection.send(Method::POST, &uri, body.into()).await?.status() {
            // In a whole cluster the controller may have been faster.
            StatusCode::CREATED | StatusCode::CONFLICT => Ok(()),
            status => bail!("making the service account default in {name} was answered with {status}"),
        }
    }

    /// Creates pods called `pod-0` and so on.
    pub(super) async fn create(&self, namespace: &str, n: u64) -> Result<Loaded> {
        let uri = format!("/api/v1/namespaces/{namespace}/pods");
        self.run(n, move |i| (Method::POST, uri.clone(), pod::body(&format!("pod-{i}")), StatusCode::CREATED))
            .await
    }

    /// Reads pods, each of `n_pods` in turn but in another order than they were created.
    pub(super) async fn get(&self, namespace: &str, n_pods: u64, n: u64) -> Result<Loaded> {
        let uri = format!("/api/v1/namespaces/{namespace}/pods/pod-");
        // A step that has no factor in common with most numbers spreads them.
        let which = move |i: u64| i.wrapping_mul(7_919) % n_pods;
        self.run(n, move |i| (Method::GET, format!("{uri}{}", which(i)), Bytes::new(), StatusCode::OK)).await
    }

    async fn run(
        &self,
        n: u64,
        request: impl Fn(u64) -> (Method, String, Bytes, StatusCode) + 'static,
    ) -> Result<Loaded> {
        let mut connections: Vec<Connection> = Vec::new();
        for _ in 0..self.connections.min(n) {
            connections.push(self.target.connect().await?);
        }
        let (request, next) = (Rc::new(request), Rc::new(Cell::new(0)));
        let latencies = Rc::new(RefCell::new(Latencies::default()));
        let watch = Stopwatch::start();
        let tasks = LocalSet::new();
        let mut askers = Vec::new();
        for mut connection in connections {
            let (request, next, latencies) = (Rc::clone(&request), Rc::clone(&next), Rc::clone(&latencies));
            askers.push(tasks.spawn_local(async move {
                loop {
                    let i = next.get();
                    if i >= n {
                        return Ok::<(), anyhow::Error>(());
                    }
                    next.set(i + 1);
                    let (method, uri, body, wanted) = request(i);
                    let watch = Stopwatch::start();
                    connection.ask(method, &uri, body, wanted).await?;
                    latencies.borrow_mut().add(watch.elapsed().as_nanos() as u64);
                }
            }));
        }
        tasks.await;
        let took = watch.elapsed();
        for asker in askers {
            asker.await??;
        }
        let latencies = latencies.take();
        Ok(Loaded { n, took, latencies })
    }
}
