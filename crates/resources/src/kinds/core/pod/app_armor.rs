//! AppArmor profiles in annotations, as before 1.30, and in fields (KEP-24).

use serde_json::{Value, json};

use crate::document::{Members as _, Object, at, at_mut, members_of};

const PREFIX: &str = "container.apparmor.security.beta.kubernetes.io/";
const LISTS: [&str; 3] = ["initContainers", "containers", "ephemeralContainers"];

/// Says the same in a new pod's annotations and in its fields.
pub(super) fn same_in_annotations_and_fields(object: &mut Value) {
    if is_windows(object) {
        return;
    }
    let pod_profile = object["spec"]["securityContext"].get("appArmorProfile").cloned();
    let annotations = at(object, &["metadata", "annotations"]).cloned().unwrap_or_default();
    let mut new = Vec::new();
    let Some(spec) = at_mut(object, &["spec"]) else { return };
    for list in LISTS {
        spec.for_each(list, |container| {
            let key = format!("{PREFIX}{}", container.text("name"));
            let own = own_profile(container).cloned();
            match annotations.get(&key).and_then(Value::as_str) {
                None => {
                    let profile = own.as_ref().or(pod_profile.as_ref()).and_then(annotation);
                    new.extend(profile.map(|profile| (key, profile)));
                }
                Some(text) if own.is_none() => {
                    let profile = profile(text);
                    if let Some(profile) = profile.filter(|profile| Some(profile) != pod_profile.as_ref()) {
                        container.members_made("securityContext").put("appArmorProfile", profile);
                    }
                }
                Some(_) => {}
            }
        });
    }
    if !new.is_empty() {
        let annotations = members_of(object).members_made("metadata").members_made("annotations");
        for (key, profile) in new {
            annotations.put(&key, profile);
        }
    }
}

/// What to say of annotations that have no field beside them.
pub(super) fn warnings(object: &Value) -> Vec<String> {
    let mut warnings = Vec::new();
    let Some(annotations) = at(object, &["metadata", "annotations"]) else { return warnings };
    if is_windows(object) {
        return warnings;
    }
    let pod_profile = object["spec"]["securityContext"].get("appArmorProfile");
    for container in LISTS.iter().flat_map(|list| object["spec"][list].as_array().into_iter().flatten()) {
        let key = format!("{PREFIX}{}", container["name"].as_str().unwrap_or_default());
        let Some(text) = annotations.get(&key).and_then(Value::as_str) else { continue };
        if container.as_object().and_then(own_profile).is_some() {
            continue;
        }
        let profile = profile(text);
        if profile.is_none() || profile.as_ref() != pod_profile {
            warnings.push(format!(
                "metadata.annotations[{key}]: deprecated since v1.30; use the \"appArmorProfile\" field instead"
            ));
        }
    }
    warnings
}

fn is_windows(object: &Value) -> bool {
    object["spec"]["os"]["name"] == "windows"
}

fn own_profile(container: &Object) -> Option<&Value> {
    container.members("securityContext")?.get("appArmorProfile").filter(|profile| !profile.is_null())
}

fn annotation(profile: &Value) -> Option<String> {
    match profile["type"].as_str()? {
        "Unconfined" => Some("unconfined".to_owned()),
        "RuntimeDefault" => Some("runtime/default".to_owned()),
        "Localhost" => Some(format!("localhost/{}", profile["localhostProfile"].as_str()?)),
        _ => None,
    }
}

/// The field for an annotation; `None` where it says nothing that a field may say.
fn profile(annotation: &str) -> Option<Value> {
    const PATH_LEN_MAX: usize = 4095;
    match annotation {
        "unconfined" => Some(json!({ "type": "Unconfined" })),
        "runtime/default" => Some(json!({ "type": "RuntimeDefault" })),
        annotation => {
            let path = annotation.strip_prefix("localhost/").filter(|path| !path.is_empty())?;
            (path.len() <= PATH_LEN_MAX && path == path.trim())
                .then(|| json!({ "type": "Localhost", "localhostProfile": path }))
        }
    }
}
