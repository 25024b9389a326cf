//! Many connections that ask one request after the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http::{Method, StatusCode};

use super::client::Stopwatch;
use super::door::{Asker, Door};
use super::pod;
use crate::bench::measure::Histogram;

/// How long requests took, in nanoseconds.
pub(super) type Latencies = Histogram;

/// Requests through several connections.
pub(super) struct Load<'t> {
    pub(super) target: &'t Door,
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
        match connection.fetch(Method::POST, &uri, body.into()).await?.0 {
            // In a whole cluster the controller may have been faster.
            StatusCode::CREATED | StatusCode::CONFLICT => Ok(()),
            status => bail!("making the service account default in {name} was answered with {status}"),
        }
    }

    /// Creates pods called `pod-0` and so on.
    pub(super) async fn create(&self, namespace: &str, n: u64) -> Result<Loaded> {
        let uri = format!("/api/v1/namespaces/{namespace}/pods");
        let template = pod::Template::new();
        let work = move |i| Work::Ask(Method::POST, uri.clone(), template.body(i), StatusCode::CREATED);
        self.run(n, work).await
    }

    /// Reads pods, each of `n_pods` in turn but in another order than they were created.
    pub(super) async fn get(&self, namespace: &str, n_pods: u64, n: u64) -> Result<Loaded> {
        let uri = pods(namespace, n_pods);
        self.run(n, move |i| Work::Ask(Method::GET, uri(i), Bytes::new(), StatusCode::OK)).await
    }

    /// Reads pods, changes an annotation and writes them back whole, as controllers do.
    pub(super) async fn rewrite(&self, namespace: &str, n_pods: u64, n: u64) -> Result<Loaded> {
        let uri = pods(namespace, n_pods);
        self.run(n, move |i| Work::Rewrite(uri(i), format!("round-{i}"))).await
    }

    /// Patches the status of pods, as kubelets do.
    pub(super) async fn patch(&self, namespace: &str, n_pods: u64, n: u64) -> Result<Loaded> {
        let uri = pods(namespace, n_pods);
        let work = move |i| {
            let patch = format!(
                r#"{{"status":{{"conditions":[{{"type":"Ready","status":"True","message":"round {i}"}}],"phase":"Running"}}}}"#
            );
            Work::Ask(Method::PATCH, format!("{}/status", uri(i)), patch.into(), StatusCode::OK)
        };
        self.run(n, work).await
    }

    async fn run(&self, n: u64, work: impl Fn(u64) -> Work + Send + Sync + 'static) -> Result<Loaded> {
        let mut askers: Vec<Asker> = Vec::new();
        for _ in 0..self.connections.min(n) {
            askers.push(self.target.connect().await?);
        }
        let (work, next) = (Arc::new(work), Arc::new(AtomicU64::new(0)));
        let watch = Stopwatch::start();
        let mut tasks = Vec::new();
        for mut asker in askers {
            let (work, next) = (Arc::clone(&work), Arc::clone(&next));
            tasks.push(tokio::spawn(async move {
                let mut latencies = Latencies::default();
                loop {
                    let i = next.fetch_add(1, Ordering::Relaxed);
                    if i >= n {
                        return Ok::<Latencies, anyhow::Error>(latencies);
                    }
                    let work = work(i);
                    let watch = Stopwatch::start();
                    work.done_by(&mut asker).await?;
                    latencies.add(watch.elapsed().as_nanos() as u64);
                }
            }));
        }
        let mut latencies = Latencies::default();
        for task in tasks {
            latencies.merge(&task.await??);
        }
        Ok(Loaded { n, took: watch.elapsed(), latencies })
    }
}

/// The paths of pods, in an order in which neighbours are far from each other.
fn pods(namespace: &str, n_pods: u64) -> impl Fn(u64) -> String + Send + Sync + 'static {
    let uri = format!("/api/v1/namespaces/{namespace}/pods/pod-");
    // A step that has no factor in common with most numbers spreads them.
    move |i| format!("{uri}{}", i.wrapping_mul(7_919) % n_pods)
}

/// What one turn of an asker does.
enum Work {
    /// One request, which has to be answered with this status.
    Ask(Method, String, Bytes, StatusCode),
    /// Reading an object and writing it back with this text in an annotation.
    Rewrite(String, String),
}

impl Work {
    async fn done_by(self, asker: &mut Asker) -> Result<()> {
        let (uri, text) = match self {
            Work::Ask(method, uri, body, wanted) => {
                return asker.tell(method, &uri, body, wanted).await;
            }
            Work::Rewrite(uri, text) => (uri, text),
        };
        let object = asker.ask(Method::GET, &uri, Bytes::new(), StatusCode::OK).await?;
        let object = std::str::from_utf8(&object).context("an object that is no text")?;
        let marker = "\"example.com/description\":\"";
        let (before, rest) = object.split_once(marker).context("an object without the annotation")?;
        let (_, after) = rest.split_once('"').context("an object that is cut off")?;
        let object = format!("{before}{marker}{text}\"{after}");
        asker.tell(Method::PUT, &uri, object.into(), StatusCode::OK).await
    }
}
