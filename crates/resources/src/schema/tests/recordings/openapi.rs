use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{discovery, recordings, scenarios, split};
use crate::schema::Schema;
use crate::schema::openapi_v3::{Input, Route, Verb};
use crate::schema::{openapi_v2, openapi_v3};

/// A resource as discovery tells of it.
struct Resource {
    path: String,
    verbs: Vec<Verb>,
    kind: (String, String, String),
    parent: String,
    subresource: Option<String>,
    is_namespaced: bool,
}

fn resources(discovered: &Value) -> Vec<Resource> {
    let group_version = discovered["groupVersion"].as_str().unwrap_or_default();
    let (group, version) = split(group_version);
    let prefix = if group.is_empty() { format!("/api/{version}") } else { format!("/apis/{group_version}") };
    let all = discovered["resources"].as_array().expect("resources");
    let mut out = Vec::new();
    for resource in all {
        let text = |name: &str| resource[name].as_str();
        let (name, subresource) = match text("name").expect("a name").split_once('/') {
            Some((name, subresource)) => (name, Some(subresource.to_owned())),
            None => (text("name").expect("a name"), None),
        };
        let parent = all.iter().find(|other| other["name"] == name);
        let parent = parent.and_then(|parent| parent["kind"].as_str()).unwrap_or_default().to_owned();
        let is_namespaced = resource["namespaced"] == true;
        let kind = text("kind").expect("a kind").to_owned();
        let kind =
            (text("group").unwrap_or(group).to_owned(), text("version").unwrap_or(version).to_owned(), kind);
        let has = |verb: &str| resource["verbs"].as_array().is_some_and(|verbs| verbs.contains(&verb.into()));
        let verbs = |pairs: &[(&str, Verb)]| -> Vec<Verb> {
            pairs.iter().filter(|(name, _)| has(name)).map(|(_, verb)| *verb).collect()
        };
        let item = verbs(&[
            ("get", Verb::Get),
            ("update", Verb::Update),
            ("patch", Verb::Patch),
            ("delete", Verb::Delete),
            ("watch", Verb::Watch),
        ]);
        let create = verbs(&[("create", Verb::Create)]);
        let collection = verbs(&[
            ("create", Verb::Create),
            ("list", Verb::List),
            ("watch", Verb::Watch),
            ("deletecollection", Verb::DeleteCollection),
        ]);
        let base = if is_namespaced {
            format!("{prefix}/namespaces/{{namespace}}/{name}")
        } else {
            format!("{prefix}/{name}")
        };
        let mut add = |path: String, verbs: Vec<Verb>| {
            let (kind, parent) = (kind.clone(), parent.clone());
            out.push(Resource { path, verbs, kind, parent, subresource: subresource.clone(), is_namespaced });
        };
        if kind.2.ends_with("Options") {
            add(format!("{base}/{{name}}/{}", subresource.clone().unwrap_or_default()), vec![Verb::Connect]);
            continue;
        }
        match &subresource {
            Some(sub) => add(format!("{base}/{{name}}/{sub}"), [item, create].concat()),
            None => {
                add(base.clone(), collection);
                add(format!("{base}/{{name}}"), item);
                if is_namespaced {
                    add(format!("{prefix}/{name}"), verbs(&[("list", Verb::List), ("watch", Verb::Watch)]));
                }
            }
        }
    }
    out
}

fn render(discovered: &Value, document: fn(&Schema, &Input<'_>) -> Value) -> Value {
    let (group, version) = split(discovered["groupVersion"].as_str().unwrap_or_default());
    let resources = resources(discovered);
    let routes: Vec<Route<'_>> = resources
        .iter()
        .filter(|resource| !resource.verbs.is_empty())
        .map(|resource| Route {
            path: &resource.path,
            verbs: &resource.verbs,
            group,
            version,
            resource_kind: &resource.parent,
            subresource: resource.subresource.as_deref(),
            kind: (&resource.kind.0, &resource.kind.1, &resource.kind.2),
            is_namespaced: resource.is_namespaced,
            definition: None,
            returns_deleted: false,
            has_protobuf: true,
        })
        .collect();
    let input = Input {
        routes: &routes,
        group_versions: &[(group, version)],
        definitions: &BTreeMap::new(),
        server_version: "v1.36.2",
    };
    document(Schema::get(), &input)
}

/// A value without the texts for people.
fn without_descriptions(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.iter().filter(|(name, value)| *name != "description" || !value.is_string());
            Value::Object(members.map(|(name, value)| (name.clone(), without_descriptions(value))).collect())
        }
        Value::Array(items) => items.iter().map(without_descriptions).collect(),
        other => other.clone(),
    }
}

fn project(document: &Value, projection: &Value) -> Option<Value> {
    let at = document.pointer(projection["pointer"].as_str()?);
    Some(match projection["op"].as_str()? {
        "keys" => match at {
            Some(Value::Object(members)) => members.keys().cloned().map(Value::from).collect(),
            _ => Value::Null,
        },
        "schema" => at.map_or(Value::Null, without_descriptions),
        "value" => at.cloned().unwrap_or_default(),
        _ => return None,
    })
}

#[test]
fn renders_the_documents_that_a_real_server_serves() {
    let Some(folder) = recordings() else { return };
    let discovered: BTreeMap<String, Value> = discovery(&folder)
        .into_iter()
        .map(|document| {
            let group_version = document["groupVersion"].as_str().unwrap_or_default().to_owned();
            let prefix = if group_version.contains('/') { "apis" } else { "api" };
            (format!("/openapi/v3/{prefix}/{group_version}"), document)
        })
        .collect();
    let mut n_compared = 0;
    let mut different = Vec::new();
    for scenario in scenarios(&folder, "discovery") {
        for step in scenario["steps"].as_array().expect("steps") {
            let path = step["request"]["path"].as_str().unwrap_or_default();
            let Some(document) = discovered.get(path) else { continue };
            let ours = render(document, openapi_v3::document);
            for (at, projection) in step["project"].as_array().into_iter().flatten().enumerate() {
                let Some(ours) = project(&ours, projection) else { continue };
                let theirs = &step["response"]["projected"][at.to_string()];
                n_compared += 1;
                if ours != *theirs {
                    different
                        .push(format!("{path} {}\n ours   {ours}\n theirs {theirs}", projection["pointer"]));
                }
            }
        }
    }
    assert!(n_compared > 30, "only {n_compared} compared");
    assert!(different.is_empty(), "{} of {n_compared} differ:\n{}", different.len(), different.join("\n"));
}

#[test]
fn documents_refer_to_nothing_that_is_missing() {
    let Some(folder) = recordings() else { return };
    for discovered in discovery(&folder) {
        let v3 = render(&discovered, openapi_v3::document);
        check_references(&v3, "/components/schemas");
        check_references(&render(&discovered, openapi_v2::document), "/definitions");
        let again = render(&discovered, openapi_v3::document);
        assert_eq!(v3.to_string(), again.to_string(), "the same input gives the same bytes");
    }
}

fn check_references(document: &Value, place: &str) {
    let schemas = document.pointer(place).and_then(Value::as_object).expect("schemas");
    let unknown = schemas.iter().find(|(_, schema)| **schema == json!({"type": "object"}));
    assert_eq!(unknown, None, "a definition that nobody knows");
    let (text, start) = (document.to_string(), format!("\"#{place}/"));
    let mut n_references = 0;
    for reference in text.split(start.as_str()).skip(1) {
        let name = reference.split('"').next().unwrap_or_default();
        assert!(schemas.contains_key(name), "{name} is not defined");
        n_references += 1;
    }
    assert!(n_references > 10, "only {n_references} references");
}
