//! The cluster as it is once all other pending pods have been decided about.

use std::sync::Arc;

use anyhow::{Result, bail};
use wire::config::{FeatureGates, SchedulerConfiguration};
use wire::decode::{Origin, Sourced};
use wire::{Object, Pod};

use super::report::Basis;
use super::situation::is_same;
use super::target::{self, PodName};
use crate::cluster_files::ClusterFiles;
use crate::simulation::{Simulation, is_pending};

/// Which cluster the pod is judged against, and what became of the other pods that had no node.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standpoint {
    pub(super) basis: Basis,
    /// How many other pods had no node.
    pub(super) n_others_pending: usize,
}

impl Standpoint {
    /// The cluster in the files.
    pub(super) fn as_given(files: &ClusterFiles, pod: Option<&Pod>) -> Standpoint {
        let is_it = |other: &Pod| {
            pod.is_some_and(|pod| {
                other.metadata.name == pod.metadata.name && other.metadata.namespace == pod.metadata.namespace
            })
        };
        let others = files.pods().filter(|other| is_pending(other) && !is_it(other));
        Standpoint { basis: Basis::AsGiven, n_others_pending: others.count() }
    }
}

/// Decides about all other pending pods, and leaves the cluster as that makes it. A pod that is pending itself
/// is not there meanwhile; one that has a node is. Without a pod, all are decided about.
pub(super) fn place_others(
    configuration: &SchedulerConfiguration,
    gates: FeatureGates,
    seed: u64,
    files: &mut ClusterFiles,
    pod: Option<&Pod>,
) -> Result<Standpoint> {
    let n_others_pending = Standpoint::as_given(files, pod).n_others_pending;
    let (own, others): (Vec<Sourced>, Vec<Sourced>) = std::mem::take(&mut files.objects)
        .into_iter()
        .partition(|sourced| pod.is_some_and(|pod| is_pending(pod) && is_same(&sourced.object, pod)));
    let (origins, objects): (Vec<Origin>, Vec<Object>) =
        others.into_iter().map(|Sourced { object, origin }| (origin, object)).unzip();
    let made = Origin { file: Arc::from("made by a controller"), document: 1, item: None, line: 1 };
    let cluster = Simulation::new(configuration, gates, seed, None, objects)?.into_settled_cluster();
    let origins = origins.into_iter().chain(std::iter::repeat(made));
    let settled = cluster.into_iter().zip(origins).filter_map(|(object, origin)| {
        let mut object = object?;
        if let Object::Pod(pod) = &mut object
            && !pod.spec.node_name.is_empty()
        {
            pod.status.nominated_node_name.clear();
        }
        Some(Sourced { object, origin })
    });
    files.objects = settled.chain(own).collect();
    Ok(Standpoint { basis: Basis::AfterPending, n_others_pending })
}

/// The pod in the cluster as it has become: one that a controller made is there too, one that was preempted is not.
pub(super) fn find_pod(files: &ClusterFiles, key: &PodName, was_given: bool) -> Result<Pod> {
    match target::find_pod(files, key) {
        Ok(pod) => Ok(pod.clone()),
        Err(_) if was_given => bail!(
            "pod {}/{} is preempted while the other pods are placed, so there is nothing to explain about it \
             afterwards; simulate shows by which pod, and what replaces it. Leave out --after-pending to explain it \
             as it is now",
            key.namespace,
            key.name
        ),
        Err(error) => Err(error),
    }
}
