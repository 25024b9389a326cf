//! A cluster given as files: read, checked as a whole, and completed as an API server would.

mod defaults;
mod priority;
mod spelling;
mod validate;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use wire::decode::{self, Decoded, Sourced};
use wire::{Kind, Object, Pod};

pub(crate) use defaults::complete;

/// Kinds that are passed over although pods come of them.
const KINDS_THAT_MAKE_PODS: [&str; 4] = ["Deployment", "DaemonSet", "Job", "CronJob"];

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
        let is_stdin = |path: &PathBuf| path == Path::new("-");
        if paths.iter().filter(|path| is_stdin(path)).count() > 1 {
            bail!("-f -: standard input can be read only once. Remove the other -f -");
        }
        let mut files = ClusterFiles::default();
        for path in paths {
            let decoded: Decoded = if is_stdin(path) {
                decode::read_reader("standard input", std::io::stdin().lock())?
            } else {
                decode::read_path(path)?
            };
            files.objects.extend(decoded.objects);
            for (kind, n) in decoded.skipped {
                *files.skipped.entry(kind).or_default() += n;
            }
        }
        files.refuse_nothing(paths)?;
        files.generate_names();
        validate::refuse_invalid(&files.objects)?;
        files.refuse_duplicates()?;
        files.refuse_missing_nodes()?;
        defaults::fill_in(&mut files.objects);
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

    /// What to know about objects that were passed over, if it may explain an answer that surprises.
    pub(crate) fn hint(&self) -> Option<String> {
        let passed_over: Vec<String> = KINDS_THAT_MAKE_PODS
            .iter()
            .filter_map(|kind| self.skipped.get(*kind).map(|n| format!("{n} {kind}{}", plural(*n))))
            .collect();
        if passed_over.is_empty() || self.pods().next().is_some() {
            return None;
        }
        Some(format!(
            "there is no pod to schedule: {} passed over, because their pods are made by controllers. Give the pods \
             themselves, such as those of kubectl get pods -A -o yaml",
            passed_over.join(", ")
        ))
    }

    fn refuse_nothing(&self, paths: &[PathBuf]) -> Result<()> {
        if self.objects.is_empty() && self.skipped.is_empty() {
            let shown: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
            bail!(
                "{}: there is no Kubernetes object in it. Give files with nodes and pods",
                shown.join(", ")
            );
        }
        Ok(())
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

fn plural(n: usize) -> &'static str {
    if n == 1 { "" } else { "s" }
}

/// Whether a pod has run to its end and so takes no room.
pub(crate) fn is_finished(pod: &Pod) -> bool {
    matches!(pod.status.phase.as_str(), "Succeeded" | "Failed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controllers_without_pods_are_pointed_out() {
        let skipped = |kinds: &[(&str, usize)]| ClusterFiles {
            skipped: kinds.iter().map(|(kind, n)| ((*kind).to_owned(), *n)).collect(),
            ..ClusterFiles::default()
        };
        let hint = skipped(&[("Deployment", 2), ("Job", 1), ("ConfigMap", 3)]).hint().expect("a hint");
        assert!(hint.contains("2 Deployments, 1 Job passed over"), "{hint}");
        assert_eq!(skipped(&[("ConfigMap", 3)]).hint(), None);
        let mut files = skipped(&[("Deployment", 1)]);
        let pod = br#"{"kind":"Pod","apiVersion":"v1","metadata":{"name":"p"}}"#;
        files.objects = decode::read_bytes("pod", pod).expect("a pod").objects;
        assert_eq!(files.hint(), None);
    }
}
