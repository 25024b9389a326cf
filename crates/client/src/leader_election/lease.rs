//! The Lease (`coordination.k8s.io/v1`) that says who leads.

use http::{Method, StatusCode};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Connection, Error};

const API_VERSION: &str = "coordination.k8s.io/v1";

/// What a Lease says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Record {
    /// Who leads; empty if nobody does.
    pub(super) holder_identity: Option<String>,
    /// For how long the lease counts after it was last renewed.
    pub(super) lease_duration_seconds: Option<u64>,
    /// Since when this one leads.
    pub(super) acquire_time: Option<String>,
    /// When it last said so.
    pub(super) renew_time: Option<String>,
    /// How often another one took over.
    pub(super) lease_transitions: Option<u64>,
}

impl Record {
    pub(super) fn holder(&self) -> &str {
        self.holder_identity.as_deref().unwrap_or_default()
    }

    fn spec(&self) -> Value {
        json!({
            "holderIdentity": self.holder(),
            "leaseDurationSeconds": self.lease_duration_seconds,
            "acquireTime": self.acquire_time,
            "renewTime": self.renew_time,
            "leaseTransitions": self.lease_transitions,
        })
    }
}

/// A time as Leases and Events carry it.
pub(super) fn micro_time(time: Timestamp) -> String {
    format!("{time:.6}")
}

/// One Lease on the server, and what it looked like when it was last read or written.
pub(super) struct Lock {
    connection: Connection,
    namespace: String,
    name: String,
    object: Option<Value>,
}

impl Lock {
    pub(super) fn new(connection: Connection, namespace: &str, name: &str) -> Lock {
        Lock { connection, namespace: namespace.to_owned(), name: name.to_owned(), object: None }
    }

    fn collection(&self) -> String {
        format!("/apis/{API_VERSION}/namespaces/{}/leases", self.namespace)
    }

    /// `namespace/name`, for logs.
    pub(super) fn key(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }

    /// Reads it; `None` if there is none.
    pub(super) async fn get(&mut self) -> Result<Option<Record>, Error> {
        let path = format!("{}/{}", self.collection(), self.name);
        match self.send(Method::GET, &path, None).await {
            Ok(record) => Ok(Some(record)),
            Err(error) if error.refusal().is_some_and(|refusal| refusal.code == StatusCode::NOT_FOUND) => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    pub(super) async fn create(&mut self, record: &Record) -> Result<(), Error> {
        let object = json!({
            "apiVersion": API_VERSION,
            "kind": "Lease",
            "metadata": { "name": self.name, "namespace": self.namespace },
            "spec": record.spec(),
        });
        self.send(Method::POST, &self.collection(), Some(&object)).await.map(drop)
    }

    /// Writes it, unless somebody else has since it was last read or written.
    pub(super) async fn update(&mut self, record: &Record) -> Result<(), Error> {
        let Some(mut object) = self.object.clone() else {
            return Err(self.misunderstood("it has not been read yet"));
        };
        object["apiVersion"] = API_VERSION.into();
        object["kind"] = "Lease".into();
        object["spec"] = record.spec();
        let path = format!("{}/{}", self.collection(), self.name);
        self.send(Method::PUT, &path, Some(&object)).await.map(drop)
    }

    /// An event about the Lease, written in the background: whether anybody reads of it does not matter to who leads.
    pub(super) fn report(&self, component: &str, note: String, now: Timestamp) {
        let text = |pointer: &str| {
            self.object.as_ref().and_then(|object| object.pointer(pointer)).cloned().unwrap_or_default()
        };
        let second = format!("{now:.0}");
        let event = json!({
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {
                "name": format!("{}.{:x}", self.name, now.as_nanosecond()),
                "namespace": self.namespace,
            },
            "involvedObject": {
                "apiVersion": API_VERSION,
                "kind": "Lease",
                "namespace": self.namespace,
                "name": self.name,
                "uid": text("/metadata/uid"),
                "resourceVersion": text("/metadata/resourceVersion"),
            },
            "reason": "LeaderElection",
            "message": note,
            "source": { "component": component },
            "reportingComponent": component,
            "firstTimestamp": second,
            "lastTimestamp": second,
            "count": 1,
            "type": "Normal",
        });
        let path = format!("/api/v1/namespaces/{}/events", self.namespace);
        let connection = self.connection.clone();
        tokio::spawn(async move {
            let content = Some(("application/json", event.to_string().into_bytes()));
            if let Err(error) = connection.send(Method::POST, &path, content, "recording an event").await {
                tracing::debug!(%error, "Server rejected event (will not retry!)");
            }
        });
    }

    async fn send(&mut self, method: Method, path: &str, object: Option<&Value>) -> Result<Record, Error> {
        let what = format!("the lease {}", self.key());
        let content = object.map(|object| ("application/json", object.to_string().into_bytes()));
        let answer = self.connection.send(method, path, content, &what).await?;
        let object: Value =
            serde_json::from_slice(&answer).map_err(|error| self.misunderstood(&error.to_string()))?;
        let spec = object.get("spec").cloned().unwrap_or_default();
        let record = if spec.is_null() { Ok(Record::default()) } else { serde_json::from_value(spec) };
        let record = record.map_err(|error| self.misunderstood(&error.to_string()))?;
        self.object = Some(object);
        Ok(record)
    }

    fn misunderstood(&self, problem: &str) -> Error {
        Error::Misunderstood { what: format!("the lease {}", self.key()), problem: problem.to_owned() }
    }
}
