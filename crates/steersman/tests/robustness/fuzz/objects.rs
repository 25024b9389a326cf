//! Random documents by the schemas that the server publishes.

use std::collections::BTreeMap;

use base::Stream;
use serde_json::{Map, Value, json};

use crate::client::Client;

/// How deep documents are at most.
const DEPTH_MAX: usize = 9;

/// All schemas, by the name that references have.
pub(crate) struct Schemas {
    by_name: BTreeMap<String, Value>,
    /// Names by (group, version, kind).
    by_kind: BTreeMap<(String, String, String), String>,
}

impl Schemas {
    /// Reads `/openapi/v3`.
    pub(crate) async fn read(client: &Client) -> Schemas {
        let mut schemas = Schemas { by_name: BTreeMap::new(), by_kind: BTreeMap::new() };
        let index = client.get("/openapi/v3").await.json();
        for entry in index["paths"].as_object().unwrap().values() {
            let path = entry["serverRelativeURL"].as_str().unwrap();
            let document = client.get(path).await.json();
            let Some(all) = document["components"]["schemas"].as_object() else { continue };
            for (name, schema) in all {
                for kind in schema["x-kubernetes-group-version-kind"].as_array().into_iter().flatten() {
                    let of = |key: &str| kind[key].as_str().unwrap_or_default().to_owned();
                    schemas.by_kind.insert((of("group"), of("version"), of("kind")), name.clone());
                }
                schemas.by_name.insert(name.clone(), schema.clone());
            }
        }
        assert!(schemas.by_kind.len() > 100);
        schemas
    }

    /// A document of a kind: mostly right, sometimes wrong.
    pub(crate) fn object(&self, random: &mut Stream, group: &str, version: &str, kind: &str) -> Value {
        let key = (group.to_owned(), version.to_owned(), kind.to_owned());
        let Some(schema) = self.by_kind.get(&key).and_then(|name| self.by_name.get(name)) else {
            return json!({"metadata": {"name": "x"}});
        };
        let mut object = self.value(random, schema, "", 0);
        if object.is_object() && random.below(20) > 0 {
            let api_version =
                if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
            object["apiVersion"] = api_version.into();
            object["kind"] = kind.into();
            object["metadata"] = metadata(random);
        }
        object
    }

    fn value(&self, random: &mut Stream, schema: &Value, name: &str, depth: usize) -> Value {
        if random.below(150) == 0 {
            return odd(random);
        }
        let referred = schema["$ref"].as_str().or_else(|| schema["allOf"][0]["$ref"].as_str());
        if let Some(reference) = referred {
            let referred = reference.rsplit('/').next().unwrap_or_default();
            return match self.by_name.get(referred) {
                Some(schema) => self.value(random, schema, name, depth + 1),
                None => Value::Null,
            };
        }
        if let Some(values) = schema["enum"].as_array()
            && random.below(10) > 0
        {
            return values[random.below(values.len())].clone();
        }
        match schema["type"].as_str() {
            Some("object") => self.members(random, schema, depth),
            Some("array") => {
                let n = if depth > DEPTH_MAX { 0 } else { random.below(3) };
                (0..n).map(|_| self.value(random, &schema["items"], name, depth + 1)).collect()
            }
            Some("integer") => json!(random.below(100)),
            Some("number") => json!(random.below(100) as f64 / 8.0),
            Some("boolean") => json!(random.below(2) == 0),
            Some("string") => text(random, schema["format"].as_str().unwrap_or_default(), name),
            _ if random.below(2) == 0 => json!(random.below(9_000)),
            _ => text(random, "quantity", name),
        }
    }

    fn members(&self, random: &mut Stream, schema: &Value, depth: usize) -> Value {
        let mut members = Map::new();
        if let Some(of) = schema.get("additionalProperties") {
            for _ in 0..random.below(3) {
                let key = text(random, "", "name").as_str().unwrap_or_default().to_owned();
                members.insert(key, self.value(random, of, "", depth + 1));
            }
            return members.into();
        }
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let Some(properties) = schema["properties"].as_object() else {
            return json!({"a": {"b": random.below(9)}});
        };
        for (name, property) in properties {
            // Wide types would be huge if everything were there.
            let is_wanted = required.contains(&name.as_str()) && random.below(30) > 0
                || depth < 2
                    && matches!(
                        name.as_str(),
                        "spec" | "data" | "rules" | "subjects" | "roleRef" | "template"
                    )
                || depth <= DEPTH_MAX && random.below(properties.len() + 2) < 3;
            if is_wanted {
                members.insert(name.clone(), self.value(random, property, name, depth + 1));
            }
        }
        members.into()
    }
}

pub(crate) const NAMES: [&str; 12] = [
    "a",
    "b",
    "c",
    "default",
    "a-b",
    "x.y",
    "system:node:a",
    "A",
    "kube-system",
    "10.96.0.20",
    "10.0.0.0-24",
    "a/b",
];

fn metadata(random: &mut Stream) -> Value {
    let n = if random.below(4) == 0 { NAMES.len() } else { 6 };
    let mut metadata = json!({"name": NAMES[random.below(n)]});
    if random.below(10) == 0 {
        metadata = json!({"generateName": "g-"});
    }
    for (chance, name, value) in [
        (6, "labels", json!({"a": "b", "app.kubernetes.io/name": "x"})),
        (8, "annotations", json!({"a": "b"})),
        (10, "finalizers", json!(["example.com/f"])),
        (20, "finalizers", json!(["orphan", "foregroundDeletion", "nodomain"])),
        (
            12,
            "ownerReferences",
            json!([{"apiVersion": "v1", "kind": "Pod", "name": "a", "uid": "u", "controller": true}]),
        ),
        (15, "resourceVersion", json!(random.below(3_000).to_string())),
        (30, "resourceVersion", json!("x")),
        (15, "uid", json!("00000000-0000-0000-0000-000000000000")),
        (15, "generation", json!(7)),
        (15, "deletionTimestamp", json!("2026-01-01T00:00:00Z")),
        (15, "deletionGracePeriodSeconds", json!(-3)),
        (20, "creationTimestamp", json!("not a time")),
        (20, "namespace", json!("other")),
        (
            15,
            "managedFields",
            json!([{"manager": "m", "operation": "Apply", "apiVersion": "v1", "fieldsType": "FieldsV1", "fieldsV1": {"f:data": {"f:a": {}}}}]),
        ),
        (20, "managedFields", json!([{"fieldsV1": {"k:{": 1, "v:": {}, "i:x": {}}}])),
        (40, "unknown", json!(1)),
    ] {
        if random.below(chance) == 0 {
            metadata[name] = value;
        }
    }
    metadata
}

fn text(random: &mut Stream, format: &str, name: &str) -> Value {
    let words: &[&str] = match (format, name) {
        ("date-time", _) => &[
            "2026-01-01T00:00:00Z",
            "2026-01-01T00:00:00.123456Z",
            "1969-12-31T23:59:59+25:00",
            "9999-99-99T00:00:00Z",
        ],
        ("byte", _) => &["aGFsbG8=", "!", "", "aGFsbG8"],
        ("quantity", _) => &[
            "1",
            "100m",
            "1Gi",
            "-1",
            "1e3",
            "1e999999999",
            "0.0000000001",
            "9223372036854775808",
            "Ki",
            "80%",
            "http",
        ],
        (_, "name") => &NAMES,
        (_, "image") => &["nginx", "nginx:1", "", " x", "a@sha256:b"],
        (_, "path" | "mountPath" | "subPath") => &["/a", "a/../b", "", "..", "a:b"],
        (_, "schedule") => &["* * * * *", "@daily", "99 * * * *", "TZ=UTC * * * * *"],
        (_, "expression" | "messageExpression") => &["true", "object.x == 1", "(((", "\u{0}"],
        (_, "clusterIP" | "ip" | "podIP" | "cidr") => {
            &["10.96.0.33", "10.96.0.0/16", "::1", "None", "1.2.3", "fd00::/120"]
        }
        (_, "apiVersion") => &["v1", "apps/v1", "a/b/c", ""],
        (_, "verbs" | "resources" | "apiGroups") => &["*", "get", "pods", "", "pods/status"],
        _ => &[
            "a",
            "b",
            "x=y",
            "A b",
            "",
            "ä€😀",
            "TCP",
            "Always",
            "*",
            "a/b",
            "example.com/x",
            "..",
            "\u{7f}",
            "80",
            "-1",
            "true",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        ],
    };
    words[random.below(words.len())].into()
}

/// What does not belong there, whatever it is.
pub(crate) fn odd(random: &mut Stream) -> Value {
    match random.below(12) {
        0 => Value::Null,
        1 => json!(i64::MIN),
        2 => json!(u64::MAX),
        3 => json!(1e300),
        4 => json!(-0.0),
        5 => json!([]),
        6 => json!({}),
        7 => json!([[[[null]]]]),
        8 => json!("x".repeat(1 + random.below(70_000))),
        9 => json!({"": {"/": {"~": []}}}),
        10 => json!("\u{0}\u{1f}\u{fffe}"),
        _ => json!(true),
    }
}
