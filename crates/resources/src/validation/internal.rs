//! Values as upstream prints them in errors.
//!
//! Upstream validates structures of its own, which differ from the API's: their members have the names of Go fields,
//! stand in another order in places, and are printed even if they are empty. Types that all groups share (selectors,
//! metadata) are printed as in the API. What is here follows from the schema table and the few differences in
//! [`names`].

mod names;

use std::fmt::Write as _;

use apimachinery::field::FieldValue;
use apimachinery::go;
use serde_json::Value;

use super::members::Members as _;
use crate::schema::{Field, META_GROUP, Resolved, Schema, Ty, Type};

/// A value with its members in order.
enum Tree {
    Scalar(String),
    List(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

/// A value of a type of a group's version v1, on one line.
pub(crate) fn compact(group: &str, of: &str, value: &Value) -> FieldValue {
    let mut text = String::new();
    tree_of(group, of, value).push_compact(&mut text);
    FieldValue::Plain(text)
}

/// A list of values of a type, on one line; `null` if it is empty.
pub(crate) fn compact_list(group: &str, of: &str, items: &[Value]) -> FieldValue {
    if items.is_empty() {
        return FieldValue::Plain("null".to_owned());
    }
    let mut text = String::new();
    Tree::List(items.iter().map(|item| tree_of(group, of, item)).collect()).push_compact(&mut text);
    FieldValue::Plain(text)
}

/// A value of a type on many lines, each level indented by one blank.
pub(crate) fn indented(group: &str, of: &str, value: &Value) -> String {
    let mut text = String::new();
    tree_of(group, of, value).push_indented(&mut text, 0);
    text
}

fn tree_of(group: &str, of: &str, value: &Value) -> Tree {
    match Schema::get().named(group, "v1", of) {
        Some(of) => internal_object(of, Some(value), None),
        None => Tree::Scalar(go::compact_json(value)),
    }
}

impl Tree {
    fn null() -> Self {
        Self::Scalar("null".to_owned())
    }

    fn push_compact(&self, text: &mut String) {
        match self {
            Self::Scalar(scalar) => text.push_str(scalar),
            Self::List(items) => {
                text.push('[');
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        text.push(',');
                    }
                    item.push_compact(text);
                }
                text.push(']');
            }
            Self::Object(members) => {
                text.push('{');
                for (i, (name, member)) in members.iter().enumerate() {
                    if i > 0 {
                        text.push(',');
                    }
                    let _ = write!(text, "{}:", go::compact_json(&name.as_str().into()));
                    member.push_compact(text);
                }
                text.push('}');
            }
        }
    }

    fn push_indented(&self, text: &mut String, depth: usize) {
        let line = |text: &mut String, depth: usize| {
            text.push('\n');
            text.extend(std::iter::repeat_n(' ', depth));
        };
        match self {
            Self::Scalar(scalar) => text.push_str(scalar),
            Self::List(items) if items.is_empty() => text.push_str("[]"),
            Self::Object(members) if members.is_empty() => text.push_str("{}"),
            Self::List(items) => {
                text.push('[');
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        text.push(',');
                    }
                    line(text, depth + 1);
                    item.push_indented(text, depth + 1);
                }
                line(text, depth);
                text.push(']');
            }
            Self::Object(members) => {
                text.push('{');
                for (i, (name, member)) in members.iter().enumerate() {
                    if i > 0 {
                        text.push(',');
                    }
                    line(text, depth + 1);
                    let _ = write!(text, "{}: ", go::compact_json(&name.as_str().into()));
                    member.push_indented(text, depth + 1);
                }
                line(text, depth);
                text.push('}');
            }
        }
    }
}

/// Whether values of a type are printed as in the API.
fn is_shared(of: &Type) -> bool {
    of.group == META_GROUP
}

fn internal_value(ty: &Ty, value: Option<&Value>, is_pointer: bool, parent: Option<&Value>) -> Tree {
    let value = value.filter(|value| !value.is_null());
    match Schema::get().resolve(ty) {
        Resolved::Object(of, _) => match value {
            None if is_pointer && of.name != "PodSecurityContext" => Tree::null(),
            value if is_shared(of) => shared_object(of, value),
            value => internal_object(of, value, parent),
        },
        Resolved::Text(..) => scalar(value, is_pointer, "\"\""),
        Resolved::Other(ty) => match ty {
            Ty::List(of) => match value.and_then(Value::as_array) {
                None => Tree::null(),
                Some(items) => {
                    Tree::List(items.iter().map(|item| internal_value(of, Some(item), false, None)).collect())
                }
            },
            Ty::Map(_, of) => match value.and_then(Value::as_object) {
                None => Tree::null(),
                Some(map) => {
                    let members =
                        map.iter().map(|(k, v)| (k.clone(), internal_value(of, Some(v), false, None)));
                    Tree::Object(members.collect())
                }
            },
            Ty::String => scalar(value, is_pointer, "\"\""),
            Ty::Boolean => scalar(value, is_pointer, "false"),
            Ty::Int32 | Ty::Int64 | Ty::Float64 | Ty::IntOrString => scalar(value, is_pointer, "0"),
            Ty::Quantity => scalar(value, is_pointer, "\"0\""),
            _ => scalar(value, true, "null"),
        },
    }
}

fn scalar(value: Option<&Value>, is_pointer: bool, zero: &str) -> Tree {
    match value {
        Some(value) => Tree::Scalar(go::compact_json(value)),
        None if is_pointer => Tree::null(),
        None => Tree::Scalar(zero.to_owned()),
    }
}

fn internal_object(of: &Type, value: Option<&Value>, parent: Option<&Value>) -> Tree {
    if is_shared(of) {
        return shared_object(of, value);
    }
    let mut members = Vec::new();
    if of.name == "PodSecurityContext" {
        // Upstream keeps what a pod shares with its node here; in the API it is in the pod's spec.
        for (name, is_pointer) in names::SHARED_WITH_NODE {
            let value = parent.member(name);
            members.push((names::go_name(of.name, name), scalar(value, is_pointer, "false")));
        }
    }
    for field in names::fields_in_order(of) {
        if names::is_elsewhere(of.name, field.name) {
            continue;
        }
        let member = value.and_then(|value| value.get(field.name));
        if field.name == "metadata" {
            members.extend(shared_members(field, member));
            continue;
        }
        let is_pointer = field.is_pointer && !names::is_plain(of.name, field.name);
        members.push((
            names::go_name(of.name, field.name),
            internal_value(&field.ty, member, is_pointer, value),
        ));
    }
    Tree::Object(members)
}

/// The members of metadata, which upstream's structures have among their own.
fn shared_members(field: &Field, value: Option<&Value>) -> Vec<(String, Tree)> {
    match Schema::get().resolve(&field.ty) {
        Resolved::Object(of, _) => match shared_object(of, value) {
            Tree::Object(members) => members,
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// As in the API: the fields in the order of the type, without those that are not set.
fn shared_object(of: &Type, value: Option<&Value>) -> Tree {
    let mut members = Vec::new();
    for field in of.fields() {
        let member = value.and_then(|value| value.get(field.name)).filter(|value| !value.is_null());
        match member {
            Some(member) if !is_zero(member) || field.is_pointer || field.is_always_printed => {
                members.push((field.name.to_owned(), shared_value(&field.ty, member)));
            }
            None if field.is_always_printed && !field.is_pointer => {
                members.push((field.name.to_owned(), internal_value(&field.ty, None, false, None)));
            }
            _ => {}
        }
    }
    Tree::Object(members)
}

fn shared_value(ty: &Ty, value: &Value) -> Tree {
    match (Schema::get().resolve(ty), value) {
        (Resolved::Object(of, _), value) if value.is_object() => shared_object(of, Some(value)),
        (Resolved::Other(Ty::List(of)), Value::Array(items)) => {
            Tree::List(items.iter().map(|item| shared_value(of, item)).collect())
        }
        (_, value) => Tree::Scalar(go::compact_json(value)),
    }
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(group: &str, of: &str, value: &Value) -> String {
        match compact(group, of, value) {
            FieldValue::Plain(text) => text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn members_have_the_names_and_the_order_of_upstreams_structures() {
        for (group, of, value, expected) in [
            (
                "apps",
                "DeploymentStrategy",
                json!({"type": "Canary"}),
                r#"{"Type":"Canary","RollingUpdate":null}"#,
            ),
            (
                "",
                "PodResourceClaim",
                json!({"name": "r"}),
                r#"{"Name":"r","ResourceClaimName":null,"ResourceClaimTemplateName":null}"#,
            ),
            (
                "",
                "Probe",
                json!({"httpGet": {"port": "p"}, "periodSeconds": 1}),
                r#"{"Exec":null,"HTTPGet":{"Path":"","Port":"p","Host":"","Scheme":"","HTTPHeaders":null},"TCPSocket":null,"GRPC":null,"InitialDelaySeconds":0,"TimeoutSeconds":0,"PeriodSeconds":1,"SuccessThreshold":0,"FailureThreshold":0,"TerminationGracePeriodSeconds":null}"#,
            ),
            (
                "",
                "TopologySpreadConstraint",
                json!({"labelSelector": {"matchLabels": {"a": "b"}}}),
                r#"{"MaxSkew":0,"TopologyKey":"","WhenUnsatisfiable":"","LabelSelector":{"matchLabels":{"a":"b"}},"MinDomains":null,"NodeAffinityPolicy":null,"NodeTaintsPolicy":null,"MatchLabelKeys":null}"#,
            ),
        ] {
            assert_eq!(text(group, of, &value), expected);
        }
    }

    #[test]
    fn what_pods_share_with_their_node_is_in_the_security_context() {
        let spec = text("", "PodSpec", &json!({"hostPID": true}));
        assert!(
            spec.contains(r#""SecurityContext":{"HostNetwork":false,"HostPID":true,"HostIPC":false,"#),
            "{spec}"
        );
        assert!(!spec.contains("DeprecatedServiceAccount"), "{spec}");
    }
}
