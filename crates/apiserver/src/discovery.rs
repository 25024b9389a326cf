//! What the server serves, for clients that ask before they act.

use apimachinery::Status;
use http::HeaderMap;
use resources::kind::{Kind, Subresource};
use resources::kinds::{GROUPS, Group};
use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::etag::{Tagged, not_modified};
use crate::negotiation::{self, Transforms};
use crate::reply::Reply;
use crate::served::{Kinds, api_version};

/// The media type of aggregated discovery.
const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// Discovery documents. They do not change while a server runs.
#[derive(Debug)]
pub struct Discovery {
    kinds: &'static [&'static Kind],
    /// Address and port that clients should use.
    address: String,
    aggregated_core: Tagged,
    aggregated_groups: Tagged,
}

impl Discovery {
    /// Of these kinds.
    pub fn new(kinds: &Kinds, address: String) -> Discovery {
        let all = kinds.all();
        let (core, named): (Vec<&Group>, Vec<&Group>) =
            GROUPS.iter().partition(|group| group.name.is_empty());
        Discovery {
            kinds: all,
            address,
            aggregated_core: Tagged::new(&aggregated(all, &core)),
            aggregated_groups: Tagged::new(&aggregated(all, &named)),
        }
    }

    /// The answer to a path; `None` if it is none of discovery's.
    ///
    /// # Errors
    /// What is wrong with the media types that the client takes, or with the path.
    pub fn answer(&self, call: &Call, path: &str) -> Result<Option<Reply>, Box<Status>> {
        let parts: Vec<&str> = path.trim_end_matches('/').split('/').skip(1).collect();
        let document = match parts.as_slice() {
            ["api"] if wants_aggregated(&call.headers) => {
                return Ok(Some(reply_tagged(call, &self.aggregated_core)));
            }
            ["apis"] if wants_aggregated(&call.headers) => {
                return Ok(Some(reply_tagged(call, &self.aggregated_groups)));
            }
            ["api"] => self.versions(),
            ["apis"] => groups(),
            ["api", version] => self.resources("", version),
            ["apis", group] => find_group(group).map(group_document),
            ["apis", group, version] => self.resources(group, version),
            _ => return Ok(None),
        };
        let Some(document) = document else {
            let is_known = parts.first() == Some(&"api") || find_group(parts.get(1).unwrap_or(&"")).is_some();
            return if is_known { Err(Box::new(Status::resource_not_found())) } else { Ok(None) };
        };
        negotiation::check_route(&call.headers, false)?;
        let accepted = negotiation::negotiate(&call.headers, call.query(), Transforms::None)?;
        Ok(Some(Reply::document(200, &accepted, &document)))
    }

    /// Paths for the index.
    pub fn paths(&self) -> Vec<String> {
        let mut paths = vec!["/api".to_owned(), "/api/v1".to_owned(), "/apis".to_owned(), "/apis/".to_owned()];
        for group in GROUPS.iter().filter(|group| !group.name.is_empty()) {
            paths.push(format!("/apis/{}", group.name));
            paths.extend(group.versions.iter().map(|(version, _)| format!("/apis/{}/{version}", group.name)));
        }
        paths
    }

    fn versions(&self) -> Option<Value> {
        Some(json!({
            "kind": "APIVersions",
            "versions": ["v1"],
            "serverAddressByClientCIDRs": [
                {"clientCIDR": "0.0.0.0/0", "serverAddress": self.address},
            ],
        }))
    }

    fn resources(&self, group: &str, version: &str) -> Option<Value> {
        let mut resources: Vec<(String, Value)> = Vec::new();
        for kind in self.kinds.iter().filter(|kind| kind.versions.contains(&(group, version))) {
            resources.push((kind.plural.to_owned(), resource(kind)));
            for subresource in kind.subresources {
                let name = format!("{}/{}", kind.plural, subresource.name);
                resources.push((name.clone(), below(kind, subresource, &name)));
            }
        }
        if resources.is_empty() {
            return None;
        }
        resources.sort_by(|(a, _), (b, _)| a.cmp(b));
        let resources: Vec<Value> = resources.into_iter().map(|(_, resource)| resource).collect();
        let mut document = json!({
            "kind": "APIResourceList",
            "groupVersion": api_version(group, version),
            "resources": resources,
        });
        // The core group's list comes from the time before lists had versions.
        if !group.is_empty() || version != "v1" {
            document["apiVersion"] = "v1".into();
        }
        Some(document)
    }
}

fn wants_aggregated(headers: &HeaderMap) -> bool {
    let values = headers.get_all(http::header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut clauses = values.flat_map(|value| value.split(','));
    clauses.any(|clause| {
        let parts: Vec<&str> = clause.split(';').map(str::trim).collect();
        let has = |part: &str| parts.contains(&part);
        matches!(parts.first(), Some(&"application/json"))
            && has("g=apidiscovery.k8s.io")
            && has("v=v2")
            && has("as=APIGroupDiscoveryList")
    })
}

fn reply_tagged(call: &Call, tagged: &Tagged) -> Reply {
    let reply = match not_modified(&call.headers, &tagged.etag) {
        true => Reply::new(304, "", ""),
        false => Reply::new(200, AGGREGATED, tagged.body.clone()),
    };
    reply.with("ETag", tagged.etag.clone()).with("Vary", "Accept").with("Cache-Control", "public")
}

fn find_group(name: &str) -> Option<&'static Group> {
    GROUPS.iter().find(|group| group.name == name && !name.is_empty())
}

fn group_versions(group: &Group) -> (Value, Value) {
    let version = |version: &str| json!({"groupVersion": api_version(group.name, version), "version": version});
    let versions: Vec<Value> = group.versions.iter().map(|(name, _)| version(name)).collect();
    let preferred = versions.first().cloned().unwrap_or_default();
    (versions.into(), preferred)
}

fn groups() -> Option<Value> {
    let groups: Vec<Value> = GROUPS
        .iter()
        .filter(|group| !group.name.is_empty())
        .map(|group| {
            let (versions, preferred) = group_versions(group);
            json!({"name": group.name, "versions": versions, "preferredVersion": preferred})
        })
        .collect();
    Some(json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}))
}

fn group_document(group: &Group) -> Value {
    let (versions, preferred) = group_versions(group);
    json!({
        "kind": "APIGroup",
        "apiVersion": "v1",
        "name": group.name,
        "versions": versions,
        "preferredVersion": preferred,
    })
}

fn put_list(members: &mut Value, name: &str, list: &[&str]) {
    if !list.is_empty() {
        members[name] = json!(list);
    }
}

fn verbs(verbs: resources::kind::Verbs) -> Value {
    verbs.names().collect()
}

fn resource(kind: &Kind) -> Value {
    let mut resource = json!({
        "name": kind.plural,
        "singularName": kind.singular,
        "namespaced": kind.is_namespaced,
        "kind": kind.kind,
        "verbs": verbs(kind.verbs),
    });
    put_list(&mut resource, "shortNames", kind.short_names);
    put_list(&mut resource, "categories", kind.categories);
    if let Some(hash) = kind.storage_version_hash() {
        resource["storageVersionHash"] = hash.into();
    }
    resource
}

fn below(kind: &Kind, subresource: &Subresource, name: &str) -> Value {
    let mut resource = json!({
        "name": name,
        "singularName": "",
        "namespaced": kind.is_namespaced,
        "kind": subresource.kind,
        "verbs": verbs(subresource.verbs),
    });
    if let Some((group, version)) = subresource.group_version {
        resource["group"] = group.into();
        resource["version"] = version.into();
    }
    resource
}

fn aggregated(kinds: &[&'static Kind], groups: &[&Group]) -> Value {
    let items: Vec<Value> = groups
        .iter()
        .map(|group| {
            let versions: Vec<Value> = group
                .versions
                .iter()
                .map(|(version, _)| {
                    json!({
                        "version": version,
                        "resources": aggregated_resources(kinds, group.name, version),
                        "freshness": "Current",
                    })
                })
                .collect();
            let mut metadata = Map::new();
            if !group.name.is_empty() {
                metadata.insert("name".to_owned(), group.name.into());
            }
            json!({"metadata": metadata, "versions": versions})
        })
        .collect();
    json!({
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {},
        "items": items,
    })
}

fn aggregated_resources(kinds: &[&'static Kind], group: &str, version: &str) -> Vec<Value> {
    let mut served: Vec<&&Kind> =
        kinds.iter().filter(|kind| kind.versions.contains(&(group, version))).collect();
    served.sort_by_key(|kind| kind.plural);
    let resources = served.into_iter().map(|kind| {
        let response_kind = |kind: &str, group: &str, version: &str| {
            json!({"group": group, "version": version, "kind": kind})
        };
        let mut resource = json!({
            "resource": kind.plural,
            "responseKind": response_kind(kind.kind, "", ""),
            "scope": if kind.is_namespaced { "Namespaced" } else { "Cluster" },
            "singularResource": kind.singular,
            "verbs": verbs(kind.verbs),
        });
        put_list(&mut resource, "shortNames", kind.short_names);
        put_list(&mut resource, "categories", kind.categories);
        if !kind.subresources.is_empty() {
            let mut subresources: Vec<&Subresource> = kind.subresources.iter().collect();
            subresources.sort_by_key(|subresource| subresource.name);
            resource["subresources"] = subresources
                .into_iter()
                .map(|subresource| {
                    let (group, version) = subresource.group_version.unwrap_or_default();
                    json!({
                        "subresource": subresource.name,
                        "responseKind": response_kind(subresource.kind, group, version),
                        "verbs": verbs(subresource.verbs),
                    })
                })
                .collect();
        }
        resource
    });
    resources.collect()
}
