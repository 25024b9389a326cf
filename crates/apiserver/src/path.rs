//! What a method and a path ask for: upstream's rules of RequestInfo.

use apimachinery::options::{ListOptions, Query};

use crate::attributes::Attributes;

/// Parts after the version that are verbs in paths of old.
const VERBS_IN_PATHS: [&str; 2] = ["proxy", "watch"];

/// What can stand after a namespace and is its own, not a resource in it.
const OF_NAMESPACES: [&str; 2] = ["status", "finalize"];

/// What is asked for. `path` is unescaped and without the query.
pub fn attributes(method: &str, path: &str, query: Query<'_>) -> Attributes {
    let mut attributes =
        Attributes { path: path.to_owned(), verb: method.to_lowercase(), ..Attributes::default() };
    let parts: Vec<&str> = match path.trim_matches('/') {
        "" => Vec::new(),
        trimmed => trimmed.split('/').collect(),
    };
    let (prefix, group, rest) = match parts.as_slice() {
        ["api", rest @ ..] if rest.len() >= 2 => ("api", "", rest),
        ["apis", group, rest @ ..] if rest.len() >= 2 => ("apis", *group, rest),
        _ => return attributes,
    };
    attributes.is_resource = true;
    attributes.prefix = prefix.to_owned();
    attributes.group = group.to_owned();
    attributes.version = rest[0].to_owned();
    let mut rest = &rest[1..];
    attributes.verb = verb(method).to_owned();
    let has_verb = VERBS_IN_PATHS.contains(&rest[0]) && rest.len() > 1;
    if has_verb {
        attributes.verb = rest[0].to_owned();
        rest = &rest[1..];
    }
    if let ["namespaces", namespace, below @ ..] = rest {
        attributes.namespace = (*namespace).to_owned();
        if below.first().is_some_and(|part| !OF_NAMESPACES.contains(part)) {
            rest = below;
        }
    }
    let mut parts = rest.iter().map(|part| (*part).to_owned());
    attributes.resource = parts.next().unwrap_or_default();
    attributes.name = parts.next().unwrap_or_default();
    if attributes.verb != "proxy" {
        attributes.subresource = parts.next().unwrap_or_default();
    }
    attributes.rest = parts.collect();
    if attributes.name.is_empty() {
        of_collection(&mut attributes, query, has_verb);
    }
    attributes
}

fn verb(method: &str) -> &'static str {
    match method {
        "POST" => "create",
        "GET" | "HEAD" => "get",
        "PUT" => "update",
        "PATCH" => "patch",
        "DELETE" => "delete",
        _ => "",
    }
}

/// What a request for a collection does, and with which of its objects.
fn of_collection(attributes: &mut Attributes, query: Query<'_>, has_verb: bool) {
    if attributes.verb == "get" && !has_verb {
        let wants_watch = match ListOptions::decode(query) {
            Ok(options) => options.watch,
            Err(_) => query.get("watch").is_some_and(|text| !matches!(text, "false" | "0")),
        };
        attributes.verb = if wants_watch { "watch" } else { "list" }.to_owned();
    } else if attributes.verb == "delete" {
        attributes.verb = "deletecollection".to_owned();
    }
    if matches!(attributes.verb.as_str(), "list" | "watch" | "deletecollection") {
        attributes.field_selector = query.get("fieldSelector").map(str::to_owned);
        attributes.label_selector = query.get("labelSelector").map(str::to_owned);
        let selector = attributes.field_selector.as_deref().unwrap_or_default();
        if let Ok(selector) = apimachinery::selectors::fields::parse(selector)
            && let Some(name) = selector.exact_value("metadata.name")
            && apimachinery::names::path_segment_name(name).is_empty()
        {
            attributes.name = name.to_owned();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(method: &str, url: &str, expected: &str) {
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let query = crate::query::parse(query);
        let found = attributes(method, path, Query(&query));
        let text = if found.is_resource {
            let Attributes { verb, group, version, namespace, resource, name, subresource, rest, .. } =
                &found;
            format!("{verb} {group}/{version} ns={namespace} {resource}/{name}/{subresource} {rest:?}")
        } else {
            format!("{} {}", found.verb, found.path)
        };
        assert_eq!(text, expected, "{method} {url}");
    }

    #[test]
    fn reads_paths_as_upstream_does() {
        check("GET", "/", "get /");
        check("GET", "/api/v1", "get /api/v1");
        check("GET", "/apis/apps/v1", "get /apis/apps/v1");
        check("POST", "/healthz/ping", "post /healthz/ping");
        check("GET", "/api/v1/pods", "list /v1 ns= pods// []");
        check("GET", "/api/v1/pods?watch", "watch /v1 ns= pods// []");
        check("GET", "/api/v1/pods?watch=0", "list /v1 ns= pods// []");
        check("GET", "/api/v1/pods?watch=1&limit=x", "watch /v1 ns= pods// []");
        check("GET", "/api/v1/watch/pods", "watch /v1 ns= pods// []");
        check("GET", "/api/v1/watch/namespaces/a/pods/b", "watch /v1 ns=a pods/b/ []");
        check("GET", "/api/v1/namespaces", "list /v1 ns= namespaces// []");
        check("DELETE", "/api/v1/namespaces/a", "delete /v1 ns=a namespaces/a/ []");
        check("PUT", "/api/v1/namespaces/a/finalize", "update /v1 ns=a namespaces/a/finalize []");
        check("PATCH", "/api/v1/namespaces/a/status", "patch /v1 ns=a namespaces/a/status []");
        check("DELETE", "/api/v1/namespaces/a/pods", "deletecollection /v1 ns=a pods// []");
        check(
            "GET",
            "/apis/apps/v1/namespaces/a/deployments/b/scale",
            "get apps/v1 ns=a deployments/b/scale []",
        );
        check("GET", "/api/v1/nodes/n/proxy/x/y", "get /v1 ns= nodes/n/proxy [\"x\", \"y\"]");
        check("HEAD", "/api/v1/nodes/n", "get /v1 ns= nodes/n/ []");
        check("OPTIONS", "/api/v1/nodes/n", " /v1 ns= nodes/n/ []");
    }

    #[test]
    fn a_selector_of_one_name_is_that_name() {
        check("GET", "/api/v1/namespaces/a/pods?fieldSelector=metadata.name%3Db", "list /v1 ns=a pods/b/ []");
        check("GET", "/api/v1/namespaces/a/pods?fieldSelector=metadata.name!%3Db", "list /v1 ns=a pods// []");
    }

    proptest! {
        #[test]
        fn no_path_panics(method in "[A-Z]{0,7}", path in "(/|api|apis|v1|watch|proxy|namespaces|[a-z%]{0,3}|\\PC{0,2}){0,12}", query in "\\PC{0,20}") {
            let query = crate::query::parse(&query);
            let _ = attributes(&method, &path, Query(&query));
        }
    }
}
