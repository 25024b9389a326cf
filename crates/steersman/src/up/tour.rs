//! What `up` tells at the start.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use client::Connection;
use http::Method;
use serde_json::Value;
use tokio::time::Instant;

use super::Options;
use super::apply::Applied;
use crate::kube_apiserver::Prepared;
use crate::table::Table;

/// How long it is waited for pods to be placed or refused.
const PATIENCE: Duration = Duration::from_secs(20);

/// Says where the cluster is and what is not there.
#[allow(clippy::print_stdout, reason = "a user is told what there is")]
pub(super) fn welcome(options: &Options, prepared: &Prepared) {
    println!("The API server is at https://{}", prepared.address());
    let scheduler = if options.no_scheduler { "no scheduler" } else { "a scheduler" };
    let nodes = match options.simulated_nodes {
        0 => "no nodes".to_owned(),
        1 => "one simulated node".to_owned(),
        n => format!("{n} simulated nodes"),
    };
    println!("There is {scheduler}, and {nodes}.");
    println!(
        "There are no controllers yet: create Pods, which nobody makes of Deployments or Jobs, and pods need no service \
         account."
    );
    println!("\n  export KUBECONFIG={}\n  kubectl get nodes", shown(prepared.kubeconfig()));
}

fn shown(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}

/// Says that it goes on.
#[allow(clippy::print_stdout, reason = "a user is told what there is")]
pub(super) fn stays_up() {
    println!("\nIt stays up until Ctrl-C; started again on the same folder, it goes on where it was.");
}

/// Says that it ends.
#[allow(clippy::print_stdout, reason = "a user is told what there is")]
pub(super) fn ends() {
    println!("Ending; once more Ctrl-C ends it at once.");
}

/// Waits until something has become of all applied pods, and shows what.
#[allow(clippy::print_stdout, reason = "a user is told what there is")]
pub(super) async fn show(
    connection: &Connection,
    objects: &[Applied],
    has_scheduler: bool,
    kubeconfig: &Path,
) -> Result<()> {
    let pods: Vec<&Applied> = objects.iter().filter(|applied| applied.kind() == "Pod").collect();
    println!("\nApplied {} objects, of which {} pods.", objects.len(), pods.len());
    if pods.is_empty() {
        return Ok(());
    }
    let deadline = Instant::now() + if has_scheduler { PATIENCE } else { Duration::ZERO };
    let mut fates = Vec::new();
    for pod in pods {
        fates.push(fate(connection, pod, deadline).await?);
    }
    let mut placed = Table::new(["NAMESPACE", "POD", "NODE"]);
    for fate in fates.iter().filter(|fate| !fate.node.is_empty()) {
        placed.row([&fate.namespace, &fate.name, &fate.node]);
    }
    println!();
    placed.write(&mut std::io::stdout().lock(), "").context("writing to standard output")?;
    let waiting: Vec<&Fate> = fates.iter().filter(|fate| fate.node.is_empty()).collect();
    for fate in &waiting {
        let (namespace, name) = (&fate.namespace, &fate.name);
        match &fate.message {
            Some(message) => println!("\n{namespace}/{name} waits: {message}"),
            None => println!("\n{namespace}/{name} waits."),
        }
    }
    if let Some(fate) = waiting.iter().find(|fate| fate.message.is_some()) {
        explain(&format!("{}/{}", fate.namespace, fate.name), kubeconfig).await;
    }
    Ok(())
}

/// Explains a pod as the user would have it explained, by this program.
#[allow(clippy::print_stdout, reason = "a user is told what there is")]
async fn explain(pod: &str, kubeconfig: &Path) {
    println!("\n$ steersman explain pod {pod}\n");
    let Ok(program) = std::env::current_exe() else { return };
    let mut command = std::process::Command::new(program);
    command.args(["explain", "pod", pod, "--kubeconfig"]).arg(kubeconfig);
    // What it says is on the screen, and the exit code 1 says that the pod does not fit.
    let _ = tokio::task::spawn_blocking(move || command.status()).await;
}

/// What has become of a pod.
struct Fate {
    namespace: String,
    name: String,
    /// Empty if it has none.
    node: String,
    message: Option<String>,
}

async fn fate(connection: &Connection, pod: &Applied, deadline: Instant) -> Result<Fate> {
    let path = format!("/api/v1/namespaces/{}/pods/{}", pod.namespace(), pod.name());
    loop {
        let body = connection.send(Method::GET, &path, None, "looking for a pod").await?;
        let object: Value = serde_json::from_slice(&body).context("a pod")?;
        let node = object.pointer("/spec/nodeName").and_then(Value::as_str).unwrap_or("").to_owned();
        let conditions = object.pointer("/status/conditions").and_then(Value::as_array);
        let refused = conditions
            .into_iter()
            .flatten()
            .find(|condition| condition["type"] == "PodScheduled" && condition["status"] == "False");
        let message = refused.and_then(|condition| condition["message"].as_str()).map(str::to_owned);
        if !node.is_empty() || message.is_some() || Instant::now() >= deadline {
            let (namespace, name) = (pod.namespace().to_owned(), pod.name().to_owned());
            return Ok(Fate { namespace, name, node, message });
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
