//! Label selectors the way kubectl prints and reads them.

use std::fmt::Write as _;

use super::{LabelSelector, LabelSelectorRequirement};

/// A selector in one line: `a=b,c in (x,y),!d`, sorted by key. The empty selector is empty text.
pub fn label_selector_as_text(selector: &LabelSelector) -> String {
    let equal = selector.match_labels.iter().map(|(key, value)| (key.as_str(), format!("{key}={value}")));
    let others = selector.match_expressions.iter().map(|it| (it.key.as_str(), requirement_as_text(it)));
    let mut parts: Vec<(&str, String)> = equal.chain(others).collect();
    parts.sort_by_key(|(key, _)| *key);
    let texts: Vec<String> = parts.into_iter().map(|(_, text)| text).collect();
    texts.join(",")
}

fn requirement_as_text(requirement: &LabelSelectorRequirement) -> String {
    let LabelSelectorRequirement { key, operator, values } = requirement;
    let mut sorted: Vec<&str> = values.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    let list = sorted.join(",");
    match operator.as_str() {
        "In" => format!("{key} in ({list})"),
        "NotIn" => format!("{key} notin ({list})"),
        "Exists" => key.clone(),
        "DoesNotExist" => format!("!{key}"),
        unknown => {
            let mut text = format!("{key} {unknown}");
            if !values.is_empty() {
                // Cannot fail: it writes to a string.
                let _ = write!(text, " ({list})");
            }
            text
        }
    }
}
