//! The kinds of group storage.k8s.io.

use apimachinery::selectors::labels;
use apimachinery::{ErrorList, FieldError, Path, names};
use serde_json::Value;

use super::formats::{self, IMMUTABLE, dns_subdomain};
use super::members::{Members as _, quantity};
use super::parts::Parts as _;
use super::report::{Report as _, json_or_null};
use super::update::{is_unchanged, unchanged};
use super::{internal, semantic};

const GROUP: &str = "storage.k8s.io";
const PARAMETERS_MAX: usize = 512;
const PARAMETERS_LEN_MAX: usize = 256 * 1024;
const MODES: [&str; 2] = ["Immediate", "WaitForFirstConsumer"];
const NODE_ID_LEN_MAX: usize = 192;
const TOKEN_SECONDS_MIN: i64 = 600;
const TOKEN_SECONDS_MAX: i64 = 1 << 32;

/// What is wrong with a StorageClass.
pub(crate) fn validate_class(object: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    let provisioner = object.text("provisioner");
    let path = Path::new("provisioner");
    if provisioner.is_empty() {
        errors.required(&path, "");
    } else {
        errors.invalid_each(&path, provisioner, names::qualified_name(&provisioner.to_lowercase()));
    }
    validate_parameters(&mut errors, &Path::new("parameters"), object, true);
    let policy = object.optional_text("reclaimPolicy");
    if let Some(policy) = policy.filter(|policy| !matches!(*policy, "" | "Delete" | "Retain")) {
        errors.not_supported(&Path::new("reclaimPolicy"), policy, &["Delete", "Retain"]);
    }
    errors.one_of(&Path::new("volumeBindingMode"), object.text("volumeBindingMode"), &MODES);
    for (i, term) in object.items("allowedTopologies").iter().enumerate() {
        let path = Path::new("allowedTopologies").index(i).child("matchLabelExpressions");
        let expressions = term.items("matchLabelExpressions");
        for (j, expression) in expressions.iter().enumerate() {
            validate_topology(&mut errors, &path.index(j), expression, &expressions[..j]);
        }
    }
    errors
}

fn validate_parameters(errors: &mut ErrorList, path: &Path, object: &Value, allows_none: bool) {
    let parameters = object.map("parameters");
    let n = parameters.map_or(0, serde_json::Map::len);
    if n == 0 && !allows_none {
        errors.required(path, "must contain at least one key/value pair");
        return;
    }
    if n > PARAMETERS_MAX {
        errors.push(FieldError::too_long(path, PARAMETERS_MAX));
        return;
    }
    let mut n_bytes = 0;
    for (key, value) in object.entries("parameters") {
        if key.is_empty() {
            errors.invalid(path, key, "field can not be empty.");
        }
        n_bytes += key.len() + value.as_str().map_or(0, str::len);
    }
    if n_bytes > PARAMETERS_LEN_MAX {
        errors.push(FieldError::too_long(path, PARAMETERS_LEN_MAX));
    }
}

fn validate_topology(errors: &mut ErrorList, path: &Path, expression: &Value, before: &[Value]) {
    let (key, values) = (expression.text("key"), expression.texts("values"));
    if values.is_empty() {
        errors.required(&path.child("values"), "");
    }
    for (i, value) in values.iter().enumerate() {
        if values[..i].contains(value) {
            errors.duplicate(&path.child("values").index(i), *value);
        }
    }
    errors.invalid_each(&path.child("key"), key, names::qualified_name(key));
    if before.iter().any(|other| other.text("key") == key) {
        errors.duplicate(&path.child("key"), key);
    }
}

/// What is wrong with a changed StorageClass.
pub(crate) fn validate_class_update(object: &Value, old: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    for name in ["parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"] {
        unchanged(&mut errors, &Path::new(name), object, old, name);
    }
    errors
}

/// What is wrong with a VolumeAttributesClass.
pub(crate) fn validate_attributes_class(object: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    let driver = object.text("driverName");
    let path = Path::new("driverName");
    if driver.is_empty() {
        errors.required(&path, "");
    } else {
        errors.invalid_each(&path, driver, names::qualified_name(&driver.to_lowercase()));
    }
    validate_parameters(&mut errors, &Path::new("parameters"), object, false);
    errors
}

/// What is wrong with a changed VolumeAttributesClass.
pub(crate) fn validate_attributes_class_update(object: &Value, old: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    for name in ["driverName", "parameters"] {
        if !is_unchanged(object, old, name) {
            errors.forbidden(&Path::new(name), format!("updates to {name} are forbidden."));
        }
    }
    errors
}

fn attacher(errors: &mut ErrorList, path: &Path, name: &str) {
    formats::csi_driver(errors, path, name);
}

/// What is wrong with a VolumeAttachment.
pub(crate) fn validate_attachment(object: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    let path = Path::new("spec");
    let spec = object.part("spec");
    attacher(&mut errors, &path.child("attacher"), spec.text("attacher"));
    let source = spec.part("source");
    let source_path = path.child("source");
    let volume = source.optional_text("persistentVolumeName");
    match (volume, source.object("inlineVolumeSpec")) {
        (None, None) => {
            errors.required(
                &source_path,
                "must specify exactly one of inlineVolumeSpec and persistentVolumeName",
            );
        }
        (Some(_), Some(_)) => {
            errors.forbidden(
                &source_path,
                "must specify exactly one of inlineVolumeSpec and persistentVolumeName",
            );
        }
        (Some(""), None) => errors.required(
            &source_path.child("persistentVolumeName"),
            "must specify non empty persistentVolumeName",
        ),
        _ => {}
    }
    dns_subdomain(&mut errors, &path.child("nodeName"), spec.text("nodeName"));
    validate_attachment_status(&mut errors, object);
    errors
}

fn validate_attachment_status(errors: &mut ErrorList, object: &Value) {
    let path = Path::new("status").child("attachmentMetadata");
    let metadata = object.part("status").map("attachmentMetadata");
    let mut n_bytes = 0;
    for (key, value) in metadata.into_iter().flatten() {
        n_bytes += key.len() + value.as_str().map_or(0, str::len);
    }
    if n_bytes > PARAMETERS_LEN_MAX {
        errors.push(FieldError::too_long(&path, PARAMETERS_LEN_MAX));
    }
}

/// What is wrong with a changed VolumeAttachment, also if its status is what changed.
pub(crate) fn validate_attachment_update(object: &Value, old: &Value) -> ErrorList {
    let mut errors = validate_attachment(object);
    spec_stays(&mut errors, object, old, "VolumeAttachmentSpec");
    errors
}

fn spec_stays(errors: &mut ErrorList, object: &Value, old: &Value, of: &str) {
    if !semantic::equal(GROUP, of, object.member("spec"), old.member("spec")) {
        let value = internal::compact(GROUP, of, object.member("spec").unwrap_or(&Value::Null));
        errors.invalid(&Path::new("spec"), value, IMMUTABLE);
    }
}

/// What is wrong with a CSIDriver.
pub(crate) fn validate_driver(object: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    validate_driver_spec(&mut errors, object);
    errors
}

fn validate_driver_spec(errors: &mut ErrorList, object: &Value) {
    let path = Path::new("spec");
    let spec = object.part("spec");
    for name in ["attachRequired", "podInfoOnMount", "storageCapacity"] {
        if spec.optional_flag(name).is_none() {
            // Upstream's path has another word.
            let name = if name == "attachRequired" { "attachedRequired" } else { name };
            errors.required(&path.child(name), "");
        }
    }
    let policies = ["File", "None", "ReadWriteOnceWithFSType"];
    let policy_path = path.child("fsGroupPolicy");
    match spec.optional_text("fsGroupPolicy") {
        None => errors.required(&policy_path, ""),
        Some(policy) if !policies.contains(&policy) => errors.not_supported(&policy_path, policy, &policies),
        Some(_) => {}
    }
    let requests = spec.items("tokenRequests");
    for (i, request) in requests.iter().enumerate() {
        let path = path.child("tokenRequests").index(i);
        let audience = request.text("audience");
        if requests[..i].iter().any(|other| other.text("audience") == audience) {
            errors.duplicate(&path.child("audience"), audience);
            continue;
        }
        let Some(seconds) = request.optional_int("expirationSeconds") else { continue };
        let path = path.child("expirationSeconds");
        if seconds < TOKEN_SECONDS_MIN {
            errors.invalid(&path, seconds, "may not specify a duration less than 10 minutes");
        }
        if seconds > TOKEN_SECONDS_MAX {
            errors.invalid(&path, seconds, "may not specify a duration larger than 2^32 seconds");
        }
    }
    for mode in spec.texts("volumeLifecycleModes") {
        if !matches!(mode, "Persistent" | "Ephemeral") {
            errors.not_supported(&path.child("volumeLifecycleModes"), mode, &["Persistent", "Ephemeral"]);
        }
    }
    if let Some(seconds) = spec.optional_int("nodeAllocatableUpdatePeriodSeconds").filter(|it| *it < 10) {
        let path = path.child("nodeAllocatableUpdatePeriodSeconds");
        errors.invalid(&path, seconds, "must be greater than or equal to 10 seconds");
    }
}

/// What is wrong with a changed CSIDriver.
pub(crate) fn validate_driver_update(object: &Value, old: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    validate_driver_spec(&mut errors, object);
    let (spec, old) = (&object["spec"], &old["spec"]);
    let path = Path::new("spec");
    unchanged(&mut errors, &path.child("attachedRequired"), spec, old, "attachRequired");
    unchanged(&mut errors, &path.child("volumeLifecycleModes"), spec, old, "volumeLifecycleModes");
    errors
}

/// What is wrong with a CSINode.
pub(crate) fn validate_node(object: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    let drivers = object.part("spec").items("drivers");
    for (i, driver) in drivers.iter().enumerate() {
        let path = Path::new("spec").child("drivers").index(i);
        let name = driver.text("name");
        formats::csi_driver(&mut errors, &path.child("name"), name);
        let id = driver.text("nodeID");
        if id.is_empty() {
            errors.required(&path.child("nodeID"), "");
        }
        if id.len() > NODE_ID_LEN_MAX {
            errors.invalid(
                &path.child("nodeID"),
                id,
                format!("must be {NODE_ID_LEN_MAX} characters or less"),
            );
        }
        if let Some(count) = driver.part("allocatable").optional_int("count") {
            formats::nonnegative(&mut errors, &path.child("allocatable"), "count", Some(count));
        }
        let keys = driver.texts("topologyKeys");
        for (j, key) in keys.iter().enumerate() {
            let path = path.child("topologyKeys");
            if key.is_empty() {
                errors.required(&path, "");
            }
            if keys[..j].contains(key) {
                errors.duplicate(&path, *key);
            }
            errors.invalid_each(&path, key, names::qualified_name(key));
        }
        if drivers[..i].iter().any(|other| other.text("name") == name) {
            errors.duplicate(&path.child("name"), name);
        }
    }
    errors
}

/// What is wrong with a changed CSINode: drivers come and go, and only what they can take may change.
pub(crate) fn validate_node_update(object: &Value, old: &Value) -> ErrorList {
    let mut errors = validate_node(object);
    for driver in object.part("spec").items("drivers") {
        let mut old_drivers = old.part("spec").items("drivers").iter();
        let Some(old) = old_drivers.find(|old| old.text("name") == driver.text("name")) else { continue };
        let is_same =
            driver.text("nodeID") == old.text("nodeID") && is_unchanged(driver, old, "topologyKeys");
        if !is_same {
            let value = internal::compact(GROUP, "CSINodeDriver", driver);
            errors.invalid(&Path::new("spec").child("drivers"), value, IMMUTABLE);
        }
    }
    errors
}

/// What is wrong with a CSIStorageCapacity.
pub(crate) fn validate_capacity(object: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    if let Some(topology) = object.object("nodeTopology") {
        errors.extend(labels::validate(topology, &Path::new("nodeTopology"), true));
    }
    dns_subdomain(&mut errors, &Path::new("storageClassName"), object.text("storageClassName"));
    for name in ["capacity", "maximumVolumeSize"] {
        let amount = object.member(name).map(quantity);
        if let Some(amount) = amount.filter(|amount| *amount < wire::Quantity::ZERO) {
            errors.invalid(&Path::new(name), amount.to_string(), formats::NEGATIVE);
        }
    }
    errors
}

/// What is wrong with a changed CSIStorageCapacity.
pub(crate) fn validate_capacity_update(object: &Value, old: &Value) -> ErrorList {
    let mut errors = validate_capacity(object);
    if object.member("nodeTopology") != old.member("nodeTopology") {
        errors.invalid(&Path::new("nodeTopology"), json_or_null(object.member("nodeTopology")), IMMUTABLE);
    }
    unchanged(&mut errors, &Path::new("storageClassName"), object, old, "storageClassName");
    errors
}
