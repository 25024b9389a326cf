//! Priorities of pods, from their classes.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use wire::Object;

use super::{ClusterFiles, describe};

/// Priorities of the classes that every cluster has.
const SYSTEM_PRIORITY_CLASSES: [(&str, i32); 2] =
    [("system-cluster-critical", 2_000_000_000), ("system-node-critical", 2_000_001_000)];

impl ClusterFiles {
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
            let class = pod.spec.priority_class_name.as_str();
            if let Some(priority) = pod.spec.priority {
                // A class may have been replaced by another of its name since an API server admitted the pod.
                let was_admitted = !pod.metadata.resource_version.is_empty();
                match classes.get(class) {
                    Some((value, _)) if *value != priority && !was_admitted => bail!(
                        "{}: {label}: spec.priority: {priority} is not the value of PriorityClass {class:?}, which \
                         is {value}. Remove spec.priority, or spec.priorityClassName",
                        sourced.origin
                    ),
                    _ => continue,
                }
            }
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
