//! Files into the API, as `kubectl apply --server-side` does.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use client::Connection;
use http::Method;
use serde_json::Value;

/// The manager of what is applied.
const MANAGER: &str = "steersman-up";

/// An object of a file.
pub(super) struct Applied {
    pub(super) file: PathBuf,
    pub(super) object: Value,
}

impl Applied {
    /// Whether it says what it is.
    fn check(&self) -> Result<()> {
        let (file, kind, name) = (self.file.display(), self.kind(), self.name());
        for (field, value) in
            [("apiVersion", self.text("/apiVersion")), ("kind", kind), ("metadata.name", name)]
        {
            if value.is_empty() {
                bail!("{file}: {field} is missing in an object ({kind} {name})");
            }
        }
        Ok(())
    }

    fn text(&self, pointer: &str) -> &str {
        self.object.pointer(pointer).and_then(Value::as_str).unwrap_or("")
    }

    pub(super) fn kind(&self) -> &str {
        self.text("/kind")
    }

    pub(super) fn name(&self) -> &str {
        self.text("/metadata/name")
    }

    pub(super) fn namespace(&self) -> &str {
        match self.text("/metadata/namespace") {
            "" => "default",
            namespace => namespace,
        }
    }
}

/// Reads files, and the files of folders in the order of their names.
pub(super) fn read(paths: &[PathBuf]) -> Result<Vec<Applied>> {
    let mut objects = Vec::new();
    for path in paths {
        let mut files = Vec::new();
        if path.is_dir() {
            let entries =
                std::fs::read_dir(path).with_context(|| format!("reading the folder {}", path.display()))?;
            for entry in entries {
                let file = entry.with_context(|| format!("reading the folder {}", path.display()))?.path();
                let is_object = |extension| ["yaml", "yml", "json"].iter().any(|known| extension == *known);
                if file.extension().is_some_and(is_object) {
                    files.push(file);
                }
            }
            files.sort();
        } else {
            files.push(path.clone());
        }
        for file in files {
            for object in documents(&file)? {
                objects.push(Applied { file: file.clone(), object });
            }
        }
    }
    if objects.is_empty() && !paths.is_empty() {
        let shown: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        bail!("-f: there are no objects in {}", shown.join(", "));
    }
    objects.iter().try_for_each(Applied::check)?;
    // What others need comes first.
    objects.sort_by_key(|applied| match applied.kind() {
        "Namespace" => 0,
        "PriorityClass" | "StorageClass" => 1,
        "Node" => 2,
        "Pod" => 4,
        _ => 3,
    });
    Ok(objects)
}

/// The documents of a file; of a List, its items.
pub(super) fn documents(file: &Path) -> Result<Vec<Value>> {
    let shown = file.display();
    let text = std::fs::read_to_string(file).with_context(|| format!("reading {shown}"))?;
    let documents: Vec<Value> =
        serde_saphyr::from_multiple(&text).with_context(|| format!("{shown} is neither YAML nor JSON"))?;
    let mut objects = Vec::new();
    for document in documents {
        match document {
            Value::Null => {}
            Value::Object(mut list) if list.get("kind").and_then(Value::as_str) == Some("List") => {
                if let Some(Value::Array(items)) = list.remove("items") {
                    objects.extend(items);
                }
            }
            document if document.is_object() => objects.push(document),
            other => bail!("{shown}: an object is expected, and there is {other}"),
        }
    }
    Ok(objects)
}

/// Applies all objects.
pub(super) async fn apply(connection: &Connection, objects: &[Applied]) -> Result<()> {
    let resources = Resources::default();
    for applied in objects {
        let path = resources.path(connection, applied).await?;
        let what = format!("{}: {} {}", applied.file.display(), applied.kind(), applied.name());
        let uri = format!("{path}?fieldManager={MANAGER}&force=true");
        let content = Some(("application/apply-patch+yaml", applied.object.to_string().into_bytes()));
        connection.send(Method::PATCH, &uri, content, &what).await.with_context(|| what.clone())?;
    }
    Ok(())
}

/// What the API server has, by group and version.
#[derive(Default)]
struct Resources(std::cell::RefCell<std::collections::BTreeMap<String, Value>>);

impl Resources {
    /// Where an object is.
    async fn path(&self, connection: &Connection, applied: &Applied) -> Result<String> {
        let version = applied.text("/apiVersion");
        let (kind, file) = (applied.kind(), applied.file.display());
        let root = if version.contains('/') { format!("/apis/{version}") } else { format!("/api/{version}") };
        let known = self.0.borrow().get(&root).cloned();
        let list = match known {
            Some(list) => list,
            None => {
                let what = format!("{file}: apiVersion {version}");
                let body = match connection.send(Method::GET, &root, None, &what).await {
                    Err(error) if error.refusal().is_some_and(|refusal| refusal.code == 404) => {
                        bail!("{file}: the API server does not know apiVersion {version} (of kind {kind})")
                    }
                    body => body.context(what)?,
                };
                let list: Value = serde_json::from_slice(&body).context("discovery")?;
                self.0.borrow_mut().insert(root.clone(), list.clone());
                list
            }
        };
        let resources = list["resources"].as_array().map_or(&[][..], Vec::as_slice);
        let found = resources.iter().find(|resource| {
            resource["kind"] == kind && !resource["name"].as_str().is_some_and(|name| name.contains('/'))
        });
        let Some(found) = found else { bail!("{file}: there is no kind {kind} in {version}") };
        let plural = found["name"].as_str().unwrap_or_default();
        Ok(if found["namespaced"] == true {
            format!("{root}/namespaces/{}/{plural}/{}", applied.namespace(), applied.name())
        } else {
            format!("{root}/{plural}/{}", applied.name())
        })
    }
}
