//! Admission.

use serde_json::{Value, json};

use crate::document::{Members as _, Object, at_mut, members_of};

/// A ValidatingWebhookConfiguration.
pub(crate) fn validating_webhooks(object: &mut Value) {
    members_of(object).for_each("webhooks", webhook);
}

/// A MutatingWebhookConfiguration.
pub(crate) fn mutating_webhooks(object: &mut Value) {
    members_of(object).for_each("webhooks", |of| {
        webhook(of);
        of.fill_absent("reinvocationPolicy", "Never");
    });
}

fn webhook(of: &mut Object) {
    of.fill_absent("failurePolicy", "Fail");
    what_matches(of);
    of.fill_absent("timeoutSeconds", 10);
    of.for_each("rules", |rule| rule.fill_absent("scope", "*"));
    let service = of.members_mut("clientConfig").and_then(|config| config.members_mut("service"));
    if let Some(service) = service {
        service.fill_absent("port", 443);
    }
}

fn what_matches(of: &mut Object) {
    of.fill_absent("matchPolicy", "Equivalent");
    of.fill_absent("namespaceSelector", json!({}));
    of.fill_absent("objectSelector", json!({}));
}

/// A ValidatingAdmissionPolicy or MutatingAdmissionPolicy.
pub(crate) fn policy(object: &mut Value) {
    let Some(spec) = at_mut(object, &["spec"]) else { return };
    spec.fill_absent("failurePolicy", "Fail");
    resources(spec, "matchConstraints");
}

/// A binding of either kind of policy.
pub(crate) fn policy_binding(object: &mut Value) {
    if let Some(spec) = at_mut(object, &["spec"]) {
        resources(spec, "matchResources");
    }
}

fn resources(spec: &mut Object, name: &str) {
    let Some(of) = spec.members_mut(name) else { return };
    what_matches(of);
    for list in ["resourceRules", "excludeResourceRules"] {
        of.for_each(list, |rule| rule.fill_absent("scope", "*"));
    }
}
