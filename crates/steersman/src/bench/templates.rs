//! Objects made from templates.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use anyhow::{Context, Result, bail};
use base::Map;
use serde_json::{Value, json};
use wire::{Object, decode};

use super::opcodes::TemplateParams;
use super::source::{Source, resolve};
use super::template::Template;
use super::yaml;

/// The name of an object until whoever made it gives it one; API servers take no such name.
const UNNAMED: &str = "(unnamed)";

/// Maps whose keys are anybody's words and not names of fields.
const FREE_KEYS: [&str; 12] = [
    "labels",
    "annotations",
    "matchLabels",
    "nodeSelector",
    "selector",
    "capacity",
    "allocatable",
    "requests",
    "limits",
    "overhead",
    "attributes",
    "counters",
];

/// The templates of a test case, each read once.
pub(super) struct Templates<'s> {
    source: &'s Source,
    folder: PathBuf,
    known: Map<PathBuf, Rc<Known>>,
}

struct Known {
    template: Template,
    /// What is the same for every index is made once.
    fixed: Option<Option<Object>>,
    fixed_tree: Option<Rc<Value>>,
}

impl<'s> Templates<'s> {
    /// The templates that a configuration in `folder` refers to.
    pub(super) fn new(source: &'s Source, folder: &Path) -> Templates<'s> {
        Templates { source, folder: folder.to_path_buf(), known: Map::default() }
    }

    /// An object; `None` if it is of a kind that no scheduler reads. Its name is [`UNNAMED`] if the template
    /// gives it none.
    pub(super) fn object(
        &mut self,
        path: &str,
        index: u64,
        count: u64,
        params: &TemplateParams,
    ) -> Result<Option<Object>> {
        let path = resolve(&self.folder, path);
        let known = self.known(&path)?;
        if let Some(fixed) = &known.fixed {
            return Ok(fixed.clone());
        }
        decode(&known.template.render(index, count, params)?, &path)
    }

    /// An object as an API server is given it, with all fields of the template, under whatever name it has there.
    pub(super) fn tree(
        &mut self,
        path: &str,
        index: u64,
        count: u64,
        params: &TemplateParams,
    ) -> Result<Rc<Value>> {
        let path = resolve(&self.folder, path);
        let known = self.known(&path)?;
        match &known.fixed_tree {
            Some(tree) => Ok(Rc::clone(tree)),
            None => tree(&known.template.render(index, count, params)?, &path).map(Rc::new),
        }
    }

    /// A pod.
    pub(super) fn pod(
        &mut self,
        path: &str,
        index: u64,
        count: u64,
        params: &TemplateParams,
    ) -> Result<wire::Pod> {
        match self.object(path, index, count, params)? {
            Some(Object::Pod(pod)) => Ok(*pod),
            other => bail!("{path}: this is {}, not a Pod", kind_of(other.as_ref())),
        }
    }

    /// A node.
    pub(super) fn node(
        &mut self,
        path: &str,
        index: u64,
        count: u64,
        params: &TemplateParams,
    ) -> Result<wire::Node> {
        match self.object(path, index, count, params)? {
            Some(Object::Node(node)) => Ok(*node),
            other => bail!("{path}: this is {}, not a Node", kind_of(other.as_ref())),
        }
    }

    fn known(&mut self, path: &Path) -> Result<Rc<Known>> {
        if let Some(known) = self.known.get(path) {
            return Ok(Rc::clone(known));
        }
        let template = Template::parse(&self.source.read(path)?, path)?;
        let (mut fixed, mut fixed_tree) = (None, None);
        if template.is_fixed() {
            let text = template.render(0, 1, &BTreeMap::new())?;
            fixed = Some(decode(&text, path)?);
            fixed_tree = Some(Rc::new(tree(&text, path)?));
        }
        let known = Rc::new(Known { template, fixed, fixed_tree });
        self.known.insert(path.to_path_buf(), Rc::clone(&known));
        Ok(known)
    }
}

/// What an object is called in errors.
pub(super) fn kind_of(object: Option<&Object>) -> &'static str {
    object.map_or("of a kind that no scheduler reads", |object| object.kind().name())
}

/// Refuses an object that has neither a name nor a `generateName`.
pub(super) fn refuse_unnamed(object: &Object, path: &str) -> Result<()> {
    if object.meta().name == UNNAMED {
        bail!("{path}: metadata.name or metadata.generateName must be given");
    }
    Ok(())
}

fn tree(text: &str, path: &Path) -> Result<Value> {
    let mut tree = yaml::parse(text).with_context(|| path.display().to_string())?;
    spell_as_kubernetes(&mut tree);
    Ok(tree)
}

fn decode(text: &str, path: &Path) -> Result<Option<Object>> {
    let shown = path.display().to_string();
    let mut tree = tree(text, path)?;
    if let Value::Object(fields) = &mut tree {
        let metadata = fields.entry("metadata").or_insert_with(|| json!({}));
        if metadata.get("name").is_none() && metadata.get("generateName").is_none() {
            metadata["name"] = UNNAMED.into();
        }
    }
    let mut decoded = decode::read_bytes(&shown, tree.to_string().as_bytes())?;
    if decoded.objects.len() > 1 {
        bail!("{shown}: there is more than one object in it");
    }
    Ok(decoded.objects.pop().map(|sourced| sourced.object))
}

/// Upstream reads names of fields in any case, and its templates make use of it (`NodeTaintsPolicy`).
fn spell_as_kubernetes(tree: &mut Value) {
    match tree {
        Value::Array(items) => items.iter_mut().for_each(spell_as_kubernetes),
        Value::Object(fields) => {
            let capital: Vec<String> = fields
                .keys()
                .filter(|key| key.starts_with(|c: char| c.is_ascii_uppercase()))
                .cloned()
                .collect();
            for key in capital {
                if let Some(value) = fields.remove(&key) {
                    fields.insert(key[..1].to_ascii_lowercase() + &key[1..], value);
                }
            }
            let named = fields.iter_mut().filter(|(key, _)| !FREE_KEYS.contains(&key.as_str()));
            named.for_each(|(_, value)| spell_as_kubernetes(value));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_fields_are_read_in_any_case_and_labels_as_they_are() {
        let text = "{kind: Pod, apiVersion: v1, metadata: {labels: {App: x}}, spec: {topologySpreadConstraints: \
                    [{NodeTaintsPolicy: Honor, labelSelector: {matchLabels: {Foo: bar}}}]}}";
        let Ok(Some(Object::Pod(pod))) = decode(text, Path::new("pod.yaml")) else { panic!("no pod") };
        let constraint = &pod.spec.topology_spread_constraints[0];
        assert_eq!(constraint.node_taints_policy.as_deref(), Some("Honor"));
        let selector = constraint.label_selector.as_ref().expect("a selector");
        assert_eq!(selector.match_labels["Foo"], "bar");
        assert_eq!(pod.metadata.labels["App"], "x");
        let error = refuse_unnamed(&Object::Pod(pod), "pod.yaml").expect_err("no name");
        assert_eq!(error.to_string(), "pod.yaml: metadata.name or metadata.generateName must be given");
    }

    #[test]
    fn kinds_that_no_scheduler_reads_are_nothing() {
        let text = "{kind: ConfigMap, apiVersion: v1, metadata: {name: x}}";
        assert_eq!(decode(text, Path::new("x.yaml")).expect("well-formed"), None);
    }
}
