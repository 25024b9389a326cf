//! NodeDeclaredFeatures: a pod that uses a feature goes where the kubelet declares it (KEP-5328).

use wire::config::ExtensionPoint;

use crate::framework::{Cycle, Filter, FilterPlan, Plugin, Reason, Registration, Scope, Status, Value};
use crate::model::Pod;
use crate::model::features::Features;
use crate::snapshot::NodeInfo;

const NAME: &str = "NodeDeclaredFeatures";

/// The row of this plugin.
pub static REGISTRATION: Registration = Registration {
    points: &[ExtensionPoint::PreFilter, ExtensionPoint::Filter],
    filter_scope: Some(Scope::Node),
    ..Registration::named(NAME, |_| Ok(Box::new(NodeDeclaredFeatures)))
};

struct NodeDeclaredFeatures;

struct Required(Features);

impl Plugin for NodeDeclaredFeatures {
    fn filter<'a>(&'a self, _cycle: Cycle<'a>, pod: &'a Pod) -> FilterPlan<'a> {
        match pod.shape.required_features {
            none if none.is_empty() => FilterPlan::skip(),
            required => FilterPlan::check(Required(required)),
        }
    }
}

impl Filter for Required {
    fn filter(&self, node: &NodeInfo) -> Result<(), Status> {
        let declared = node.node.features;
        if declared.includes(self.0) {
            return Ok(());
        }
        let missing: Vec<_> = self.0.missing_from(declared).collect();
        let reason = Reason::fixed("node(s) didn't match Pod's required features")
            .with("missing", Value::Text(missing.join(", ").into()));
        Err(Status::unresolvable(NAME, reason))
    }
}
