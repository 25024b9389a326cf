//! APIService.

use apimachinery::{ErrorList, Path, go, names};
use serde_json::Value;

use super::config::decoded;
use super::formats::{dns_subdomain, port_number};
use super::members::Members as _;
use super::parts::Parts as _;
use super::report::Report as _;

const GROUP_PRIORITY_MAX: i64 = 20_000;
const VERSION_PRIORITY_MAX: i64 = 1000;

/// What is wrong with an APIService, new or changed.
pub(crate) fn validate(object: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    let path = Path::new("spec");
    let spec = object.part("spec");
    let (group, version) = (spec.text("group"), spec.text("version"));
    let wanted = format!("{version}.{group}");
    // A name to be made is checked as one, too; that there is none is said elsewhere.
    for member in ["generateName", "name"] {
        let name = object.part("metadata").text(member);
        if !name.is_empty() && name != wanted && names::path_segment_name(name).is_empty() {
            let message = format!("must be `spec.version+\".\"+spec.group`: {}", go::quote(&wanted));
            errors.invalid(&Path::new("metadata").child(member), name, message);
        }
    }
    if !group.is_empty() {
        dns_subdomain(&mut errors, &path.child("group"), group);
    } else if version != "v1" {
        let message = "only v1 may have an empty group and it better be legacy kube";
        errors.required(&path.child("group"), message);
    }
    errors.invalid_each(&path.child("version"), version, names::dns1035_label(version));
    for (name, max) in
        [("groupPriorityMinimum", GROUP_PRIORITY_MAX), ("versionPriority", VERSION_PRIORITY_MAX)]
    {
        if !(1..=max).contains(&spec.int(name)) {
            errors.invalid(
                &path.child(name),
                spec.int(name),
                format!("must be positive and less than {max}"),
            );
        }
    }
    let (bundle, is_insecure) = (spec.text("caBundle"), spec.flag("insecureSkipTLSVerify"));
    let Some(service) = spec.object("service") else {
        if !bundle.is_empty() {
            let value = format!("{} bytes", decoded(bundle).len());
            errors.invalid(&path.child("caBundle"), value, "local APIServices may not have a caBundle");
        }
        if is_insecure {
            let message = "local APIServices may not have insecureSkipTLSVerify";
            errors.invalid(&path.child("insecureSkipTLSVerify"), true, message);
        }
        return errors;
    };
    let service_path = path.child("service");
    for name in ["namespace", "name"] {
        if service.text(name).is_empty() {
            errors.required(&service_path.child(name), "");
        }
    }
    if let Some(port) = service.optional_int("port") {
        port_number(&mut errors, &service_path.child("port"), port);
    }
    if is_insecure && !bundle.is_empty() {
        let message = "may not be true if caBundle is present";
        errors.invalid(&path.child("insecureSkipTLSVerify"), true, message);
    }
    errors
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_say_version_and_group() {
        for (metadata, fields) in [
            (json!({"name": "v1.x"}), &[][..]),
            (json!({"name": "x"}), &["metadata.name"][..]),
            (
                json!({"generateName": "x-", "name": "x-abcde"}),
                &["metadata.generateName", "metadata.name"][..],
            ),
            (json!({}), &[][..]),
            // Said where metadata is checked.
            (json!({"name": "a/b"}), &[][..]),
        ] {
            let spec =
                json!({"group": "x", "version": "v1", "groupPriorityMinimum": 1, "versionPriority": 1});
            let errors = validate(&json!({"metadata": metadata, "spec": spec}));
            let found: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
            assert_eq!(found, fields, "{metadata}");
        }
    }
}
