//! A store, and how often and how long it is asked for what.

use std::fmt;
use std::sync::{Arc, OnceLock};

use base::Map;
use bytes::Bytes;
use component::metrics::{ApiServerMetrics, Counter, Histogram};
use store::{Committed, Error, Expect, Found, Listing, Range, Revision, Store, StoreFuture, Watch, Write};

use crate::clock;
use crate::served::Kinds;
use crate::watch_cache::KEY_ROOT;

/// What the store is asked for, in upstream's words.
#[derive(Clone, Copy, Debug)]
enum Operation {
    Get,
    List,
    Create,
    Update,
    Delete,
}

const NAMES: [&str; 5] = ["get", "list", "create", "update", "delete"];

/// The series of one operation on one resource.
struct Series {
    requests: Arc<Counter>,
    errors: OnceLock<Arc<Counter>>,
    seconds: Arc<Histogram>,
}

struct Resource {
    group: &'static str,
    plural: &'static str,
    operations: [OnceLock<Series>; 5],
}

/// A store that counts what it is asked for.
pub(crate) struct Measured {
    store: Arc<dyn Store>,
    counters: Arc<ApiServerMetrics>,
    resources: Vec<Resource>,
    /// Places in `resources`. The last of those stands for keys that belong to no kind.
    by_key_prefix: Map<String, usize>,
}

impl Measured {
    /// Counts what `store` is asked for.
    pub(crate) fn new(store: Arc<dyn Store>, kinds: &Kinds, counters: Arc<ApiServerMetrics>) -> Measured {
        let mut resources = Vec::new();
        let mut by_key_prefix = Map::default();
        let mut add = |group, plural| {
            resources.push(Resource { group, plural, operations: Default::default() });
            resources.len() - 1
        };
        for kind in kinds.all().iter().filter(|kind| kind.is_stored()) {
            let place = add(kind.group, kind.plural);
            by_key_prefix.insert(kind.key_prefix.to_owned(), place);
        }
        add("", "other");
        Measured { store, counters, resources, by_key_prefix }
    }

    fn resource(&self, key: &[u8]) -> &Resource {
        let find = || {
            let path = std::str::from_utf8(key).ok()?.strip_prefix(KEY_ROOT)?;
            // A prefix has one part, or two: `services/specs`.
            let first = path.find('/')?;
            let second = path[first + 1..].find('/').map(|at| first + 1 + at);
            let of_two = second.and_then(|end| self.by_key_prefix.get(&path[..end]));
            of_two.or_else(|| self.by_key_prefix.get(&path[..first])).copied()
        };
        &self.resources[find().unwrap_or(self.resources.len() - 1)]
    }

    fn count<T>(&self, key: &[u8], operation: Operation, began_ns: u64, result: &Result<T, Error>) {
        let took_ns = clock::monotonic_ns() - began_ns;
        let resource = self.resource(key);
        let labels = [NAMES[operation as usize], resource.group, resource.plural];
        let series = resource.operations[operation as usize].get_or_init(|| Series {
            requests: self.counters.store_requests.with(labels),
            errors: OnceLock::new(),
            seconds: self.counters.store_seconds.with(labels),
        });
        series.requests.inc();
        series.seconds.observe(took_ns as f64 / 1e9);
        // A conflict is an answer.
        if matches!(result, Err(error) if !matches!(error, Error::Conflict { .. })) {
            series.errors.get_or_init(|| self.counters.store_errors.with(labels)).inc();
        }
    }
}

impl fmt::Debug for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.store.fmt(f)
    }
}

impl Store for Measured {
    fn get<'a>(&'a self, key: &'a [u8]) -> StoreFuture<'a, Found> {
        Box::pin(async move {
            let began_ns = clock::monotonic_ns();
            let result = self.store.get(key).await;
            self.count(key, Operation::Get, began_ns, &result);
            result
        })
    }

    fn list(&self, range: Range, at: Option<Revision>) -> StoreFuture<'_, Listing> {
        Box::pin(async move {
            let began_ns = clock::monotonic_ns();
            let key = range.prefix.clone();
            let result = self.store.list(range, at).await;
            self.count(&key, Operation::List, began_ns, &result);
            result
        })
    }

    fn commit(&self, key: Bytes, expect: Expect, write: Write) -> StoreFuture<'_, Committed> {
        Box::pin(async move {
            let operation = match (&write, expect) {
                (Write::Delete, _) => Operation::Delete,
                (_, Expect::Absent) => Operation::Create,
                _ => Operation::Update,
            };
            let began_ns = clock::monotonic_ns();
            let result = self.store.commit(key.clone(), expect, write).await;
            self.count(&key, operation, began_ns, &result);
            result
        })
    }

    fn watch(&self, prefix: Bytes, after: Revision) -> StoreFuture<'_, Watch> {
        self.store.watch(prefix, after)
    }

    fn revision(&self) -> StoreFuture<'_, Revision> {
        self.store.revision()
    }

    fn compact(&self, to: Revision) -> StoreFuture<'_, ()> {
        self.store.compact(to)
    }

    fn health(&self) -> StoreFuture<'_, ()> {
        self.store.health()
    }

    fn is_shared(&self) -> bool {
        self.store.is_shared()
    }

    fn close(&self) -> StoreFuture<'_, ()> {
        self.store.close()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_asked_is_counted_by_resource() {
        let counters = Arc::new(ApiServerMetrics::register(&component::metrics::Registry::new()));
        let kinds = Kinds::new(resources::kinds::all());
        let store = Measured::new(Arc::new(store::Memory::new()), &kinds, Arc::clone(&counters));
        let key = Bytes::from_static(b"/registry/services/specs/default/a");
        let put = || Write::put("{}");
        store.commit(key.clone(), Expect::Absent, put()).await.unwrap();
        assert!(store.commit(key.clone(), Expect::Absent, put()).await.is_err());
        store.get(&key).await.unwrap();
        store.get(b"/elsewhere").await.unwrap();
        let future = Revision(1_000);
        assert!(store.list(Range::prefix("/registry/pods/"), Some(future)).await.is_err());
        let n = |labels| counters.store_requests.with(labels).get();
        assert_eq!((n(["create", "", "services"]), n(["get", "", "services"])), (2, 1));
        assert_eq!(n(["get", "", "other"]), 1);
        assert_eq!(counters.store_errors.with(["create", "", "services"]).get(), 0);
        assert_eq!(counters.store_errors.with(["list", "", "pods"]).get(), 1);
    }
}
