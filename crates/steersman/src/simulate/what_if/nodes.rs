//! Nodes that come, go or take no more pods.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Result, bail};
use wire::decode::{self, Origin, Sourced};
use wire::{Node, Object, Pod, PodStatus};

use crate::cluster_files::{ClusterFiles, is_finished};

const HOSTNAME: &str = "kubernetes.io/hostname";

/// The prefix of taints and labels under which the control plane writes down a node's state.
const STATE_TAINTS: &str = "node.kubernetes.io/";

/// The annotation of pods that a kubelet runs from its own files.
const MIRROR: &str = "kubernetes.io/config.mirror";

/// How many names an error lists.
const NAMES_SHOWN: usize = 5;

/// Adds nodes like one that is there, called NODE-copy-1, NODE-copy-2 …
pub(super) fn add_like(files: &mut ClusterFiles, n: usize, name: &str) -> Result<()> {
    let (model, origin) = {
        let (node, origin) = find(files, name)?;
        (node.clone(), origin.clone())
    };
    add(files, n, &model, &origin, |i| format!("{name}-copy-{i}"));
    Ok(())
}

/// Adds nodes like the one in a file, called NAME, NAME-2 …
pub(super) fn add_from_file(files: &mut ClusterFiles, n: usize, path: &Path) -> Result<()> {
    let decoded = decode::read_path(path)?;
    let n_found = decoded.objects.len();
    let mut nodes = decoded.objects.into_iter().filter_map(|sourced| match sourced.object {
        Object::Node(node) => Some((node, sourced.origin)),
        _ => None,
    });
    match (nodes.next(), nodes.next()) {
        (Some((node, origin)), None) => {
            let name = node.metadata.name.clone();
            add(files, n, &node, &origin, |i| if i == 1 { name.clone() } else { format!("{name}-{i}") });
            Ok(())
        }
        (None, _) => bail!("{}: there is no Node among the {n_found} objects in it. Add one", path.display()),
        (Some(_), Some(_)) => {
            bail!("{}: there is more than one Node in it. Leave the one that is to be copied", path.display())
        }
    }
}

/// Removes a node. Pods that belong to it alone go with it; the others wait for a new place.
pub(super) fn remove(files: &mut ClusterFiles, name: &str) -> Result<()> {
    find(files, name)?;
    files.objects.retain(|sourced| match &sourced.object {
        Object::Node(node) => node.metadata.name != name,
        Object::Pod(pod) => pod.spec.node_name != name || comes_back(pod),
        _ => true,
    });
    for sourced in &mut files.objects {
        if let Object::Pod(pod) = &mut sourced.object
            && pod.spec.node_name == name
        {
            pod.spec.node_name.clear();
            pod.status = PodStatus::default();
            // It is made anew, so it is younger than every pod that waits already.
            pod.metadata.creation_timestamp = None;
        }
    }
    Ok(())
}

/// Lets a node take no more pods.
pub(super) fn cordon(files: &mut ClusterFiles, name: &str) -> Result<()> {
    if find(files, name)?.0.spec.unschedulable {
        bail!("node {name:?} is cordoned already. Leave this out");
    }
    for sourced in &mut files.objects {
        if let Object::Node(node) = &mut sourced.object
            && node.metadata.name == name
        {
            node.spec.unschedulable = true;
        }
    }
    Ok(())
}

/// Whether a pod of a node that goes is wanted elsewhere: not if the node's kubelet or a DaemonSet made it for
/// that node, nor if it is over or about to be.
fn comes_back(pod: &Pod) -> bool {
    let owners = &pod.metadata.owner_references;
    let is_of_the_node = owners
        .iter()
        .any(|owner| owner.controller == Some(true) && matches!(owner.kind.as_str(), "DaemonSet" | "Node"));
    let is_over = is_finished(pod) || pod.metadata.deletion_timestamp.is_some();
    !is_of_the_node && !is_over && !pod.metadata.annotations.contains_key(MIRROR)
}

fn find<'f>(files: &'f ClusterFiles, name: &str) -> Result<(&'f Node, &'f Origin)> {
    for Sourced { object, origin } in &files.objects {
        if let Object::Node(node) = object
            && node.metadata.name == name
        {
            return Ok((node, origin));
        }
    }
    let mut names: Vec<&str> = files.nodes().map(|node| node.metadata.name.as_str()).collect();
    names.sort_unstable();
    let rest = names.len().saturating_sub(NAMES_SHOWN);
    names.truncate(NAMES_SHOWN);
    let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    match names.as_slice() {
        [] => bail!("there is no node {name:?}, nor any other"),
        names => bail!("there is no node {name:?}. The nodes are {}{more}", names.join(", ")),
    }
}

/// Adds nodes under the first `n` of the names that are free.
fn add(files: &mut ClusterFiles, n: usize, model: &Node, origin: &Origin, name: impl Fn(usize) -> String) {
    let taken: BTreeSet<String> = files.nodes().map(|node| node.metadata.name.clone()).collect();
    let free = (1..).map(name).filter(|name| !taken.contains(name));
    for name in free.take(n) {
        let object = Object::from(fresh(model, name));
        files.objects.push(Sourced { object, origin: origin.clone() });
    }
}

/// A node like the model as its cloud would deliver it: not cordoned, healthy, without images.
fn fresh(model: &Node, name: String) -> Node {
    let mut node = model.clone();
    node.metadata.labels.insert(HOSTNAME.to_owned(), name.clone());
    node.metadata.name = name;
    node.metadata.uid.clear();
    node.spec.unschedulable = false;
    node.spec.taints.retain(|taint| !taint.key.starts_with(STATE_TAINTS));
    node.status.images.clear();
    node
}
