//! When a job counts as done before all are (KEP-3998).

use apimachinery::{ErrorList, FieldError, Path};
use serde_json::Value;

use super::super::super::formats::NEGATIVE;
use super::super::super::members::Members as _;
use super::super::super::report::Report as _;
use super::indexes;

const RULES_MAX: usize = 20;
const INDEXES_LEN_MAX: usize = 64 * 1024;

/// What is wrong with a policy of an indexed job.
pub(super) fn validate(errors: &mut ErrorList, path: &Path, policy: &Value, completions: i64) {
    let path = path.child("rules");
    let rules = policy.items("rules");
    if rules.is_empty() {
        errors.required(&path, "at least one rules must be specified when the successPolicy is specified");
    }
    errors.at_most(&path, rules.len(), RULES_MAX);
    for (i, rule) in rules.iter().enumerate() {
        rule_errors(errors, &path.index(i), rule, completions);
    }
}

fn rule_errors(errors: &mut ErrorList, path: &Path, rule: &Value, completions: i64) {
    let (count, indexes) = (rule.optional_int("succeededCount"), rule.optional_text("succeededIndexes"));
    if count.is_none() && indexes.is_none() {
        errors.required(path, "at least one of succeededCount or succeededIndexes must be specified");
    }
    let mut n_indexes = 0;
    if let Some(indexes) = indexes {
        let path = path.child("succeededIndexes");
        if indexes.len() > INDEXES_LEN_MAX {
            errors.add(FieldError::too_long(&path, INDEXES_LEN_MAX));
        }
        match indexes::count(indexes, completions) {
            Ok(n) => n_indexes = n,
            Err(problem) => {
                errors.invalid(&path, indexes, format!("error parsing succeededIndexes: {problem}"))
            }
        }
    }
    let Some(count) = count else { return };
    let path = path.child("succeededCount");
    if count < 0 {
        errors.invalid(&path, count, NEGATIVE);
    }
    if count > completions {
        let message =
            format!("must be less than or equal to {completions} (the number of specified completions)");
        errors.invalid(&path, count, message);
    }
    if indexes.is_some() && count > n_indexes {
        let message = format!(
            "must be less than or equal to {n_indexes} (the number of indexes in the specified succeededIndexes field)"
        );
        errors.invalid(&path, count, message);
    }
}
