//! A pod as the scheduler sees it: what it shares with its siblings, and what is its own.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use base::{Set, Symbol};

use super::features::Features;
use super::needs::Needs;
use super::volumes::{self, PodClaim, Volumes};
use super::{
    Compiler, HostPort, Labels, NodeAffinity, PodAffinity, PodRequests, SpreadConstraint, Toleration,
};

/// How images are named on nodes: a reference without tag or digest means `latest`.
pub fn normalized_image_name(image: &str) -> Cow<'_, str> {
    let tag = image.rfind(':').map_or(-1, |i| i as isize);
    let slash = image.rfind('/').map_or(-1, |i| i as isize);
    if tag <= slash { Cow::Owned(format!("{image}:latest")) } else { Cow::Borrowed(image) }
}

/// The controller that owns a pod, of the kinds whose selector spreads pods by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ControllerKind {
    /// `v1` ReplicationController.
    ReplicationController,
    /// `apps/v1` ReplicaSet.
    ReplicaSet,
    /// `apps/v1` StatefulSet.
    StatefulSet,
}

/// The part of a pod that decides where it may run. Pods of one workload are alike in it and share it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Shape {
    /// `spec.schedulerName`; empty means `default-scheduler`.
    pub scheduler_name: Symbol,
    /// `metadata.namespace`.
    pub namespace: Symbol,
    /// `metadata.labels`.
    pub labels: Labels,
    /// What it requests.
    pub requests: PodRequests,
    /// `spec.tolerations`.
    pub tolerations: Box<[Toleration]>,
    /// Node selector and node affinity.
    pub node_affinity: NodeAffinity,
    /// Inter-pod affinity and anti-affinity.
    pub pod_affinity: PodAffinity,
    /// Host ports of containers and sidecars.
    pub host_ports: Box<[HostPort]>,
    /// Normalized images of init containers, containers and image volumes.
    pub images: Box<[Symbol]>,
    /// How many init containers and containers there are.
    pub n_containers: i64,
    /// `spec.topologySpreadConstraints`, or the text of the parse error.
    pub spread: Result<Box<[SpreadConstraint]>, Box<str>>,
    /// Features the node must declare.
    pub required_features: Features,
    /// `spec.schedulingGates`.
    pub scheduling_gates: Box<[Symbol]>,
    /// Devices and groups.
    pub needs: Needs,
    /// Volumes that are not claims.
    pub volumes: Volumes,
    /// The claims that it mounts, in the order of its volumes. Pods of a workload may have each its own, and then do
    /// not share their shapes, but [`Pod::kin`].
    pub claims: Box<[PodClaim]>,
    /// The owner with `controller: true`, if it is of a kind that has a selector.
    pub controller: Option<(ControllerKind, Symbol)>,
}

/// Namespace and name of a pod.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PodKey {
    /// The namespace.
    pub namespace: Arc<str>,
    /// The name.
    pub name: Arc<str>,
}

impl fmt::Display for PodKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// Why a pod is not placed, as its object says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotScheduled {
    /// The reason of its condition PodScheduled.
    pub reason: Box<str>,
    /// The message of it.
    pub message: Box<str>,
}

/// A pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pod {
    /// Namespace and name.
    pub key: PodKey,
    /// `metadata.uid`: two pods are the same iff these are equal.
    pub uid: Arc<str>,
    /// What it shares with its siblings.
    pub shape: Arc<Shape>,
    /// Its shape without claims, which it also shares with siblings that have claims of their own.
    pub kin: Arc<Shape>,
    /// `spec.nodeName`: where it runs.
    pub node_name: Option<Symbol>,
    /// `status.nominatedNodeName`: where preemption makes room for it.
    pub nominated_node_name: Option<Symbol>,
    /// `spec.priority`, 0 if absent.
    pub priority: i32,
    /// `spec.preemptionPolicy: Never`.
    pub never_preempts: bool,
    /// `status.startTime` in nanoseconds since the epoch.
    pub start_time: Option<i64>,
    /// Whether `metadata.deletionTimestamp` is set.
    pub is_terminating: bool,
    /// Whether its DisruptionTarget condition says that a scheduler preempts it.
    pub is_being_preempted: bool,
    /// `metadata.generation`, for the conditions written about it.
    pub generation: i64,
    /// Its condition PodScheduled, if that is False.
    pub not_scheduled: Option<Arc<NotScheduled>>,
}

impl Pod {
    /// Compiles a Pod object. Its shape is looked up in `shapes` or added there.
    pub fn compile(pod: &wire::Pod, shapes: &mut Shapes, compiler: &mut Compiler<'_>) -> Pod {
        let name =
            |name: &str, compiler: &mut Compiler<'_>| (!name.is_empty()).then(|| compiler.symbol(name));
        let condition = |kind| pod.status.conditions.iter().find(|condition| condition.r#type == kind);
        let (disruption, scheduled) = (condition("DisruptionTarget"), condition("PodScheduled"));
        let uid = uid(pod);
        let kin = shape(pod, compiler);
        let claims = volumes::claims(pod, &uid);
        let own = (!claims.is_empty()).then(|| shapes.share(Shape { claims, ..kin.clone() }));
        let kin = shapes.share(kin);
        let shape = own.unwrap_or_else(|| Arc::clone(&kin));
        Pod {
            key: PodKey {
                namespace: compiler.symbols.share(shape.namespace),
                name: Arc::from(pod.metadata.name.as_str()),
            },
            uid,
            shape,
            kin,
            node_name: name(&pod.spec.node_name, compiler),
            nominated_node_name: name(&pod.status.nominated_node_name, compiler),
            priority: pod.spec.priority.unwrap_or(0),
            never_preempts: pod.spec.preemption_policy.as_deref() == Some("Never"),
            start_time: pod.status.start_time.map(|time| time.as_nanos()),
            is_terminating: pod.metadata.deletion_timestamp.is_some(),
            is_being_preempted: disruption.is_some_and(|condition| {
                condition.status == "True" && condition.reason == "PreemptionByScheduler"
            }),
            generation: pod.metadata.generation,
            not_scheduled: scheduled.filter(|condition| condition.status == "False").map(|condition| {
                let (reason, message) = (condition.reason.as_str().into(), condition.message.as_str().into());
                Arc::new(NotScheduled { reason, message })
            }),
        }
    }
}

impl Pod {
    /// Whether it takes up room somewhere, or has been promised some.
    pub fn has_place(&self) -> bool {
        self.node_name.is_some() || self.nominated_node_name.is_some()
    }
}

/// Pods typed by hand have no UID; their namespace and name then stand for it.
fn uid(pod: &wire::Pod) -> Arc<str> {
    if pod.metadata.uid.is_empty() {
        Arc::from(format!("{}/{}", pod.metadata.namespace, pod.metadata.name))
    } else {
        Arc::from(pod.metadata.uid.as_str())
    }
}

fn shape(pod: &wire::Pod, compiler: &mut Compiler<'_>) -> Shape {
    let spec = &pod.spec;
    let namespace = compiler.symbol(&pod.metadata.namespace);
    let labels = Labels::compile_passing(&pod.metadata.labels, compiler);
    let sidecars = spec.init_containers.iter().filter(|container| container.restart_policy == "Always");
    let ports = spec.containers.iter().chain(sidecars).flat_map(|container| &container.ports);
    let images =
        spec.init_containers.iter().chain(&spec.containers).map(|container| container.image.as_str());
    let image_volumes =
        spec.volumes.iter().filter_map(|volume| Some(volume.image.as_ref()?.reference.as_str()));
    let spread = spec.topology_spread_constraints.iter();
    Shape {
        scheduler_name: compiler.symbol(if spec.scheduler_name.is_empty() {
            "default-scheduler"
        } else {
            &spec.scheduler_name
        }),
        namespace,
        requests: PodRequests::compile(pod, compiler),
        tolerations: spec.tolerations.iter().map(|t| Toleration::compile(t, compiler)).collect(),
        node_affinity: NodeAffinity::compile(spec, compiler),
        pod_affinity: PodAffinity::compile(spec, namespace, compiler),
        host_ports: ports.filter_map(|port| HostPort::compile(port, compiler)).collect(),
        images: images
            .chain(image_volumes)
            .map(|image| compiler.symbol(&normalized_image_name(image)))
            .collect(),
        n_containers: (spec.init_containers.len() + spec.containers.len()) as i64,
        spread: spread
            .map(|constraint| SpreadConstraint::compile(constraint, &labels, compiler).map_err(Into::into))
            .collect(),
        labels,
        required_features: Features::required(spec),
        scheduling_gates: spec.scheduling_gates.iter().map(|gate| compiler.symbol(&gate.name)).collect(),
        needs: Needs::compile(spec),
        volumes: Volumes::compile(spec, compiler),
        claims: Box::default(),
        controller: controller(pod, compiler),
    }
}

fn controller(pod: &wire::Pod, compiler: &mut Compiler<'_>) -> Option<(ControllerKind, Symbol)> {
    let owner = pod.metadata.owner_references.iter().find(|owner| owner.controller == Some(true))?;
    let kind = match (owner.api_version.as_str(), owner.kind.as_str()) {
        ("v1", "ReplicationController") => ControllerKind::ReplicationController,
        ("apps/v1", "ReplicaSet") => ControllerKind::ReplicaSet,
        ("apps/v1", "StatefulSet") => ControllerKind::StatefulSet,
        _ => return None,
    };
    Some((kind, compiler.symbol(&owner.name)))
}

/// With fewer shapes than this, unused ones are not looked for. In tests they are at once, so that what follows from it
/// happens in short histories too.
const SWEEP_MIN: usize = if cfg!(test) { 8 } else { 1024 };

/// The table of shapes in use.
#[derive(Clone, Debug, Default)]
pub struct Shapes {
    shapes: Set<Arc<Shape>>,
    /// How many there may be before unused ones are dropped; doubles with what stays, so that the cost of
    /// sweeping is a constant per pod.
    sweep_at: usize,
    n_sweeps: u64,
}

impl Shapes {
    /// The shared copy of `shape`.
    pub fn share(&mut self, shape: Shape) -> Arc<Shape> {
        if let Some(known) = self.shapes.get(&shape) {
            return Arc::clone(known);
        }
        if self.shapes.len() >= self.sweep_at.max(SWEEP_MIN) {
            self.shapes.retain(|shape| Arc::strong_count(shape) > 1);
            self.sweep_at = self.shapes.len() * 2;
            self.n_sweeps += 1;
        }
        let shape = Arc::new(shape);
        self.shapes.insert(Arc::clone(&shape));
        shape
    }

    /// How often unused shapes have been dropped.
    pub fn n_sweeps(&self) -> u64 {
        self.n_sweeps
    }

    /// The values of pod labels that shapes in use mention.
    pub fn label_values(&self) -> Set<Symbol> {
        self.shapes.iter().flat_map(|shape| shape.labels.iter().map(|(_, value)| value)).collect()
    }

    /// How many distinct shapes are known.
    pub fn len(&self) -> usize {
        self.shapes.len()
    }

    /// Whether no shape is known.
    pub fn is_empty(&self) -> bool {
        self.shapes.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use base::Interner;
    use wire::config::FeatureGates;

    use super::*;

    #[test]
    fn completes_image_names_that_have_neither_tag_nor_digest() {
        assert_eq!(normalized_image_name("nginx"), "nginx:latest");
        assert_eq!(normalized_image_name("nginx:1"), "nginx:1");
        assert_eq!(normalized_image_name("repo:5000/img"), "repo:5000/img:latest");
        assert_eq!(normalized_image_name("repo:5000/img:2"), "repo:5000/img:2");
        assert_eq!(normalized_image_name("img@sha256:abc"), "img@sha256:abc");
    }

    #[test]
    fn siblings_share_one_shape_and_strangers_do_not() {
        let (mut symbols, gates, mut shapes) =
            (Interner::default(), FeatureGates::default(), Shapes::default());
        let mut pod = |text: &str| {
            let pod: wire::Pod = serde_json::from_str(text).expect("a pod");
            Pod::compile(&pod, &mut shapes, &mut Compiler { symbols: &mut symbols, gates: &gates })
        };
        let a = pod(r#"{"metadata":{"name":"a","labels":{"app":"x"}},"spec":{"priority":3}}"#);
        let b = pod(r#"{"metadata":{"name":"b","labels":{"app":"x"}},"spec":{"nodeName":"n"}}"#);
        let c = pod(r#"{"metadata":{"name":"c","labels":{"app":"y"}}}"#);
        assert!(Arc::ptr_eq(&a.shape, &b.shape));
        assert!(!Arc::ptr_eq(&a.shape, &c.shape));
        assert_eq!((a.priority, b.priority), (3, 0));
    }
}
