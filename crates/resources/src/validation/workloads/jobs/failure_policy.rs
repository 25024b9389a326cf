//! What failures of pods lead to (KEP-3329).

use apimachinery::field::FieldValue;
use apimachinery::{ErrorList, Path};
use serde_json::Value;

use super::super::super::formats::qualified_name;
use super::super::super::members::Members as _;
use super::super::super::report::{Report as _, json_or_null};

const RULES_MAX: usize = 20;
const CONDITIONS_MAX: usize = 20;
const EXIT_CODES_MAX: usize = 255;
const ACTIONS: [&str; 4] = ["Count", "FailIndex", "FailJob", "Ignore"];

/// What is wrong with a policy of a job with this spec.
pub(super) fn validate(errors: &mut ErrorList, path: &Path, policy: &Value, spec: &Value) {
    let path = path.child("rules");
    let rules = policy.items("rules");
    errors.at_most(&path, rules.len(), RULES_MAX);
    let pod = &spec["template"]["spec"];
    let containers = pod.items("containers").iter().chain(pod.items("initContainers"));
    let names: Vec<&str> = containers.map(|container| container.text("name")).collect();
    for (i, rule) in rules.iter().enumerate() {
        let path = path.index(i);
        let action_path = path.child("action");
        match rule.text("action") {
            "FailIndex" => {
                if spec.member("backoffLimitPerIndex").is_none() {
                    let message = "requires the backoffLimitPerIndex to be set";
                    errors.invalid(&action_path, super::named("FailIndex"), message);
                }
            }
            action => chosen(errors, &action_path, action, &ACTIONS),
        }
        let conditions = rule.items("onPodConditions");
        let codes = rule.object("onExitCodes");
        if let Some(codes) = codes {
            exit_codes(errors, &path.child("onExitCodes"), codes, &names);
        }
        pod_conditions(errors, &path.child("onPodConditions"), conditions);
        let message = match (codes.is_some(), conditions.is_empty()) {
            (true, false) => "specifying both OnExitCodes and OnPodConditions is not supported",
            (false, true) => "specifying one of OnExitCodes and OnPodConditions is required",
            _ => continue,
        };
        errors.invalid(&path, FieldValue::Omitted, message);
    }
}

/// A text that must be one of some; upstream lists them in two ways.
fn chosen(errors: &mut ErrorList, path: &Path, text: &str, supported: &[&str]) {
    if text.is_empty() {
        let quoted: Vec<String> = supported.iter().map(|it| apimachinery::go::quote(it)).collect();
        errors.required(path, &format!("valid values: [{}]", quoted.join(" ")));
    } else if !supported.contains(&text) {
        errors.not_supported(path, text, supported);
    }
}

fn pod_conditions(errors: &mut ErrorList, path: &Path, conditions: &[Value]) {
    errors.at_most(path, conditions.len(), CONDITIONS_MAX);
    for (i, condition) in conditions.iter().enumerate() {
        let path = path.index(i);
        qualified_name(errors, &path.child("type"), condition.text("type"));
        chosen(errors, &path.child("status"), condition.text("status"), &["False", "True", "Unknown"]);
    }
}

fn exit_codes(errors: &mut ErrorList, path: &Path, codes: &Value, containers: &[&str]) {
    let operator = codes.text("operator");
    chosen(errors, &path.child("operator"), operator, &["In", "NotIn"]);
    if let Some(name) = codes.optional_text("containerName").filter(|name| !containers.contains(name)) {
        let message = "must be one of the container or initContainer names in the pod template";
        errors.invalid(&path.child("containerName"), name, message);
    }
    let path = path.child("values");
    let values: Vec<i64> = codes.items("values").iter().map(|it| it.as_i64().unwrap_or_default()).collect();
    if values.is_empty() {
        errors.invalid(&path, json_or_null(codes.member("values")), "at least one value is required");
    }
    errors.at_most(&path, values.len(), EXIT_CODES_MAX);
    for (i, value) in values.iter().enumerate() {
        let path = path.index(i);
        if operator == "In" && *value == 0 {
            errors.invalid(&path, 0, "must not be 0 for the In operator");
        }
        if values[..i].contains(value) {
            errors.duplicate(&path, *value);
        }
    }
    if !values.is_sorted() {
        errors.invalid(&path, json_or_null(codes.member("values")), "must be ordered");
    }
}
