//! Makes what every cluster has.

use apimachinery::meta::{self, Meta};
use apimachinery::{GroupVersion, meta::MetaMut};
use resources::schema::Schema;
use serde_json::Value;
use store::{Error, Expect};

use crate::bootstrap::reconcile;
use crate::field_manager::FieldManager;
use crate::registry::Registry;
use crate::served::Served;
use crate::{chance, document};

/// Creates what is missing and puts right what upstream puts right at a start.
///
/// # Errors
/// The store fails.
pub(super) async fn make(registry: &Registry, desired: Vec<Value>) -> Result<(), Error> {
    // Independent of each other, so that they share commits to the disk.
    let pending: Vec<_> = desired.into_iter().map(|object| make_one(registry, object)).collect();
    for done in join_all(pending).await {
        done?;
    }
    Ok(())
}

/// Runs futures side by side.
async fn join_all<T>(futures: Vec<impl Future<Output = T>>) -> Vec<T> {
    let mut pending: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(move |context| {
        let mut all_done = true;
        for (future, result) in &mut pending {
            if result.is_none() {
                match future.as_mut().poll(context) {
                    std::task::Poll::Ready(value) => *result = Some(value),
                    std::task::Poll::Pending => all_done = false,
                }
            }
        }
        if !all_done {
            return std::task::Poll::Pending;
        }
        let results = std::mem::take(&mut pending);
        std::task::Poll::Ready(results.into_iter().filter_map(|(_, result)| result).collect())
    })
    .await
}

/// Creates an object that is missing, or puts it right.
///
/// # Errors
/// The store fails.
pub(crate) async fn make_one(registry: &Registry, mut object: Value) -> Result<(), Error> {
    let Some(served) = served(registry, &object) else { return Ok(()) };
    let kind = served.kind;
    if let Some(of) = served.type_of() {
        Schema::get().normalise(of, &mut object);
    }
    let meta = Meta::of(&object);
    let key = registry.cache(served).key(meta.namespace(), meta.name());
    loop {
        let found = registry.store.get(&key).await?.entry;
        let existing = found.as_ref().and_then(|entry| document::decode(&entry.value, entry.modified.0));
        let Some(mut wanted) = reconcile(existing.as_ref(), &object) else { return Ok(()) };
        let manager = FieldManager::of_server(served);
        match &existing {
            Some(existing) => manager.update(existing, &mut wanted, None),
            None => manager.create(&mut wanted, None),
        }
        if Meta::of(&wanted).uid().is_empty() {
            meta::set_creation_fields(&mut wanted, &chance::uid(), &crate::clock::print(crate::clock::now()));
        }
        MetaMut::of(&mut wanted).remove("resourceVersion");
        let expect = found.map_or(Expect::Absent, |entry| Expect::Modified(entry.modified));
        let write = store::Write::put(document::encode(kind, &wanted));
        match registry.store.commit(key.clone(), expect, write).await {
            Ok(_) => return Ok(()),
            // Another server starts at the same time.
            Err(Error::Conflict { .. }) => {}
            Err(error) => return Err(error),
        }
    }
}

fn served(registry: &Registry, object: &Value) -> Option<Served> {
    let version = GroupVersion::parse(object["apiVersion"].as_str()?)?;
    let name = object["kind"].as_str()?;
    let kind = registry.kinds.all().iter().find(|kind| {
        kind.kind == name && kind.versions.contains(&(version.group.as_str(), version.version.as_str()))
    })?;
    registry.kinds.stored(kind.group, kind.plural)
}
