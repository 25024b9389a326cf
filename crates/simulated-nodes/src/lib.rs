//! Nodes that are not there and behave as if they were: what kubelets would write into the API, without anything that
//! runs.
//!
//! ```text
//! shape, N --> Node objects            Nodes::create
//! nodes ----> Leases renewed           heartbeat
//! pods bound to them --> Running, Succeeded, gone    pods
//! ```
//!
//! A node is simulated if it has the label [`LABEL`], so that a process which begins anew goes on with the nodes of the
//! one before. A pod goes through its [`Stages`] by what its object says alone: whatever is lost in between is done when
//! the object is seen again.

mod heartbeat;
mod nodes;
mod pods;
mod shape;
mod stages;

use std::sync::Arc;
use std::time::Duration;

use client::{Connection, Error};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

pub use shape::{Shape, ShapeError};
pub use stages::Stages;

/// The label of nodes that are simulated.
pub const LABEL: &str = "steersman.dev/simulated";

/// How many requests are under way at once.
const REQUESTS_MAX: usize = 32;

/// What is simulated.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How many nodes there are at least.
    pub n_nodes: usize,
    /// What they are like.
    pub shape: Shape,
    /// How pods behave.
    pub stages: Stages,
    /// How often a node says that it is alive. With very many nodes less often, see [`Settings::heartbeat_interval`].
    pub heartbeat: Duration,
}

/// How many leases are renewed per second at most.
const RENEWALS_PER_SECOND: usize = 250;

impl Settings {
    /// How often each of `n_nodes` nodes says that it is alive. 10,000 nodes every ten seconds would keep the API server
    /// busy with nothing else; every 40 seconds is still in time for what watches over nodes.
    pub fn heartbeat_interval(&self, n_nodes: usize) -> Duration {
        self.heartbeat.max(Duration::from_secs((n_nodes / RENEWALS_PER_SECOND) as u64))
    }
}

/// A client with a limit on what is under way at once.
#[derive(Clone)]
struct Client {
    connection: Connection,
    slots: Arc<Semaphore>,
}

impl Client {
    async fn send(
        &self,
        method: http::Method,
        path: &str,
        content: Option<(&str, Vec<u8>)>,
        what: &str,
    ) -> Result<bytes::Bytes, Error> {
        // Never closed.
        let _slot = self.slots.acquire().await;
        self.connection.send(method, path, content, what).await
    }
}

/// Makes the nodes that are missing, and then simulates all for as long as the set lives.
///
/// # Errors
/// If nodes cannot be made.
pub async fn start(connection: &Connection, settings: Settings) -> Result<JoinSet<()>, Error> {
    let client = Client { connection: connection.clone(), slots: Arc::new(Semaphore::new(REQUESTS_MAX)) };
    nodes::create(&client, &settings).await?;
    let known = nodes::Known::default();
    let mut running = JoinSet::new();
    running.spawn(nodes::follow(client.clone(), known.clone()));
    running.spawn(heartbeat::beat(client.clone(), known.clone(), settings.clone()));
    running.spawn(pods::follow(client, known, settings.stages));
    Ok(running)
}
