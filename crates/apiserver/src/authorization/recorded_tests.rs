//! Who could do what with a real API server, and what its reviews answered.
//!
//! Objects that recorded requests made are put into a cache as the answers show them; every request is then asked about.
//! Without the recordings there is nothing to compare, and the tests say so.

use std::io::Read as _;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;

use super::modes::{Modes, parse};
use super::reviews::Reviewer;
use super::test_objects::TestObjects;
use super::*;
use crate::authentication::Authentication;
use crate::bootstrap::{self, Cidr, Settings};
use crate::objects::Objects;

fn scenarios(family: &str) -> Vec<Value> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/golden/apiserver")
        .join(format!("{family}.jsonl.gz"));
    let Ok(packed) = std::fs::File::open(&file) else {
        println!("SKIPPED: no recordings at {}", file.display());
        return Vec::new();
    };
    let mut text = String::new();
    flate2::read::GzDecoder::new(packed).read_to_string(&mut text).expect("gzip");
    text.lines().map(|line| serde_json::from_str(line).expect("a scenario")).collect()
}

/// The users of the recordings; `None` of those with tokens of their own.
fn user(key: &Value) -> Option<User> {
    let (name, groups): (&str, &[&str]) = match key.as_str()? {
        "admin" => ("admin", &[User::MASTERS, User::AUTHENTICATED]),
        "alice" => ("alice", &["dev", User::AUTHENTICATED]),
        "bob" => ("bob", &[User::AUTHENTICATED]),
        "node-a" => ("system:node:node-a", &["system:nodes", User::AUTHENTICATED]),
        "kcm" => ("system:kube-controller-manager", &[User::AUTHENTICATED]),
        "sched" => ("system:kube-scheduler", &[User::AUTHENTICATED]),
        _ => ("system:anonymous", &[User::UNAUTHENTICATED]),
    };
    let groups = groups.iter().map(|group| (*group).to_owned()).collect();
    Some(User { name: name.to_owned(), groups, ..User::default() })
}

/// What a recorded request asks. The server has a reader of paths of its own, which is tested elsewhere.
fn attributes(request: &Value) -> Attributes {
    let path = request["path"].as_str().unwrap();
    let method = request["method"].as_str().unwrap();
    let query = |name: &str| {
        let pairs = request["query"].as_array().into_iter().flatten();
        pairs.into_iter().find(|pair| pair[0] == name).map(|pair| pair[1].as_str().unwrap().to_owned())
    };
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let other = || Attributes { verb: method.to_lowercase(), path: path.to_owned(), ..Attributes::default() };
    let (group, mut rest) = match parts.as_slice() {
        ["api", _, rest @ ..] if !rest.is_empty() => ("", rest),
        ["apis", group, _, rest @ ..] if !rest.is_empty() => (*group, rest),
        _ => return other(),
    };
    let is_watch = rest[0] == "watch";
    rest = if is_watch { &rest[1..] } else { rest };
    let (namespace, rest) = match rest {
        ["namespaces", name, sub] if matches!(*sub, "status" | "finalize") => (*name, rest),
        ["namespaces", name, rest @ ..] if !rest.is_empty() => (*name, rest),
        ["namespaces", name] => (*name, rest),
        rest => ("", rest),
    };
    let field_selector = query("fieldSelector");
    let mut name = rest.get(1).copied().unwrap_or_default().to_owned();
    let is_collection = name.is_empty();
    if let Some(selected) = field_selector.as_deref().and_then(|text| text.strip_prefix("metadata.name=")) {
        name = selected.to_owned();
    }
    let verb = match method {
        "GET" if is_watch || (is_collection && query("watch").is_some()) => "watch",
        "GET" if is_collection => "list",
        "GET" => "get",
        "POST" => "create",
        "PUT" => "update",
        "PATCH" => "patch",
        "DELETE" if is_collection => "deletecollection",
        _ => "delete",
    };
    Attributes {
        verb: verb.to_owned(),
        is_resource: true,
        path: path.to_owned(),
        group: group.to_owned(),
        resource: rest[0].to_owned(),
        subresource: rest.get(2).copied().unwrap_or_default().to_owned(),
        namespace: namespace.to_owned(),
        name,
        field_selector,
        ..Attributes::default()
    }
}

fn world() -> Arc<TestObjects> {
    let settings = Settings {
        advertise_address: "192.0.2.10".parse().unwrap(),
        secure_port: 6443,
        service_ranges: Cidr::parse_service_ranges("10.96.0.0/16").unwrap(),
        now: "2026-11-29T12:00:00Z".parse().unwrap(),
    };
    let objects = TestObjects::of([]);
    for object in bootstrap::objects(&settings) {
        if object["apiVersion"] == "rbac.authorization.k8s.io/v1" {
            let plural = object["kind"].as_str().unwrap().to_lowercase();
            objects.put(&format!("{plural}s.rbac.authorization.k8s.io"), object);
        }
    }
    objects
}

/// What the cache of a server would have after a request.
fn follow(objects: &TestObjects, asked: &Attributes, response: &Value) {
    let is_done = response["status"].as_u64().is_some_and(|code| code < 300);
    let body = &response["body"];
    if !is_done || !asked.is_resource {
        return;
    }
    let is_gone = asked.verb == "delete"
        && (body["kind"] == "Status" || body["metadata"]["deletionGracePeriodSeconds"] == 0);
    let namespace = if asked.resource == "namespaces" { "" } else { &asked.namespace };
    if is_gone {
        objects.remove(&GroupResource::new(&*asked.group, &*asked.resource), namespace, &asked.name);
    } else if matches!(asked.verb.as_str(), "create" | "update" | "patch")
        && body["metadata"]["name"].is_string()
        && asked.subresource.is_empty()
    {
        let group = if asked.group.is_empty() { String::new() } else { format!(".{}", asked.group) };
        objects.put(&format!("{}{group}", asked.resource), body.clone());
    }
}

#[test]
fn the_same_requests_are_let_through() {
    let objects = world();
    let caches: Arc<dyn Objects> = objects.clone();
    let modes = Modes::new(&parse("Node,RBAC").unwrap(), &caches);
    let (mut n_allowed, mut n_denied) = (0, 0);
    let all = scenarios("auth");
    let is_there = !all.is_empty();
    for scenario in all {
        for (number, step) in scenario["steps"].as_array().unwrap().iter().enumerate() {
            let (request, response) = (&step["request"], &step["response"]);
            if !request.is_object() {
                continue;
            }
            let Some(user) = user(&request["user"]) else { continue };
            let asked = attributes(request);
            let at = format!("{} step {number}: {asked}", scenario["id"]);
            let body = &response["body"];
            let is_denial = response["status"] == 403
                && body["message"]
                    .as_str()
                    .is_some_and(|text| text.contains("User \"") && text.contains(" cannot "));
            if response["status"] == 401 {
                continue;
            }
            match authorize(&modes, user, asked.clone()) {
                Ok(_) => {
                    assert!(!is_denial, "{at} was denied: {}", body["message"]);
                    n_allowed += 1;
                }
                Err(status) => {
                    assert_eq!(status.to_document(), *body, "{at}");
                    n_denied += 1;
                }
            }
            follow(&objects, &asked, response);
        }
    }
    assert!(!is_there || (n_allowed > 100 && n_denied > 30), "{n_allowed} let through, {n_denied} not");
}

#[test]
fn reviews_answer_the_same() {
    let objects = world();
    let caches: Arc<dyn Objects> = objects.clone();
    let modes = Modes::new(&parse("Node,RBAC").unwrap(), &caches);
    let authentication = Authentication { allows_anonymous: true, ..Authentication::default() };
    let (mut n_reviews, all) = (0, scenarios("auth"));
    let is_there = !all.is_empty();
    for scenario in all {
        for (number, step) in scenario["steps"].as_array().unwrap().iter().enumerate() {
            let (request, response) = (&step["request"], &step["response"]);
            let Some(user) = request.get("user").and_then(user) else { continue };
            let asked = attributes(request);
            follow(&objects, &asked, response);
            if asked.verb != "create" || response["status"] == 403 || response["status"] == 400 {
                continue;
            }
            let reviewer = Reviewer {
                modes: &modes,
                authentication: &authentication,
                user: &user,
                now: "2026-11-29T12:00:00Z".parse().unwrap(),
            };
            let mut review = request["body"].clone();
            if !asked.namespace.is_empty() {
                review["metadata"]["namespace"] = asked.namespace.as_str().into();
            } else if review["metadata"].is_null() {
                review["metadata"] = Value::Object(serde_json::Map::new());
            }
            let Some(answer) = reviewer.answer(&asked.resource, &review) else { continue };
            let mut answer = answer.unwrap_or_else(|status| status.to_document());
            let expected = &response["body"];
            // Field ownership, which upstream prints with the metadata, comes from elsewhere.
            if expected["message"].as_str().is_some_and(|text| text.contains("managedFields")) {
                continue;
            }
            // Where several bindings allow something, which one upstream names is chance: its caches are unordered.
            let is_by_cluster_binding = |review: &Value| {
                let reason = review["status"]["reason"].as_str().unwrap_or_default();
                reason.starts_with("RBAC: allowed by ClusterRoleBinding ")
            };
            if is_by_cluster_binding(&answer) && is_by_cluster_binding(expected) {
                answer["status"]["reason"] = expected["status"]["reason"].clone();
            }
            assert_eq!(answer, *expected, "{} step {number}", scenario["id"]);
            n_reviews += 1;
        }
    }
    assert!(!is_there || n_reviews > 10, "{n_reviews} reviews");
}
