//! What this process is, whether it leads, and its requests to the API server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use client::Sent;
use component::metrics::{Counter, Family, Histogram, Lines, Registry, Text, Type};
use wire::config::{FeatureGates, Gate, Stage};

use crate::Permission;

/// The version of kube-scheduler whose behaviour this is.
pub(super) const VERSION: &str = "v1.36.2";

const SECONDS: &[f64] = &[0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0];
const BYTES: &[f64] = &[
    64.0,
    256.0,
    512.0,
    1024.0,
    4096.0,
    16_384.0,
    65_536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
];

pub(super) fn register(registry: &Registry, gates: &FeatureGates, n_hidden: usize) {
    let gates = *gates;
    registry.collect_with(move |text| {
        build_info(text);
        features(text, &gates);
        let name = "disabled_metrics_total";
        let help = "[BETA] How many metrics are left out because a flag says so.";
        text.family(name, Type::Counter, help).value(name, &[], n_hidden as f64);
    });
}

fn build_info(text: &mut Text) {
    let name = "kubernetes_build_info";
    let platform = format!("{}/{}", std::env::consts::OS, std::env::consts::ARCH);
    let labels = [
        ("build_date", ""),
        ("compiler", "rustc"),
        ("git_commit", ""),
        ("git_tree_state", ""),
        ("git_version", VERSION),
        ("go_version", ""),
        ("major", "1"),
        ("minor", "36"),
        ("platform", platform.as_str()),
    ];
    let help = "[BETA] Always 1; the labels say which version of kube-scheduler this behaves like.";
    text.family(name, Type::Gauge, help).value(name, &labels, 1.0);
    let name = "version_info";
    let labels = [("binary", "1.36"), ("component", "kube"), ("emulation", "1.36"), ("min_compat", "1.35")];
    let help = "[ALPHA] Always 1; the labels say which versions this behaves like and gets along with.";
    text.family(name, Type::Gauge, help).value(name, &labels, 1.0);
}

fn features(text: &mut Text, gates: &FeatureGates) {
    let name = "kubernetes_feature_enabled";
    let help = "[BETA] Whether a feature is on (1) or off (0).";
    let mut lines: Lines<'_> = text.family(name, Type::Gauge, help);
    for spec in Gate::SPECS {
        let stage = match spec.stage {
            Stage::Ga => String::new(),
            stage => stage.to_string(),
        };
        let is_on = f64::from(u8::from(gates.enabled(spec.gate)));
        lines.value(name, &[("name", spec.name), ("stage", &stage)], is_on);
    }
}

/// Shows whether this process leads.
pub struct Leading;

impl Leading {
    /// Adds the metrics of leader election.
    pub fn register(registry: &Registry, permission: Permission, n_slow_paths: Arc<AtomicU64>) {
        registry.collect_with(move |text| {
            // The name is the component's, whatever the lease is called.
            let labels = [("name", "kube-scheduler")];
            let name = "leader_election_master_status";
            let help = "[ALPHA] Whether this process leads (1) or does not (0).";
            let leads = f64::from(u8::from(permission.is_given()));
            text.family(name, Type::Gauge, help).value(name, &labels, leads);
            let name = "leader_election_slowpath_total";
            let help = "[ALPHA] How often the lease had to be read before it could be renewed.";
            let n = n_slow_paths.load(Ordering::Relaxed) as f64;
            text.family(name, Type::Counter, help).value(name, &labels, n);
        });
    }
}

/// Counts requests to the API server.
pub struct Requests {
    requests: Arc<Family<Counter, 3>>,
    seconds: Arc<Family<Histogram, 2>>,
    held_back: Arc<Family<Histogram, 2>>,
    request_bytes: Arc<Family<Histogram, 2>>,
    response_bytes: Arc<Family<Histogram, 2>>,
}

impl Requests {
    /// Adds the metrics of requests.
    pub fn register(registry: &Registry) -> Arc<Requests> {
        Arc::new(Requests {
            requests: registry.family(
                "rest_client_requests_total",
                "[ALPHA] How many requests were sent, by status code, method and host.",
                ["code", "method", "host"],
                (),
            ),
            seconds: registry.family(
                "rest_client_request_duration_seconds",
                "[ALPHA] How long it was until requests were answered.",
                ["verb", "host"],
                SECONDS,
            ),
            held_back: registry.family(
                "rest_client_rate_limiter_duration_seconds",
                "[ALPHA] How long requests were held back because too many were sent.",
                ["verb", "host"],
                SECONDS,
            ),
            request_bytes: registry.family(
                "rest_client_request_size_bytes",
                "[ALPHA] How large the bodies of requests were.",
                ["verb", "host"],
                BYTES,
            ),
            response_bytes: registry.family(
                "rest_client_response_size_bytes",
                "[ALPHA] How large the bodies of answers were.",
                ["verb", "host"],
                BYTES,
            ),
        })
    }
}

/// `host:port` of a URL.
fn host(server: &str) -> &str {
    let rest = server.split_once("://").map_or(server, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}

impl client::Meter for Requests {
    fn sent(&self, sent: &Sent<'_>) {
        let host = host(sent.server);
        let code = sent.code.map_or_else(|| "<error>".to_owned(), |code| code.to_string());
        self.requests.with([&code, sent.method, host]).inc();
        self.seconds.with([sent.method, host]).observe(sent.took.as_secs_f64());
        self.held_back.with([sent.method, host]).observe(sent.held_back.as_secs_f64());
        self.request_bytes.with([sent.method, host]).observe(sent.n_bytes as f64);
    }

    fn received(&self, method: &str, server: &str, n_bytes: usize) {
        self.response_bytes.with([method, host(server)]).observe(n_bytes as f64);
    }
}
