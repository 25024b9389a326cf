//! Finalizers that ask the garbage collector to look after dependents first.

use apimachinery::meta::Meta;
use apimachinery::options::{DeleteOptions, PropagationPolicy};
use resources::kind::Kind;
use serde_json::Value;

/// Dependents are cut loose.
pub(super) const ORPHAN: &str = "orphan";
/// Dependents go first.
pub(super) const FOREGROUND: &str = "foregroundDeletion";

/// The finalizers that an object gets by being deleted with these options; `None` if they stay as they are.
pub(super) fn of_deletion(kind: &Kind, object: &Value, options: &DeleteOptions) -> Option<Vec<String>> {
    if !kind.deletion.collects_garbage {
        return None;
    }
    let before: Vec<&str> = Meta::of(object).finalizers().collect();
    let has = |name: &str| before.contains(&name);
    let orphans = match (options.orphan_dependents, options.propagation_policy) {
        (Some(orphans), _) => orphans,
        (None, Some(policy)) => policy == PropagationPolicy::Orphan,
        (None, None) if has(ORPHAN) => true,
        (None, None) if has(FOREGROUND) => false,
        (None, None) => kind.deletion.orphans_by_default,
    };
    let waits = match (options.orphan_dependents, options.propagation_policy) {
        (Some(_), _) => false,
        (None, Some(policy)) => policy == PropagationPolicy::Foreground,
        (None, None) => has(FOREGROUND) && !has(ORPHAN),
    };
    if has(ORPHAN) == orphans && has(FOREGROUND) == waits {
        return None;
    }
    let kept = before.iter().filter(|name| !matches!(**name, ORPHAN | FOREGROUND));
    let mut after: Vec<String> = kept.map(|name| (*name).to_owned()).collect();
    if orphans {
        after.push(ORPHAN.to_owned());
    }
    if waits {
        after.push(FOREGROUND.to_owned());
    }
    Some(after)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    static KIND: Kind = Kind::named("", "A", "a", "as");

    #[test]
    fn policies_put_one_finalizer_in_the_others_place() {
        let check = |before: &[&str], policy: Option<PropagationPolicy>, expected: Option<&[&str]>| {
            let object = json!({"metadata": {"finalizers": before}});
            let options = DeleteOptions { propagation_policy: policy, ..DeleteOptions::default() };
            let after = of_deletion(&KIND, &object, &options);
            let expected = expected.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
            assert_eq!(after, expected, "{before:?} {policy:?}");
        };
        check(&[], None, None);
        check(&["x/y"], Some(PropagationPolicy::Orphan), Some(&["x/y", "orphan"]));
        check(&["orphan"], Some(PropagationPolicy::Foreground), Some(&["foregroundDeletion"]));
        check(&["orphan"], Some(PropagationPolicy::Background), Some(&[]));
        check(&["orphan"], None, None);
        check(&["foregroundDeletion"], None, None);
    }
}
