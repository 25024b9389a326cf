//! Resources of a pod as a whole (KEP-2837).

use std::collections::BTreeMap;

use apimachinery::{ErrorList, Path};
use serde_json::Value;
use wire::Quantity;

use super::super::members::{Members as _, quantity};
use super::super::report::Report as _;
use super::super::resources::{self, Owner};
use super::{Kept, is_sidecar};

type Amounts<'v> = BTreeMap<&'v str, Quantity>;

/// What is wrong with them; `path` is where they are.
pub(super) fn validate(errors: &mut ErrorList, path: &Path, spec: &Value, claim_names: &[&str], kept: Kept) {
    let Some(requirements) = spec.object("resources") else { return };
    if !requirements.items("claims").is_empty() {
        errors.forbidden(&path.child("claims"), "claims may not be set for Resources at pod-level");
    }
    resources::requirements(errors, path, requirements, Owner::Pod, claim_names, kept.parts_of_pages);
    let requests = requirements.member("requests");
    for (name, sum) in aggregate(spec, "requests") {
        let Some(request) = requests.member(name).map(quantity) else { continue };
        if sum > request {
            let message = format!("must be greater than or equal to aggregate container requests of {sum}");
            errors.invalid(&path.child("requests").key(name), request.to_string(), message);
        }
    }
    let limits = requirements.member("limits");
    for (name, sum) in aggregate(spec, "limits") {
        let Some(limit) = limits.member(name).map(quantity).filter(|_| resources::is_huge_pages(name)) else {
            continue;
        };
        if sum > limit {
            let message = format!("must be greater than or equal to aggregate container limits of {sum}");
            errors.invalid(&path.child("limits").key(name), limit.to_string(), message);
        }
    }
    for (i, container) in spec.items("containers").iter().enumerate() {
        let Some(of_container) = container.object("resources") else { continue };
        for (name, limit) in of_container.amounts("limits") {
            let Some(of_pod) = limits.member(name).map(quantity) else { continue };
            if limit > of_pod {
                let path = path.child("containers").index(i).key(name).child("limits");
                let message = format!("must be less than or equal to pod limits of {of_pod}");
                errors.invalid(&path, limit.to_string(), message);
            }
        }
    }
}

/// What the containers need together: all that run at once, or the one init container that needs most, beside the
/// sidecars that were started before it (KEP-753).
fn aggregate<'v>(spec: &'v Value, what: &str) -> Amounts<'v> {
    let mut together = Amounts::new();
    for container in spec.items("containers") {
        add(&mut together, container, what);
    }
    let (mut sidecars, mut greatest) = (Amounts::new(), Amounts::new());
    for container in spec.items("initContainers") {
        let mut needed = sidecars.clone();
        add(&mut needed, container, what);
        if is_sidecar(container) {
            add(&mut together, container, what);
            sidecars.clone_from(&needed);
        }
        raise(&mut greatest, &needed);
    }
    raise(&mut together, &greatest);
    together
}

fn add<'v>(amounts: &mut Amounts<'v>, container: &'v Value, what: &str) {
    let Some(resources) = container.member("resources") else { return };
    for (name, amount) in resources.amounts(what) {
        *amounts.entry(name).or_insert(Quantity::ZERO) += amount;
    }
}

fn raise<'v>(amounts: &mut Amounts<'v>, others: &Amounts<'v>) {
    for (name, other) in others {
        let amount = amounts.entry(name).or_insert(*other);
        *amount = (*amount).max(*other);
    }
}
