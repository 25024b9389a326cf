//! Tolerations.

use wire::Toleration;

use super::fault::{Checked, fault, one_of_or_none};
use super::node::TAINT_EFFECTS;
use super::{Author, names};

const OPERATORS: [&str; 4] = ["Equal", "Exists", "Lt", "Gt"];

/// Checks a toleration.
pub(super) fn check(toleration: &Toleration, author: Author) -> Checked {
    let Toleration { key, operator, value, effect, toleration_seconds } = toleration;
    one_of_or_none("operator", operator, &OPERATORS)?;
    one_of_or_none("effect", effect, &TAINT_EFFECTS)?;
    if author == Author::ApiServer {
        return Ok(());
    }
    if key.is_empty() && operator != "Exists" {
        return fault(
            "operator",
            "must be \"Exists\" where key is empty, which means all values and all keys",
        );
    }
    if !key.is_empty() {
        names::label_key("key", key)?;
    }
    match operator.as_str() {
        "Exists" if !value.is_empty() => {
            return fault("value", format!("{value:?} must be empty where operator is \"Exists\""));
        }
        "Lt" | "Gt" if value.parse::<i64>().is_err() => {
            return fault("value", format!("{value:?} must be an integer where operator is {operator:?}"));
        }
        _ => {}
    }
    if toleration_seconds.is_some() && effect != "NoExecute" {
        return fault("effect", "must be \"NoExecute\" where tolerationSeconds is set");
    }
    Ok(())
}
