//! What becomes of addresses and ports that were given out, when a service changes.

use serde_json::Value;

use super::ports::{needs_health_check_port, needs_node_ports};
use crate::defaults::service::is_externally_accessible;
use crate::document::{Members as _, Object, at, at_mut, is_empty, members_of};

/// Whether a service has addresses inside of the cluster, if only `None`.
pub fn needs_cluster_ip(object: &Value) -> bool {
    at(object, &["spec"])
        .is_some_and(|spec| matches!(spec.text("type"), "ClusterIP" | "NodePort" | "LoadBalancer"))
}

/// Makes the list of addresses of a new service agree with the single one.
pub fn normalise_on_create(object: &mut Value) {
    let Some(spec) = at_mut(object, &["spec"]) else { return };
    if spec.items("clusterIPs").is_empty() && !spec.text("clusterIP").is_empty() {
        set_addresses_to_single(spec);
    }
}

/// Makes the list of addresses of a changed service agree with the single one, for clients that know only that.
pub fn normalise_on_update(object: &mut Value, old: &Value) {
    let old = at(old, &["spec"]).cloned().unwrap_or_default();
    let Some(spec) = at_mut(object, &["spec"]) else { return };
    let is_same_single = spec.text("clusterIP") == old.text("clusterIP");
    let is_same_list = spec.items("clusterIPs") == old.items("clusterIPs");
    if spec.items("clusterIPs").is_empty() && is_same_single {
        copy(spec, &old, "clusterIPs");
    } else if !is_same_single && spec.text("clusterIP").is_empty() && is_same_list {
        spec.remove("clusterIPs");
    } else if !is_same_single && is_same_list {
        set_addresses_to_single(spec);
    }
}

/// Fills in what the server gave out before, and the update leaves out.
pub fn patch_on_update(object: &mut Value, old: &Value) {
    if needs_cluster_ip(object) && needs_cluster_ip(old) {
        fill(object, old, &["clusterIP", "clusterIPs"]);
    }
    if needs_node_ports(object) && needs_node_ports(old) {
        fill_node_ports(object, old);
    }
    if needs_health_check_port(object) && needs_health_check_port(old) {
        fill(object, old, &["healthCheckNodePort"]);
    }
}

/// Clears what was given out for the old type, where the user did not change it with the type.
pub fn type_change(object: &mut Value, old: &Value) {
    let is_balancer = |object: &Value| object["spec"]["type"] == "LoadBalancer";
    if needs_cluster_ip(old) && !needs_cluster_ip(object) {
        clear_unless_changed(object, old, &["clusterIP", "clusterIPs"]);
        clear_unless_changed(object, old, &["ipFamilies"]);
        clear_unless_changed(object, old, &["ipFamilyPolicy"]);
    }
    if needs_node_ports(old) && !needs_node_ports(object) {
        clear_node_ports(object, old);
    }
    if needs_health_check_port(old) && !needs_health_check_port(object) {
        clear_unless_changed(object, old, &["healthCheckNodePort"]);
    }
    if is_balancer(old) && !is_balancer(object) {
        clear_unless_changed(object, old, &["allocateLoadBalancerNodePorts"]);
        clear_unless_changed(object, old, &["loadBalancerClass"]);
        if let Some(status) = at_mut(object, &["status"]) {
            status.put("loadBalancer", Object::new());
        }
    }
    let is_reachable = |object: &Value| at(object, &["spec"]).is_some_and(is_externally_accessible);
    if is_reachable(old) && !is_reachable(object) {
        clear_unless_changed(object, old, &["externalTrafficPolicy"]);
    }
}

fn set_addresses_to_single(spec: &mut Object) {
    let address = spec.text("clusterIP").to_owned();
    spec.put("clusterIPs", vec![address]);
}

fn copy(spec: &mut Object, old: &Object, member: &str) {
    if let Some(value) = old.get(member) {
        spec.put(member, value.clone());
    }
}

fn fill(object: &mut Value, old: &Value, members: &[&str]) {
    let spec = members_of(object).members_made("spec");
    for member in members {
        if let Some(value) = old["spec"].get(*member) {
            spec.fill_empty(member, value.clone());
        }
    }
}

fn clear_unless_changed(object: &mut Value, old: &Value, members: &[&str]) {
    let Some(spec) = at_mut(object, &["spec"]) else { return };
    if members.iter().all(|member| spec.get(*member) == old["spec"].get(*member)) {
        for member in members {
            spec.remove(*member);
        }
    }
}

/// The protocol and the number: what may be opened once.
fn node_port(port: &Value) -> Option<(&str, i64)> {
    let number = port["nodePort"].as_i64().filter(|number| *number != 0)?;
    Some((port["protocol"].as_str().unwrap_or_default(), number))
}

fn fill_node_ports(object: &mut Value, old: &Value) {
    let ports = |object: &Value| object["spec"]["ports"].as_array().cloned().unwrap_or_default();
    let old = ports(old);
    let own = ports(object);
    let taken: Vec<_> = own.iter().filter_map(node_port).collect();
    let Some(spec) = at_mut(object, &["spec"]) else { return };
    spec.for_each("ports", |port| {
        let before = old.iter().find(|old| old.get("name").map_or("", text) == port.text("name"));
        let Some(before) = before else { return };
        let Some((_, number)) = node_port(before) else { return };
        let is_free = !taken.contains(&(port.text("protocol"), number));
        if port.get("nodePort").is_none_or(is_empty) && is_free {
            port.put("nodePort", number);
        }
    });
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Node ports go if all of them are as they were.
fn clear_node_ports(object: &mut Value, old: &Value) {
    let numbers = |object: &Value| {
        let ports = object["spec"]["ports"].as_array().into_iter().flatten();
        let mut numbers: Vec<_> = ports.filter_map(|port| port["nodePort"].as_i64()).collect();
        numbers.sort_unstable();
        numbers
    };
    if numbers(object) != numbers(old) {
        return;
    }
    if let Some(spec) = at_mut(object, &["spec"]) {
        spec.for_each("ports", |port| {
            port.remove("nodePort");
        });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{normalise_on_create, normalise_on_update, patch_on_update, type_change};

    fn updated(mut new: Value, old: &Value) -> Value {
        normalise_on_update(&mut new, old);
        patch_on_update(&mut new, old);
        type_change(&mut new, old);
        new
    }

    #[test]
    fn the_single_address_becomes_a_list() {
        let mut object = json!({ "spec": { "type": "ClusterIP", "clusterIP": "10.0.0.5" } });
        normalise_on_create(&mut object);
        assert_eq!(object["spec"]["clusterIPs"], json!(["10.0.0.5"]));
    }

    #[test]
    fn what_was_given_out_stays() {
        let old = json!({ "spec": {
            "type": "NodePort", "clusterIP": "10.0.0.5", "clusterIPs": ["10.0.0.5"],
            "ports": [{ "name": "a", "port": 1, "protocol": "TCP", "nodePort": 30001 }],
        } });
        let new = json!({ "spec": { "type": "NodePort", "ports": [{ "name": "a", "port": 2, "protocol": "TCP" }] } });
        let new = updated(new, &old);
        assert_eq!(new["spec"]["clusterIP"], "10.0.0.5");
        assert_eq!(new["spec"]["clusterIPs"], json!(["10.0.0.5"]));
        assert_eq!(new["spec"]["ports"][0]["nodePort"], 30001);
    }

    #[test]
    fn a_port_that_another_one_took_is_not_given_back() {
        let old = json!({ "spec": { "type": "NodePort",
            "ports": [{ "name": "a", "protocol": "TCP", "nodePort": 30001 }] } });
        let new = json!({ "spec": { "type": "NodePort", "ports": [
            { "name": "a", "protocol": "TCP" }, { "name": "b", "protocol": "TCP", "nodePort": 30001 },
        ] } });
        assert!(updated(new, &old)["spec"]["ports"][0].get("nodePort").is_none());
    }

    #[test]
    fn an_external_name_has_no_addresses() {
        let old = json!({ "spec": {
            "type": "ClusterIP", "clusterIP": "10.0.0.5", "clusterIPs": ["10.0.0.5"],
            "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack",
        } });
        let mut new = old.clone();
        new["spec"]["type"] = "ExternalName".into();
        assert_eq!(updated(new, &old), json!({ "spec": { "type": "ExternalName" } }));
    }

    #[test]
    fn what_the_user_changes_with_the_type_is_left_for_validation() {
        let old = json!({ "spec": { "type": "NodePort", "ports": [{ "port": 1, "nodePort": 30001 }] } });
        let new = json!({ "spec": { "type": "ClusterIP", "ports": [{ "port": 1, "nodePort": 30002 }] } });
        assert_eq!(updated(new.clone(), &old), new);
        let new = json!({ "spec": { "type": "ClusterIP", "ports": [{ "port": 1, "nodePort": 30001 }] } });
        assert!(updated(new, &old)["spec"]["ports"][0].get("nodePort").is_none());
    }

    #[test]
    fn a_changed_single_address_replaces_the_list() {
        let old =
            json!({ "spec": { "type": "ClusterIP", "clusterIP": "10.0.0.5", "clusterIPs": ["10.0.0.5"] } });
        let mut new = old.clone();
        new["spec"]["clusterIP"] = "10.0.0.6".into();
        normalise_on_update(&mut new, &old);
        assert_eq!(new["spec"]["clusterIPs"], json!(["10.0.0.6"]));
        new["spec"]["clusterIP"] = "".into();
        new["spec"]["clusterIPs"] = json!(["10.0.0.5"]);
        normalise_on_update(&mut new, &old);
        assert!(new["spec"].get("clusterIPs").is_none());
    }
}
