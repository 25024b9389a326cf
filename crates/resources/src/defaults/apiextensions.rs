//! Kinds that clients define, and groups that other servers serve.

use serde_json::{Value, json};

use crate::document::{Members as _, Object, at_mut, members_of};

/// A CustomResourceDefinition.
pub(crate) fn definition(object: &mut Value) {
    let Some(spec) = at_mut(object, &["spec"]) else { return };
    let names = spec.members_made("names");
    let kind = names.text("kind").to_owned();
    if !kind.is_empty() {
        names.fill_empty("singular", kind.to_lowercase());
        names.fill_empty("listKind", format!("{kind}List"));
    }
    spec.fill_absent("conversion", json!({ "strategy": "None" }));
    let client = spec.members_mut("conversion").and_then(|conversion| {
        conversion.members_mut("webhook")?.members_mut("clientConfig")?.members_mut("service")
    });
    if let Some(service) = client {
        service.fill_absent("port", 443);
    }
    if let Some(version) = storage_version(spec).map(str::to_owned) {
        members_of(object).members_made("status").fill_empty("storedVersions", vec![version]);
    }
}

/// The version of a definition's spec that objects are stored in.
pub(crate) fn storage_version(spec: &Object) -> Option<&str> {
    let version = spec.items("versions").iter().find(|version| version["storage"] == true)?;
    version["name"].as_str().filter(|name| !name.is_empty())
}

/// An APIService.
pub(crate) fn api_service(object: &mut Value) {
    if let Some(service) = at_mut(object, &["spec", "service"]) {
        service.fill_absent("port", 443);
    }
}
