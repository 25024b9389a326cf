use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::schema::openapi_v3::{Input, Route, Verb};
use crate::schema::{Schema, openapi_v2, openapi_v3};

const POD: Route<'static> = Route {
    path: "/api/v1/namespaces/{namespace}/pods/{name}",
    verbs: &[Verb::Get, Verb::Patch, Verb::Delete],
    group: "",
    version: "v1",
    resource_kind: "Pod",
    subresource: None,
    kind: ("", "v1", "Pod"),
    is_namespaced: true,
    definition: None,
    returns_deleted: true,
    has_protobuf: true,
};

fn both(routes: &[Route<'_>], definitions: &BTreeMap<String, Value>) -> (Value, Value) {
    let input = Input { routes, group_versions: &[("", "v1")], definitions, server_version: "v1.36.2" };
    (openapi_v3::document(Schema::get(), &input), openapi_v2::document(Schema::get(), &input))
}

fn without_description(value: &Value) -> Value {
    let mut value = value.clone();
    if let Some(members) = value.as_object_mut() {
        members.remove("description");
    }
    value
}

#[test]
fn each_dialect_has_its_own_schemas() {
    let (v3, v2) = both(&[POD], &BTreeMap::new());
    let port = |document: &Value, place: &str| without_description(&document[place]);
    let v3 = &v3["components"]["schemas"];
    let v2 = &v2["definitions"];
    let (three, two) = (&v3["io.k8s.api.core.v1.ContainerPort"], &v2["io.k8s.api.core.v1.ContainerPort"]);
    assert_eq!(
        port(&three["properties"], "protocol"),
        json!({"type": "string", "enum": ["SCTP", "TCP", "UDP"], "default": "TCP"})
    );
    assert_eq!(
        port(&two["properties"], "protocol"),
        json!({"type": "string", "enum": ["SCTP", "TCP", "UDP"]})
    );
    assert_eq!(three["required"], json!(["containerPort"]));
    let int_or_string = "io.k8s.apimachinery.pkg.util.intstr.IntOrString";
    assert_eq!(v3[int_or_string]["oneOf"], json!([{"type": "integer"}, {"type": "string"}]));
    assert_eq!(v2[int_or_string]["type"], "string");
    let metadata = &v3["io.k8s.api.core.v1.Pod"]["properties"]["metadata"];
    assert_eq!(metadata["default"], json!({}));
    assert!(metadata["allOf"].is_array() && metadata.get("$ref").is_none());
    let ports = &v3["io.k8s.api.core.v1.Container"]["properties"]["ports"];
    assert_eq!(ports["x-kubernetes-list-map-keys"], json!(["containerPort", "protocol"]));
    assert_eq!(ports["x-kubernetes-patch-merge-key"], "containerPort");
    assert_eq!(ports["x-kubernetes-patch-strategy"], "merge");
}

#[test]
fn operations_say_what_kubectl_looks_for() {
    let (v3, v2) = both(&[POD], &BTreeMap::new());
    for document in [&v3, &v2] {
        let path = &document["paths"][POD.path];
        let patch = &path["patch"];
        let names: Vec<&str> = patch["parameters"]
            .as_array()
            .expect("parameters")
            .iter()
            .filter_map(|p| p["name"].as_str())
            .collect();
        for name in ["dryRun", "fieldManager", "fieldValidation", "force"] {
            assert!(names.contains(&name), "{name} is not among {names:?}");
        }
        assert_eq!(patch["operationId"], "patchCoreV1NamespacedPod");
        assert_eq!(patch["x-kubernetes-action"], "patch");
        assert_eq!(
            patch["x-kubernetes-group-version-kind"],
            json!({"group": "", "version": "v1", "kind": "Pod"})
        );
        let shared: Vec<&str> = path["parameters"]
            .as_array()
            .expect("parameters")
            .iter()
            .filter_map(|p| p["name"].as_str())
            .collect();
        assert_eq!(shared, ["name", "namespace", "pretty"]);
        assert!(document["paths"]["/api/v1/"]["get"].is_object());
    }
    let deleted =
        &v3["paths"][POD.path]["delete"]["responses"]["200"]["content"]["application/json"]["schema"];
    assert_eq!(*deleted, json!({"$ref": "#/components/schemas/io.k8s.api.core.v1.Pod"}));
}

#[test]
fn custom_resources_bring_their_definitions() {
    let name = "com.example.stable.v1.CronTab";
    let own = json!({"type": "object", "properties": {
        "metadata": {"$ref": "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"}}});
    let definitions = BTreeMap::from([(name.to_owned(), own.clone())]);
    let route = Route {
        path: "/apis/stable.example.com/v1/namespaces/{namespace}/crontabs/{name}",
        verbs: &[Verb::Get, Verb::Patch],
        group: "stable.example.com",
        resource_kind: "CronTab",
        kind: ("stable.example.com", "v1", "CronTab"),
        definition: Some(name),
        has_protobuf: false,
        ..POD
    };
    let (v3, _) = both(std::slice::from_ref(&route), &definitions);
    let schemas = &v3["components"]["schemas"];
    assert_eq!(schemas[name], own);
    assert!(schemas["io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"].is_object());
    let path = &v3["paths"][route.path];
    assert_eq!(path["get"]["operationId"], "readStableExampleComV1NamespacedCronTab");
    let patch = path["patch"]["requestBody"]["content"].as_object().expect("bodies");
    assert!(!patch.contains_key("application/strategic-merge-patch+json"));
}
