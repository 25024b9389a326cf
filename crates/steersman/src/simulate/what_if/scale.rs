//! Workloads with more or fewer pods.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use anyhow::{Result, bail};
use wire::decode::{Origin, Sourced};
use wire::{Object, ObjectMeta, OwnerReference, Pod, PodStatus, PodTemplateSpec};

use super::Workload;
use crate::cluster_files::{ClusterFiles, is_finished};

/// How many workloads an error lists.
const NAMES_SHOWN: usize = 5;

/// Labels by which one pod of a StatefulSet can be selected.
const POD_NAME_LABEL: &str = "statefulset.kubernetes.io/pod-name";
const POD_INDEX_LABEL: &str = "apps.kubernetes.io/pod-index";

/// What Kubernetes writes hashes with: no vowels, so that they are no words, and nothing that looks like one.
const HASH_ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// A kind of workload that can be scaled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum WorkloadKind {
    Deployment,
    ReplicaSet,
    StatefulSet,
    ReplicationController,
    Job,
}

impl WorkloadKind {
    /// All of them.
    pub(super) const ALL: [WorkloadKind; 5] = [
        WorkloadKind::Deployment,
        WorkloadKind::ReplicaSet,
        WorkloadKind::StatefulSet,
        WorkloadKind::ReplicationController,
        WorkloadKind::Job,
    ];

    /// As objects spell it.
    fn name(self) -> &'static str {
        match self {
            WorkloadKind::Deployment => "Deployment",
            WorkloadKind::ReplicaSet => "ReplicaSet",
            WorkloadKind::StatefulSet => "StatefulSet",
            WorkloadKind::ReplicationController => "ReplicationController",
            WorkloadKind::Job => "Job",
        }
    }

    /// As expressions spell it.
    pub(super) fn keyword(self) -> &'static str {
        match self {
            WorkloadKind::Deployment => "deployment",
            WorkloadKind::ReplicaSet => "replicaset",
            WorkloadKind::StatefulSet => "statefulset",
            WorkloadKind::ReplicationController => "replicationcontroller",
            WorkloadKind::Job => "job",
        }
    }

    /// The kind that kubectl users write so.
    pub(super) fn from_keyword(word: &str) -> Option<WorkloadKind> {
        let word = word.to_ascii_lowercase();
        let short = match word.as_str() {
            "deploy" => "deployment",
            "rs" => "replicaset",
            "sts" => "statefulset",
            "rc" => "replicationcontroller",
            other => other.strip_suffix('s').unwrap_or(other),
        };
        WorkloadKind::ALL.into_iter().find(|kind| kind.keyword() == short)
    }
}

/// Gives a workload `n` pods: clones one of its pods, or removes some.
pub(super) fn scale(files: &mut ClusterFiles, workload: &Workload, n: usize) -> Result<()> {
    let owners = pod_owners(files, workload);
    let mut pods: Vec<usize> = Vec::new();
    for (i, sourced) in files.objects.iter().enumerate() {
        if let Object::Pod(pod) = &sourced.object
            && is_alive(pod)
            && owners.own(&pod.metadata)
        {
            pods.push(i);
        }
    }
    // First the one that has been there longest.
    let age = |i: &usize| {
        (files.objects[*i].object.meta().creation_timestamp.map_or(i64::MAX, |t| t.as_nanos()), *i)
    };
    pods.sort_by_key(age);
    if pods.len() > n {
        shrink(files, workload, &pods, n);
        return Ok(());
    }
    if pods.len() == n {
        return if pods.is_empty() && owners.templates.is_empty() {
            unknown(files, workload)
        } else {
            Ok(())
        };
    }
    let model = pods.last().map(|i| &files.objects[*i]);
    let model = model.and_then(|sourced| match &sourced.object {
        Object::Pod(pod) => Some((pod.as_ref().clone(), sourced.origin.clone())),
        _ => None,
    });
    let Some((model, origin)) = model.or_else(|| owners.pod_of_template()) else {
        return unknown(files, workload);
    };
    grow(files, workload, &model, &origin, n - pods.len());
    // Pods made from a template have no priority yet.
    files.resolve_priorities()
}

fn is_alive(pod: &Pod) -> bool {
    !is_finished(pod) && pod.metadata.deletion_timestamp.is_none()
}

/// What the pods of a workload name as their controller.
struct PodOwners<'w> {
    workload: &'w Workload,
    /// The controllers that make its pods, as far as the files have them, the latest last.
    templates: Vec<Template>,
    /// Replica sets that belong to something else although their names look as if they did not.
    strangers: BTreeSet<String>,
}

struct Template {
    controller: OwnerReference,
    template: PodTemplateSpec,
    origin: Origin,
    created: i64,
}

impl PodOwners<'_> {
    /// Whether an object is a pod of the workload.
    fn own(&self, pod: &ObjectMeta) -> bool {
        let Some(owner) = controller(pod) else { return false };
        if pod.namespace != self.workload.namespace {
            return false;
        }
        match self.workload.kind {
            WorkloadKind::Deployment => owner.kind == "ReplicaSet" && self.own_replica_set(&owner.name),
            kind => owner.kind == kind.name() && owner.name == self.workload.name,
        }
    }

    /// Whether a ReplicaSet of this name belongs to the Deployment.
    fn own_replica_set(&self, name: &str) -> bool {
        let is_known = self.templates.iter().any(|template| template.controller.name == name);
        is_known || (!self.strangers.contains(name) && self.looks_like_revision(name))
    }

    /// Deployments name their replica sets NAME-HASH.
    fn looks_like_revision(&self, replica_set: &str) -> bool {
        let hash = replica_set.strip_prefix(&self.workload.name).and_then(|rest| rest.strip_prefix('-'));
        hash.is_some_and(|hash| !hash.is_empty() && hash.bytes().all(|b| HASH_ALPHABET.contains(&b)))
    }

    /// A pod like the workload's controller would make it.
    fn pod_of_template(&self) -> Option<(Pod, Origin)> {
        let Template { controller, template, origin, .. } = self.templates.last()?;
        let metadata = ObjectMeta {
            namespace: self.workload.namespace.clone(),
            labels: template.metadata.labels.clone(),
            annotations: template.metadata.annotations.clone(),
            owner_references: vec![controller.clone()],
            ..ObjectMeta::default()
        };
        let pod = Pod { metadata, spec: template.spec.clone(), status: PodStatus::default() };
        Some((pod, origin.clone()))
    }
}

fn controller(metadata: &ObjectMeta) -> Option<&OwnerReference> {
    metadata.owner_references.iter().find(|owner| owner.controller == Some(true))
}

fn pod_owners<'w>(files: &ClusterFiles, workload: &'w Workload) -> PodOwners<'w> {
    let mut owners = PodOwners { workload, templates: Vec::new(), strangers: BTreeSet::new() };
    for Sourced { object, origin } in &files.objects {
        let (kind, template) = match object {
            Object::ReplicaSet(set) => (WorkloadKind::ReplicaSet, Some(&set.spec.template)),
            Object::StatefulSet(set) => (WorkloadKind::StatefulSet, Some(&set.spec.template)),
            Object::ReplicationController(set) => {
                (WorkloadKind::ReplicationController, set.spec.template.as_ref())
            }
            _ => continue,
        };
        let metadata = object.meta();
        if metadata.namespace != workload.namespace {
            continue;
        }
        let is_own = match workload.kind {
            WorkloadKind::Deployment if kind == WorkloadKind::ReplicaSet => match controller(metadata) {
                Some(owner) => owner.kind == "Deployment" && owner.name == workload.name,
                None => owners.looks_like_revision(&metadata.name),
            },
            wanted => kind == wanted && metadata.name == workload.name,
        };
        if !is_own {
            if kind == WorkloadKind::ReplicaSet {
                owners.strangers.insert(metadata.name.clone());
            }
            continue;
        }
        let Some(template) = template.filter(|template| !template.spec.containers.is_empty()) else {
            continue;
        };
        owners.templates.push(Template {
            controller: OwnerReference {
                api_version: object.api_version().to_owned(),
                kind: kind.name().to_owned(),
                name: metadata.name.clone(),
                uid: metadata.uid.clone(),
                controller: Some(true),
                ..OwnerReference::default()
            },
            template: template.clone(),
            origin: origin.clone(),
            created: metadata.creation_timestamp.map_or(0, |time| time.as_nanos()),
        });
    }
    owners.templates.sort_by_key(|template| template.created);
    owners
}

/// Whether a ReplicaSet belongs to a Deployment.
pub(super) fn is_revision(files: &ClusterFiles, deployment: &Workload, replica_set: &Workload) -> bool {
    deployment.namespace == replica_set.namespace
        && pod_owners(files, deployment).own_replica_set(&replica_set.name)
}

/// Removes pods until `n` are left: the last ones of a StatefulSet; those without a node first, then the youngest,
/// of others.
fn shrink(files: &mut ClusterFiles, workload: &Workload, pods: &[usize], n: usize) {
    let mut order: Vec<(bool, Reverse<u64>, Reverse<usize>, usize)> = Vec::new();
    for (age, i) in pods.iter().enumerate() {
        let Object::Pod(pod) = &files.objects[*i].object else { continue };
        let (has_node, ordinal) = match workload.kind {
            WorkloadKind::StatefulSet => (true, ordinal(&pod.metadata.name)),
            _ => (!pod.spec.node_name.is_empty(), 0),
        };
        order.push((has_node, Reverse(ordinal), Reverse(age), *i));
    }
    order.sort_unstable();
    let removed: BTreeSet<usize> = order.iter().take(pods.len() - n).map(|(.., i)| *i).collect();
    let mut i = 0;
    files.objects.retain(|_| {
        i += 1;
        !removed.contains(&(i - 1))
    });
}

/// The number of a StatefulSet's pod, which ends its name.
fn ordinal(name: &str) -> u64 {
    name.rsplit_once('-').and_then(|(_, ordinal)| ordinal.parse().ok()).unwrap_or(0)
}

/// Adds pods like the model: the next ones of a StatefulSet, NAME-0, NAME-1 …; NAME-sim-1, NAME-sim-2 … of others.
fn grow(files: &mut ClusterFiles, workload: &Workload, model: &Pod, origin: &Origin, n: usize) {
    let in_namespace = files.pods().filter(|pod| pod.metadata.namespace == workload.namespace);
    let taken: BTreeSet<String> = in_namespace.map(|pod| pod.metadata.name.clone()).collect();
    let has_ordinals = workload.kind == WorkloadKind::StatefulSet;
    let (first, infix) = if has_ordinals { (0, "") } else { (1, "sim-") };
    let names = (first..).map(|i: usize| (i, format!("{}-{infix}{i}", workload.name)));
    for (i, name) in names.filter(|(_, name)| !taken.contains(name)).take(n) {
        let mut pod = Pod { status: PodStatus::default(), ..model.clone() };
        if has_ordinals {
            pod.metadata.labels.insert(POD_NAME_LABEL.to_owned(), name.clone());
            pod.metadata.labels.insert(POD_INDEX_LABEL.to_owned(), i.to_string());
        }
        pod.spec.node_name.clear();
        pod.metadata = ObjectMeta {
            uid: format!("simulated/{}/{name}", workload.namespace),
            name,
            // It does not exist yet, so it is younger than every pod that waits already.
            creation_timestamp: None,
            resource_version: String::new(),
            ..pod.metadata
        };
        files.objects.push(Sourced { object: Object::from(pod), origin: origin.clone() });
    }
}

fn unknown<T>(files: &ClusterFiles, workload: &Workload) -> Result<T> {
    // Pods name their ReplicaSet, and the ReplicaSet names its Deployment.
    let replica_sets =
        files.objects.iter().map(|sourced| &sourced.object).filter_map(|object| match object {
            Object::ReplicaSet(set) => Some(&set.metadata),
            _ => None,
        });
    let owners = files.pods().map(|pod| &pod.metadata).chain(replica_sets).filter_map(|metadata| {
        let owner = controller(metadata)?;
        let kind = WorkloadKind::ALL.into_iter().find(|kind| kind.name() == owner.kind)?;
        let (namespace, name) = (metadata.namespace.clone(), owner.name.clone());
        Some(Workload { namespace, kind, name }.to_string())
    });
    let mut known: Vec<String> = owners.collect::<BTreeSet<_>>().into_iter().collect();
    let rest = known.len().saturating_sub(NAMES_SHOWN);
    known.truncate(NAMES_SHOWN);
    let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    // The advice that saves a Deployment's reader from giving the Deployment once more.
    let advice = match workload.kind {
        WorkloadKind::Deployment => {
            ". Deployments are not read: give its ReplicaSet, or one of its pods, for what the pods are like"
        }
        _ => ", and there is no template to make one from",
    };
    match known.as_slice() {
        [] => bail!("no pod belongs to {workload}, nor to any other workload{advice}"),
        known => bail!(
            "no pod belongs to {workload}{advice}. Workloads that can be scaled: {}{more}",
            known.join(", ")
        ),
    }
}
