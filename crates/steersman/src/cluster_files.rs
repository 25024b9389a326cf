//! A cluster given as files: read, checked as a whole, and completed as an API server would.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use wire::config::{FeatureGates, SchedulerConfiguration};
use wire::decode::{self, Decoded, Sourced};
use wire::{Kind, Object, Pod};

/// Priorities of the classes that every cluster has.
const SYSTEM_PRIORITY_CLASSES: [(&str, i32); 2] =
    [("system-cluster-critical", 2_000_000_000), ("system-node-critical", 2_000_001_000)];

/// The objects of a cluster.
#[derive(Debug, Default)]
pub(crate) struct ClusterFiles {
    /// All objects that scheduling can depend on, in the order they were found.
    pub(crate) objects: Vec<Sourced>,
    /// How many objects of other kinds were passed over.
    pub(crate) skipped: BTreeMap<String, usize>,
}

impl ClusterFiles {
    /// Reads files and folders; `-` is standard input.
    pub(crate) fn read(paths: &[PathBuf]) -> Result<ClusterFiles> {
        let mut files = ClusterFiles::default();
        for path in paths {
            let decoded: Decoded = if path == Path::new("-") {
                decode::read_reader("standard input", std::io::stdin().lock())?
            } else {
                decode::read_path(path)?
            };
            files.objects.extend(decoded.objects);
            for (kind, n) in decoded.skipped {
                *files.skipped.entry(kind).or_default() += n;
            }
        }
        files.generate_names();
        files.refuse_duplicates()?;
        files.refuse_missing_nodes()?;
        files.resolve_priorities()?;
        Ok(files)
    }

    /// All pods.
    pub(crate) fn pods(&self) -> impl Iterator<Item = &Pod> {
        self.objects.iter().filter_map(|sourced| match &sourced.object {
            Object::Pod(pod) => Some(pod.as_ref()),
            _ => None,
        })
    }

    /// All nodes.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = &wire::Node> {
        self.objects.iter().filter_map(|sourced| match &sourced.object {
            Object::Node(node) => Some(node.as_ref()),
            _ => None,
        })
    }

    /// Names objects that have only `metadata.generateName`, in order: `web-1`, `web-2` …
    fn generate_names(&mut self) {
        let mut taken: BTreeSet<(Kind, String, String)> = BTreeSet::new();
        for Sourced { object, .. } in &self.objects {
            let metadata = object.meta();
            taken.insert((object.kind(), metadata.namespace.clone(), metadata.name.clone()));
        }
        for Sourced { object, .. } in self.objects.iter_mut().filter(|o| o.object.meta().name.is_empty()) {
            let kind = object.kind();
            let metadata = object.meta_mut();
            let free = (1_u64..).find_map(|n| {
                let name = format!("{}{n}", metadata.generate_name);
                taken.insert((kind, metadata.namespace.clone(), name.clone())).then_some(name)
            });
            metadata.name = free.unwrap_or_default();
        }
    }

    fn refuse_duplicates(&self) -> Result<()> {
        let mut seen: BTreeMap<(Kind, &str, &str), &Sourced> = BTreeMap::new();
        for sourced in &self.objects {
            let metadata = sourced.object.meta();
            let key = (sourced.object.kind(), metadata.namespace.as_str(), metadata.name.as_str());
            if let Some(first) = seen.insert(key, sourced) {
                bail!(
                    "{}: {} is there twice; the first one is in {}. Remove one of them, or rename it",
                    sourced.origin,
                    describe(&sourced.object),
                    first.origin
                );
            }
        }
        Ok(())
    }

    fn refuse_missing_nodes(&self) -> Result<()> {
        let mut names: Vec<&str> = self.nodes().map(|node| node.metadata.name.as_str()).collect();
        names.sort_unstable();
        for sourced in &self.objects {
            let Object::Pod(pod) = &sourced.object else { continue };
            let node = pod.spec.node_name.as_str();
            if !node.is_empty() && !is_finished(pod) && names.binary_search(&node).is_err() {
                bail!(
                    "{}: {}: spec.nodeName: there is no node {node:?} among the {} given. Add the node, or \
                     remove spec.nodeName to have the pod scheduled",
                    sourced.origin,
                    describe(&sourced.object),
                    names.len()
                );
            }
        }
        Ok(())
    }

    /// Fills in `spec.priority` from the pod's class, as the API server's admission does.
    pub(crate) fn resolve_priorities(&mut self) -> Result<()> {
        let mut classes: BTreeMap<String, (i32, Option<String>)> = BTreeMap::new();
        for (name, value) in SYSTEM_PRIORITY_CLASSES {
            classes.insert(name.to_owned(), (value, None));
        }
        let mut default = (0, None);
        for sourced in &self.objects {
            if let Object::PriorityClass(class) = &sourced.object {
                let resolved = (class.value, class.preemption_policy.clone());
                if class.global_default {
                    default = resolved.clone();
                }
                classes.insert(class.metadata.name.clone(), resolved);
            }
        }
        for sourced in &mut self.objects {
            let label = describe(&sourced.object);
            let Object::Pod(pod) = &mut sourced.object else { continue };
            if pod.spec.priority.is_some() {
                continue;
            }
            let class = pod.spec.priority_class_name.as_str();
            let (priority, policy) = if class.is_empty() {
                default.clone()
            } else {
                classes.get(class).cloned().with_context(|| {
                    format!(
                        "{}: {label}: spec.priorityClassName: there is no PriorityClass {class:?}. Add it, or set \
                         spec.priority",
                        sourced.origin
                    )
                })?
            };
            pod.spec.priority = Some(priority);
            if pod.spec.preemption_policy.is_none() {
                pod.spec.preemption_policy = policy;
            }
        }
        Ok(())
    }
}

/// `Pod default/web-1`, `Node worker-3`.
pub(crate) fn describe(object: &Object) -> String {
    let metadata = object.meta();
    let kind = object.kind().name();
    if metadata.namespace.is_empty() {
        format!("{kind} {}", metadata.name)
    } else {
        format!("{kind} {}/{}", metadata.namespace, metadata.name)
    }
}

/// Whether a pod has run to its end and so takes no room.
pub(crate) fn is_finished(pod: &Pod) -> bool {
    matches!(pod.status.phase.as_str(), "Succeeded" | "Failed")
}

/// Reads and validates a KubeSchedulerConfiguration; without a file, the default one.
pub(crate) fn read_configuration(
    path: Option<&Path>,
    gates: &FeatureGates,
) -> Result<SchedulerConfiguration> {
    let Some(path) = path else { return Ok(SchedulerConfiguration::default_for(gates)) };
    let bytes = std::fs::read(path).with_context(|| format!("reading configuration {}", path.display()))?;
    let configuration = wire::config::load(&bytes, &path.display().to_string(), gates)?;
    let problems = wire::config::validate(&configuration, gates);
    if !problems.is_empty() {
        bail!("{}: {}", path.display(), wire::config::FieldErrors(problems));
    }
    Ok(configuration)
}
