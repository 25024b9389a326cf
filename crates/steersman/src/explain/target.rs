//! Which pod, and which node, are meant.

use anyhow::{Result, bail};
use wire::{Node, Pod};

use crate::cluster_files::ClusterFiles;

/// How many similar names an error lists.
const SUGGESTIONS_MAX: usize = 5;

/// The pod in question as it was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Target {
    namespace: Option<String>,
    name: String,
}

impl Target {
    /// The pod, in this namespace if none was named.
    pub(super) fn in_namespace(self, default: &str) -> PodName {
        PodName { namespace: self.namespace.unwrap_or_else(|| default.to_owned()), name: self.name }
    }
}

/// Namespace and name of the pod in question.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PodName {
    pub(super) namespace: String,
    pub(super) name: String,
}

/// Reads `pod NAMESPACE/NAME` or `pod NAME [-n NAMESPACE]`.
pub(super) fn parse(kind: &str, name: &str, namespace: Option<&str>) -> Result<Target> {
    if !matches!(kind.to_ascii_lowercase().as_str(), "pod" | "pods" | "po") {
        bail!("only pods can be explained, not {kind:?}: write `steersman explain pod NAMESPACE/NAME`");
    }
    let (given, name) = match name.split_once('/') {
        Some((given, name)) => (Some(given), name),
        None => (None, name),
    };
    if name.is_empty() || name.contains('/') || given == Some("") {
        bail!("the pod to explain is written NAME or NAMESPACE/NAME");
    }
    if let (Some(given), Some(flag)) = (given, namespace)
        && given != flag
    {
        bail!("the pod's name says namespace {given:?} and --namespace says {flag:?}: leave one of them out");
    }
    Ok(Target { namespace: given.or(namespace).map(str::to_owned), name: name.to_owned() })
}

/// The pod in question; if it is not there, the error names those that may have been meant.
pub(super) fn find_pod<'f>(files: &'f ClusterFiles, key: &PodName) -> Result<&'f Pod> {
    let is_it = |pod: &&Pod| pod.metadata.namespace == key.namespace && pod.metadata.name == key.name;
    if let Some(pod) = files.pods().find(is_it) {
        return Ok(pod);
    }
    let full = |pod: &Pod| format!("{}/{}", pod.metadata.namespace, pod.metadata.name);
    let namesakes = files.pods().filter(|pod| pod.metadata.name == key.name).map(full);
    let mut suggestions: Vec<String> = namesakes.take(SUGGESTIONS_MAX).collect();
    if suggestions.is_empty() {
        let candidates = files.pods().map(|pod| (pod.metadata.name.as_str(), full(pod)));
        suggestions = similar(&key.name, candidates);
    }
    bail!(
        "there is no pod {}/{} among the {} that there are{}",
        key.namespace,
        key.name,
        files.pods().count(),
        did_you_mean(&suggestions)
    )
}

/// The node called `name`; if it is not there, the error names those that may have been meant.
pub(super) fn find_node<'f>(files: &'f ClusterFiles, name: &str) -> Result<&'f Node> {
    if let Some(node) = files.nodes().find(|node| node.metadata.name == name) {
        return Ok(node);
    }
    let names = files.nodes().map(|node| (node.metadata.name.as_str(), node.metadata.name.clone()));
    let suggestions = similar(name, names);
    bail!("there is no node {name:?} among the {} given{}", files.nodes().count(), did_you_mean(&suggestions))
}

fn did_you_mean(suggestions: &[String]) -> String {
    if suggestions.is_empty() { String::new() } else { format!("; is it {}?", suggestions.join(" or ")) }
}

/// What is spelled much like `wanted`, most alike first. Candidates are pairs of a name and how to show it.
fn similar<'n>(wanted: &str, candidates: impl Iterator<Item = (&'n str, String)>) -> Vec<String> {
    // In a very short name two letters would be any other name.
    let n_letters = wanted.chars().count();
    let limit = if n_letters < 4 { 1 } else { (n_letters / 3).max(2) };
    let near = candidates.filter_map(|(name, shown)| {
        let distance = base::spelling::distance(wanted, name);
        let is_part = wanted.len() >= 3 && (name.contains(wanted) || wanted.contains(name));
        (distance <= limit || is_part).then_some((distance, shown))
    });
    let mut near: Vec<(usize, String)> = near.collect();
    near.sort();
    near.into_iter().take(SUGGESTIONS_MAX).map(|(_, shown)| shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_comes_from_the_name_or_the_flag_or_is_default() {
        let parsed = |name, flag| {
            parse("po", name, flag)
                .map(|target| target.in_namespace("default"))
                .map(|key| format!("{}/{}", key.namespace, key.name))
        };
        assert_eq!(parsed("web", None).expect("a pod"), "default/web");
        assert_eq!(parsed("web", Some("prod")).expect("a pod"), "prod/web");
        assert_eq!(parsed("prod/web", Some("prod")).expect("a pod"), "prod/web");
        assert!(parsed("prod/web", Some("test")).is_err());
        assert!(parsed("a/b/c", None).is_err());
        assert!(parse("node", "web", None).is_err());
    }
}
