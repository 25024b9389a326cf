//! Selectors of lists and watches.

use apimachinery::Status;
use apimachinery::options::ListOptions;
use apimachinery::selectors::fields::{self, FieldRequirement};
use resources::kind::UnknownField;

use crate::registry::Target;
use crate::served::{Served, api_version};
use crate::watch_cache::Selection;

/// Which objects are meant.
///
/// # Errors
/// A field that the kind cannot be selected by is a bad request; so is another name than the path's.
pub(super) fn selection(target: &Target, options: &ListOptions) -> Result<Selection, Box<Status>> {
    let served = target.served;
    let mut selector = options.field_selector.clone();
    for requirement in &mut selector.requirements {
        let known = known_field(served, &requirement.field);
        let Some(known) = known else {
            return Err(Box::new(Status::bad_request(unknown(served, &requirement.field))));
        };
        requirement.field = known.to_owned();
    }
    // The name of a path of old: `watch/namespaces/a/pods/b`.
    if !target.name.is_empty() {
        match selector.exact_value("metadata.name") {
            Some(name) if name == target.name => {}
            Some(_) => {
                let message = "fieldSelector metadata.name doesn't match requested name";
                return Err(Box::new(Status::bad_request(message)));
            }
            None => selector.requirements.push(FieldRequirement {
                field: "metadata.name".to_owned(),
                is_equal: true,
                value: target.name.clone(),
            }),
        }
    }
    Ok(Selection {
        namespace: target.namespace.clone(),
        labels: options.label_selector.clone(),
        fields: selector,
    })
}

/// A field under the name that the kind has for it.
fn known_field(served: Served, label: &str) -> Option<&'static str> {
    match label {
        "metadata.name" => return Some("metadata.name"),
        "metadata.namespace" if has_namespace_field(served) => return Some("metadata.namespace"),
        // An old name.
        "spec.host" if served.kind.kind == "Pod" => return Some("spec.nodeName"),
        _ => {}
    }
    let fields = served.kind.selectable_fields.iter();
    let mut served_fields =
        fields.filter(|field| field.only_in.is_none_or(|only| only == (served.group, served.version)));
    served_fields.find(|field| field.label == label).map(|field| field.label)
}

/// Kinds with an own list of fields that leave the namespace out.
fn has_namespace_field(served: Served) -> bool {
    !matches!(served.kind.kind, "CertificateSigningRequest" | "ClusterTrustBundle" | "ResourceSlice")
}

fn unknown(served: Served, label: &str) -> String {
    let kind = served.kind.kind;
    match served.kind.unknown_field {
        UnknownField::OnlyMetadata => fields::unknown_selector(label),
        UnknownField::NotSupported => fields::unsupported_label(label),
        UnknownField::NotSupportedForKind => format!("field label {label:?} not supported for {kind}"),
        UnknownField::NotSupportedForVersion => {
            let version = api_version(served.group, served.version);
            format!("field label not supported for {version}, Kind={kind}: {label}")
        }
    }
}
