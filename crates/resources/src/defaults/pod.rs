//! Pods, and templates of pods.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use wire::Quantity;

use super::container::container;
use super::quantity;
use super::volume::volume;
use crate::document::{Members as _, Object, at_mut, is_empty};

/// A Pod. What is said here and not in [`spec`] does not hold for templates.
pub(crate) fn pod(object: &mut Value) {
    if let Some(spec) = at_mut(object, &["spec"]) {
        self::spec(spec);
        for list in ["containers", "initContainers"] {
            spec.for_each(list, request_the_limits);
        }
        if spec.has("resources") {
            limit_huge_pages(spec);
            request_for_pod(spec);
        }
        spec.fill_absent("enableServiceLinks", true);
        if spec.flag("hostNetwork") {
            for list in ["containers", "initContainers"] {
                spec.for_each(list, |container| container.for_each("ports", open_on_host));
            }
        }
    }
    if let Some(status) = at_mut(object, &["status"]) {
        same_address_in_both(status, "podIP", "podIPs");
        for list in ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"] {
            status.for_each(list, |container| {
                quantity::round(container, "allocatedResources");
                quantity::round_resources(container);
            });
        }
    }
}

/// The template of pods below a member of an object.
pub(super) fn template(of: &mut Object, name: &str) {
    if let Some(spec) = of.members_mut(name).and_then(|template| template.members_mut("spec")) {
        self::spec(spec);
    }
}

/// The spec of a pod or template.
pub(super) fn spec(spec: &mut Object) {
    spec.fill_empty("dnsPolicy", "ClusterFirst");
    spec.fill_empty("restartPolicy", "Always");
    spec.fill_absent("securityContext", json!({}));
    spec.fill_absent("terminationGracePeriodSeconds", 30);
    spec.fill_empty("schedulerName", "default-scheduler");
    // The old name and the new one say the same; the new one counts.
    let account = match spec.text("serviceAccountName") {
        "" => spec.text("serviceAccount"),
        name => name,
    };
    if !account.is_empty() {
        let account = account.to_owned();
        spec.put("serviceAccountName", account.clone());
        spec.put("serviceAccount", account);
    }
    for list in ["containers", "initContainers", "ephemeralContainers"] {
        spec.for_each(list, container);
    }
    spec.for_each("volumes", volume);
    quantity::round(spec, "overhead");
    quantity::round_resources(spec);
}

/// One address, and a list that begins with it: the single one counts where they differ.
pub(super) fn same_address_in_both(of: &mut Object, single: &str, list: &str) {
    let in_list = |item: &Value| match item {
        Value::String(address) => address.clone(),
        item => item["ip"].as_str().unwrap_or_default().to_owned(),
    };
    let is_plain = list == "podCIDRs";
    let first = of.items(list).first().map(in_list);
    match (of.text(single).to_owned(), first) {
        (address, Some(first)) if address.is_empty() && !first.is_empty() => of.put(single, first),
        (address, first) if !address.is_empty() && first.as_ref() != Some(&address) => {
            let item = if is_plain { json!(address) } else { json!({ "ip": address }) };
            of.put(list, vec![item]);
        }
        _ => {}
    }
}

fn open_on_host(port: &mut Object) {
    if let Some(number) = port.get("containerPort").filter(|number| !is_empty(number)).cloned() {
        port.fill_empty("hostPort", number);
    }
}

fn request_the_limits(container: &mut Object) {
    let Some(resources) = container.members_mut("resources") else { return };
    let Some(limits) = resources.members("limits").filter(|limits| !limits.is_empty()).cloned() else {
        return;
    };
    let requests = resources.members_made("requests");
    for (resource, limit) in limits {
        requests.entry(resource).or_insert(limit);
    }
}

fn is_huge_pages(resource: &str) -> bool {
    resource.starts_with("hugepages-")
}

/// Limits of huge pages for the whole pod, if it says something of its resources but not of these.
fn limit_huge_pages(spec: &mut Object) {
    let sums = of_containers(spec, "limits");
    let Some(resources) = spec.members_mut("resources") else { return };
    let has =
        |list: &str, resource: &str| resources.members(list).is_some_and(|list| list.contains_key(resource));
    let says_something = ["limits", "requests"]
        .iter()
        .any(|list| resources.members(list).is_some_and(|list| !list.is_empty()));
    if !says_something {
        return;
    }
    let missing: Vec<_> = sums
        .into_iter()
        .filter(|(name, _)| is_huge_pages(name) && !has("limits", name) && !has("requests", name))
        .collect();
    if missing.is_empty() {
        return;
    }
    let limits = resources.members_made("limits");
    for (resource, sum) in missing {
        limits.put(&resource, sum.to_string());
    }
}

/// Requests of the whole pod, if it has limits: what its containers request, or else the limit (KEP-2837).
fn request_for_pod(spec: &mut Object) {
    let sums = of_containers(spec, "requests");
    let Some(resources) = spec.members_mut("resources") else { return };
    let Some(limits) = resources.members("limits").filter(|limits| !limits.is_empty()).cloned() else {
        return;
    };
    let requests = resources.members_made("requests");
    for (resource, sum) in sums {
        if matches!(resource.as_str(), "cpu" | "memory") {
            requests.fill_absent(&resource, sum.to_string());
        }
    }
    for (resource, limit) in limits {
        if matches!(resource.as_str(), "cpu" | "memory") || is_huge_pages(&resource) {
            requests.fill_absent(&resource, limit);
        }
    }
    if requests.is_empty() {
        resources.remove("requests");
    }
}

/// What the containers of a pod ask for at the same time (KEP-753): the containers with those initial ones that stay,
/// or an initial container with those that stay and were started before it.
fn of_containers(spec: &Object, list: &str) -> BTreeMap<String, Quantity> {
    type Amounts = BTreeMap<String, Quantity>;
    let of = |container: &Value| -> Amounts {
        let amounts = container["resources"][list].as_object().into_iter().flatten();
        amounts.filter_map(|(name, amount)| Some((name.clone(), amount.as_str()?.parse().ok()?))).collect()
    };
    let add = |to: &mut Amounts, other: &Amounts| {
        for (name, amount) in other {
            to.entry(name.clone()).and_modify(|sum| *sum += *amount).or_insert(*amount);
        }
    };
    let mut sum = Amounts::new();
    for container in spec.items("containers") {
        add(&mut sum, &of(container));
    }
    let (mut staying, mut initial) = (Amounts::new(), Amounts::new());
    for container in spec.items("initContainers") {
        let mut at_once = of(container);
        if container["restartPolicy"] == "Always" {
            add(&mut sum, &at_once);
            add(&mut staying, &at_once);
            at_once = staying.clone();
        } else {
            add(&mut at_once, &staying);
        }
        for (name, amount) in at_once {
            let most = initial.entry(name).or_insert(amount);
            *most = (*most).max(amount);
        }
    }
    for (name, amount) in initial {
        let most = sum.entry(name).or_insert(amount);
        *most = (*most).max(amount);
    }
    sum
}
