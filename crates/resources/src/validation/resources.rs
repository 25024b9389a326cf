//! Names and amounts of resources.

use apimachinery::{ErrorList, FieldError, Path, names};
use serde_json::Value;
use wire::Quantity;

use super::formats::{NEGATIVE, NOT_POSITIVE, dns_label};
use super::members::{Members as _, quantity};
use super::report::{Report as _, named};

const HUGE_PAGES: &str = "hugepages-";

/// Resources that a pod as a whole can ask for, besides huge pages.
const POD_LEVEL: [&str; 2] = ["cpu", "memory"];

/// Resources that are counted and not measured.
const COUNTED: [&str; 9] = [
    "pods",
    "services",
    "replicationcontrollers",
    "resourcequotas",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "services.nodeports",
    "services.loadbalancers",
];

/// Names without a prefix that mean something somewhere, besides [`COUNTED`].
const MEASURED: [&str; 11] = [
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "storage",
    "requests.storage",
];

/// Whether a resource is pages of memory of one size.
pub fn is_huge_pages(name: &str) -> bool {
    name.starts_with(HUGE_PAGES)
}

/// Whether a resource is Kubernetes' own: its name has no prefix, or one of Kubernetes'.
pub fn is_native(name: &str) -> bool {
    !name.contains('/') || name.contains("kubernetes.io/")
}

/// Whether a resource is somebody else's.
pub fn is_extended(name: &str) -> bool {
    !is_native(name)
        && !name.starts_with("requests.")
        && names::qualified_name(&format!("requests.{name}")).is_empty()
}

/// Whether more can be promised than there is: then requests may be below limits.
pub fn allows_overcommit(name: &str) -> bool {
    is_native(name) && !is_huge_pages(name)
}

/// Whether an amount must be whole.
pub fn is_whole(name: &str) -> bool {
    COUNTED.contains(&name) || is_extended(name)
}

fn is_standard(name: &str) -> bool {
    let is_huge_pages = is_huge_pages(name.strip_prefix("requests.").unwrap_or(name));
    is_huge_pages || MEASURED.contains(&name) || COUNTED.contains(&name)
}

fn is_standard_of_containers(name: &str) -> bool {
    matches!(name, "cpu" | "memory" | "ephemeral-storage") || is_huge_pages(name)
}

/// The name of a resource, wherever it stands. Returns whether it is one.
pub fn resource_name(errors: &mut ErrorList, path: &Path, name: &str) -> bool {
    let messages = names::qualified_name(name);
    if !messages.is_empty() {
        for message in messages {
            errors.invalid(path, named(name), message);
        }
        return false;
    }
    if !name.contains('/') && !is_standard(name) {
        errors.invalid(path, named(name), "must be a standard resource type or fully qualified");
        return false;
    }
    true
}

/// The name of a resource of containers.
pub fn container_resource_name(errors: &mut ErrorList, path: &Path, name: &str) {
    resource_name(errors, path, name);
    if name.split('/').count() == 1 {
        if !is_standard_of_containers(name) {
            errors.invalid(path, named(name), "must be a standard resource for containers");
        }
    } else if !is_native(name) && !is_extended(name) {
        errors.invalid(path, named(name), "doesn't follow extended resource name standard");
    }
}

/// The name of a resource of a pod as a whole (KEP-2837).
fn pod_resource_name(errors: &mut ErrorList, path: &Path, name: &str) {
    if resource_name(errors, path, name) && !is_pod_level(name) {
        errors.not_supported(path, name, &["cpu", "hugepages-", "memory"]);
    }
}

/// Whether a pod as a whole can ask for a resource.
pub fn is_pod_level(name: &str) -> bool {
    POD_LEVEL.contains(&name) || is_huge_pages(name)
}

/// An amount of a resource: not below zero, and whole if it is counted.
pub fn resource_amount(errors: &mut ErrorList, path: &Path, name: &str, amount: Quantity) {
    if amount < Quantity::ZERO {
        errors.invalid(path, amount.to_string(), NEGATIVE);
    }
    if is_whole(name) && amount.milli_value() % 1000 != 0 {
        errors.invalid(path, amount.to_string(), "must be an integer");
    }
}

/// An amount above zero.
pub fn positive_amount(errors: &mut ErrorList, path: &Path, amount: Quantity) {
    if amount <= Quantity::ZERO {
        errors.invalid(path, amount.to_string(), NOT_POSITIVE);
    }
}

/// Whose resources they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A container's, or what running a pod costs besides.
    Container,
    /// A pod's as a whole.
    Pod,
}

/// Requests and limits of a container or a pod (`ResourceRequirements`). `allows_parts_of_pages`: the stored object
/// has amounts of huge pages that are no multiple of their size.
pub fn requirements(
    errors: &mut ErrorList,
    path: &Path,
    requirements: &Value,
    owner: Owner,
    claim_names: &[&str],
    allows_parts_of_pages: bool,
) {
    let limits_path = path.child("limits");
    let requests_path = path.child("requests");
    let (mut has_huge_pages, mut has_cpu_or_memory) = (false, false);
    let mut amount = |errors: &mut ErrorList, path: &Path, name: &str, amount: Quantity| {
        match owner {
            Owner::Container => container_resource_name(errors, path, name),
            Owner::Pod => pod_resource_name(errors, path, name),
        }
        resource_amount(errors, path, name, amount);
        has_huge_pages |= is_huge_pages(name);
        has_cpu_or_memory |= matches!(name, "cpu" | "memory");
    };
    let pages = |errors: &mut ErrorList, path: &Path, name: &str, amount: Quantity| {
        if is_huge_pages(name) && !allows_parts_of_pages && !is_multiple_of_page(name, amount) {
            let message = format!("{amount} is not positive integer multiple of {name}");
            errors.invalid(path, amount.to_string(), message);
        }
    };
    for (name, limit) in requirements.amounts("limits") {
        let path = limits_path.key(name);
        amount(errors, &path, name, limit);
        pages(errors, &path, name, limit);
    }
    for (name, request) in requirements.amounts("requests") {
        let path = requests_path.key(name);
        amount(errors, &path, name, request);
        match requirements.member("limits").member(name).map(quantity) {
            Some(limit) if request != limit && !allows_overcommit(name) => {
                let message = format!("must be equal to {name} limit of {limit}");
                errors.invalid(&requests_path, request.to_string(), message);
            }
            Some(limit) if request > limit => {
                let message = format!("must be less than or equal to {name} limit of {limit}");
                errors.invalid(&requests_path, request.to_string(), message);
            }
            None if !allows_overcommit(name) => {
                errors.required(&limits_path, "Limit must be set for non overcommitable resources");
            }
            _ => {}
        }
        pages(errors, &path, name, request);
    }
    if has_huge_pages && !has_cpu_or_memory {
        errors.forbidden(path, "HugePages require cpu or memory");
    }
    claims(errors, &path.child("claims"), requirements.items("claims"), claim_names);
}

fn is_multiple_of_page(name: &str, amount: Quantity) -> bool {
    let page: Quantity = name.strip_prefix(HUGE_PAGES).and_then(|size| size.parse().ok()).unwrap_or_default();
    page.value() > 0 && amount.value() % page.value() == 0
}

/// The claims of a pod that a container uses: each once, as a whole or by its requests.
fn claims(errors: &mut ErrorList, path: &Path, claims: &[Value], claim_names: &[&str]) {
    let mut used: Vec<String> = Vec::new();
    for (i, claim) in claims.iter().enumerate() {
        let path = path.index(i);
        let name = claim.text("name");
        if name.is_empty() {
            errors.required(&path, "");
            continue;
        }
        if used.iter().any(|used| used == name) {
            errors.duplicate(&path, name);
        } else {
            let request = claim.text("request");
            let key = if request.is_empty() {
                name.to_owned()
            } else {
                dns_label(errors, &path.child("request"), request);
                format!("{name}/{request}")
            };
            if used.contains(&key) {
                errors.duplicate(&path, key.as_str());
            } else if request.is_empty() {
                let is_overlap =
                    |used: &&String| used.split_once('/').is_some_and(|(claim, _)| claim == name);
                for _ in used.iter().filter(is_overlap) {
                    errors.duplicate(&path, name);
                }
            }
            used.push(key);
        }
        if !claim_names.contains(&name) {
            let mut known = claim_names.to_vec();
            known.sort_unstable();
            known.dedup();
            let detail = if known.is_empty() {
                "must be one of the names in pod.spec.resourceClaims which is empty".to_owned()
            } else {
                format!("must be one of the names in pod.spec.resourceClaims: {}", known.join(", "))
            };
            errors.add(FieldError { detail, ..FieldError::not_found(&path, name) });
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(resources: &Value, expected: &[&str]) {
        let mut errors = ErrorList::new();
        requirements(&mut errors, &Path::new("r"), resources, Owner::Container, &["c"], false);
        let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(texts, expected, "{resources}");
    }

    #[test]
    fn requests_fit_into_limits() {
        check(&json!({"requests": {"cpu": "1"}, "limits": {"cpu": "1"}}), &[]);
        check(
            &json!({"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}),
            &["r.requests: Invalid value: \"2\": must be less than or equal to cpu limit of 1"],
        );
        check(
            &json!({"requests": {"example.com/gpu": "1"}, "limits": {"example.com/gpu": "2"}}),
            &["r.requests: Invalid value: \"1\": must be equal to example.com/gpu limit of 2"],
        );
        check(
            &json!({"requests": {"example.com/gpu": "1"}}),
            &["r.limits: Required value: Limit must be set for non overcommitable resources"],
        );
        check(
            &json!({"limits": {"example.com/gpu": "1500m"}}),
            &["r.limits[example.com/gpu]: Invalid value: \"1500m\": must be an integer"],
        );
    }

    #[test]
    fn names_are_known_or_qualified() {
        check(
            &json!({"limits": {"storage": "1"}}),
            &["r.limits[storage]: Invalid value: \"storage\": must be a standard resource for containers"],
        );
        check(
            &json!({"limits": {"widgets": "1"}}),
            &[
                "r.limits[widgets]: Invalid value: \"widgets\": must be a standard resource type or fully qualified",
                "r.limits[widgets]: Invalid value: \"widgets\": must be a standard resource for containers",
            ],
        );
        check(
            &json!({"limits": {"memory": "-1"}}),
            &["r.limits[memory]: Invalid value: \"-1\": must be greater than or equal to 0"],
        );
    }

    #[test]
    fn huge_pages_come_whole_and_with_memory() {
        check(
            &json!({"limits": {"hugepages-2Mi": "3Mi"}}),
            &[
                "r.limits[hugepages-2Mi]: Invalid value: \"3Mi\": 3Mi is not positive integer multiple of hugepages-2Mi",
                "r: Forbidden: HugePages require cpu or memory",
            ],
        );
    }

    #[test]
    fn claims_are_used_once() {
        check(
            &json!({"claims": [{"name": "c", "request": "x"}, {"name": "c"}, {"name": "d"}]}),
            &[
                "r.claims[1]: Duplicate value: \"c\"",
                "r.claims[2]: Not found: \"d\": must be one of the names in pod.spec.resourceClaims: c",
            ],
        );
    }
}
