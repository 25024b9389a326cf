//! What the client asks of the API server.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, bail};
use client::{Connection, Error};
use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

const JSON: &str = "application/json";
const MERGE_PATCH: &str = "application/merge-patch+json";

/// A client that has a limited number of requests under way. Clones share the limit.
#[derive(Clone)]
pub(super) struct Requests(Arc<Shared>);

struct Shared {
    connection: Connection,
    slots: Arc<Semaphore>,
    /// Where objects of an apiVersion and kind are, as discovery says.
    places: Mutex<BTreeMap<(String, String), Place>>,
    /// Paths of what was created outside of namespaces, namespaces included, to clean a cluster that is not ours.
    made: Option<Mutex<Vec<String>>>,
}

/// Where objects of a kind are.
#[derive(Clone)]
struct Place {
    root: String,
    plural: String,
    is_namespaced: bool,
}

/// An object's name, of which nothing else is read.
#[derive(Deserialize)]
struct Named {
    metadata: Name,
}

#[derive(Deserialize)]
struct Name {
    name: String,
}

impl Requests {
    /// With at most `concurrency` requests at once. With `remembers`, it can remove what it has made.
    pub(super) fn new(connection: Connection, concurrency: usize, remembers: bool) -> Requests {
        Requests(Arc::new(Shared {
            connection,
            slots: Arc::new(Semaphore::new(concurrency)),
            places: Mutex::default(),
            made: remembers.then(Mutex::default),
        }))
    }

    /// Whether the cluster is somebody else's.
    pub(super) fn is_foreign(&self) -> bool {
        self.0.made.is_some()
    }

    /// Waits until another request may be begun.
    pub(super) async fn slot(&self) -> Result<OwnedSemaphorePermit> {
        Arc::clone(&self.0.slots).acquire_owned().await.context("never closed")
    }

    /// Creates an object in a collection and returns its name.
    pub(super) async fn create(&self, collection: &str, body: Vec<u8>) -> Result<String> {
        let content = Some((JSON, body));
        let answer = self.0.connection.send(Method::POST, collection, content, "creating an object").await?;
        let named: Named = serde_json::from_slice(&answer).context("a created object")?;
        Ok(named.metadata.name)
    }

    /// Creates an object where its kind is; `namespace` is for kinds that are in one. Returns its path.
    pub(super) async fn create_any(&self, object: &Value, namespace: Option<&str>) -> Result<String> {
        let collection = self.collection(object, namespace).await?;
        let name = self.create(&collection, object.to_string().into_bytes()).await?;
        let path = format!("{collection}/{name}");
        if namespace.is_none() {
            self.remember(path.clone());
        }
        Ok(path)
    }

    fn remember(&self, path: String) {
        if let Some(made) = &self.0.made {
            made.lock().unwrap_or_else(PoisonError::into_inner).push(path);
        }
    }

    /// Makes sure that there is a namespace, with the service account that pods need where a controller makes it.
    pub(super) async fn ensure_namespace(&self, name: &str) -> Result<()> {
        let namespace = serde_json::json!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name },
        });
        match self.create_any(&namespace, None).await {
            Err(error) if is_refused_with(&error, StatusCode::CONFLICT) => {
                self.remember(format!("/api/v1/namespaces/{name}"));
                return Ok(());
            }
            made => made?,
        };
        if self.0.made.is_some() {
            let account = serde_json::json!({
                "apiVersion": "v1", "kind": "ServiceAccount", "metadata": { "name": "default" },
            });
            // The controller may have been faster.
            match self.create_any(&account, Some(name)).await {
                Err(error) if !is_refused_with(&error, StatusCode::CONFLICT) => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// Reads an object.
    pub(super) async fn get(&self, path: &str) -> Result<Value> {
        let answer = self.0.connection.send(Method::GET, path, None, "reading an object").await?;
        serde_json::from_slice(&answer).context("an object")
    }

    /// Puts an object in the place of the one that is there.
    pub(super) async fn replace(&self, path: &str, object: &Value) -> Result<()> {
        let content = Some((JSON, object.to_string().into_bytes()));
        self.0.connection.send(Method::PUT, path, content, "replacing an object").await?;
        Ok(())
    }

    /// Changes some fields of an object.
    pub(super) async fn patch(&self, path: &str, patch: &Value) -> Result<()> {
        let content = Some((MERGE_PATCH, patch.to_string().into_bytes()));
        self.0.connection.send(Method::PATCH, path, content, "patching an object").await?;
        Ok(())
    }

    /// Deletes an object, if it is there: as its kind wants it, or without any grace period.
    pub(super) async fn delete(&self, path: &str, at_once: bool) -> Result<()> {
        let path = if at_once { &format!("{path}?gracePeriodSeconds=0") } else { path };
        match self.0.connection.send(Method::DELETE, path, None, "deleting an object").await {
            Err(Error::Refused(refusal)) if refusal.code == StatusCode::NOT_FOUND => Ok(()),
            result => Ok(result.map(drop)?),
        }
    }

    /// Where an object belongs.
    pub(super) async fn collection(&self, object: &Value, namespace: Option<&str>) -> Result<String> {
        let Place { root, plural, is_namespaced } = self.place(object).await?;
        match (is_namespaced, namespace) {
            (true, Some(namespace)) => Ok(format!("{root}/namespaces/{namespace}/{plural}")),
            (false, _) => Ok(format!("{root}/{plural}")),
            (true, None) => bail!("namespace must be given for {plural}"),
        }
    }

    /// Whether objects like this are in namespaces.
    pub(super) async fn is_namespaced(&self, object: &Value) -> Result<bool> {
        Ok(self.place(object).await?.is_namespaced)
    }

    async fn place(&self, object: &Value) -> Result<Place> {
        let text = |field: &str| object.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        let key @ (version, kind) = &(text("apiVersion"), text("kind"));
        if version.is_empty() || kind.is_empty() {
            bail!("apiVersion and kind must be given");
        }
        if let Some(place) = self.0.places.lock().unwrap_or_else(PoisonError::into_inner).get(key) {
            return Ok(place.clone());
        }
        let root = if version.contains('/') { format!("/apis/{version}") } else { format!("/api/{version}") };
        let list = self.get(&root).await?;
        let resources = list["resources"].as_array().map_or(&[][..], Vec::as_slice);
        let found = resources.iter().find(|resource| {
            resource["kind"] == kind.as_str()
                && !resource["name"].as_str().is_some_and(|name| name.contains('/'))
        });
        let Some(found) = found else { bail!("the API server has no kind {kind} in {version}") };
        let place = Place {
            root,
            plural: found["name"].as_str().unwrap_or_default().to_owned(),
            is_namespaced: found["namespaced"] == true,
        };
        self.0.places.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone(), place.clone());
        Ok(place)
    }

    /// Removes what was made in a cluster that is not ours. Namespaces stay, without pods: their end takes its time, and the
    /// next workload may want the same.
    pub(super) async fn clean(&self) -> Result<()> {
        let Some(made) = &self.0.made else { return Ok(()) };
        let paths = std::mem::take(&mut *made.lock().unwrap_or_else(PoisonError::into_inner));
        for path in paths.iter().rev() {
            if path.starts_with("/api/v1/namespaces/") {
                self.delete(&format!("{path}/pods"), true).await?;
            } else {
                self.delete(path, false).await?;
            }
        }
        Ok(())
    }
}

/// Whether the API server has refused something in this way.
pub(super) fn is_refused_with(error: &anyhow::Error, code: StatusCode) -> bool {
    let error = error.downcast_ref::<Error>();
    error.and_then(Error::refusal).is_some_and(|refusal| refusal.code == code)
}
