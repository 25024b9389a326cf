//! The embedded files.

/// The name and the text of every file, in the order in which types are numbered.
pub(super) const FILES: &[(&str, &str)] = &[
    (
        "admissionregistration.k8s.io.v1.schema",
        include_str!("../../schema/admissionregistration.k8s.io.v1.schema"),
    ),
    ("apiextensions.k8s.io.v1.schema", include_str!("../../schema/apiextensions.k8s.io.v1.schema")),
    ("apiregistration.k8s.io.v1.schema", include_str!("../../schema/apiregistration.k8s.io.v1.schema")),
    ("apps.v1.schema", include_str!("../../schema/apps.v1.schema")),
    ("authentication.k8s.io.v1.schema", include_str!("../../schema/authentication.k8s.io.v1.schema")),
    ("authorization.k8s.io.v1.schema", include_str!("../../schema/authorization.k8s.io.v1.schema")),
    ("autoscaling.v1.schema", include_str!("../../schema/autoscaling.v1.schema")),
    ("autoscaling.v2.schema", include_str!("../../schema/autoscaling.v2.schema")),
    ("batch.v1.schema", include_str!("../../schema/batch.v1.schema")),
    ("certificates.k8s.io.v1.schema", include_str!("../../schema/certificates.k8s.io.v1.schema")),
    ("coordination.k8s.io.v1.schema", include_str!("../../schema/coordination.k8s.io.v1.schema")),
    ("core.v1.schema", include_str!("../../schema/core.v1.schema")),
    ("discovery.k8s.io.v1.schema", include_str!("../../schema/discovery.k8s.io.v1.schema")),
    ("events.k8s.io.v1.schema", include_str!("../../schema/events.k8s.io.v1.schema")),
    (
        "flowcontrol.apiserver.k8s.io.v1.schema",
        include_str!("../../schema/flowcontrol.apiserver.k8s.io.v1.schema"),
    ),
    ("meta.v1.schema", include_str!("../../schema/meta.v1.schema")),
    ("networking.k8s.io.v1.schema", include_str!("../../schema/networking.k8s.io.v1.schema")),
    ("node.k8s.io.v1.schema", include_str!("../../schema/node.k8s.io.v1.schema")),
    ("policy.v1.schema", include_str!("../../schema/policy.v1.schema")),
    ("rbac.authorization.k8s.io.v1.schema", include_str!("../../schema/rbac.authorization.k8s.io.v1.schema")),
    ("resource.k8s.io.v1.schema", include_str!("../../schema/resource.k8s.io.v1.schema")),
    ("scheduling.k8s.io.v1.schema", include_str!("../../schema/scheduling.k8s.io.v1.schema")),
    ("storage.k8s.io.v1.schema", include_str!("../../schema/storage.k8s.io.v1.schema")),
];
