//! The families of kube-apiserver that dashboards and alerts read.

use std::sync::Arc;

use super::{Counter, Family, Gauge, Histogram, Registry};

/// Upstream's buckets for the duration of requests, in seconds.
const REQUEST_SECONDS: &[f64] = &[
    0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 15.0,
    20.0, 30.0, 45.0, 60.0,
];

/// Upstream's buckets for the size of answers, in bytes.
const RESPONSE_BYTES: &[f64] = &[1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

/// Upstream's buckets for the duration of requests to the store, in seconds.
const STORE_SECONDS: &[f64] = &[
    0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 15.0,
    20.0, 30.0, 45.0, 60.0,
];

/// Upstream's buckets for how long admission takes, in seconds.
const ADMISSION_SECONDS: &[f64] = &[0.005, 0.025, 0.1, 0.5, 1.0, 2.5, 10.0];

/// The families. Labels are in the order of the arrays' comments.
pub struct ApiServerMetrics {
    /// verb, dry_run, group, version, resource, subresource, scope, component, code
    pub requests: Arc<Family<Counter, 9>>,
    /// verb, dry_run, group, version, resource, subresource, scope, component
    pub request_seconds: Arc<Family<Histogram, 8>>,
    /// verb, group, version, resource, subresource, scope, component
    pub response_bytes: Arc<Family<Histogram, 7>>,
    /// request_kind: `mutating` or `readOnly`
    pub inflight: Arc<Family<Gauge, 1>>,
    /// verb, group, version, resource, subresource, scope, component
    pub long_running: Arc<Family<Gauge, 7>>,
    /// verb, group, version, resource, subresource, scope, component, code
    pub terminations: Arc<Family<Counter, 8>>,
    /// group, version, resource
    pub watch_events: Arc<Family<Counter, 3>>,
    /// operation, group, resource
    pub store_requests: Arc<Family<Counter, 3>>,
    /// operation, group, resource
    pub store_seconds: Arc<Family<Histogram, 3>>,
    /// group, resource
    pub objects: Arc<Family<Gauge, 2>>,
    /// resource with its group
    pub storage_objects: Arc<Family<Gauge, 1>>,
    /// result: `success`, `failure` or `error`
    pub authentications: Arc<Family<Counter, 1>>,
    /// result: `allowed`, `denied`, `no-opinion` or `error`
    pub authorizations: Arc<Family<Counter, 1>>,
    /// name, type (`admit` or `validate`), operation, rejected
    pub admission_seconds: Arc<Family<Histogram, 4>>,
}

impl ApiServerMetrics {
    /// Adds the families to a registry, and `process_*` with them.
    pub fn register(registry: &Registry) -> ApiServerMetrics {
        registry.collect_with(super::collect_process);
        let what =
            |last: &'static str| ["verb", "group", "version", "resource", "subresource", "scope", last];
        ApiServerMetrics {
            requests: registry.family(
                "apiserver_request_total",
                "Requests by what they ask, and how they were answered.",
                [
                    "verb",
                    "dry_run",
                    "group",
                    "version",
                    "resource",
                    "subresource",
                    "scope",
                    "component",
                    "code",
                ],
                (),
            ),
            request_seconds: registry.family(
                "apiserver_request_duration_seconds",
                "How long requests took, without those that go on until somebody ends them.",
                ["verb", "dry_run", "group", "version", "resource", "subresource", "scope", "component"],
                REQUEST_SECONDS,
            ),
            response_bytes: registry.family(
                "apiserver_response_sizes",
                "How large answers were, in bytes.",
                what("component"),
                RESPONSE_BYTES,
            ),
            inflight: registry.family(
                "apiserver_current_inflight_requests",
                "Requests that are being answered, without those that go on until somebody ends them.",
                ["request_kind"],
                (),
            ),
            long_running: registry.family(
                "apiserver_longrunning_requests",
                "Requests that go on until somebody ends them: watches, logs.",
                what("component"),
                (),
            ),
            terminations: registry.family(
                "apiserver_request_terminations_total",
                "Requests that the server ended to protect itself.",
                ["verb", "group", "version", "resource", "subresource", "scope", "component", "code"],
                (),
            ),
            watch_events: registry.family(
                "apiserver_watch_events_total",
                "Events sent to watchers.",
                ["group", "version", "resource"],
                (),
            ),
            store_requests: registry.family(
                "etcd_requests_total",
                "Requests to the store.",
                ["operation", "group", "resource"],
                (),
            ),
            store_seconds: registry.family(
                "etcd_request_duration_seconds",
                "How long requests to the store took.",
                ["operation", "group", "resource"],
                STORE_SECONDS,
            ),
            objects: registry.family(
                "apiserver_resource_objects",
                "Stored objects.",
                ["group", "resource"],
                (),
            ),
            storage_objects: registry.family(
                "apiserver_storage_objects",
                "Stored objects.",
                ["resource"],
                (),
            ),
            authentications: registry.family(
                "authentication_attempts",
                "Requests by whether it was found out who asks.",
                ["result"],
                (),
            ),
            authorizations: registry.family(
                "authorization_attempts_total",
                "Requests by whether they may be done.",
                ["result"],
                (),
            ),
            admission_seconds: registry.family(
                "apiserver_admission_controller_admission_duration_seconds",
                "How long admission plugins took.",
                ["name", "type", "operation", "rejected"],
                ADMISSION_SECONDS,
            ),
        }
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
