//! One node and the pods on it.

use std::sync::Arc;

use super::Row;
use crate::model::{HostPort, Node, Pod, Resources};

/// A node with the sums over its pods. Preemption and nominated pods work on clones of it.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeInfo {
    /// Its row in the snapshot.
    pub row: Row,
    /// The node itself.
    pub node: Arc<Node>,
    pods: Vec<Arc<Pod>>,
    requested: Resources,
    non_zero_milli_cpu: i64,
    non_zero_memory: i64,
    used_ports: Vec<HostPort>,
    n_with_affinity: u32,
    n_with_required_anti_affinity: u32,
    n_with_disks: u32,
}

impl NodeInfo {
    /// A node without pods.
    pub fn new(row: Row, node: Arc<Node>) -> NodeInfo {
        NodeInfo {
            row,
            node,
            pods: Vec::new(),
            requested: Resources::default(),
            non_zero_milli_cpu: 0,
            non_zero_memory: 0,
            used_ports: Vec::new(),
            n_with_affinity: 0,
            n_with_required_anti_affinity: 0,
            n_with_disks: 0,
        }
    }

    /// One value of each part of memory that a change of its pods reads.
    pub(super) fn fetched(&self) -> (i64, usize, usize, i64) {
        (self.requested.milli_cpu, self.pods.len(), self.used_ports.len(), self.node.allocatable_pods)
    }

    /// The pods on the node, bound or assumed, terminating ones included.
    pub fn pods(&self) -> &[Arc<Pod>] {
        &self.pods
    }

    /// Σ of what the pods request.
    pub fn requested(&self) -> &Resources {
        &self.requested
    }

    /// Σ of CPU in millicores, where containers without a request count as 100m.
    pub fn non_zero_milli_cpu(&self) -> i64 {
        self.non_zero_milli_cpu
    }

    /// Σ of memory in bytes, where containers without a request count as 200 MiB.
    pub fn non_zero_memory(&self) -> i64 {
        self.non_zero_memory
    }

    /// The host ports in use.
    pub fn used_ports(&self) -> &[HostPort] {
        &self.used_ports
    }

    /// Whether some pod has inter-pod affinity or anti-affinity of any kind.
    pub fn has_pods_with_affinity(&self) -> bool {
        self.n_with_affinity > 0
    }

    /// Whether some pod has a required anti-affinity term.
    pub fn has_pods_with_required_anti_affinity(&self) -> bool {
        self.n_with_required_anti_affinity > 0
    }

    /// Whether some pod has disks that not every pod can share.
    pub fn has_pods_with_disks(&self) -> bool {
        self.n_with_disks > 0
    }

    /// Adds a pod.
    pub fn add_pod(&mut self, pod: Arc<Pod>) {
        let shape = &pod.shape;
        self.requested.add(&shape.requests.accounted);
        self.non_zero_milli_cpu = self.non_zero_milli_cpu.wrapping_add(shape.requests.non_zero_milli_cpu);
        self.non_zero_memory = self.non_zero_memory.wrapping_add(shape.requests.non_zero_memory);
        for port in &shape.host_ports {
            if !self.used_ports.contains(port) {
                self.used_ports.push(*port);
            }
        }
        self.n_with_affinity += u32::from(shape.pod_affinity.is_given);
        self.n_with_required_anti_affinity += u32::from(!shape.pod_affinity.anti_affinity.is_empty());
        self.n_with_disks += u32::from(!shape.volumes.disks.is_empty());
        self.pods.push(pod);
    }

    /// Replaces the object of a pod that is here by one of the same shape.
    pub(super) fn replace_pod(&mut self, pod: Arc<Pod>) {
        // Those that came last are the first to change.
        if let Some(known) = self.pods.iter_mut().rev().find(|known| known.uid == pod.uid) {
            *known = pod;
        }
    }

    /// Removes the pod with this UID, if it is here.
    ///
    /// Ports are a set, as upstream's: if two pods on the node use the same one, removing either frees it.
    pub fn remove_pod(&mut self, uid: &str) -> Option<Arc<Pod>> {
        let position = self.pods.iter().rposition(|pod| *pod.uid == *uid)?;
        let pod = self.pods.swap_remove(position);
        let shape = &pod.shape;
        self.requested.subtract(&shape.requests.accounted);
        self.non_zero_milli_cpu = self.non_zero_milli_cpu.wrapping_sub(shape.requests.non_zero_milli_cpu);
        self.non_zero_memory = self.non_zero_memory.wrapping_sub(shape.requests.non_zero_memory);
        self.used_ports.retain(|used| !shape.host_ports.contains(used));
        self.n_with_affinity -= u32::from(shape.pod_affinity.is_given);
        self.n_with_required_anti_affinity -= u32::from(!shape.pod_affinity.anti_affinity.is_empty());
        self.n_with_disks -= u32::from(!shape.volumes.disks.is_empty());
        Some(pod)
    }
}
