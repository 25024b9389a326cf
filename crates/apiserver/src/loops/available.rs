//! Whether what an APIService names can be asked: condition Available.
//!
//! Other servers are not asked yet, so those whose service is there fail at the last check.

use apimachinery::GroupResource;
use apimachinery::go::quote;
use apimachinery::meta::Meta;
use http::HeaderMap;
use serde_json::{Value, json};

use super::{Condition, Loop, write_status};
use crate::field_manager::{FieldManager, SERVER, take_said};
use crate::objects::Objects;
use crate::registry::Registry;

const GROUP: &str = "apiregistration.k8s.io";

pub(super) struct Available;

fn api_services() -> GroupResource {
    GroupResource::new(GROUP, "apiservices")
}

fn services() -> GroupResource {
    GroupResource::new("", "services")
}

fn endpoint_slices() -> GroupResource {
    GroupResource::new("discovery.k8s.io", "endpointslices")
}

impl Loop for Available {
    /// Services and their endpoints change often, and matter only to APIServices that name one.
    fn resources(&self, registry: &Registry) -> Vec<GroupResource> {
        let all = registry.caches.list(&api_services(), None);
        if all.iter().any(|service| service["spec"]["service"].is_object()) {
            vec![api_services(), services(), endpoint_slices()]
        } else {
            vec![api_services()]
        }
    }

    async fn look(&self, registry: &Registry) -> bool {
        let Some(served) = registry.kinds.stored(GROUP, "apiservices") else { return true };
        let mut is_right = true;
        for service in registry.caches.list(&api_services(), None) {
            let wanted = wanted(&service, registry.caches.as_ref());
            if wanted.is_in(&service) {
                continue;
            }
            is_right &= write_status(registry, served, Meta::of(&service).name(), |old| {
                let mut object = old.clone();
                let condition = wanted.document(old);
                set(&mut object, condition);
                let said = take_said(&mut object);
                FieldManager::of(served, "status", SERVER, &HeaderMap::new()).update(old, &mut object, said);
                Ok(object)
            })
            .await;
        }
        is_right
    }
}

/// Puts a condition in the place of that of its type, or at the end.
fn set(object: &mut Value, condition: Value) {
    let conditions = &mut object["status"]["conditions"];
    let Some(all) = conditions.as_array_mut() else {
        *conditions = json!([condition]);
        return;
    };
    match all.iter_mut().find(|old| old["type"] == condition["type"]) {
        Some(old) => *old = condition,
        None => all.push(condition),
    }
}

fn wanted(api_service: &Value, objects: &dyn Objects) -> Condition {
    let (is_true, reason, message) = match api_service["spec"]["service"].as_object() {
        None => (true, "Local", "Local APIServices are always available".to_owned()),
        Some(_) => {
            let (reason, message) = unavailable(&api_service["spec"], objects);
            (false, reason, message)
        }
    };
    Condition { condition_type: "Available", is_true, reason, message }
}

/// Why a server behind a service cannot be asked.
fn unavailable(spec: &Value, objects: &dyn Objects) -> (&'static str, String) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (namespace, name) = (text(&spec["service"]["namespace"]), text(&spec["service"]["name"]));
    let port = spec["service"]["port"].as_i64().unwrap_or(443);
    let path = format!("/apis/{}/{}", text(&spec["group"]), text(&spec["version"]));
    let what = format!("service/{name} in {}", quote(&namespace));
    let Some(service) = objects.get(&services(), &namespace, &name) else {
        return ("ServiceNotFound", format!("{what} is not present"));
    };
    // Only services with addresses of their own say which ports they have.
    if service["spec"]["type"] == "ClusterIP" {
        let ports = service["spec"]["ports"].as_array();
        let Some(listening) = ports.into_iter().flatten().find(|known| known["port"] == port) else {
            return ("ServicePortError", format!("{what} is not listening on port {port}"));
        };
        let port_name = text(&listening["name"]);
        let slices = objects.list(&endpoint_slices(), Some(&namespace));
        let mut own = slices
            .iter()
            .filter(|slice| Meta::of(slice).label("kubernetes.io/service-name") == Some(&name))
            .peekable();
        if own.peek().is_none() {
            return ("EndpointsNotFound", format!("cannot find endpointslices for {what}"));
        }
        if !own.any(|slice| has_endpoint(slice, &port_name)) {
            let message =
                format!("endpointslices for {what} have no addresses with port name {}", quote(&port_name));
            return ("MissingEndpoints", message);
        }
    }
    let host = format!("{name}.{namespace}.svc:{port}");
    let message = format!(
        "failing or missing response from https://{host}{path}: this server does not ask other servers yet"
    );
    ("FailedDiscoveryCheck", message)
}

/// Whether a slice has a ready endpoint, and a port of that name.
fn has_endpoint(slice: &Value, port_name: &str) -> bool {
    let list = |name: &str| slice[name].as_array().into_iter().flatten();
    list("endpoints").any(|endpoint| endpoint["conditions"]["ready"] != false)
        && list("ports").any(|port| port["name"].as_str().unwrap_or_default() == port_name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authorization::test_objects::TestObjects;

    #[test]
    fn a_server_is_as_available_as_its_service() {
        let service = |name: &str, kind: &str| {
            let spec = json!({"type": kind, "ports": [{"port": 443, "name": "https"}]});
            ("services", json!({"metadata": {"namespace": "ns", "name": name}, "spec": spec}))
        };
        let slice = |name: &str, is_ready: Value, port: &str| {
            let labels = json!({"kubernetes.io/service-name": name});
            let slice = json!({
                "metadata": {"namespace": "ns", "name": format!("{name}-{port}-{is_ready}"), "labels": labels},
                "endpoints": [{"conditions": {"ready": is_ready}}],
                "ports": [{"name": port}],
            });
            ("endpointslices.discovery.k8s.io", slice)
        };
        let objects = TestObjects::of([
            service("alone", "ClusterIP"),
            service("unready", "ClusterIP"),
            slice("unready", json!(false), "https"),
            slice("unready", json!(true), "http"),
            service("ready", "ClusterIP"),
            slice("ready", Value::Null, "https"),
            service("elsewhere", "ExternalName"),
        ]);
        for (name, port, reason, message) in [
            ("gone", 443, "ServiceNotFound", "service/gone in \"ns\" is not present"),
            ("ready", 444, "ServicePortError", "service/ready in \"ns\" is not listening on port 444"),
            ("alone", 443, "EndpointsNotFound", "cannot find endpointslices for service/alone in \"ns\""),
            (
                "unready",
                443,
                "MissingEndpoints",
                "endpointslices for service/unready in \"ns\" have no addresses with port name \"https\"",
            ),
            (
                "ready",
                443,
                "FailedDiscoveryCheck",
                "failing or missing response from https://ready.ns.svc:443/apis/g/v1: this server does not ask other \
                 servers yet",
            ),
            (
                "elsewhere",
                8443,
                "FailedDiscoveryCheck",
                "failing or missing response from https://elsewhere.ns.svc:8443/apis/g/v1: this server does not ask \
                 other servers yet",
            ),
        ] {
            let service = json!({"namespace": "ns", "name": name, "port": port});
            let api_service = json!({"spec": {"group": "g", "version": "v1", "service": service}});
            let found = wanted(&api_service, &*objects);
            assert_eq!((found.is_true, found.reason, found.message.as_str()), (false, reason, message));
        }
        let local = wanted(&json!({"spec": {"group": "g", "version": "v1"}}), &*objects);
        assert_eq!((local.is_true, local.reason), (true, "Local"));
    }

    #[test]
    fn a_condition_takes_the_place_of_the_old_one() {
        let mut object = json!({});
        set(&mut object, json!({"type": "A", "status": "True"}));
        set(&mut object, json!({"type": "B", "status": "True"}));
        set(&mut object, json!({"type": "A", "status": "False"}));
        let expected = json!([{"type": "A", "status": "False"}, {"type": "B", "status": "True"}]);
        assert_eq!(object["status"]["conditions"], expected);
    }
}
