//! How the caches learn what happens.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use store::{Batch, Error, Range, Revision, Store, Watch};

use super::{Cached, Caches, KEY_ROOT};

/// How many entries are read from the store at once.
const PAGE: usize = 5_000;

/// How long to wait after the store failed before it is asked again.
const PAUSE: Duration = Duration::from_millis(200);

impl Caches {
    /// Reads the whole store, and from then on follows it until it is closed.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn start(self: &Arc<Caches>, store: Arc<dyn Store>) -> Result<(), Error> {
        let watch = self.load(store.as_ref()).await?;
        tokio::spawn(Arc::clone(self).follow(store, watch));
        Ok(())
    }

    async fn load(&self, store: &dyn Store) -> Result<Watch, Error> {
        let mut objects: Vec<BTreeMap<Bytes, Arc<Cached>>> = Vec::new();
        objects.resize_with(self.all.len(), BTreeMap::new);
        let mut range = Range::prefix(KEY_ROOT).limited(PAGE);
        let mut at: Option<Revision> = None;
        let revision = loop {
            let page = store.list(range.clone(), at).await?;
            for entry in &page.entries {
                if let Some(index) = self.index_of_key(&entry.key) {
                    objects[index].insert(entry.key.clone(), Arc::new(Cached::new(entry)));
                }
            }
            let last = page.entries.last().map(|entry| entry.key.clone());
            match last {
                Some(last) if page.more() => range = range.starting_after(&last),
                _ => break page.revision,
            }
            at = Some(page.revision);
        };
        let watch = store.watch(KEY_ROOT.into(), revision).await?;
        for (cache, objects) in self.all.iter().zip(objects) {
            cache.reset(objects, revision.0);
        }
        self.progress.send_replace(revision.0);
        Ok(watch)
    }

    async fn follow(self: Arc<Caches>, store: Arc<dyn Store>, mut watch: Watch) {
        loop {
            let batch = tokio::select! {
                biased;
                batch = watch.next() => batch,
                () = self.is_wanted.notified() => {
                    watch.request_progress();
                    continue;
                }
            };
            match batch {
                Ok(batch) => self.apply(batch),
                Err(Error::Closed) => return,
                Err(_) => match self.reload(store.as_ref()).await {
                    Some(fresh) => watch = fresh,
                    None => return,
                },
            }
        }
    }

    /// After the watch broke: begins anew, as often as needed. `None` if the store is closed.
    async fn reload(&self, store: &dyn Store) -> Option<Watch> {
        loop {
            match self.load(store).await {
                Ok(watch) => return Some(watch),
                Err(Error::Closed) => return None,
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    fn apply(&self, batch: Batch) {
        let mut by_cache: BTreeMap<usize, Vec<store::Event>> = BTreeMap::new();
        for event in batch.events {
            if let Some(index) = self.index_of_key(&event.entry.key) {
                by_cache.entry(index).or_default().push(event);
            }
        }
        for (index, events) in by_cache {
            self.all[index].apply(events, batch.revision.0);
        }
        self.progress.send_replace(batch.revision.0);
    }
}
