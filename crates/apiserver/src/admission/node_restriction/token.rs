//! Tokens that nodes ask for: those of pods that they run, for whom the pods want them.

use serde_json::Value;

use super::super::{Operation, items, text};
use super::{Asked, Outcome};
use crate::attributes::Attributes;
use crate::authorization::Decision;

impl Asked<'_> {
    pub(super) fn token(&self) -> Outcome {
        let Some(asked) = self.object.filter(|_| self.request.operation == Operation::Create) else {
            return Ok(());
        };
        let bound = &asked["spec"]["boundObjectRef"];
        let is_pod =
            bound["apiVersion"] == "v1" && bound["kind"] == "Pod" && !text(bound, "/name").is_empty();
        self.check(is_pod, || "node requested token not bound to a pod".to_owned())?;
        let uid = text(bound, "/uid");
        self.check(!uid.is_empty(), || "node requested token with a pod binding without a uid".to_owned())?;
        let pod = self.stored_pod(text(bound, "/name"))?;
        let own = text(&pod, "/metadata/uid");
        self.check(uid == own, || {
            format!(
                "the UID in the bound object reference ({uid}) does not match the UID in record. The object might have \
                 been deleted and then recreated"
            )
        })?;
        self.check(text(&pod, "/spec/nodeName") == self.node, || {
            "node requested token bound to a pod scheduled on a different node".to_owned()
        })?;
        self.audience(asked, &pod)
    }

    fn audience(&self, asked: &Value, pod: &Value) -> Outcome {
        let audiences: Vec<&str> = items(asked, "/spec/audiences").filter_map(Value::as_str).collect();
        let audience = match audiences.as_slice() {
            [] | [""] => return Ok(()),
            [audience] => *audience,
            _ => return self.check(false, || "node may only request 0 or 1 audiences".to_owned()),
        };
        let attributes = &self.request.attributes;
        let by_right = Attributes {
            verb: "request-serviceaccounts-token-audience".to_owned(),
            is_resource: true,
            version: "*".to_owned(),
            resource: audience.to_owned(),
            namespace: attributes.namespace.clone(),
            name: attributes.name.clone(),
            ..Attributes::default()
        };
        let is_wanted = wants(pod, audience)
            || self.is_wanted_by_driver(pod, audience)
            || matches!(self.authorizer.authorize(self.request.user, &by_right), Decision::Allow(_));
        self.check(is_wanted, || {
            format!(
                "audience {audience:?} not found in pod spec volume, system:node:{} is not authorized to request tokens \
                 for this audience",
                self.node
            )
        })
    }

    /// Whether a driver of one of the pod's volumes asks for tokens for somebody.
    fn is_wanted_by_driver(&self, pod: &Value, audience: &str) -> bool {
        let drivers = items(pod, "/spec/volumes").filter_map(|volume| volume["csi"]["driver"].as_str());
        let mut drivers =
            drivers.filter_map(|name| self.request.get("storage.k8s.io", "csidrivers", "", name));
        drivers.any(|driver| items(&driver, "/spec/tokenRequests").any(|asked| asked["audience"] == audience))
    }
}

fn wants(pod: &Value, audience: &str) -> bool {
    let sources = items(pod, "/spec/volumes").flat_map(|volume| items(volume, "/projected/sources"));
    let mut tokens = sources.filter_map(|source| source["serviceAccountToken"]["audience"].as_str());
    tokens.any(|own| own == audience)
}
