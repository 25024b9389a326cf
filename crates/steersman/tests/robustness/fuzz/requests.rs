//! Random requests.

use std::sync::Arc;
use std::time::Duration;

use base::Stream;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::objects::{NAMES, Schemas, odd};
use crate::client::Client;

/// A resource as discovery shows it.
struct Resource {
    group: String,
    version: String,
    /// `pods`, `pods/status`
    name: String,
    kind: String,
    is_namespaced: bool,
    verbs: Vec<String>,
}

/// What can be asked for.
pub(crate) struct Requests(Vec<Resource>);

impl Requests {
    /// Reads discovery.
    pub(crate) async fn read(client: &Client) -> Requests {
        let groups = client.get("/apis").await.json();
        let mut versions = vec!["/api/v1".to_owned()];
        for group in groups["groups"].as_array().unwrap() {
            for version in group["versions"].as_array().unwrap() {
                versions.push(format!("/apis/{}", version["groupVersion"].as_str().unwrap()));
            }
        }
        let mut all = Vec::new();
        for path in versions {
            let list = client.get(&path).await.json();
            let (group, version) = match path.strip_prefix("/apis/") {
                Some(group_version) => group_version.split_once('/').unwrap(),
                None => ("", "v1"),
            };
            for resource in list["resources"].as_array().unwrap() {
                let text = |key: &str| resource[key].as_str().unwrap_or_default().to_owned();
                let verbs = resource["verbs"].as_array().unwrap().iter();
                all.push(Resource {
                    group: group.to_owned(),
                    version: version.to_owned(),
                    name: text("name"),
                    kind: text("kind"),
                    is_namespaced: resource["namespaced"] == true,
                    verbs: verbs.map(|verb| verb.as_str().unwrap().to_owned()).collect(),
                });
            }
        }
        assert!(all.len() > 100);
        Requests(all)
    }
}

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

/// Makes random requests.
pub(crate) struct Wild {
    pub(crate) random: Stream,
    pub(crate) schemas: Arc<Schemas>,
    pub(crate) requests: Arc<Requests>,
}

const PATCHES: [&str; 5] = [
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
    "application/whatever",
];

const ACCEPTS: [&str; 9] = [
    "application/json",
    "application/yaml",
    "application/json;as=Table;v=v1;g=meta.k8s.io",
    "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io",
    "application/json;as=PartialObjectMetadataList;v=v1beta1;g=meta.k8s.io,application/json",
    "application/vnd.kubernetes.protobuf",
    "*/*;q=0.1,text/html",
    ";;;,=",
    "application/json;pretty=1",
];

const PARAMETERS: [&str; 34] = [
    "dryRun=All",
    "dryRun=x",
    "fieldValidation=Strict",
    "fieldValidation=Ignore",
    "fieldValidation=x",
    "fieldManager=m",
    "force=true",
    "pretty=true",
    "limit=2",
    "limit=-1",
    "limit=99999999999999999999",
    "continue=x",
    "continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6LTEsInN0YXJ0IjoiLi4vIn0",
    "resourceVersion=0",
    "resourceVersion=1",
    "resourceVersion=18446744073709551615",
    "resourceVersionMatch=Exact",
    "resourceVersionMatch=NotOlderThan",
    "labelSelector=a%3Db",
    "labelSelector=a%20in%20(b,c),!d",
    "labelSelector=((",
    "fieldSelector=metadata.name%3Da",
    "fieldSelector=spec.nodeName%3D",
    "fieldSelector=x",
    "timeoutSeconds=1",
    "timeoutSeconds=-1",
    "sendInitialEvents=true",
    "allowWatchBookmarks=true",
    "timeout=1s",
    "timeout=x",
    "includeObject=Object",
    "gracePeriodSeconds=0",
    "propagationPolicy=Orphan",
    "%ff=%00",
];

impl Wild {
    fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.random.below(all.len())]
    }

    /// The next request.
    pub(crate) fn request(&mut self) -> Request {
        let requests = Arc::clone(&self.requests);
        if self.random.below(25) == 0 {
            return self.elsewhere();
        }
        let resource = &requests.0[self.random.below(requests.0.len())];
        let verb = resource.verbs[self.random.below(resource.verbs.len())].clone();
        let verb = if self.random.below(20) == 0 {
            self.pick(&["create", "update", "patch", "delete", "get"]).to_owned()
        } else {
            verb
        };
        // A watch takes a second of this client's time.
        let verb = if verb == "watch" && self.random.below(20) > 0 { "list".to_owned() } else { verb };
        let (name, subresource) = resource.name.split_once('/').unwrap_or((&resource.name, ""));
        let mut path = if resource.group.is_empty() {
            "/api/v1".to_owned()
        } else {
            format!("/apis/{}/{}", resource.group, resource.version)
        };
        if resource.is_namespaced && self.random.below(30) > 0 {
            path += &format!(
                "/namespaces/{}",
                self.pick(&["default", "default", "default", "kube-system", "none"])
            );
        }
        path += &format!("/{name}");
        let has_name = !matches!(verb.as_str(), "create" | "list" | "watch" | "deletecollection")
            || !subresource.is_empty();
        if has_name {
            let n = if self.random.below(5) == 0 { NAMES.len() } else { 5 };
            path += &format!("/{}", self.pick(&NAMES[..n]));
        }
        if !subresource.is_empty() {
            path += &format!("/{subresource}");
        }
        let mut parameters = Vec::new();
        if verb == "watch" {
            parameters.extend(["watch=1", "timeoutSeconds=1"]);
        }
        while self.random.below(3) == 0 {
            parameters.push(self.pick(&PARAMETERS));
        }
        // What must stay: namespaces that others need, and watches that end.
        if matches!(verb.as_str(), "delete" | "deletecollection")
            && matches!(name, "namespaces" | "clusterroles" | "clusterrolebindings")
        {
            parameters.push("dryRun=All");
        }
        if verb == "watch" {
            parameters.retain(|parameter| *parameter != "timeoutSeconds=-1");
        }
        if !parameters.is_empty() {
            path += &format!("?{}", parameters.join("&"));
        }
        let method = match verb.as_str() {
            "create" => "POST",
            "update" => "PUT",
            "patch" => "PATCH",
            "delete" | "deletecollection" => "DELETE",
            _ => "GET",
        };
        let mut headers = vec![("accept", self.pick(&ACCEPTS[..]).to_owned())];
        let body = match method {
            "POST" | "PUT" => {
                let mut object =
                    self.schemas.object(&mut self.random, &resource.group, &resource.version, &resource.kind);
                if method == "PUT" && object.get("metadata").is_some_and(Value::is_object) {
                    let named = path.split(['?']).next().unwrap_or_default().split('/');
                    let at = if subresource.is_empty() { 0 } else { 1 };
                    object["metadata"]["name"] = named.rev().nth(at).unwrap_or_default().into();
                }
                let types = [
                    "application/json",
                    "application/yaml",
                    "application/json;charset=utf-8",
                    "application/vnd.kubernetes.protobuf",
                    "x",
                ];
                let content_type =
                    if self.random.below(10) == 0 { self.pick(&types) } else { "application/json" };
                headers.push(("content-type", content_type.to_owned()));
                object.to_string().into_bytes()
            }
            "PATCH" => {
                let content_type = self.pick(&PATCHES);
                headers.push(("content-type", content_type.to_owned()));
                if content_type == "application/apply-patch+yaml" && !path.contains("fieldManager") {
                    path += if path.contains('?') { "&fieldManager=wild" } else { "?fieldManager=wild" };
                }
                self.patch(resource, content_type)
            }
            "DELETE" if self.random.below(2) == 0 => {
                headers.push(("content-type", "application/json".to_owned()));
                let mut options = json!({"kind": "DeleteOptions", "apiVersion": "v1"});
                for (name, value) in [
                    ("gracePeriodSeconds", json!(0)),
                    ("propagationPolicy", json!("Foreground")),
                    ("preconditions", json!({"uid": "x"})),
                    ("orphanDependents", odd(&mut self.random)),
                    ("dryRun", json!(["All"])),
                ] {
                    if self.random.below(4) == 0 || name == "dryRun" && path.contains("dryRun") {
                        options[name] = value;
                    }
                }
                options.to_string().into_bytes()
            }
            _ => Vec::new(),
        };
        let body = if self.random.below(15) == 0 { self.damaged(body) } else { body };
        Request { method: method.to_owned(), path, headers, body }
    }

    fn patch(&mut self, resource: &Resource, content_type: &str) -> Vec<u8> {
        let mut object =
            self.schemas.object(&mut self.random, &resource.group, &resource.version, &resource.kind);
        if content_type != "application/json-patch+json" {
            if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
                metadata.remove("name");
            }
            if let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) {
                for (key, value) in [
                    ("$patch", json!("replace")),
                    ("$patch", json!("nonsense")),
                    ("$retainKeys", json!(["a"])),
                    ("$setElementOrder/containers", json!([{"name": "a"}])),
                    ("$deleteFromPrimitiveList/finalizers", json!(["a"])),
                    ("containers", json!([{"$patch": "delete", "name": "a"}, {"$patch": "replace"}])),
                    ("template", json!(null)),
                ] {
                    if self.random.below(12) == 0 {
                        spec.insert(key.to_owned(), value);
                    }
                }
            }
            return object.to_string().into_bytes();
        }
        let pointers = [
            "",
            "/metadata/labels",
            "/metadata/labels/a~1b",
            "/spec",
            "/spec/replicas",
            "/metadata",
            "/metadata/name",
            "/data/a",
            "/spec/containers/-",
            "/spec/containers/99999999999",
            "/metadata/finalizers/0",
            "x",
            "/~",
        ];
        let mut operations = Vec::new();
        for _ in 0..1 + self.random.below(4) {
            let mut operation = json!({
                "op": self.pick(&["add", "remove", "replace", "move", "copy", "test", "odd"]),
                "path": self.pick(&pointers),
                "from": self.pick(&pointers),
            });
            operation["value"] =
                if self.random.below(2) == 0 { odd(&mut self.random) } else { object["spec"].clone() };
            operations.push(operation);
        }
        Value::from(operations).to_string().into_bytes()
    }

    /// A text with something wrong in it.
    fn damaged(&mut self, mut body: Vec<u8>) -> Vec<u8> {
        let at = self.random.below(body.len() + 1);
        match self.random.below(9) {
            0 => body.truncate(at),
            1 => body.insert(at, 0xff),
            2 => body.insert(at, b'"'),
            3 => drop(body.splice(at..at, b"{\"a\":".repeat(200))),
            4 => drop(body.splice(at..at, b"[".repeat(100_000))),
            5 => drop(body.splice(at..at, b"9".repeat(5_000))),
            6 => {
                let text =
                    String::from_utf8_lossy(&body).replace("\"spec\":", "\"spec\":{},\"Spec\":1,\"spec\":");
                return text.into_bytes();
            }
            7 => {
                for _ in 0..4 {
                    let at = self.random.below(body.len() + 1);
                    if let Some(byte) = body.get_mut(at) {
                        *byte ^= 1 << self.random.below(8);
                    }
                }
            }
            _ => body = b"\xef\xbb\xbf--- &a [*a, *a, !!binary x]\n...\n".to_vec(),
        }
        body
    }

    /// Paths that are no resources, or none that is there.
    fn elsewhere(&mut self) -> Request {
        let path = self.pick(&[
            "/",
            "//",
            "/api",
            "/apis",
            "/version",
            "/healthz?verbose",
            "/readyz/etcd",
            "/livez?exclude=etcd",
            "/metrics",
            "/openapi/v2",
            "/openapi/v3",
            "/openapi/v3/apis/apps/v1?hash=x",
            "/api/v1/watch/pods?timeoutSeconds=1",
            "/api/v1/proxy/x",
            "/api/v1/namespaces/default/pods/a/exec?command=x",
            "/api/v1/namespaces/default/pods/a/log?tailLines=-1",
            "/api/v1/namespaces/default/services/a:b:c:d/proxy/x",
            "/apis/apps/v9/deployments",
            "/apis/none/v1/x",
            "/api/v1/namespaces/%2e%2e/pods/%2f",
            "/api/v1/namespaces/default/pods/%00",
            "/api/v1/%F0%9F%98%80",
            "/api/v1/namespaces/default/pods/..",
            "/api/v1/namespaces/default/finalize",
            "/.well-known/openid-configuration",
            "/api/v1/namespaces//pods",
            "/apis/apps/v1/namespaces/default/deployments/a/scale/extra",
            "/flagz",
            "/statusz",
        ]);
        let method = self.pick(&["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "FOO"]);
        let body = if method == "GET" { Vec::new() } else { b"{}".to_vec() };
        let headers = vec![
            ("accept", self.pick(&ACCEPTS[..]).to_owned()),
            ("audit-id", "x".repeat(self.random.below(300))),
        ];
        Request { method: method.to_owned(), path: path.to_owned(), headers, body }
    }

    /// Bytes that are no HTTP, or a request that breaks off.
    pub(crate) async fn damaged_http(&mut self, client: &Client) {
        let Ok(mut stream) = client.dial(self.pick(&["http/1.1", "h2"])).await else { return };
        let head = client.head(
            "POST /api/v1/namespaces/default/configmaps",
            "Content-Type: application/json\r\nContent-Length: 50\r\n",
        );
        let bytes: Vec<u8> = match self.random.below(6) {
            0 => head.into_bytes(),
            1 => head.into_bytes()[..self.random.below(60)].to_vec(),
            2 => b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x04\x08\0\0\0\0\0\xff\xff\xff\xff".to_vec(),
            3 => (0..2_000).map(|_| self.random.below(256) as u8).collect(),
            4 => b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nfffffffffffffffff\r\n".to_vec(),
            _ => format!("GET / HTTP/1.1\r\n{}\r\n\r\n", "X: y\r\n".repeat(1_000)).into_bytes(),
        };
        let _ = stream.write_all(&bytes).await;
        let mut answer = vec![0; 1_000];
        let _ = tokio::time::timeout(Duration::from_millis(50), stream.read(&mut answer)).await;
    }
}
