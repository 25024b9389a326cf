//! CustomResourceDefinition, apart from its schemas and their expressions.

use apimachinery::{ErrorList, Path, go, names};
use serde_json::Value;

use super::members::Members as _;
use super::parts::Parts as _;
use super::report::{Report as _, json_or_null};
use super::update::unchanged;
use super::webhooks::validate_client;

const TYPES: &str = "boolean,date,integer,number,string";
const APPROVAL: &str = "api-approved.kubernetes.io";
const WARNING_LEN_MAX: usize = 256;

/// What is wrong with a CustomResourceDefinition.
pub(crate) fn validate(object: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    let spec = object.part("spec");
    let (name, wanted) = (
        object.part("metadata").text("name"),
        format!("{}.{}", spec.part("names").text("plural"), spec.text("group")),
    );
    if names::dns1123_subdomain(name).is_empty() && name != wanted {
        let message = r#"must be spec.names.plural+"."+spec.group"#;
        errors.invalid(&Path::new("metadata").child("name"), name, message);
    }
    validate_spec(&mut errors, &Path::new("spec"), spec);
    approval(&mut errors, object);
    errors
}

fn validate_spec(errors: &mut ErrorList, path: &Path, spec: &Value) {
    let group = spec.text("group");
    let group_path = path.child("group");
    let problems = names::dns1123_subdomain(group);
    if group.is_empty() {
        errors.required(&group_path, "");
    } else if !problems.is_empty() {
        errors.invalid(&group_path, group, problems.join(","));
    } else if !group.contains('.') {
        errors.invalid(&group_path, group, "should be a domain with at least one dot");
    }
    errors.one_of(&path.child("scope"), spec.text("scope"), &["Cluster", "Namespaced"]);
    if spec.flag("preserveUnknownFields") {
        let message = "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in \
                       spec.versions[*].schema instead";
        errors.invalid(&path.child("preserveUnknownFields"), true, message);
    }
    validate_versions(errors, &path.child("versions"), spec);
    validate_names(errors, &path.child("names"), spec.part("names"));
    validate_conversion(errors, &path.child("conversion"), spec.part("conversion"));
}

fn validate_versions(errors: &mut ErrorList, path: &Path, spec: &Value) {
    let versions = spec.items("versions");
    let (mut is_unique, mut n_stored) = (true, 0);
    for (i, version) in versions.iter().enumerate() {
        let path = path.index(i);
        let name = version.text("name");
        n_stored += usize::from(version.flag("storage"));
        is_unique &= !versions[..i].iter().any(|other| other.text("name") == name);
        let problems = names::dns1035_label(name);
        if !problems.is_empty() {
            errors.invalid(&path.child("name"), name, problems.join(","));
        }
        warning(errors, &path.child("deprecationWarning"), version);
        if version.part("schema").object("openAPIV3Schema").is_none() {
            errors.required(&path.child("schema").child("openAPIV3Schema"), "schemas are required");
        }
        for (j, column) in version.items("additionalPrinterColumns").iter().enumerate() {
            validate_column(errors, &path.child("additionalPrinterColumns").index(j), column);
        }
        validate_scale(errors, &path.child("subresources").child("scale"), version);
    }
    if !is_unique {
        errors.invalid(path, json_or_null(None), "must contain unique version names");
    }
    if n_stored != 1 {
        errors.invalid(path, json_or_null(None), "must have exactly one version marked as storage version");
    }
}

fn warning(errors: &mut ErrorList, path: &Path, version: &Value) {
    let Some(warning) = version.optional_text("deprecationWarning") else { return };
    if !version.flag("deprecated") {
        errors.invalid(path, warning, "can only be set for deprecated versions");
    }
    if warning.len() > WARNING_LEN_MAX {
        errors.invalid(path, warning, format!("must be <= {WARNING_LEN_MAX} characters long"));
    }
    if warning.is_empty() {
        errors.invalid(path, warning, "must not be an empty string");
    }
    let control = warning.char_indices().find(|(_, c)| !go::is_print(*c));
    if let Some((at, c)) = control {
        let shown = go::rune_text(c);
        errors.invalid(path, warning, format!("must only contain printable UTF-8 characters; non-printable character found at index {at}: {shown}"));
    }
}

fn validate_column(errors: &mut ErrorList, path: &Path, column: &Value) {
    if column.text("name").is_empty() {
        errors.required(&path.child("name"), "");
    }
    let column_type = column.text("type");
    if column_type.is_empty() {
        let message = format!("must be one of {TYPES}");
        errors.required(&path.child("type"), &message);
    } else if !TYPES.split(',').any(|known| known == column_type) {
        errors.invalid(&path.child("type"), column_type, format!("must be one of {TYPES}"));
    }
    let formats = "byte,date,date-time,double,float,int32,int64,password";
    let format = column.text("format");
    if !format.is_empty() && !formats.split(',').any(|known| known == format) {
        errors.invalid(&path.child("format"), format, format!("must be one of {formats}"));
    }
    if column.text("jsonPath").is_empty() {
        errors.required(&path.child("JSONPath"), "");
    }
}

fn validate_scale(errors: &mut ErrorList, path: &Path, version: &Value) {
    let Some(scale) = version.part("subresources").object("scale") else { return };
    for (name, root) in [("specReplicasPath", ".spec."), ("statusReplicasPath", ".status.")] {
        let path = path.child(name);
        match scale.text(name) {
            "" => errors.required(&path, ""),
            text if !text.starts_with(root) => {
                let message = format!("should be a json path under {}", root.trim_end_matches('.'));
                errors.invalid(&path, text, message);
            }
            _ => {}
        }
    }
    let selector = scale.text("labelSelectorPath");
    if !selector.is_empty() && !selector.starts_with(".spec.") && !selector.starts_with(".status.") {
        let message = "should be a json path under either .spec or .status";
        errors.invalid(&path.child("labelSelectorPath"), selector, message);
    }
}

fn validate_names(errors: &mut ErrorList, path: &Path, given: &Value) {
    for name in ["plural", "singular", "kind", "listKind"] {
        let text = given.text(name);
        let path = path.child(name);
        if text.is_empty() {
            if matches!(name, "plural" | "singular" | "kind" | "listKind") {
                errors.required(&path, "");
            }
            continue;
        }
        let is_kind = matches!(name, "kind" | "listKind");
        let problems = names::dns1035_label(&if is_kind { text.to_lowercase() } else { text.to_owned() });
        if !problems.is_empty() {
            let prefix = if is_kind { "may have mixed case, but should otherwise match: " } else { "" };
            errors.invalid(&path, text, format!("{prefix}{}", problems.join(",")));
        }
    }
    for name in ["shortNames", "categories"] {
        for (i, text) in given.texts(name).into_iter().enumerate() {
            let problems = names::dns1035_label(text);
            if !problems.is_empty() {
                errors.invalid(&path.child(name).index(i), text, problems.join(","));
            }
        }
    }
    let kind = given.text("kind");
    if !kind.is_empty() && kind == given.text("listKind") {
        errors.invalid(&path.child("listKind"), kind, "kind and listKind may not be the same");
    }
}

fn validate_conversion(errors: &mut ErrorList, path: &Path, conversion: &Value) {
    let webhook = conversion.object("webhook");
    let client_path = path.child("webhookClientConfig");
    match conversion.text("strategy") {
        "" if conversion.is_null() => {}
        "Webhook" => {
            let client = webhook.and_then(|webhook| webhook.object("clientConfig"));
            match client {
                None => errors.required(&client_path, "required when strategy is set to Webhook"),
                Some(client) => validate_client(errors, &client_path, client),
            }
            let versions = webhook.map_or(Vec::new(), |webhook| webhook.texts("conversionReviewVersions"));
            let versions_path = path.child("conversionReviewVersions");
            if versions.is_empty() {
                errors.required(&versions_path, "");
            } else if !versions.iter().any(|version| matches!(*version, "v1" | "v1beta1")) {
                let value = apimachinery::field::FieldValue::list(&versions);
                errors.invalid(&versions_path, value, "must include at least one of v1, v1beta1");
            }
        }
        strategy => {
            errors.one_of(&path.child("strategy"), strategy, &["None", "Webhook"]);
            let message = "should not be set when strategy is not set to Webhook";
            if let Some(webhook) = webhook {
                if webhook.object("clientConfig").is_some() {
                    errors.forbidden(&client_path, message);
                }
                if !webhook.items("conversionReviewVersions").is_empty() {
                    errors.forbidden(&path.child("conversionReviewVersions"), message);
                }
            }
        }
    }
}

/// Groups of Kubernetes' own domains need a word from those who own them.
fn approval(errors: &mut ErrorList, object: &Value) {
    let group = object.part("spec").text("group");
    let is_protected = ["k8s.io", "kubernetes.io"]
        .iter()
        .any(|domain| group.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')));
    if !is_protected {
        return;
    }
    let path = Path::new("metadata").child("annotations").key(APPROVAL);
    let link = "see https://github.com/kubernetes/enhancements/pull/1111";
    let needed = format!("protected groups must have approval annotation \"{APPROVAL}\"");
    match object.part("metadata").part("annotations").text(APPROVAL) {
        "" => errors.required(&path, &format!("{needed}, {link}")),
        text if text.starts_with("unapproved") || text.contains("://") => {}
        text => {
            let message =
                format!("{needed} with either a URL or a reason starting with \"unapproved\", {link}");
            errors.invalid(&path, text, message);
        }
    }
}

/// What is wrong with a changed CustomResourceDefinition.
pub(crate) fn validate_update(object: &Value, old: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    let path = Path::new("spec");
    let (spec, old_spec) = (object.part("spec"), old.part("spec"));
    validate_spec(&mut errors, &path, spec);
    if object.part("metadata").part("annotations").text(APPROVAL)
        != old.part("metadata").part("annotations").text(APPROVAL)
    {
        approval(&mut errors, object);
    }
    let conditions = old.part("status").items("conditions");
    let is_established =
        conditions.iter().any(|it| it.text("type") == "Established" && it.text("status") == "True");
    let names_path = path.child("names");
    if is_established {
        unchanged(&mut errors, &path.child("scope"), spec, old_spec, "scope");
        unchanged(&mut errors, &names_path.child("kind"), spec.part("names"), old_spec.part("names"), "kind");
    }
    unchanged(&mut errors, &path.child("group"), spec, old_spec, "group");
    unchanged(&mut errors, &names_path.child("plural"), spec.part("names"), old_spec.part("names"), "plural");
    stored_versions(&mut errors, object);
    errors
}

/// No version is dropped in which objects may still be stored.
pub(crate) fn stored_versions(errors: &mut ErrorList, object: &Value) {
    let path = Path::new("status").child("storedVersions");
    let stored = object.part("status").texts("storedVersions");
    let versions = object.part("spec").items("versions");
    for (i, name) in stored.iter().enumerate() {
        if !versions.iter().any(|version| version.text("name") == *name) {
            let message = format!(
                "missing from spec.versions; {name} was previously a storage version, and must remain in spec.versions \
                 until a storage migration ensures no data remains persisted in {name} and removes {name} from \
                 status.storedVersions"
            );
            errors.invalid(&path.index(i), *name, message);
        }
    }
}
