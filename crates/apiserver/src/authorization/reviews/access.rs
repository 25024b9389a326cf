//! SubjectAccessReview and its local and own forms: may somebody do something?

use apimachinery::field::FieldValue;
use apimachinery::go::compact_json;
use apimachinery::selectors::{fields, labels};
use apimachinery::{ErrorList, FieldError, Path, Status};
use resources::schema::Schema;
use serde_json::{Map, Value};

use super::super::modes::Modes;
use super::super::{Authorizer as _, Decision};
use super::{invalid, text, texts};
use crate::attributes::Attributes;
use crate::handlers::member_text;
use crate::user::User;

pub(super) fn subject(modes: &Modes, review: &Value) -> Result<Value, Box<Status>> {
    let mut errors = validate_subject(&review["spec"]);
    validate_metadata(review, false, &mut errors);
    if !errors.is_empty() {
        return Err(invalid(&errors));
    }
    Ok(answer(modes, &user(&review["spec"]), review))
}

pub(super) fn local_subject(modes: &Modes, review: &Value) -> Result<Value, Box<Status>> {
    let spec = &review["spec"];
    let path = Path::new("spec");
    let mut errors = validate_subject(spec);
    validate_metadata(review, true, &mut errors);
    if is_there(spec, "resourceAttributes")
        && text(&spec["resourceAttributes"], "namespace") != text(&review["metadata"], "namespace")
    {
        let namespace = text(&spec["resourceAttributes"], "namespace");
        let path = path.child("resourceAttributes").child("namespace");
        errors.push(FieldError::invalid(&path, namespace, "must match metadata.namespace"));
    }
    if is_there(spec, "nonResourceAttributes") {
        let value = non_resource_value(&spec["nonResourceAttributes"]);
        let detail = "disallowed on this kind of request";
        errors.push(FieldError::invalid(&path.child("nonResourceAttributes"), value, detail));
    }
    if !errors.is_empty() {
        return Err(invalid(&errors));
    }
    Ok(answer(modes, &user(spec), review))
}

pub(super) fn self_subject(modes: &Modes, user: &User, review: &Value) -> Result<Value, Box<Status>> {
    let mut errors = ErrorList::new();
    validate_attributes(&review["spec"], &mut errors);
    validate_selectors(&review["spec"]["resourceAttributes"], &mut errors);
    validate_metadata(review, false, &mut errors);
    if !errors.is_empty() {
        return Err(invalid(&errors));
    }
    Ok(answer(modes, user, review))
}

fn is_there(spec: &Value, member: &str) -> bool {
    !spec[member].is_null()
}

fn validate_subject(spec: &Value) -> ErrorList {
    let mut errors = ErrorList::new();
    validate_attributes(spec, &mut errors);
    if text(spec, "user").is_empty() && texts(&spec["groups"]).is_empty() {
        let detail = "at least one of user or group must be specified";
        errors.push(FieldError::invalid(&Path::new("spec.user"), text(spec, "user"), detail));
    }
    validate_selectors(&spec["resourceAttributes"], &mut errors);
    errors
}

fn validate_attributes(spec: &Value, errors: &mut ErrorList) {
    match (is_there(spec, "resourceAttributes"), is_there(spec, "nonResourceAttributes")) {
        (true, true) => {
            let value = non_resource_value(&spec["nonResourceAttributes"]);
            let detail = "cannot be specified in combination with resourceAttributes";
            errors.push(FieldError::invalid(&Path::new("spec.nonResourceAttributes"), value, detail));
        }
        (false, false) => {
            let detail = "exactly one of nonResourceAttributes or resourceAttributes must be specified";
            errors.push(FieldError::invalid(&Path::new("spec.resourceAttributes"), &Value::Null, detail));
        }
        _ => {}
    }
}

fn validate_selectors(attributes: &Value, errors: &mut ErrorList) {
    for member in ["fieldSelector", "labelSelector"] {
        let selector = &attributes[member];
        if selector.is_null() {
            continue;
        }
        let path = Path::new("spec.resourceAttributes").child(member);
        let raw = text(selector, "rawSelector");
        let has_requirements = selector["requirements"].as_array().is_some_and(|list| !list.is_empty());
        if !raw.is_empty() && has_requirements {
            let detail = "may not specified at the same time as requirements";
            errors.push(FieldError::invalid(&path.child("rawSelector"), raw, detail));
        }
        if raw.is_empty() && !has_requirements {
            let detail = format!("when {path} is specified, requirements or rawSelector is required");
            errors.push(FieldError::required(&path.child("requirements"), detail));
        }
        for (i, requirement) in selector["requirements"].as_array().into_iter().flatten().enumerate() {
            validate_requirement(requirement, &path.child("requirements").index(i), errors);
        }
    }
}

/// An operator that is not known is let through: the selector is then ignored.
fn validate_requirement(requirement: &Value, path: &Path, errors: &mut ErrorList) {
    if text(requirement, "key").is_empty() {
        errors.push(FieldError::required(&path.child("key"), "must be specified"));
    }
    let has_values = !texts(&requirement["values"]).is_empty();
    let values = path.child("values");
    match text(requirement, "operator") {
        "In" | "NotIn" if !has_values => {
            errors
                .push(FieldError::required(&values, "must be specified when `operator` is 'In' or 'NotIn'"));
        }
        "Exists" | "DoesNotExist" if has_values => {
            let detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
            errors.push(FieldError::forbidden(&values, detail));
        }
        "" => errors.push(FieldError::required(&path.child("operator"), "must be specified")),
        _ => {}
    }
}

fn validate_metadata(review: &Value, may_have_namespace: bool, errors: &mut ErrorList) {
    let mut metadata = review["metadata"].as_object().cloned().unwrap_or_default();
    metadata.remove("managedFields");
    metadata.retain(|_, value| !value.is_null());
    if may_have_namespace {
        metadata.remove("namespace");
    }
    if !metadata.is_empty() {
        let detail = if may_have_namespace { "must be empty except for namespace" } else { "must be empty" };
        let schema = Schema::get();
        let value = match schema.type_of("authorization.k8s.io", "v1", "SubjectAccessReview") {
            Some(of) => FieldValue::Plain(member_text(of, "metadata", &review["metadata"])),
            None => FieldValue::from(&review["metadata"]),
        };
        errors.push(FieldError::invalid(&Path::new("metadata"), value, detail));
    }
}

/// As upstream prints it: by the names that the fields have in its code.
fn non_resource_value(attributes: &Value) -> FieldValue {
    let quoted = |member: &str| compact_json(&text(attributes, member).into());
    FieldValue::Plain(format!("{{\"Path\":{},\"Verb\":{}}}", quoted("path"), quoted("verb")))
}

fn user(spec: &Value) -> User {
    let extra = spec["extra"].as_object().into_iter().flatten();
    User {
        name: text(spec, "user").to_owned(),
        uid: text(spec, "uid").to_owned(),
        groups: texts(&spec["groups"]),
        extra: extra.map(|(key, values)| (key.clone(), texts(values))).collect(),
    }
}

fn answer(modes: &Modes, user: &User, review: &Value) -> Value {
    let (attributes, error) = attributes(&review["spec"]);
    let decision = modes.authorize(user, &attributes);
    let (is_allowed, is_denied, reason) = match &decision {
        Decision::Allow(reason) => (true, false, reason),
        Decision::Deny(reason) => (false, true, reason),
        Decision::NoOpinion(reason) => (false, false, reason),
    };
    let mut status = Map::new();
    status.insert("allowed".into(), is_allowed.into());
    if is_denied {
        status.insert("denied".into(), true.into());
    }
    for (member, text) in [("reason", reason), ("evaluationError", &error)] {
        if !text.is_empty() {
            status.insert(member.into(), text.as_str().into());
        }
    }
    let mut answered = review.clone();
    answered["status"] = status.into();
    answered
}

/// What is asked about, and what of it cannot be understood.
fn attributes(spec: &Value) -> (Attributes, String) {
    let asked = &spec["resourceAttributes"];
    if asked.is_null() {
        let asked = &spec["nonResourceAttributes"];
        let (path, verb) = (text(asked, "path").to_owned(), text(asked, "verb").to_owned());
        return (Attributes { path, verb, ..Attributes::default() }, String::new());
    }
    let own = |member: &str| text(asked, member).to_owned();
    let mut attributes = Attributes {
        verb: own("verb"),
        is_resource: true,
        group: own("group"),
        version: if text(asked, "version").is_empty() { "*".to_owned() } else { own("version") },
        resource: own("resource"),
        subresource: own("subresource"),
        namespace: own("namespace"),
        name: own("name"),
        ..Attributes::default()
    };
    let mut errors = Vec::new();
    let mut understood = |member: &str, understand: fn(&Value) -> Understood| {
        let selector = &asked[member];
        if selector.is_null() {
            return None;
        }
        let (selector, is_partly) = understand(selector);
        if is_partly {
            let how = if selector.is_some() { "partially ignored" } else { "ignored" };
            errors.push(format!("spec.resourceAttributes.{member} {how} due to parse error"));
        }
        selector
    };
    attributes.field_selector = understood("fieldSelector", field_selector);
    attributes.label_selector = understood("labelSelector", label_selector);
    let error = match errors.as_slice() {
        [] => String::new(),
        [error] => error.clone(),
        errors => format!("[{}]", errors.join(", ")),
    };
    (attributes, error)
}

/// A selector as text, and whether something of it was not understood.
type Understood = (Option<String>, bool);

fn field_selector(selector: &Value) -> Understood {
    let raw = text(selector, "rawSelector");
    if !raw.is_empty() {
        return if fields::parse(raw).is_ok() { (Some(raw.to_owned()), false) } else { (None, true) };
    }
    by_requirements(selector, |requirement| {
        let values = texts(&requirement["values"]);
        let (key, [value]) = (text(requirement, "key"), values.as_slice()) else { return None };
        match text(requirement, "operator") {
            "In" => Some(format!("{key}={}", fields::escape(value))),
            "NotIn" => Some(format!("{key}!={}", fields::escape(value))),
            _ => None,
        }
    })
}

fn label_selector(selector: &Value) -> Understood {
    let raw = text(selector, "rawSelector");
    if !raw.is_empty() {
        return if labels::parse(raw).is_ok() { (Some(raw.to_owned()), false) } else { (None, true) };
    }
    by_requirements(selector, |requirement| {
        let (key, values) = (text(requirement, "key"), texts(&requirement["values"]).join(","));
        let term = match text(requirement, "operator") {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "Exists" => key.to_owned(),
            "DoesNotExist" => format!("!{key}"),
            _ => return None,
        };
        labels::parse(&term).is_ok().then_some(term)
    })
}

fn by_requirements(selector: &Value, term: impl Fn(&Value) -> Option<String>) -> Understood {
    let requirements = selector["requirements"].as_array().into_iter().flatten();
    let (mut terms, mut is_partly) = (Vec::new(), false);
    for requirement in requirements {
        match term(requirement) {
            Some(term) => terms.push(term),
            None => is_partly = true,
        }
    }
    ((!terms.is_empty()).then(|| terms.join(",")), is_partly)
}
