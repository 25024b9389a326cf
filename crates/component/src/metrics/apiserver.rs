//! The families of kube-apiserver that dashboards and alerts read.

use std::sync::Arc;

use super::{Counter, Family, Gauge, Histogram, Metric, Registry};

/// Upstream's buckets for the duration of requests, in seconds.
const REQUEST_SECONDS: &[f64] = &[
    0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 15.0,
    20.0, 30.0, 45.0, 60.0,
];

/// Upstream's buckets for the size of answers, in bytes.
const RESPONSE_BYTES: &[f64] = &[1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

/// Upstream's buckets for how long admission plugins take, in seconds.
const ADMISSION_SECONDS: &[f64] = &[0.005, 0.025, 0.1, 0.5, 1.0, 2.5, 10.0];

/// Upstream's buckets for how long it takes to find out who asks, and whether they may, in seconds.
const AUTH_SECONDS: &[f64] = &[
    0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 2.048, 4.096, 8.192, 16.384,
];

/// The families. Labels are in the order of the comments.
pub struct ApiServerMetrics {
    /// apiserver_request_total: verb, dry_run, group, version, resource, subresource, scope, component, code
    pub requests: Arc<Family<Counter, 9>>,
    /// apiserver_request_duration_seconds: verb, dry_run, group, version, resource, subresource, scope, component
    pub request_seconds: Arc<Family<Histogram, 8>>,
    /// apiserver_request_sli_duration_seconds: verb, group, version, resource, subresource, scope, component
    pub request_sli_seconds: Arc<Family<Histogram, 7>>,
    /// apiserver_response_sizes: verb, group, version, resource, subresource, scope, component
    pub response_bytes: Arc<Family<Histogram, 7>>,
    /// apiserver_current_inflight_requests: request_kind
    pub inflight: Arc<Family<Gauge, 1>>,
    /// apiserver_current_inqueue_requests: request_kind
    pub inqueue: Arc<Family<Gauge, 1>>,
    /// apiserver_longrunning_requests: verb, group, version, resource, subresource, scope, component
    pub long_running: Arc<Family<Gauge, 7>>,
    /// apiserver_request_terminations_total: verb, group, version, resource, subresource, scope, component, code
    pub terminations: Arc<Family<Counter, 8>>,
    /// apiserver_watch_events_total: group, version, resource
    pub watch_events: Arc<Family<Counter, 3>>,
    /// apiserver_registered_watchers: group, version, kind
    pub registered_watchers: Arc<Family<Gauge, 3>>,
    /// apiserver_terminated_watchers_total: group, resource
    pub terminated_watchers: Arc<Family<Counter, 2>>,
    /// apiserver_init_events_total: group, resource
    pub init_events: Arc<Family<Counter, 2>>,
    /// apiserver_cache_list_total: group, index, resource
    pub cache_lists: Arc<Family<Counter, 3>>,
    /// apiserver_cache_list_fetched_objects_total: group, index, resource
    pub cache_listed: Arc<Family<Counter, 3>>,
    /// apiserver_cache_list_returned_objects_total: group, resource
    pub cache_returned: Arc<Family<Counter, 2>>,
    /// apiserver_storage_list_total: group, resource
    pub storage_lists: Arc<Family<Counter, 2>>,
    /// apiserver_storage_list_fetched_objects_total: group, resource
    pub storage_listed: Arc<Family<Counter, 2>>,
    /// apiserver_storage_list_returned_objects_total: group, resource
    pub storage_returned: Arc<Family<Counter, 2>>,
    /// etcd_requests_total: operation, group, resource
    pub store_requests: Arc<Family<Counter, 3>>,
    /// etcd_request_errors_total: operation, group, resource
    pub store_errors: Arc<Family<Counter, 3>>,
    /// etcd_request_duration_seconds: operation, group, resource
    pub store_seconds: Arc<Family<Histogram, 3>>,
    /// authentication_attempts: result
    pub authentications: Arc<Family<Counter, 1>>,
    /// authenticated_user_requests: username
    pub authenticated: Arc<Family<Counter, 1>>,
    /// authentication_duration_seconds: result
    pub authentication_seconds: Arc<Family<Histogram, 1>>,
    /// authorization_attempts_total: result
    pub authorizations: Arc<Family<Counter, 1>>,
    /// authorization_duration_seconds: result
    pub authorization_seconds: Arc<Family<Histogram, 1>>,
    /// apiserver_admission_controller_admission_duration_seconds: name, type, operation, rejected
    pub admission_seconds: Arc<Family<Histogram, 4>>,
    /// apiserver_admission_step_admission_duration_seconds: type, operation, rejected
    pub admission_step_seconds: Arc<Family<Histogram, 3>>,
}

impl ApiServerMetrics {
    /// Adds the families to a registry, and `process_*` with them.
    pub fn register(registry: &Registry) -> ApiServerMetrics {
        registry.collect_with(super::collect_process);
        let add = Add(registry);
        ApiServerMetrics {
            requests: add.family("apiserver_request_total", "Requests by what they ask, and how they were answered.", ["verb", "dry_run", "group", "version", "resource", "subresource", "scope", "component", "code"], ()),
            request_seconds: add.family("apiserver_request_duration_seconds", "How long requests took, without those that go on until somebody ends them.", ["verb", "dry_run", "group", "version", "resource", "subresource", "scope", "component"], REQUEST_SECONDS),
            request_sli_seconds: add.family("apiserver_request_sli_duration_seconds", "How long requests took, without those that go on, and without time spent waiting for a turn.", ["verb", "group", "version", "resource", "subresource", "scope", "component"], REQUEST_SECONDS),
            response_bytes: add.family("apiserver_response_sizes", "How large answers to gets and lists were, in bytes.", ["verb", "group", "version", "resource", "subresource", "scope", "component"], RESPONSE_BYTES),
            inflight: add.family("apiserver_current_inflight_requests", "Requests that are being answered, without those that go on until somebody ends them.", ["request_kind"], ()),
            inqueue: add.family("apiserver_current_inqueue_requests", "Requests that wait for their turn.", ["request_kind"], ()),
            long_running: add.family("apiserver_longrunning_requests", "Requests that go on until somebody ends them: watches, logs.", ["verb", "group", "version", "resource", "subresource", "scope", "component"], ()),
            terminations: add.family("apiserver_request_terminations_total", "Requests that the server ended to protect itself.", ["verb", "group", "version", "resource", "subresource", "scope", "component", "code"], ()),
            watch_events: add.family("apiserver_watch_events_total", "Events sent to watchers.", ["group", "version", "resource"], ()),
            registered_watchers: add.family("apiserver_registered_watchers", "Watchers there are.", ["group", "version", "kind"], ()),
            terminated_watchers: add.family("apiserver_terminated_watchers_total", "Watchers that were ended because they did not read.", ["group", "resource"], ()),
            init_events: add.family("apiserver_init_events_total", "Events sent to watchers about what was there when they began.", ["group", "resource"], ()),
            cache_lists: add.family("apiserver_cache_list_total", "Lists answered from the cache.", ["group", "index", "resource"], ()),
            cache_listed: add.family("apiserver_cache_list_fetched_objects_total", "Objects looked at in the cache for lists.", ["group", "index", "resource"], ()),
            cache_returned: add.family("apiserver_cache_list_returned_objects_total", "Objects returned by lists from the cache.", ["group", "resource"], ()),
            storage_lists: add.family("apiserver_storage_list_total", "Lists answered from the store.", ["group", "resource"], ()),
            storage_listed: add.family("apiserver_storage_list_fetched_objects_total", "Objects read from the store for lists.", ["group", "resource"], ()),
            storage_returned: add.family("apiserver_storage_list_returned_objects_total", "Objects returned by lists from the store.", ["group", "resource"], ()),
            store_requests: add.family("etcd_requests_total", "Requests to the store.", ["operation", "group", "resource"], ()),
            store_errors: add.family("etcd_request_errors_total", "Requests to the store that failed.", ["operation", "group", "resource"], ()),
            store_seconds: add.family("etcd_request_duration_seconds", "How long requests to the store took.", ["operation", "group", "resource"], REQUEST_SECONDS),
            authentications: add.family("authentication_attempts", "Requests by whether it was found out who asks: success, failure or error.", ["result"], ()),
            authenticated: add.family("authenticated_user_requests", "Requests by who asks, as far as that is one of a few.", ["username"], ()),
            authentication_seconds: add.family("authentication_duration_seconds", "How long it took to find out who asks.", ["result"], AUTH_SECONDS),
            authorizations: add.family("authorization_attempts_total", "Requests by whether they may be done: allowed, denied, no-opinion or error.", ["result"], ()),
            authorization_seconds: add.family("authorization_duration_seconds", "How long it took to find out whether a request may be done.", ["result"], AUTH_SECONDS),
            admission_seconds: add.family("apiserver_admission_controller_admission_duration_seconds", "How long admission plugins took.", ["name", "type", "operation", "rejected"], ADMISSION_SECONDS),
            admission_step_seconds: add.family("apiserver_admission_step_admission_duration_seconds", "How long all admission plugins together took.", ["type", "operation", "rejected"], ADMISSION_SECONDS),
        }
    }
}

struct Add<'r>(&'r Registry);

impl Add<'_> {
    fn family<M: Metric, const N: usize>(
        &self,
        name: &'static str,
        help: &'static str,
        labels: [&'static str; N],
        shape: M::Shape,
    ) -> Arc<Family<M, N>> {
        self.0.family(name, help, labels, shape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn process_metrics_come_with_them() {
        let registry = Registry::new();
        let metrics = ApiServerMetrics::register(&registry);
        metrics.inflight.with(["readOnly"]).add(1);
        let text = registry.render();
        assert!(
            text.contains("apiserver_current_inflight_requests{request_kind=\"readOnly\"} 1\n"),
            "{text}"
        );
        assert!(!text.contains("apiserver_request_total"), "families without series are not shown");
        #[cfg(target_os = "linux")]
        assert!(text.contains("process_resident_memory_bytes "), "{text}");
    }
}
