//! What is counted elsewhere and written when somebody asks for `/metrics`.

use std::sync::Arc;

use component::metrics::{Registry, Text, Type};

use crate::feature_gates::FeatureGates;
use crate::version;
use crate::watch_cache::{Cache, Caches};

/// Adds what the caches and the process know by themselves.
pub(super) fn register(metrics: &Registry, caches: &Arc<Caches>, gates: &FeatureGates) {
    let caches = Arc::clone(caches);
    metrics.collect_with(move |text| write_caches(&caches, text));
    let gates = gates.clone();
    metrics.collect_with(move |text| {
        let help = "Whether a feature is on: 1 if it is.";
        let mut lines = text.family("kubernetes_feature_enabled", Type::Gauge, help);
        for (name, stage, is_on) in gates.all() {
            let labels = [("name", name), ("stage", stage.as_str())];
            lines.value("kubernetes_feature_enabled", &labels, if is_on { 1.0 } else { 0.0 });
        }
        let document = version::document();
        let of = |name: &str| document[name].as_str().unwrap_or_default().to_owned();
        let (major, minor, git_version, platform) =
            (of("major"), of("minor"), of("gitVersion"), of("platform"));
        let labels = [
            ("git_version", git_version.as_str()),
            ("major", &major),
            ("minor", &minor),
            ("platform", &platform),
        ];
        let help = "The version of Kubernetes that is served.";
        text.family("kubernetes_build_info", Type::Gauge, help).value("kubernetes_build_info", &labels, 1.0);
    });
}

fn write_caches(caches: &Caches, text: &mut Text) {
    let caches: Vec<&Cache> = caches.all().iter().filter(|cache| cache.kind().is_stored()).collect();
    type Value = fn(&Cache) -> f64;
    let families: [(&str, Type, &str, Value); 5] = [
        ("apiserver_resource_objects", Type::Gauge, "Stored objects.", |cache| cache.len() as f64),
        (
            "apiserver_watch_cache_events_received_total",
            Type::Counter,
            "Changes that came from the store.",
            |cache| cache.n_received() as f64,
        ),
        (
            "apiserver_watch_cache_initializations_total",
            Type::Counter,
            "How often the cache was filled anew.",
            |cache| cache.n_resets() as f64,
        ),
        (
            "apiserver_watch_cache_resource_version",
            Type::Gauge,
            "The revision of the last change in the cache.",
            |cache| cache.version() as f64,
        ),
        ("watch_cache_capacity", Type::Gauge, "How many changes the cache remembers at most.", |_| {
            Cache::N_CHANGES_MAX as f64
        }),
    ];
    for (name, kind, help, value) in families {
        let mut lines = text.family(name, kind, help);
        for cache in &caches {
            let kind = cache.kind();
            lines.value(name, &[("group", kind.group), ("resource", kind.plural)], value(cache));
        }
    }
    let mut lines = text.family("apiserver_storage_objects", Type::Gauge, "Stored objects.");
    for cache in &caches {
        let resource = cache.kind().group_resource().to_string();
        lines.value("apiserver_storage_objects", &[("resource", &resource)], cache.len() as f64);
    }
}
