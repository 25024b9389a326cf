//! Workloads that go on.

use serde_json::{Value, json};

use super::core::claim;
use super::pod::template;
use crate::document::{Members as _, at_mut};

/// The annotation that carries the generation of a DaemonSet's template.
pub(crate) const TEMPLATE_GENERATION: &str = "deprecated.daemonset.template.generation";

/// A Deployment.
pub(crate) fn deployment(object: &mut Value) {
    let Some(spec) = at_mut(object, &["spec"]) else { return };
    spec.fill_absent("replicas", 1);
    let strategy = spec.members_made("strategy");
    strategy.fill_empty("type", "RollingUpdate");
    if strategy.text("type") == "RollingUpdate" {
        let rolling = strategy.members_made("rollingUpdate");
        rolling.fill_absent("maxUnavailable", "25%");
        rolling.fill_absent("maxSurge", "25%");
    }
    spec.fill_absent("revisionHistoryLimit", 10);
    spec.fill_absent("progressDeadlineSeconds", 600);
    template(spec, "template");
}

/// A ReplicaSet.
pub(crate) fn replica_set(object: &mut Value) {
    let Some(spec) = at_mut(object, &["spec"]) else { return };
    spec.fill_absent("replicas", 1);
    template(spec, "template");
}

/// A DaemonSet.
pub(crate) fn daemon_set(object: &mut Value) {
    let Some(spec) = at_mut(object, &["spec"]) else { return };
    let strategy = spec.members_made("updateStrategy");
    strategy.fill_empty("type", "RollingUpdate");
    if strategy.text("type") == "RollingUpdate" {
        let rolling = strategy.members_made("rollingUpdate");
        rolling.fill_absent("maxUnavailable", 1);
        rolling.fill_absent("maxSurge", 0);
    }
    spec.fill_absent("revisionHistoryLimit", 10);
    template(spec, "template");
}

/// A StatefulSet.
pub(crate) fn stateful_set(object: &mut Value) {
    let Some(spec) = at_mut(object, &["spec"]) else { return };
    spec.fill_empty("podManagementPolicy", "OrderedReady");
    let strategy = spec.members_made("updateStrategy");
    if strategy.text("type").is_empty() {
        strategy.put("type", "RollingUpdate");
        strategy.fill_absent("rollingUpdate", json!({}));
    }
    if strategy.text("type") == "RollingUpdate"
        && let Some(rolling) = strategy.members_mut("rollingUpdate")
    {
        rolling.fill_absent("partition", 0);
    }
    let retention = spec.members_made("persistentVolumeClaimRetentionPolicy");
    retention.fill_empty("whenDeleted", "Retain");
    retention.fill_empty("whenScaled", "Retain");
    spec.fill_absent("replicas", 1);
    spec.fill_absent("revisionHistoryLimit", 10);
    spec.for_each("volumeClaimTemplates", |template| {
        template.put("apiVersion", "v1");
        template.put("kind", "PersistentVolumeClaim");
        claim(template);
    });
    template(spec, "template");
}
