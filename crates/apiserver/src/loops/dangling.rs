//! Whether the priority level that a FlowSchema names is there: condition Dangling.

use apimachinery::GroupResource;
use apimachinery::go::quote;
use apimachinery::meta::Meta;
use http::HeaderMap;
use serde_json::{Value, json};

use super::{Condition, Loop, write_status};
use crate::field_manager::FieldManager;
use crate::handlers::apply_by_server;
use crate::objects::Objects;
use crate::registry::Registry;

const GROUP: &str = "flowcontrol.apiserver.k8s.io";

/// As whom upstream applies the condition.
const MANAGER: &str = "api-priority-and-fairness-config-consumer-v1";

pub(super) struct Dangling;

fn resource(plural: &str) -> GroupResource {
    GroupResource::new(GROUP, plural)
}

impl Loop for Dangling {
    fn resources(&self, _: &Registry) -> Vec<GroupResource> {
        vec![resource("flowschemas"), resource("prioritylevelconfigurations")]
    }

    async fn look(&self, registry: &Registry) -> bool {
        let Some(served) = registry.kinds.stored(GROUP, "flowschemas") else { return true };
        let mut is_right = true;
        for schema in registry.caches.list(&resource("flowschemas"), None) {
            let wanted = wanted(&schema, registry.caches.as_ref());
            if wanted.is_in(&schema) {
                continue;
            }
            let name = Meta::of(&schema).name();
            is_right &= write_status(registry, served, name, |old| {
                let manager = FieldManager::of(served, "status", MANAGER, &HeaderMap::new());
                let applied = json!({
                    "apiVersion": served.api_version(),
                    "kind": served.kind.kind,
                    "metadata": {"name": name},
                    "status": {"conditions": [wanted.document(old)]},
                });
                apply_by_server(served, &manager, old, &applied)
            })
            .await;
        }
        is_right
    }
}

fn wanted(schema: &Value, objects: &dyn Objects) -> Condition {
    let level = schema["spec"]["priorityLevelConfiguration"]["name"].as_str().unwrap_or_default();
    let is_dangling = objects.get(&resource("prioritylevelconfigurations"), "", level).is_none();
    let (reason, end) =
        if is_dangling { ("NotFound", "but there is no such object") } else { ("Found", "and it exists") };
    let message = format!(
        "This FlowSchema references the PriorityLevelConfiguration object named {} {end}",
        quote(level)
    );
    Condition { condition_type: "Dangling", is_true: is_dangling, reason, message }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authorization::test_objects::TestObjects;

    #[test]
    fn schemas_dangle_without_their_level() {
        let level = json!({"metadata": {"name": "there"}});
        let objects = TestObjects::of([("prioritylevelconfigurations.flowcontrol.apiserver.k8s.io", level)]);
        let start = "This FlowSchema references the PriorityLevelConfiguration object named";
        for (name, is_true, reason, end) in [
            ("there", false, "Found", "\"there\" and it exists"),
            ("gone", true, "NotFound", "\"gone\" but there is no such object"),
        ] {
            let schema = json!({"spec": {"priorityLevelConfiguration": {"name": name}}});
            let message = format!("{start} {end}");
            let expected = Condition { condition_type: "Dangling", is_true, reason, message };
            assert_eq!(wanted(&schema, &*objects), expected);
        }
    }
}
