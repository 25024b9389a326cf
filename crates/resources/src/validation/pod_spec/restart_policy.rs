//! When one container is started again (KEP-5307, KEP-5532).

use apimachinery::{ErrorList, Path};
use serde_json::Value;

use super::super::members::Members as _;
use super::super::report::Report as _;

const RULES_MAX: usize = 20;
const EXIT_CODES_MAX: usize = 255;

/// The container's own policy and rules; `path` is the container.
pub(super) fn validate(errors: &mut ErrorList, path: &Path, container: &Value) {
    const POLICIES: [&str; 3] = ["Always", "Never", "OnFailure"];
    let rules = container.items("restartPolicyRules");
    let policy_path = path.child("restartPolicy");
    match container.optional_text("restartPolicy") {
        None if !rules.is_empty() => {
            errors.required(&policy_path, "must specify restartPolicy when restart rules are used");
        }
        Some(policy) if !POLICIES.contains(&policy) => errors.not_supported(&policy_path, policy, &POLICIES),
        _ => {}
    }
    let rules_path = path.child("restartPolicyRules");
    errors.at_most(&rules_path, rules.len(), RULES_MAX);
    for (i, rule) in rules.iter().enumerate() {
        let path = rules_path.index(i);
        let action = rule.text("action");
        if !matches!(action, "Restart" | "RestartAllContainers") {
            errors.not_supported(&path.child("action"), action, &["Restart", "RestartAllContainers"]);
        }
        let codes_path = path.child("exitCodes");
        let Some(codes) = rule.object("exitCodes") else {
            errors.required(&codes_path, "must be specified");
            continue;
        };
        let operator = codes.text("operator");
        if !matches!(operator, "In" | "NotIn") {
            errors.not_supported(&codes_path.child("operator"), operator, &["In", "NotIn"]);
        }
        errors.at_most(&codes_path.child("values"), codes.items("values").len(), EXIT_CODES_MAX);
    }
}
