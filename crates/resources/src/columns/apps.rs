//! The kinds of group apps, and ReplicationController, which is like them.

use apimachinery::{GroupKind, GroupVersion};
use serde_json::Value;

use super::cell::{age, labels, list, members, name, number, selector, selector_text, text};
use super::{AGE, NAME, integer, string, wide};
use crate::kind::{Column, Columns};

pub(super) const CONTAINERS: Column = wide("Containers", "Names of each container in the template.");
pub(super) const IMAGES: Column = wide("Images", "Images referenced by each container in the template.");

/// Names and images of the containers of a template.
pub(super) fn containers(object: &Value, pointer: &str) -> [Value; 2] {
    [members(object, pointer, "name").into(), members(object, pointer, "image").into()]
}

const OF_TEMPLATE: &str = "/spec/template/spec/containers";

/// ControllerRevision.
pub const CONTROLLER_REVISION: Columns = Columns {
    columns: &[
        NAME,
        string("Controller", "Controller of the object"),
        string("Revision", "D:ControllerRevision.revision"),
        AGE,
    ],
    cells: |object, now| {
        vec![name(object), controller(object).into(), number(object, "/revision").into(), age(object, now)]
    },
};

/// `statefulset.apps/web`, or `<none>`.
fn controller(object: &Value) -> String {
    let owners = list(object, "/metadata/ownerReferences");
    let Some(owner) = owners.iter().find(|owner| owner["controller"] == true) else {
        return "<none>".to_owned();
    };
    let group = GroupVersion::parse(text(owner, "/apiVersion")).unwrap_or_default().group;
    match text(owner, "/kind") {
        "" => text(owner, "/name").to_owned(),
        kind => {
            let kind = GroupKind::new(&group, kind).to_string().to_lowercase();
            format!("{kind}/{}", text(owner, "/name"))
        }
    }
}

/// DaemonSet.
pub const DAEMON_SET: Columns = Columns {
    columns: &[
        NAME,
        integer("Desired", "D:DaemonSetStatus.desiredNumberScheduled"),
        integer("Current", "D:DaemonSetStatus.currentNumberScheduled"),
        integer("Ready", "D:DaemonSetStatus.numberReady"),
        integer("Up-to-date", "D:DaemonSetStatus.updatedNumberScheduled"),
        integer("Available", "D:DaemonSetStatus.numberAvailable"),
        string("Node Selector", "D:PodSpec.nodeSelector"),
        AGE,
        CONTAINERS,
        IMAGES,
        wide("Selector", "D:DaemonSetSpec.selector"),
    ],
    cells: |object, now| {
        let [names, images] = containers(object, OF_TEMPLATE);
        vec![
            name(object),
            number(object, "/status/desiredNumberScheduled").into(),
            number(object, "/status/currentNumberScheduled").into(),
            number(object, "/status/numberReady").into(),
            number(object, "/status/updatedNumberScheduled").into(),
            number(object, "/status/numberAvailable").into(),
            labels(object, "/spec/template/spec/nodeSelector").into(),
            age(object, now),
            names,
            images,
            selector(object, "/spec/selector").into(),
        ]
    },
};

/// Deployment.
pub const DEPLOYMENT: Columns = Columns {
    columns: &[
        NAME,
        string("Ready", "Number of the pod with ready state"),
        string("Up-to-date", "D:DeploymentStatus.updatedReplicas"),
        string("Available", "D:DeploymentStatus.availableReplicas"),
        AGE,
        CONTAINERS,
        IMAGES,
        wide("Selector", "D:DeploymentSpec.selector"),
    ],
    cells: |object, now| {
        let [names, images] = containers(object, OF_TEMPLATE);
        let selector = selector_text(object, "/spec/selector").unwrap_or_else(|| "<invalid>".to_owned());
        vec![
            name(object),
            ready(object).into(),
            number(object, "/status/updatedReplicas").into(),
            number(object, "/status/availableReplicas").into(),
            age(object, now),
            names,
            images,
            selector.into(),
        ]
    },
};

fn ready(object: &Value) -> String {
    format!("{}/{}", number(object, "/status/readyReplicas"), number(object, "/spec/replicas"))
}

/// ReplicaSet.
pub const REPLICA_SET: Columns = Columns {
    columns: &[
        NAME,
        integer("Desired", "D:ReplicaSetSpec.replicas"),
        integer("Current", "D:ReplicaSetStatus.replicas"),
        integer("Ready", "D:ReplicaSetStatus.readyReplicas"),
        AGE,
        CONTAINERS,
        IMAGES,
        wide("Selector", "D:ReplicaSetSpec.selector"),
    ],
    cells: |object, now| {
        let mut cells = replicas(object);
        cells.push(age(object, now));
        cells.extend(containers(object, OF_TEMPLATE));
        cells.push(selector(object, "/spec/selector").into());
        cells
    },
};

/// Name, wanted, existing and ready replicas.
fn replicas(object: &Value) -> Vec<Value> {
    let counts = ["/spec/replicas", "/status/replicas", "/status/readyReplicas"];
    let mut cells = vec![name(object)];
    cells.extend(counts.iter().map(|pointer| Value::from(number(object, pointer))));
    cells
}

/// ReplicationController.
pub const REPLICATION_CONTROLLER: Columns = Columns {
    columns: &[
        NAME,
        integer("Desired", "D:ReplicationControllerSpec.replicas"),
        integer("Current", "D:ReplicationControllerStatus.replicas"),
        integer("Ready", "D:ReplicationControllerStatus.readyReplicas"),
        AGE,
        CONTAINERS,
        IMAGES,
        wide("Selector", "D:ReplicationControllerSpec.selector"),
    ],
    cells: |object, now| {
        let mut cells = replicas(object);
        cells.push(age(object, now));
        cells.extend(containers(object, OF_TEMPLATE));
        cells.push(labels(object, "/spec/selector").into());
        cells
    },
};

/// StatefulSet.
pub const STATEFUL_SET: Columns = Columns {
    columns: &[NAME, string("Ready", "Number of the pod with ready state"), AGE, CONTAINERS, IMAGES],
    cells: |object, now| {
        let [names, images] = containers(object, OF_TEMPLATE);
        vec![name(object), ready(object).into(), age(object, now), names, images]
    },
};
