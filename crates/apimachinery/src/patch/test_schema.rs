//! The fields of a few types, by hand, for tests.

use super::{FieldPatch, PatchSchema, Strategy};

/// A type: its name and its fields.
pub(super) struct Type(&'static str, &'static [Field]);

struct Field(&'static str, Strategy, &'static str, Option<&'static Type>);

impl PatchSchema for Type {
    fn name(&self) -> &str {
        self.0
    }

    fn field(&self, name: &str) -> Option<FieldPatch<'_>> {
        let Field(_, strategy, merge_key, child) = self.1.iter().find(|field| field.0 == name)?;
        let child = child.map(|child| child as &dyn PatchSchema);
        Some(FieldPatch { strategy: *strategy, merge_key, child })
    }
}

const fn plain(name: &'static str) -> Field {
    Field(name, Strategy::Default, "", None)
}

const fn object(name: &'static str, child: &'static Type) -> Field {
    Field(name, Strategy::Default, "", Some(child))
}

const fn merged(name: &'static str, merge_key: &'static str, child: &'static Type) -> Field {
    Field(name, Strategy::Merge, merge_key, Some(child))
}

const fn set(name: &'static str) -> Field {
    Field(name, Strategy::Merge, "", None)
}

static LEAF: Type = Type("Leaf", &[]);
static META: Type = Type(
    "ObjectMeta",
    &[
        plain("labels"),
        plain("annotations"),
        set("finalizers"),
        merged("ownerReferences", "uid", &LEAF),
        plain("managedFields"),
    ],
);
static CONTAINER: Type = Type(
    "Container",
    &[
        plain("args"),
        merged("env", "name", &LEAF),
        merged("ports", "containerPort", &LEAF),
        merged("volumeMounts", "mountPath", &LEAF),
        object("resources", &LEAF),
    ],
);
static VOLUME: Type =
    Type("Volume", &[object("emptyDir", &LEAF), object("hostPath", &LEAF), object("configMap", &LEAF)]);
static POD_SPEC: Type = Type(
    "PodSpec",
    &[
        merged("containers", "name", &CONTAINER),
        merged("volumes", "name", &VOLUME),
        merged("imagePullSecrets", "name", &LEAF),
        merged("hostAliases", "ip", &LEAF),
        plain("tolerations"),
        plain("nodeSelector"),
        object("securityContext", &LEAF),
    ],
);
static POD_STATUS: Type = Type(
    "PodStatus",
    &[merged("conditions", "type", &LEAF), merged("podIPs", "ip", &LEAF), plain("containerStatuses")],
);
/// Pod.
pub(super) static POD: Type =
    Type("Pod", &[object("metadata", &META), object("spec", &POD_SPEC), object("status", &POD_STATUS)]);
static TEMPLATE: Type = Type("PodTemplateSpec", &[object("metadata", &META), object("spec", &POD_SPEC)]);
static DEPLOYMENT_SPEC: Type = Type(
    "DeploymentSpec",
    &[object("template", &TEMPLATE), object("strategy", &STRATEGY), object("selector", &LEAF)],
);
static STRATEGY: Type = Type("DeploymentStrategy", &[object("rollingUpdate", &LEAF)]);
/// Deployment.
pub(super) static DEPLOYMENT: Type = Type(
    "Deployment",
    &[object("metadata", &META), object("spec", &DEPLOYMENT_SPEC), object("status", &LEAF)],
);
/// ConfigMap.
pub(super) static CONFIG_MAP: Type =
    Type("ConfigMap", &[object("metadata", &META), plain("data"), plain("binaryData")]);

static MEETING: Type = Type(
    "Meeting",
    &[
        Field("spec", Strategy::Default, "", Some(&MEETING)),
        Field("metadata", Strategy::Replace, "", Some(&MEETING)),
        merged("containers", "name", &MEETING),
        merged("env", "name", &MEETING),
        plain("volumes"),
        plain("args"),
        set("finalizers"),
    ],
);
/// A type whose fields are what random documents have.
pub(super) static ANY: &Type = &MEETING;
