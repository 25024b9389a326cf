//! Many who watch one object.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http::{Method, StatusCode};
use tokio::sync::mpsc;

use super::client::Stopwatch;
use super::door::{Door, Events};
use super::load::Latencies;

/// As many streams go through one connection: what servers allow by default is 100 and more.
const STREAMS_PER_CONNECTION: u64 = 100;
/// A change that has not come to everybody after this time never will.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long nothing happens between changes, so that each is by itself.
const PAUSE: Duration = Duration::from_millis(20);

const COLLECTION: &str = "/api/v1/namespaces/bench-0/configmaps";

/// Changes an object and waits until all watchers have been told, so many times.
pub(super) async fn deliver(target: &Door, n_watchers: u64, n_changes: u64) -> Result<Latencies> {
    let mut writer = target.connect().await?;
    writer.ask(Method::POST, COLLECTION, object(0), StatusCode::CREATED).await?;
    let (told, mut telling) = mpsc::unbounded_channel();
    let uri = format!("{COLLECTION}?watch=true&fieldSelector=metadata.name%3Dwatched");
    let mut left = n_watchers;
    while left > 0 {
        let mut connection = target.connect_many().await?;
        let n_streams = left.min(STREAMS_PER_CONNECTION);
        for _ in 0..n_streams {
            let events = connection.watch(&uri).await.context("opening a watch")?;
            let told = told.clone();
            tokio::spawn(async move { follow(events, &told).await });
        }
        left -= n_streams;
        // The connection lives as long as its streams.
    }
    // Everybody sees the object as it is first.
    wait(&mut telling, n_watchers).await?;
    let mut latencies = Latencies::default();
    for change in 1..=n_changes {
        tokio::time::sleep(PAUSE).await;
        let uri = format!("{COLLECTION}/watched");
        let watch = Stopwatch::start();
        let (changed, all_told) = tokio::join!(
            writer.ask(Method::PUT, &uri, object(change), StatusCode::OK),
            wait(&mut telling, n_watchers)
        );
        changed?;
        all_told?;
        latencies.add(watch.elapsed().as_nanos() as u64);
    }
    Ok(latencies)
}

fn object(change: u64) -> Bytes {
    let text = format!(
        r#"{{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"watched"}},"data":{{"change":"{change}"}}}}"#
    );
    text.into()
}

/// Tells of every event of a stream: each is one line.
async fn follow(mut events: Events, told: &mpsc::UnboundedSender<()>) {
    while let Some(piece) = events.next().await {
        let n_lines = piece.iter().filter(|byte| **byte == b'\n').count();
        for _ in 0..n_lines {
            if told.send(()).is_err() {
                return;
            }
        }
    }
}

async fn wait(telling: &mut mpsc::UnboundedReceiver<()>, n: u64) -> Result<()> {
    for i in 0..n {
        match tokio::time::timeout(PATIENCE, telling.recv()).await {
            Ok(Some(())) => {}
            _ => bail!("of {n} watchers only {i} were told of a change within {PATIENCE:?}"),
        }
    }
    Ok(())
}
