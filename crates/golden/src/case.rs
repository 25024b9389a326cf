//! A recorded case.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// One question to the scheduler and the recorded answer.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Case {
    /// `<family>-<number>`.
    pub id: String,
    /// The configuration as a user would write it; `None` is the default.
    #[serde(default)]
    pub config: Option<Value>,
    /// The API objects that exist, by kind.
    #[serde(default)]
    pub objects: BTreeMap<String, Vec<Value>>,
    /// The pod to schedule.
    #[serde(default)]
    pub pod: Option<Value>,
    /// The pods to schedule one after another.
    #[serde(default)]
    pub sequence: Option<Vec<Value>>,
    /// The size of the cluster, for cases about sampling.
    #[serde(default)]
    pub num_nodes: Option<usize>,
    /// The recorded answer.
    pub expect: Value,
}

impl Case {
    /// Whether a pod to be scheduled has resource claims, or an extended resource that a device class of the case
    /// serves.
    pub fn needs_devices(&self) -> bool {
        self.pod.iter().chain(self.sequence.iter().flatten()).any(|pod| self.pod_needs(pod))
    }

    fn pod_needs(&self, pod: &Value) -> bool {
        let spec = &pod["spec"];
        let has_claims = spec["resourceClaims"].as_array().is_some_and(|claims| !claims.is_empty());
        has_claims || self.asks_for_device_class(spec)
    }

    fn asks_for_device_class(&self, spec: &Value) -> bool {
        let classes = self.objects.get("deviceClasses").into_iter().flatten();
        let served: Vec<String> = classes
            .flat_map(|class| {
                let named = class["spec"]["extendedResourceName"].as_str().map(str::to_owned);
                let implicit = class["metadata"]["name"].as_str();
                let implicit = implicit.map(|name| format!("deviceclass.resource.kubernetes.io/{name}"));
                named.into_iter().chain(implicit)
            })
            .collect();
        let containers = ["containers", "initContainers"].iter().filter_map(|list| spec[*list].as_array());
        containers.flatten().any(|container| {
            let requests = container["resources"]["requests"].as_object();
            requests.is_some_and(|requests| requests.keys().any(|name| served.contains(name)))
        })
    }
}
