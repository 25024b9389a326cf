//! Controllers that make pods and whose selectors say which pods belong together.

use std::collections::BTreeMap;

use crate::object_macro::wire_struct;
use crate::{LabelSelector, ObjectMeta, PodTemplateSpec};

wire_struct! {
    /// A replication controller.
    pub struct ReplicationController {
        /// Name, labels and so on.
        metadata: ObjectMeta,
        /// What is wanted.
        spec: ReplicationControllerSpec,
    }

    /// What a replication controller wants.
    pub struct ReplicationControllerSpec {
        /// How many pods; absent is 1.
        replicas: Option<i32>,
        /// Labels of its pods.
        selector: BTreeMap<String, String>,
        /// What its pods look like.
        template: Option<PodTemplateSpec>,
    }

    /// A replica set.
    pub struct ReplicaSet {
        /// Name, labels and so on.
        metadata: ObjectMeta,
        /// What is wanted.
        spec: ReplicaSetSpec,
    }

    /// What a replica set wants.
    pub struct ReplicaSetSpec {
        /// How many pods; absent is 1.
        replicas: Option<i32>,
        /// Which pods are its own.
        selector: Option<LabelSelector>,
        /// What its pods look like.
        template: PodTemplateSpec,
    }

    /// A stateful set.
    pub struct StatefulSet {
        /// Name, labels and so on.
        metadata: ObjectMeta,
        /// What is wanted.
        spec: StatefulSetSpec,
    }

    /// What a stateful set wants.
    pub struct StatefulSetSpec {
        /// How many pods; absent is 1.
        replicas: Option<i32>,
        /// Which pods are its own.
        selector: Option<LabelSelector>,
        /// What its pods look like.
        template: PodTemplateSpec,
    }
}
