//! What is counted about requests.

use std::sync::Arc;
use std::time::Duration;

use component::metrics::{ApiServerMetrics, Gauge};

use crate::attributes::Attributes;
use crate::reply::Reply;

/// The labels of a request's counters.
pub(super) struct Counted {
    verb: String,
    dry_run: &'static str,
    group: String,
    version: String,
    resource: String,
    subresource: String,
    scope: &'static str,
}

/// How long a request took.
#[derive(Clone, Copy)]
pub(super) struct Took {
    /// With the wait for its turn.
    pub(super) all: Duration,
    /// Without.
    pub(super) own: Duration,
}

const COMPONENT: &str = "apiserver";

impl Counted {
    pub(super) fn of(attributes: &Attributes, is_dry_run: bool, is_apply: bool) -> Counted {
        let scope = match attributes {
            _ if !attributes.is_resource => "",
            Attributes { name, .. } if !name.is_empty() => "resource",
            Attributes { namespace, .. } if !namespace.is_empty() => "namespace",
            _ => "cluster",
        };
        let verb = match attributes.verb.as_str() {
            "create" => "POST",
            "update" => "PUT",
            "patch" if is_apply => "APPLY",
            "" => "other",
            other => &other.to_uppercase(),
        };
        Counted {
            verb: verb.to_owned(),
            dry_run: if is_dry_run { "All" } else { "" },
            group: attributes.group.clone(),
            version: attributes.version.clone(),
            resource: attributes.resource.clone(),
            subresource: attributes.subresource.clone(),
            scope,
        }
    }

    /// A request that nobody may do or nobody serves: what it names is not taken into labels, so that counters do not
    /// grow with what is asked for.
    pub(super) fn without_names(self) -> Counted {
        let nothing = String::new;
        let verb = match self.verb.as_str() {
            "GET" | "LIST" | "WATCH" | "POST" | "PUT" | "PATCH" | "APPLY" | "DELETE" | "DELETECOLLECTION" => {
                self.verb
            }
            _ => "other".to_owned(),
        };
        Counted {
            verb,
            group: nothing(),
            version: nothing(),
            resource: nothing(),
            subresource: nothing(),
            ..self
        }
    }

    fn what(&self) -> [&str; 7] {
        [&self.verb, &self.group, &self.version, &self.resource, &self.subresource, self.scope, COMPONENT]
    }

    /// The gauge of requests like this that go on.
    pub(super) fn long_running(&self, counters: &ApiServerMetrics) -> Arc<Gauge> {
        counters.long_running.with(self.what())
    }

    /// A request that the server ended to protect itself.
    pub(super) fn terminated(&self, counters: &ApiServerMetrics, status: u16) {
        let [verb, group, version, resource, subresource, scope, component] = self.what();
        let code = status.to_string();
        let labels = [verb, group, version, resource, subresource, scope, component, &code];
        counters.terminations.with(labels).inc();
    }

    /// Counts an answer; its size when it has been sent. `took` is `None` for requests that go on.
    pub(super) fn count(self, counters: &ApiServerMetrics, reply: Reply, took: Option<Took>) -> Reply {
        let [verb, group, version, resource, subresource, scope, component] = self.what();
        let code = reply.status.to_string();
        let dry_run = self.dry_run;
        let labels = [verb, dry_run, group, version, resource, subresource, scope, component, &code];
        counters.requests.with(labels).inc();
        let Some(took) = took else { return reply };
        let labels = [verb, dry_run, group, version, resource, subresource, scope, component];
        counters.request_seconds.with(labels).observe(took.all.as_secs_f64());
        counters.request_sli_seconds.with(self.what()).observe(took.own.as_secs_f64());
        if !matches!(verb, "GET" | "LIST") {
            return reply;
        }
        let sizes = counters.response_bytes.with(self.what());
        match reply.body.len() {
            Some(n_bytes) => {
                sizes.observe(n_bytes as f64);
                reply
            }
            None => Reply { body: reply.body.counted(move |n_bytes| sizes.observe(n_bytes as f64)), ..reply },
        }
    }
}

/// Names of users as labels: few of them. These are upstream's.
pub(super) fn username(name: &str) -> &str {
    match name {
        "admin" | "client" | "kube_proxy" | "kubelet" | "system:serviceaccount:kube-system:default" => name,
        _ if name.contains('@') => "email_id",
        _ => "other",
    }
}
