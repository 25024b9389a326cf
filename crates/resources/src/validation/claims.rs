//! The kinds of dynamic resource allocation (KEP-4381). Expressions are not compiled here.

use apimachinery::{ErrorList, Path, names};
use serde_json::Value;

use super::formats::{IMMUTABLE, NOT_POSITIVE, dns_label, dns_subdomain};
use super::members::Members as _;
use super::parts::Parts as _;
use super::report::Report as _;
use super::update::unchanged;
use super::{internal, semantic};

const GROUP: &str = "resource.k8s.io";
const REQUESTS_MAX: usize = 32;
const SUBREQUESTS_MAX: usize = 8;
const CONSTRAINTS_MAX: usize = 32;
const SELECTORS_MAX: usize = 32;
const MODES: [&str; 2] = ["All", "ExactCount"];

/// What is wrong with a ResourceClaim.
pub(crate) fn validate_claim(object: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    validate_devices(&mut errors, &Path::new("spec").child("devices"), object.part("spec").part("devices"));
    errors
}

/// What is wrong with a ResourceClaimTemplate.
pub(crate) fn validate_template(object: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    let devices = object.part("spec").part("spec").part("devices");
    validate_devices(&mut errors, &Path::new("spec").child("spec").child("devices"), devices);
    errors
}

/// What is wrong with a changed ResourceClaim or ResourceClaimTemplate: what is wanted stays.
pub(crate) fn validate_update(object: &Value, old: &Value, of: &str) -> ErrorList {
    let mut errors = ErrorList::new();
    if !semantic::equal(GROUP, of, object.member("spec"), old.member("spec")) {
        let value = internal::compact(GROUP, of, object.part("spec"));
        errors.invalid(&Path::new("spec"), value, IMMUTABLE);
    }
    errors
}

fn validate_devices(errors: &mut ErrorList, path: &Path, devices: &Value) {
    let requests = devices.items("requests");
    errors.at_most(&path.child("requests"), requests.len(), REQUESTS_MAX);
    for (i, request) in requests.iter().enumerate() {
        let path = path.child("requests").index(i);
        request_name(errors, &path.child("name"), request, &requests[..i]);
        validate_request(errors, &path, request);
    }
    let known = known_requests(requests);
    let constraints = devices.items("constraints");
    errors.at_most(&path.child("constraints"), constraints.len(), CONSTRAINTS_MAX);
    for (i, constraint) in constraints.iter().enumerate() {
        let path = path.child("constraints").index(i);
        references(errors, &path, constraint, &known);
        let of = ["matchAttribute", "distinctAttribute"];
        let n_set = of.iter().filter(|name| constraint.member(name).is_some()).count();
        if n_set == 1 {
            for name in of {
                if let Some(attribute) = constraint.optional_text(name) {
                    qualified(errors, &path.child(name), attribute);
                }
            }
        } else {
            // Upstream says so whether none or both are there.
            let message = "exactly one of \"matchAttribute\" or \"distinctAttribute\" is required, but multiple fields \
                           are set";
            errors.required(&path, message);
        }
    }
    for (i, config) in devices.items("config").iter().enumerate() {
        let path = path.child("config").index(i);
        references(errors, &path, config, &known);
        validate_config(errors, &path, config);
    }
}

fn request_name(errors: &mut ErrorList, path: &Path, request: &Value, before: &[Value]) {
    let name = request.text("name");
    if name.is_empty() {
        errors.required(path, "");
    } else {
        dns_label(errors, path, name);
    }
    if before.iter().any(|other| other.text("name") == name) {
        errors.duplicate(path, name);
    }
}

fn validate_request(errors: &mut ErrorList, path: &Path, request: &Value) {
    let alternatives = request.items("firstAvailable");
    match (request.object("exactly"), alternatives) {
        (None, []) => errors.required(path, "exactly one of `exactly` or `firstAvailable` is required"),
        (Some(_), [_, ..]) => errors.invalid(
            path,
            apimachinery::field::FieldValue::Omitted,
            "exactly one of `exactly` or `firstAvailable` is required, but multiple fields are set",
        ),
        (Some(exactly), []) => validate_wish(errors, &path.child("exactly"), exactly),
        (None, alternatives) => {
            errors.at_most(&path.child("firstAvailable"), alternatives.len(), SUBREQUESTS_MAX);
            for (i, alternative) in alternatives.iter().enumerate() {
                let path = path.child("firstAvailable").index(i);
                request_name(errors, &path.child("name"), alternative, &alternatives[..i]);
                validate_wish(errors, &path, alternative);
            }
        }
    }
}

fn validate_wish(errors: &mut ErrorList, path: &Path, wish: &Value) {
    match wish.text("deviceClassName") {
        "" => errors.required(&path.child("deviceClassName"), ""),
        name => dns_subdomain(errors, &path.child("deviceClassName"), name),
    }
    validate_selectors(errors, &path.child("selectors"), wish);
    let count = wish.int("count");
    match wish.text("allocationMode") {
        "All" if count != 0 => {
            errors.invalid(&path.child("count"), count, "must not be specified when allocationMode is 'All'");
        }
        "ExactCount" if count <= 0 => errors.invalid(&path.child("count"), count, NOT_POSITIVE),
        "All" | "ExactCount" => {}
        other => errors.not_supported(&path.child("allocationMode"), other, &MODES),
    }
}

fn validate_selectors(errors: &mut ErrorList, path: &Path, of: &Value) {
    let selectors = of.items("selectors");
    errors.at_most(path, selectors.len(), SELECTORS_MAX);
    for (i, selector) in selectors.iter().enumerate() {
        let path = path.index(i).child("cel");
        match selector.object("cel") {
            None => errors.required(&path, ""),
            Some(cel) if cel.text("expression").is_empty() => errors.required(&path.child("expression"), ""),
            Some(_) => {}
        }
    }
}

/// Requests, and their alternatives by both names.
fn known_requests(requests: &[Value]) -> Vec<String> {
    let mut known = Vec::new();
    for request in requests {
        known.push(request.text("name").to_owned());
        for alternative in request.items("firstAvailable") {
            known.push(format!("{}/{}", request.text("name"), alternative.text("name")));
        }
    }
    known
}

fn references(errors: &mut ErrorList, path: &Path, of: &Value, known: &[String]) {
    let names = of.texts("requests");
    errors.at_most(&path.child("requests"), names.len(), REQUESTS_MAX);
    for (i, name) in names.iter().enumerate() {
        let path = path.child("requests").index(i);
        if !known.iter().any(|known| known == name) {
            let message = "must be the name of a request in the claim or the name of a request and a subrequest \
                           separated by '/'";
            errors.invalid(&path, *name, message);
        }
        if names[..i].contains(name) {
            errors.duplicate(&path, *name);
        }
    }
}

fn qualified(errors: &mut ErrorList, path: &Path, name: &str) {
    let Some((domain, id)) = name.split_once('/') else {
        errors.invalid(path, name, "must include a domain");
        return;
    };
    dns_subdomain(errors, path, domain);
    let is_id = id.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !is_id {
        errors.invalid(path, id, "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName', regex used for validation is '[A-Za-z_][A-Za-z0-9_]*')");
    }
}

fn validate_config(errors: &mut ErrorList, path: &Path, config: &Value) {
    let path = path.child("opaque");
    let Some(opaque) = config.object("opaque") else {
        errors.required(&path, "");
        return;
    };
    driver_name(errors, &path.child("driver"), opaque.text("driver"));
    match opaque.member("parameters") {
        None => errors.required(&path.child("parameters"), ""),
        Some(Value::Object(_)) => {}
        Some(other) => errors.invalid(&path.child("parameters"), other, "must be a valid JSON object"),
    }
}

fn driver_name(errors: &mut ErrorList, path: &Path, name: &str) {
    if name.is_empty() {
        errors.required(path, "");
    }
    if name.len() > 63 {
        errors.push(apimachinery::FieldError::too_long(path, 63));
    }
    errors.invalid_each(path, name, names::dns1123_subdomain(&name.to_lowercase()));
}

/// What is wrong with a DeviceClass, new or changed.
pub(crate) fn validate_class(object: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    let path = Path::new("spec");
    let spec = object.part("spec");
    validate_selectors(&mut errors, &path.child("selectors"), spec);
    for (i, config) in spec.items("config").iter().enumerate() {
        validate_config(&mut errors, &path.child("config").index(i), config);
    }
    errors
}

/// What is wrong with a ResourceSlice.
pub(crate) fn validate_slice(object: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    let path = Path::new("spec");
    let spec = object.part("spec");
    let n_places = usize::from(spec.member("nodeName").is_some())
        + usize::from(spec.object("nodeSelector").is_some())
        + usize::from(spec.flag("allNodes"))
        + usize::from(spec.flag("perDeviceNodeSelection"));
    if let Some(node) = spec.optional_text("nodeName") {
        match node {
            "" => errors.invalid(
                &path.child("nodeName"),
                node,
                "must be either unset or set to a non-empty string",
            ),
            node => dns_subdomain(&mut errors, &path.child("nodeName"), node),
        }
    }
    if n_places != 1 {
        let message =
            "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required";
        if n_places == 0 {
            errors.required(&path, message);
        } else {
            let message = format!("{message}, but multiple fields are set");
            errors.invalid(&path, apimachinery::field::FieldValue::Omitted, message);
        }
    }
    driver_name(&mut errors, &path.child("driver"), spec.text("driver"));
    let pool = spec.part("pool");
    if pool.text("name").is_empty() {
        errors.required(&path.child("pool").child("name"), "");
    }
    if pool.int("resourceSliceCount") <= 0 {
        errors.invalid(
            &path.child("pool").child("resourceSliceCount"),
            pool.int("resourceSliceCount"),
            NOT_POSITIVE,
        );
    }
    if pool.int("generation") < 0 {
        let message = super::formats::NEGATIVE;
        errors.invalid(&path.child("pool").child("generation"), pool.int("generation"), message);
    }
    let devices = spec.items("devices");
    for (i, device) in devices.iter().enumerate() {
        request_name(&mut errors, &path.child("devices").index(i).child("name"), device, &devices[..i]);
    }
    errors
}

/// What is wrong with a changed ResourceSlice.
pub(crate) fn validate_slice_update(object: &Value, old: &Value) -> ErrorList {
    let mut errors = validate_slice(object);
    let (spec, old_spec) = (object.part("spec"), old.part("spec"));
    let path = Path::new("spec");
    unchanged(&mut errors, &path.child("driver"), spec, old_spec, "driver");
    let pool_path = path.child("pool").child("name");
    unchanged(&mut errors, &pool_path, spec.part("pool"), old_spec.part("pool"), "name");
    unchanged(&mut errors, &path.child("nodeName"), spec, old_spec, "nodeName");
    errors
}
