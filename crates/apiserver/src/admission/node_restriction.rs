//! NodeRestriction: a kubelet writes about itself and its pods only. kubeadm turns it on.

mod node;
mod pod;
#[cfg(test)]
mod tests;
mod token;

use std::sync::Arc;

use apimachinery::{GroupResource, Status};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use component::certificates::Subject;
use serde_json::Value;

use super::{Operation, Plugin, Request, text};
use crate::authorization::Authorizer;
use crate::authorization::node::node_name;

/// Signers of certificates of kubelets.
const KUBELET_SIGNERS: [&str; 2] =
    ["kubernetes.io/kube-apiserver-client-kubelet", "kubernetes.io/kubelet-serving"];

pub(super) struct NodeRestriction(pub(super) Arc<dyn Authorizer>);

/// A request of a node.
struct Asked<'a> {
    request: &'a Request<'a>,
    node: &'a str,
    /// The object as it is to be; `None` of a deletion.
    object: Option<&'a Value>,
    authorizer: &'a dyn Authorizer,
}

type Outcome = Result<(), Box<Status>>;

impl Plugin for NodeRestriction {
    fn name(&self) -> &'static str {
        "NodeRestriction"
    }

    fn admit(&self, request: &Request<'_>, object: Option<&mut Value>) -> Outcome {
        let Some(node) = node_name(request.user) else { return Ok(()) };
        let asked = Asked { request, node, object: object.as_deref(), authorizer: &*self.0 };
        let attributes = request.attributes;
        match (attributes.group.as_str(), attributes.resource.as_str(), attributes.subresource.as_str()) {
            ("", "pods", "") => asked.pod(),
            ("", "pods", "status") => asked.pod_status(),
            ("", "pods", "eviction") => asked.pod_eviction(),
            ("", "pods", other) => {
                let text =
                    format!("unexpected pod subresource {other:?}, only 'status' and 'eviction' are allowed");
                Err(request.forbidden(text))
            }
            ("", "nodes", _) => asked.node(),
            ("", "persistentvolumeclaims", "status") => asked.claim_status(),
            ("", "persistentvolumeclaims", _) => Err(request.forbidden("may only update PVC status")),
            ("", "serviceaccounts", "token") => asked.token(),
            ("coordination.k8s.io", "leases", _) => asked.lease(),
            ("storage.k8s.io", "csinodes", _) => {
                asked.has_own_name("can only access CSINode with the same name as the requesting node")
            }
            ("resource.k8s.io", "resourceslices", _) => asked.slice(),
            ("certificates.k8s.io", "certificatesigningrequests", "") => asked.signing_request(),
            _ => Ok(()),
        }
    }
}

impl Asked<'_> {
    fn check(&self, is_right: bool, error: impl FnOnce() -> String) -> Outcome {
        if is_right { Ok(()) } else { Err(self.request.forbidden(error())) }
    }

    fn operation(&self) -> &'static str {
        match self.request.operation {
            Operation::Create => "CREATE",
            Operation::Update => "UPDATE",
            Operation::Delete => "DELETE",
            Operation::Connect => "CONNECT",
        }
    }

    /// The object's name: of a new one it is in the object.
    fn name(&self) -> &str {
        match self.object {
            Some(object) if self.request.operation == Operation::Create => text(object, "/metadata/name"),
            _ => &self.request.attributes.name,
        }
    }

    fn has_own_name(&self, error: &str) -> Outcome {
        self.check(self.name() == self.node, || error.to_owned())
    }

    /// A pod of the request's namespace, or 404.
    fn stored_pod(&self, name: &str) -> Result<Arc<Value>, Box<Status>> {
        let pod = self.request.get("", "pods", &self.request.attributes.namespace, name);
        pod.ok_or_else(|| Box::new(Status::not_found(&GroupResource::new("", "pods"), name)))
    }

    fn lease(&self) -> Outcome {
        self.check(self.request.attributes.namespace == "kube-node-lease", || {
            "can only access leases in the \"kube-node-lease\" system namespace".to_owned()
        })?;
        self.has_own_name("can only access node lease with the same name as the requesting node")
    }

    fn slice(&self) -> Outcome {
        let (slice, verb) = match self.request.operation {
            Operation::Create => (self.object, "create"),
            Operation::Delete => (self.request.old, "delete"),
            Operation::Update | Operation::Connect => return Ok(()),
        };
        let owner = slice.map_or("", |slice| text(slice, "/spec/nodeName"));
        self.check(owner == self.node, || {
            format!("can only {verb} ResourceSlice with the same NodeName as the requesting node")
        })
    }

    fn claim_status(&self) -> Outcome {
        let updated =
            self.object.zip(self.request.old).filter(|_| self.request.operation == Operation::Update);
        let Some((new, old)) = updated else {
            let operation = self.operation();
            return Err(self.request.forbidden(format!("unexpected operation {operation:?}")));
        };
        let fixed = |claim: &Value| {
            let mut claim = claim.clone();
            for member in ["capacity", "conditions", "allocatedResources", "allocatedResourceStatuses"] {
                if let Some(status) = claim["status"].as_object_mut() {
                    status.remove(member);
                }
            }
            for member in ["managedFields", "resourceVersion"] {
                if let Some(metadata) = claim["metadata"].as_object_mut() {
                    metadata.remove(member);
                }
            }
            claim
        };
        self.check(fixed(new) == fixed(old), || {
            let node = self.node;
            format!("node {node:?} is not allowed to update fields other than status.quantity and status.conditions")
        })
    }

    fn signing_request(&self) -> Outcome {
        let asked = self.object.filter(|_| self.request.operation == Operation::Create);
        let Some(asked) = asked.filter(|asked| KUBELET_SIGNERS.contains(&text(asked, "/spec/signerName")))
        else {
            return Ok(());
        };
        let pem = STANDARD.decode(text(asked, "/spec/request")).unwrap_or_default();
        let name = format!("system:node:{}", self.node);
        // What is no request is refused by validation.
        let is_own = Subject::of_request(&pem).is_none_or(|subject| subject.common_name == name);
        self.check(is_own, || format!("can only create a node CSR with CN={name}"))
    }
}
