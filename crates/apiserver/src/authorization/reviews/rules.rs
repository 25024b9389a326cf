//! SelfSubjectRulesReview: everything that the user may do in a namespace.

use apimachinery::Status;
use serde_json::{Value, json};

use super::super::modes::Modes;
use super::super::node::node_name;
use super::super::rbac::Rule;
use super::text;
use crate::user::User;

pub(super) fn self_subject(modes: &Modes, user: &User, review: &Value) -> Result<Value, Box<Status>> {
    let namespace = text(&review["spec"], "namespace");
    if namespace.is_empty() {
        return Err(Box::new(Status::bad_request("no namespace on request")));
    }
    let (mut rules, mut errors) = (Vec::new(), Vec::new());
    let is_node = modes.has_node() && node_name(user).is_some();
    if is_node {
        errors.push("node authorizer does not support user rule resolution".to_owned());
    }
    if modes.allows_everything() {
        let all = || vec!["*".to_owned()];
        rules.push(Rule { verbs: all(), api_groups: all(), resources: all(), ..Rule::default() });
        rules.push(Rule { verbs: all(), non_resource_urls: all(), ..Rule::default() });
    }
    if let Some(rbac) = modes.rbac() {
        let (found, missing) = rbac.rules_for(user, namespace);
        rules.extend(found);
        match missing.as_slice() {
            [] => {}
            [error] => errors.push(error.clone()),
            several => errors.push(format!("[{}]", several.join(", "))),
        }
    }
    let of_resources: Vec<Value> =
        rules.iter().filter(|rule| !rule.resources.is_empty()).map(Rule::to_value).collect();
    let of_urls: Vec<Value> =
        rules.iter().filter(|rule| !rule.non_resource_urls.is_empty()).map(Rule::to_value).collect();
    let mut status = json!({
        "resourceRules": of_resources,
        "nonResourceRules": of_urls,
        "incomplete": !errors.is_empty(),
    });
    if !errors.is_empty() {
        let error =
            if let [error] = errors.as_slice() { error.clone() } else { format!("[{}]", errors.join(", ")) };
        status["evaluationError"] = error.into();
    }
    let mut answered = review.clone();
    answered["spec"] = json!({});
    answered["status"] = status;
    Ok(answered)
}
