//! Webhook configurations, admission policies and their bindings.

use jiff::Timestamp;
use serde_json::Value;

use super::cell::{age, at, count, list, name, text};
use super::{AGE, NAME, integer, string};
use crate::kind::{Column, Columns};

const WEBHOOKS: Column =
    integer("Webhooks", "Webhooks indicates the number of webhooks registered in this configuration");
const PARAM_KIND: Column =
    string("ParamKind", "ParamKind specifies the kind of resources used to parameterize this policy");
const POLICY_NAME: Column =
    string("PolicyName", "PolicyName indicates the policy definition which the policy binding binded to");
const PARAM_REF: Column =
    string("ParamRef", "ParamRef indicates the param resource which sets the configuration param");

/// MutatingWebhookConfiguration.
pub const MUTATING_WEBHOOK_CONFIGURATION: Columns =
    Columns { columns: &[NAME, WEBHOOKS, AGE], cells: webhooks };

/// ValidatingWebhookConfiguration.
pub const VALIDATING_WEBHOOK_CONFIGURATION: Columns =
    Columns { columns: &[NAME, WEBHOOKS, AGE], cells: webhooks };

fn webhooks(object: &Value, now: Timestamp) -> Vec<Value> {
    vec![name(object), count(object, "/webhooks").into(), age(object, now)]
}

/// MutatingAdmissionPolicy.
pub const MUTATING_ADMISSION_POLICY: Columns = Columns {
    columns: &[
        NAME,
        integer(
            "Mutations",
            "Mutation indicates the number of mutations rules defined in this configuration",
        ),
        PARAM_KIND,
        AGE,
    ],
    cells: |object, now| policy(object, "/spec/mutations", now),
};

/// ValidatingAdmissionPolicy.
pub const VALIDATING_ADMISSION_POLICY: Columns = Columns {
    columns: &[
        NAME,
        integer(
            "Validations",
            "Validations indicates the number of validation rules defined in this configuration",
        ),
        PARAM_KIND,
        AGE,
    ],
    cells: |object, now| policy(object, "/spec/validations", now),
};

fn policy(object: &Value, rules: &str, now: Timestamp) -> Vec<Value> {
    let param_kind = at(object, "/spec/paramKind").map_or("<unset>".to_owned(), |kind| {
        format!("{}/{}", text(kind, "/apiVersion"), text(kind, "/kind"))
    });
    vec![name(object), count(object, rules).into(), param_kind.into(), age(object, now)]
}

/// MutatingAdmissionPolicyBinding.
pub const MUTATING_ADMISSION_POLICY_BINDING: Columns =
    Columns { columns: &[NAME, POLICY_NAME, PARAM_REF, AGE], cells: binding };

/// ValidatingAdmissionPolicyBinding.
pub const VALIDATING_ADMISSION_POLICY_BINDING: Columns =
    Columns { columns: &[NAME, POLICY_NAME, PARAM_REF, AGE], cells: binding };

fn binding(object: &Value, now: Timestamp) -> Vec<Value> {
    vec![name(object), text(object, "/spec/policyName").into(), param_ref(object).into(), age(object, now)]
}

fn param_ref(binding: &Value) -> String {
    let Some(param) = at(binding, "/spec/paramRef") else { return "<unset>".to_owned() };
    match (text(param, "/namespace"), text(param, "/name")) {
        ("", "") => at(param, "/selector").map_or("<unset>".to_owned(), selector_as_go),
        (_, "") => at(param, "/selector").map_or("<unset>".to_owned(), selector_as_go),
        ("", name) => format!("*/{name}"),
        (namespace, name) => format!("{namespace}/{name}"),
    }
}

/// A selector as the structure of upstream's source prints itself; this is the one place that shows it.
fn selector_as_go(selector: &Value) -> String {
    let labels = at(selector, "/matchLabels").and_then(Value::as_object).into_iter().flatten();
    let labels: String =
        labels.map(|(key, value)| format!("{key}: {},", value.as_str().unwrap_or_default())).collect();
    let expressions = list(selector, "/matchExpressions").iter().map(|expression| {
        let values: Vec<&str> = list(expression, "/values").iter().filter_map(Value::as_str).collect();
        format!(
            "LabelSelectorRequirement{{Key:{},Operator:{},Values:[{}],}},",
            text(expression, "/key"),
            text(expression, "/operator"),
            values.join(" ")
        )
    });
    let expressions: String = expressions.collect();
    format!(
        "&LabelSelector{{MatchLabels:map[string]string{{{labels}}},\
         MatchExpressions:[]LabelSelectorRequirement{{{expressions}}},}}"
    )
}
