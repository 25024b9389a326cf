//! Containers, their probes and hooks: the same in pods and in templates of pods.

use super::image;
use super::quantity;
use crate::document::{Members as _, Object};

/// A container of any of the three lists.
pub(super) fn container(of: &mut Object) {
    let policy = image::pull_policy(of.text("image"));
    of.fill_empty("imagePullPolicy", policy);
    of.fill_empty("terminationMessagePath", "/dev/termination-log");
    of.fill_empty("terminationMessagePolicy", "File");
    of.for_each("ports", |port| port.fill_empty("protocol", "TCP"));
    of.for_each("env", |variable| {
        let Some(source) = variable.members_mut("valueFrom") else { return };
        if let Some(field) = source.members_mut("fieldRef") {
            field.fill_empty("apiVersion", "v1");
        }
        if let Some(file) = source.members_mut("fileKeyRef") {
            file.fill_absent("optional", false);
        }
    });
    quantity::round_resources(of);
    for name in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if let Some(probe) = of.members_mut(name) {
            set_probe(probe);
        }
    }
    if let Some(lifecycle) = of.members_mut("lifecycle") {
        for name in ["postStart", "preStop"] {
            if let Some(handler) = lifecycle.members_mut(name) {
                set_http_get(handler);
            }
        }
    }
}

fn set_probe(probe: &mut Object) {
    probe.fill_empty("timeoutSeconds", 1);
    probe.fill_empty("periodSeconds", 10);
    probe.fill_empty("successThreshold", 1);
    probe.fill_empty("failureThreshold", 3);
    set_http_get(probe);
    if let Some(grpc) = probe.members_mut("grpc") {
        grpc.fill_absent("service", "");
    }
}

fn set_http_get(handler: &mut Object) {
    if let Some(get) = handler.members_mut("httpGet") {
        get.fill_empty("path", "/");
        get.fill_empty("scheme", "HTTP");
    }
}
