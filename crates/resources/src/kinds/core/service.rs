//! What Services need besides what all kinds do, and what the allocators have to know of them.
//!
//! Addresses and node ports are given out by the registry, which calls, on creation, [`normalise_on_create`]; on an
//! update [`normalise_on_update`], [`patch_on_update`] and [`type_change`], in this order.

mod ports;
mod rules;

use serde_json::Value;

use crate::defaults;
use crate::document::{Members as _, Object, at_mut, take_from};
use crate::kind::{Context, Hooks};

pub use ports::{needs_health_check_port, needs_node_ports};
pub use rules::{needs_cluster_ip, normalise_on_create, normalise_on_update, patch_on_update, type_change};

/// The strategy of services.
pub(in crate::kinds) static STRATEGY: Hooks =
    Hooks { set_defaults: defaults::service::service, prepare_for_update, warnings, decorate, ..Hooks::NONE };

fn prepare_for_update(context: Context<'_>, object: &mut Value, old: &Value) {
    if context.subresource.is_empty() {
        type_change(object, old);
    } else if context.subresource == "status" {
        take_from(object, old, "spec");
    }
}

fn warnings(context: Context<'_>, object: &Value, old: Option<&Value>) -> Vec<String> {
    let addresses = |object: &Value| object["spec"].get("externalIPs").cloned().unwrap_or_default();
    let new = addresses(object);
    let has_some = new.as_array().is_some_and(|addresses| !addresses.is_empty());
    if !context.subresource.is_empty() || !has_some || old.is_some_and(|old| addresses(old) == new) {
        return Vec::new();
    }
    vec!["spec.externalIPs is deprecated and may no longer be implemented in some clusters".to_owned()]
}

/// Old services have their address in the old field only. What has no address has no traffic inside of the cluster.
fn decorate(object: &mut Value) {
    let Some(spec) = at_mut(object, &["spec"]) else { return };
    if spec.text("type") == "ExternalName" {
        spec.remove("internalTrafficPolicy");
        return;
    }
    fill_addresses(spec);
}

fn fill_addresses(spec: &mut Object) {
    if spec.items("clusterIPs").is_empty() && !spec.text("clusterIP").is_empty() {
        let address = spec.text("clusterIP").to_owned();
        spec.put("clusterIPs", vec![address]);
    }
}
